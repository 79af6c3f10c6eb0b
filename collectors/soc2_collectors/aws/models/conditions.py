"""Conditions of AWS policies: of which requests one holds, judged by operator, key and values.

As AWS documents it (IAM user guide, "Condition operators"): a key that a request lacks makes a condition false,
unless the operator is negated, ends in ``IfExists``, or begins with ``ForAllValues:``. Operators and keys do not
depend on letter case, values do.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache

_TESTS = {
    "stringequals": False,
    "stringnotequals": True,
    "stringequalsignorecase": False,
    "stringnotequalsignorecase": True,
    "stringlike": False,
    "stringnotlike": True,
    "arnequals": False,
    "arnlike": False,
    "arnnotequals": True,
    "arnnotlike": True,
    "bool": False,
    "ipaddress": False,
    "notipaddress": True,
    "numericequals": False,
    "numericnotequals": True,
    "numericlessthan": False,
    "numericlessthanequals": False,
    "numericgreaterthan": False,
    "numericgreaterthanequals": False,
    "dateequals": False,
    "datenotequals": True,
    "datelessthan": False,
    "datelessthanequals": False,
    "dategreaterthan": False,
    "dategreaterthanequals": False,
    "binaryequals": False,
    "null": False,
}
"""Every operator of AWS, in small letters -> whether it is negated."""
_IF_EXISTS = "ifexists"
_FOR_ALL, _FOR_ANY = "forallvalues", "foranyvalue"
_EXACT = {
    "stringequals",
    "stringnotequals",
    "stringequalsignorecase",
    "stringnotequalsignorecase",
}
_PATTERNS = {"stringlike", "stringnotlike"}
_ARNS = {"arnequals", "arnlike", "arnnotequals", "arnnotlike"}
_ESCAPES = {"${*}": "*", "${?}": "?", "${$}": "$"}
"""How a policy writes these characters where they are no wildcard."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key, with its values: alternatives, or none of them where it is negated."""

    operator: str
    """As it stands, in small letters: ``foranyvalue:stringlikeifexists``."""
    key: str
    """In small letters."""
    values: tuple[str, ...]

    @property
    def quantifier(self) -> str:
        """``forallvalues``, ``foranyvalue``, or nothing."""
        return self.operator.partition(":")[0] if ":" in self.operator else ""

    @property
    def test(self) -> str:
        """The operator without quantifier and ``IfExists``."""
        return self.operator.rpartition(":")[2].removesuffix(_IF_EXISTS)

    @property
    def if_exists(self) -> bool:
        """It holds where the key is missing, whatever the values."""
        return self.operator.endswith(_IF_EXISTS)

    @property
    def known(self) -> bool:
        """Whether its operator is one of AWS's."""
        return self.test in _TESTS and self.quantifier in ("", _FOR_ALL, _FOR_ANY)

    @property
    def negated(self) -> bool:
        """It names what a request must not have."""
        return _TESTS.get(self.test, False)

    @property
    def names_values(self) -> bool:
        """It holds only of a request that has the key with one of the values: it can narrow something."""
        return (
            self.known
            and not self.negated
            and not self.if_exists
            and self.quantifier != _FOR_ALL
            and self.test != "null"
        )

    @property
    def of_any_value(self) -> bool:
        """Whether every value of the key satisfies it: ``*``, all addresses, ``true`` and ``false``."""
        if self.test in _PATTERNS and not self.negated:
            return any(not set(value) - {"*"} for value in self.values if value)
        if self.test in _ARNS and not self.negated:
            return any(not set(value) - set("arn:*") for value in self.values if "*" in value)
        if self.test == "bool":
            return {"true", "false"} <= {value.lower() for value in self.values}
        if self.test == "ipaddress":
            return every_address(self.values)
        return any(value.lower() == f"${{{self.key}}}" for value in self.values)

    def without_key(self) -> bool | None:
        """Whether it holds of a request that lacks the key; ``None``: nobody can tell."""
        if not self.known:
            return None
        if self.test == "null":
            return any(value.lower() == "true" for value in self.values)
        return self.if_exists or self.quantifier == _FOR_ALL or self.negated

    def holds(self, *found: str) -> bool | None:
        """Whether it holds of a request whose key has these values; ``None``: nobody can tell.

        Several values are those of a key that may have several. Policy variables are not resolved.
        """
        if not self.known:
            return None
        if self.test == "null":
            return any(value.lower() == "false" for value in self.values)
        if any("${" in value and value not in _ESCAPES for value in self.values):
            # The variable of the key itself stands for whatever it is.
            return not self.negated if self.of_any_value else None
        each = [self._one(value) for value in found]
        if None in each:
            return None
        return all(each) if self.quantifier == _FOR_ALL or self.negated else any(each)

    def _one(self, found: str) -> bool | None:
        matched: bool | None = None
        if self.test in _EXACT:
            fold = str.lower if self.test.endswith("ignorecase") else str
            matched = fold(found) in {fold(_ESCAPES.get(value, value)) for value in self.values}
        elif self.test in _PATTERNS:
            matched = any(glob(value).match(found) for value in self.values)
        elif self.test in _ARNS:
            matched = any(arn_like(value, found) for value in self.values)
        elif self.test == "bool":
            matched = found.lower() in {value.lower() for value in self.values}
        if matched is None:
            return None
        return matched is not self.negated


def condition(operator: str, key: str, values: tuple[str, ...]) -> Condition:
    """A condition as a policy writes it."""
    return Condition(operator.lower(), key.lower(), values)


@lru_cache(maxsize=16384)
def glob(pattern: str) -> re.Pattern[str]:
    """A pattern of AWS, where ``*`` and ``?`` are wildcards and nothing else is."""
    # fnmatch would read [..] as a class; AWS has no such thing.
    return re.compile(translate(pattern.replace("[", "[[]")))


def arn_like(pattern: str, arn: str) -> bool:
    """Whether an ARN matches a pattern in each of its six parts, as the ARN operators compare."""
    wanted, found = pattern.split(":", 5), arn.split(":", 5)
    if len(wanted) != len(found):
        return pattern.strip("*") == "" and "*" in pattern
    return all(glob(part).match(value) for part, value in zip(wanted, found, strict=True))


def every_address(ranges: tuple[str, ...]) -> bool:
    """Whether the ranges together hold every IPv4 address."""
    return _many(ranges) == ipaddress.ip_network("0.0.0.0/0").num_addresses


def wide(ranges: tuple[str, ...]) -> bool:
    """Whether ranges of addresses keep hardly anybody out, or are none.

    As S3 counts a policy as public: wider than /8 of IPv4 or /32 of IPv6, private ranges apart. Many ranges
    that together are a sixteenth of IPv4 are wide, too.
    """
    networks = [network_of(value) for value in ranges]
    if not networks or None in networks:
        return True
    return _many(ranges) >= _A_SIXTEENTH or any(
        network.prefixlen < _WIDEST[network.version]
        for network in networks
        if network is not None and not _private(network)
    )


_WIDEST = {4: 8, 6: 32}
_A_SIXTEENTH = 2**28
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")


def _private(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return any(
        network.version == own.version
        and network.prefixlen >= own.prefixlen
        and network.network_address in own
        for own in map(ipaddress.ip_network, _PRIVATE)
    )


def _many(ranges: tuple[str, ...]) -> int:
    networks = [network_of(value) for value in ranges]
    four = [network for network in networks if isinstance(network, ipaddress.IPv4Network)]
    return sum(network.num_addresses for network in ipaddress.collapse_addresses(four))


def network_of(value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The range that a text names; ``None`` where it names none."""
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None
