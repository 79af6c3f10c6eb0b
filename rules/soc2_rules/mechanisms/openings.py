"""What is open to the internet: the questions that rules of all clouds ask of ports, and AWS's prefix lists.

``found`` is what each protocol's ports are open to; see :mod:`soc2_collectors.reach`.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.network import ManagedPrefixList, resolved, unresolved
from soc2_collectors.aws.models.ports import ports_of
from soc2_collectors.reach import ALL_PORTS, common, joined, port_names, size, without
from soc2_pac.model import Status, Verdict, failed, inconclusive, passed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from soc2_collectors.aws.models.network import Resolve
    from soc2_collectors.reach import Open, Spans
    from soc2_pac.rules import Evidence

PROTOCOLS = ("tcp", "udp")
NEARLY_EVERY_PORT = 0.9
"""The share of the ports of a protocol from which on they count as all: a few left out change nothing."""
_NEARLY_ALL_ADDRESSES = 0.995


def closed(found: Mapping[str, Open], ports: tuple[int, ...], what: str) -> Verdict:
    """None of these ports is open to the internet, over TCP or over UDP where the service speaks it.

    ``what`` is the start of a sentence: "SSH is".
    """
    open_ones = {name: seen for name, seen in found.items() if seen.possible}
    asked = {protocol: ports_of(protocol, ports) for protocol in open_ones}
    sure = [f"{name} {port}" for name, seen in open_ones.items() for port in seen.sure(asked[name])]
    if sure:
        return failed(f"open to {_whom(found)}: {', '.join(sure)}")
    maybe = [
        f"{name} {port}" for name, seen in open_ones.items() for port in seen.maybe(asked[name])
    ]
    if maybe:
        return _depends(found, ", ".join(maybe))
    return passed(f"{what} not open to the internet")


@functools.lru_cache(maxsize=256)
def wanted(protocol: str, ports: tuple[int, ...]) -> Spans:
    """The ports that :func:`closed` asks for over a protocol."""
    return joined((port, port) for port in ports_of(protocol, ports))


def only(found: Mapping[str, Open], allowed: tuple[int, ...]) -> Verdict:
    """No other port is open to the internet than these."""
    asked = others(allowed)
    sure = _named({name: common(seen.certain, asked) for name, seen in found.items()})
    if sure:
        return failed(f"open to {_whom(found)}: {', '.join(sure)}")
    maybe = _named({name: common(seen.possible, asked) for name, seen in found.items()})
    if maybe:
        return _depends(found, ", ".join(maybe))
    return passed("no port that is not approved is open to the internet")


@functools.lru_cache(maxsize=256)
def others(allowed: tuple[int, ...]) -> Spans:
    """The ports that :func:`only` asks for."""
    return without(ALL_PORTS, joined((port, port) for port in allowed))


def not_all(found: Mapping[str, Open]) -> Verdict:
    """Not all ports of a protocol, or nearly all, are open to the internet."""
    for name, seen in found.items():
        if is_nearly_all(seen.certain):
            missing = without(ALL_PORTS, seen.certain)
            but = f" but {', '.join(port_names(missing))}" if missing else ""
            return failed(f"every port of {name.upper()}{but} is open to {_whom(found)}")
    if any(is_nearly_all(seen.possible) for seen in found.values()):
        return _depends(found, "every port")
    return passed("all ports are not open to the internet")


def is_nearly_all(ports: Spans) -> bool:
    """Whether these are all ports, or nearly all."""
    return size(ports) >= NEARLY_EVERY_PORT * size(ALL_PORTS)


def with_prefix_lists(
    evidence: Evidence,
    judge: Callable[[Resolve], Verdict],
    lists: Callable[[], Collection[str]],
) -> Verdict:
    """What ``judge`` says; only where that depends on prefix lists, they are looked up.

    ``lists`` says which: the verdict names them.
    """
    verdict = judge(unresolved)
    if verdict.status is not Status.INCONCLUSIVE or not (numbers := sorted(lists())):
        return verdict
    known = {
        number: found[0]
        for number, found in evidence.index(
            ManagedPrefixList, "prefix_list_id", within="here"
        ).items()
    }
    verdict = judge(lambda number: resolved(number, known))
    read = [known[number] for number in numbers if number in known]
    return replace(verdict, on=(*verdict.on, *read))


def _named(found: Mapping[str, Spans]) -> list[str]:
    return [f"{name} {text}" for name, spans in found.items() for text in port_names(spans)]


def _whom(found: Mapping[str, Open]) -> str:
    share = max((seen.share for seen in found.values()), default=1.0)
    if share >= _NEARLY_ALL_ADDRESSES:
        return "the internet"
    return f"the internet ({share:.0%} of its addresses)"


def _depends(found: Mapping[str, Open], what: str) -> Verdict:
    unknown = sorted({name for seen in found.values() for name in seen.unknown})
    on = ", ".join(unknown) or "entries that cannot be read"
    return inconclusive(f"whether {what} is open to the internet depends on {on}")
