"""One consistent map from what a company calls its things to words that mean nothing.

A recording must be judged like the original, and tell nobody whose it is. So every word that the product
itself does not know (its code, its rules, its own data) becomes another word of the same length and letter
case, always the same one: what was equal stays equal, what contained a name contains the new one. Words that
some rule may compare with stay, and so do states, times and sizes.

Addresses keep their class (private, loopback, documentation, "everything") and which network holds which.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import ipaddress
import itertools
import re
import secrets
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W_]")
_EXAMPLES = ("cases.yaml",)
"""Files of a package whose words are made up, not compared with."""
_SHORT = 2
"""Words up to this length say nothing, and there are not enough to exchange them."""
_LONG_NUMBER = 7
"""Digits from which on a number is an id: of an account, a project, a repository."""
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")
_PLACES = frozenset(
    re.findall(
        r"\w+",
        """
        north south east west central northeast northwest southeast southwest northcentral southcentral
        westcentral global multi region us eu ap ca sa af me il mx cn gov asia europe australia africa america
        northamerica southamerica com org net io dev edu mil example local internal localhost onmicrosoft
        windows azure microsoft office google googleapis amazonaws amazon aws github okta gserviceaccount
        """,
    )
)
_KEY = re.compile(r"[A-Za-z_$@][A-Za-z0-9_$@]*")
"""What field names look like; other keys are names that somebody chose."""
_CHOSEN = frozenset(
    "labels userlabels resourcelabels tags annotations variables environmentvariables substitutions".split()  # noqa: SIM905
)
"""Objects whose keys are names that somebody chose."""
_ID = re.compile(r"(?:^|_)(?:id|ids|number)$|(?:Id|Ids|Number|ID)$|^(?:id|databaseId)$")
_SIZES = frozenset(
    re.findall(
        r"\w+",
        "time times timestamp date stamp expiry expires expiration since until at created updated version period"
        " second seconds minute minutes hours days millis retention size bytes limit ttl age duration max min"
        " count quota capacity interval",
    )
)
"""Names of times and sizes."""
_MACHINES = frozenset(
    re.findall(
        r"\w+",
        "svc service bot robot root admin sync noreply reply no automation system batch api ci cd build deploy"
        " integration provisioning scim terraform github okta azure aws gcp sa svcacct daemon job runner",
    )
)
"""What mail addresses of machines are made of, which rules may look for."""
_FROM = re.compile(r"(?i)(start|from|begin|first)")


def vocabulary(packages: Iterable[str | Path]) -> tuple[frozenset[str], frozenset[str]]:
    """The words that the files of packages know, and the whole texts; both in small letters."""
    words: set[str] = set()
    texts: set[str] = set()
    for package in packages:
        for path in sorted(Path(package).rglob("*")):
            if not path.is_file() or path.name.endswith(_EXAMPLES):
                continue
            if path.suffix == ".py":
                found = _literals(path.read_text(encoding="utf-8"))
            elif path.suffix in (".toml", ".json", ".txt", ".csv", ".tsv", ".yaml", ".yml"):
                found = [path.read_text(encoding="utf-8")]
            else:
                continue
            for text in found:
                texts.add(text.lower())
                words.update(_pieces(text))
    return frozenset(words), frozenset(texts)


def _pieces(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        yield word.lower()
        for piece in _PIECE.findall(word):
            yield piece.lower()


def _literals(source: str) -> list[str]:
    """The texts and names of a module: what its code compares with, not what it says in docstrings."""
    found: list[str] = []
    queue: list[object] = [compile(source, "", "exec", dont_inherit=True, optimize=2)]
    while queue:
        one = queue.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, tuple | frozenset):
            queue += one
        elif isinstance(one, CodeType):
            queue += one.co_consts
            found += [*one.co_names, *one.co_varnames]
    return found


# -- addresses ------------------------------------------------------------------------------------------------

_V4 = r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)"
_V6 = r"(?<![0-9A-Fa-f:.])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]{3,39}(?![0-9A-Fa-f:])"
_MASK = r"(?:/\d{1,3})?"
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/3", "::/8", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/9", "ff00::/8",
    )
)  # fmt: skip
"""Networks whose addresses stay as they are; IANA's registries of special-purpose addresses, and multicast."""


class Disguise:
    """The map. Two of the same key map alike; a key that nobody keeps cannot be undone by trying words."""

    def __init__(
        self, words: frozenset[str], texts: frozenset[str], key: bytes | None = None
    ) -> None:
        """``words`` and ``texts``: what stays, see :func:`vocabulary`."""
        self._words = words | _PLACES
        self._texts = texts
        self._key = key or secrets.token_bytes(32)
        self._map: dict[str, str] = {}
        self._taken: set[str] = set()
        known = {one for text in texts for one in re.findall(rf"{_V4}{_MASK}", text)}
        more = [network for one in known if (network := _network(one)) is not None]
        self._special: list[Network] = [*_SPECIAL, *more]
        self._open: Callable[[Network], bool] = functools.cache(self._is_open)

    # -- documents

    def value(self, value: Any, key: str = "") -> Any:  # noqa: ANN401 - any JSON-like value
        """A JSON-like value in disguise; ``key``: the name that it stands under."""
        if isinstance(value, str):
            return value if value.isdigit() and _is_size(key) else self.text(value)
        if isinstance(value, bool) or value is None or isinstance(value, float):
            return value
        if isinstance(value, int):
            return self._number(value, key)
        if isinstance(value, list | tuple):
            return [self.value(item, key) for item in value]
        chosen = key.lower() in _CHOSEN
        found = {
            name if not chosen and _KEY.fullmatch(name) else self.text(name): self.value(item, name)
            for name, item in value.items()
        }
        return found | self._ranges(value)

    def _number(self, value: int, key: str) -> int:
        text = str(value)
        if not _ID.search(key) or _is_size(key) or len(text) < _LONG_NUMBER or value < 0:
            return value
        return int(self._exchanged(text))

    def _ranges(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Both ends of a range of addresses that stand under names of their own."""
        found: dict[str, Any] = {}
        for name, first in value.items():
            if not isinstance(name, str) or not _FROM.search(name) or not isinstance(first, str):
                continue
            for start, end in (
                ("start", "end"),
                ("from", "to"),
                ("begin", "end"),
                ("first", "last"),
            ):
                other = re.sub(start, end, re.sub(start.title(), end.title(), name))
                last = value.get(other)
                if other != name and isinstance(last, str):
                    pair = self._range(first, last)
                    if pair is not None:
                        found[name], found[other] = pair
        return found

    # -- texts

    def text(self, text: str) -> str:
        """A text in disguise."""
        if text.startswith("[redacted"):
            return text
        return _PARTS.sub(self._part, text)

    def known(self, text: str) -> str:
        """A sentence in disguise: what is an id, an address, or may be a name.

        That is a word that was met in a document, or stands as names do: in capitals, quoted, in a path.
        """

        def part(match: re.Match[str]) -> str:
            word = match[0]
            plain = match.lastgroup == "word" and word.isalpha() and word.islower()
            met = word.lower() in self._map
            return word if plain and not met and _is_prose(match) else self._part(match)

        return _PARTS.sub(part, text)

    def _part(self, match: re.Match[str]) -> str:
        sort, text = match.lastgroup, match[0]
        if sort == "mail":
            return text if text.lower() in self._texts else self._mail(text)
        if sort == "range":
            first, _, last = text.partition("-")
            pair = self._range(first.strip(), last.strip())
            return "-".join(pair) if pair else "-".join(map(self._network_text, (first, last)))
        if sort == "address":
            return self._network_text(text)
        if sort == "guid":
            return text if text.lower() in self._guids else self._guid(text)
        if sort == "word":
            return self._word(text)
        return text  # a time

    @functools.cached_property
    def _guids(self) -> frozenset[str]:
        return frozenset(one for text in self._texts for one in re.findall(_GUID, text))

    def _mail(self, text: str) -> str:
        """An address of a person; names are words, too, so no word stays but those of machines."""
        local, _, domain = text.partition("@")
        machine = domain.lower().endswith("gserviceaccount.com")
        said = _WORD.sub(
            lambda found: (
                self._word(found[0])
                if machine or found[0].lower() in _MACHINES
                else self._exchanged(found[0])
            ),
            local,
        )
        return f"{said}@{self.text(domain)}"

    def _guid(self, text: str) -> str:
        return self._exchanged(text.replace("-", ""), lambda new: _dashed(new, text))

    def _word(self, word: str) -> str:
        small = word.lower()
        if small in self._words or len(word) <= _SHORT:
            return word
        if word.isdigit():
            short = len(word) < _LONG_NUMBER or _DATE.fullmatch(word)
            return word if short else self._exchanged(word)
        pieces = _PIECE.findall(word)
        if len(pieces) > 1 and not _is_random(word) and "".join(pieces) == word:
            return "".join(
                piece
                if piece.isdigit() or piece.lower() in self._words or len(piece) <= _SHORT
                else self._exchanged(piece)
                for piece in pieces
            )
        return self._exchanged(word)

    def _exchanged(self, word: str, form: Callable[[str], str] = lambda new: new) -> str:
        """The other word for a word, in the word's own letter case."""
        small = word.lower()
        if small not in self._map:
            for attempt in itertools.count():
                new = self._drawn(small, attempt)
                # Words of few letters may run out of others.
                if (new not in self._taken and new not in self._words) or attempt > 1000:  # noqa: PLR2004
                    break
            self._map[small] = new
            self._taken.add(new)
        new = self._map[small]
        same = len(new) == len(word)
        cased = (
            "".join(b.upper() if a.isupper() else b for a, b in zip(word, new, strict=True))
            if same
            else new
        )
        return form(cased)

    def _drawn(self, word: str, attempt: int) -> str:
        digits = any(sign.isdigit() for sign in word)
        hexadecimal = digits and re.fullmatch(r"[0-9a-f]+", word) is not None and not word.isdigit()
        stream = self._bytes(f"{attempt}/{word}", len(word))
        found = []
        for place, (sign, byte) in enumerate(zip(word, stream, strict=True)):
            if sign.isdigit() and not hexadecimal:
                # No number begins with a nought that did not.
                found.append(
                    "123456789"[byte % 9]
                    if place == 0 and sign != "0"
                    else str(byte % 10)
                    if place
                    else sign
                )
            elif hexadecimal:
                found.append("0123456789"[byte % 10] if sign.isdigit() else "abcdef"[byte % 6])
            else:
                found.append("abcdefghijklmnopqrstuvwxyz"[byte % 26])
        return "".join(found)

    def _bytes(self, text: str, count: int) -> bytes:
        blocks = (
            hmac.digest(self._key, f"{number}/{text}".encode(), hashlib.sha256)
            for number in itertools.count()
        )
        return bytes(itertools.islice(itertools.chain.from_iterable(blocks), count))

    # -- addresses

    def _network_text(self, text: str) -> str:
        host, slash, mask = text.partition("/")
        address = _address(host)
        if address is None or (mask and int(mask) > address.max_prefixlen):
            return _WORD.sub(lambda found: self._word(found[0]), text)  # arn:aws:iam::111122223333
        return (
            f"{self._address(address, int(mask) if mask else address.max_prefixlen)}{slash}{mask}"
        )

    def _range(self, first: str, last: str) -> tuple[str, str] | None:
        """A range keeps its size: only where it begins is exchanged."""
        start, end = _address(first), _address(last)
        if start is None or end is None or start.version != end.version or int(end) < int(start):
            return None
        size = int(end) - int(start)
        # What all of its addresses have in common is exchanged, the rest stays.
        common = start.max_prefixlen - (int(start) ^ int(end)).bit_length()
        moved = self._address(start, common)
        return str(moved), str(type(start)(int(moved) + size))

    def _address(self, address: Address, bits: int) -> Address:
        """The address with its first bits exchanged, class and common prefixes kept."""
        width = address.max_prefixlen
        family = ipaddress.IPv4Network if address.version == 4 else ipaddress.IPv6Network  # noqa: PLR2004
        number, new = int(address), int(address)
        for length in range(bits):
            above = width - length
            network = family((number >> above << above, length))
            if self._open(network) and self._bytes(str(network), 1)[0] & 1:
                new ^= 1 << (width - 1 - length)
        return type(address)(new)

    def _is_open(self, network: Network) -> bool:
        """Whether the halves of a network may be exchanged: no special one overlaps it."""
        return not any(_overlap(one, network) for one in self._special)


_GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_PARTS = re.compile(
    rf"(?P<time>\d{{4}}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)"
    rf"|(?P<guid>(?<![0-9A-Za-z]){_GUID}(?![0-9A-Za-z]))"
    rf"|(?P<range>{_V4} ?- ?{_V4})|(?P<address>(?:{_V4}|{_V6}){_MASK})"
    r"|(?P<mail>[\w.!#$%&'*+=-]+@(?:[\w-]+\.)+\w{2,})|(?P<word>[^\W_]+)"
)


def _is_size(key: str) -> bool:
    return any(piece.lower() in _SIZES for piece in _PIECE.findall(key))


def _is_prose(match: re.Match[str]) -> bool:
    """Whether a word stands in a sentence, and not in a name of several parts."""
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:2]
    begins = not before or before.isspace() or before == "("
    ends = not after or after[0].isspace() or (after[0] in ".,;:)?!" and not after[1:].strip())
    return begins and ends


def _is_random(word: str) -> bool:
    """Whether a word was drawn and not made of words: letters and digits in turn."""
    return (
        len(re.findall(r"\d+", word)) > 1 or re.fullmatch(r"[0-9a-f]*\d[0-9a-f]*", word) is not None
    )


def _dashed(new: str, like: str) -> str:
    signs = iter(new)
    return "".join("-" if sign == "-" else next(signs) for sign in like)


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _overlap(one: Network, other: Network) -> bool:
    if isinstance(one, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and one.overlaps(other)
    return isinstance(other, ipaddress.IPv6Network) and one.overlaps(other)
