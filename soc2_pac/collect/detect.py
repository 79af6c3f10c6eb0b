"""What a credential looks like, wherever it stands: the patterns of ``credentials.toml``, compiled.

Most texts hold none. So each rule names literal texts that stand in every credential of its sort, and a
regular expression runs only where one of them was seen.
"""

from __future__ import annotations

import base64
import binascii
import functools
import itertools
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of credential."""

    label: str
    needles: tuple[str, ...]
    """Literal texts, one of which stands in every credential of this sort."""
    folded: bool
    """Whether the needles are in small letters, to be sought in the text in small letters."""
    pattern: re.Pattern[str]
    cut: int = 0
    """The group of the pattern that is the secret; 0: all of it."""
    decodes: str = ""
    """What the secret holds once its base64 is undone; anything else is a word that looks like it."""

    def found(self, text: str) -> Iterator[tuple[int, int]]:
        """Where secrets of this sort stand in a text."""
        for match in self.pattern.finditer(text):
            if not self.decodes or self.decodes in _decoded(match[self.cut]):
                yield match.span(self.cut)


@functools.cache
def _sorts() -> tuple[Sort, ...]:
    content = tomllib.loads(
        files("soc2_pac.collect").joinpath("credentials.toml").read_text(encoding="utf-8")
    )
    found = []
    for one in content["token"]:
        begins = tuple(one["begins"])
        before = r"(?<![A-Za-z0-9])" if one.get("after", True) else ""
        start = "|".join(re.escape(text) for text in begins)
        pattern = re.compile(rf"{before}(?:(?:{start})(?:{one['then']}))")
        found.append(Sort(one["label"], begins, folded=False, pattern=pattern))
    found += [
        Sort(
            one["label"],
            tuple(one["needles"]),
            folded=True,
            pattern=re.compile(one["pattern"]),
            cut=one.get("cut", 0),
            decodes=one.get("decodes", ""),
        )
        for one in content["text"]
    ]
    return tuple(found)


def labels() -> frozenset[str]:
    """Every sort of credential that is known, by its label."""
    return frozenset(one.label for one in _sorts())


@functools.cache
def _first_look() -> tuple[re.Pattern[str], tuple[str, ...], tuple[Sort, ...], tuple[Sort, ...]]:
    """(how tokens begin at the start of a word, within one; sorts with such a beginning; the others)."""
    tokens = tuple(one for one in _sorts() if not one.folded)
    texts = tuple(one for one in _sorts() if one.folded)
    starts = sorted({needle for one in tokens for needle in one.needles})
    # By their first letters: an expression tries one after the other.
    grouped = "|".join(
        re.escape(first) + "(?:" + "|".join(re.escape(one[1:]) for one in some) + ")"
        for first, some in itertools.groupby(starts, key=lambda one: one[0])
    )
    return re.compile(rf"(?<![A-Za-z0-9])(?:{grouped})"), _WITHIN, tokens, texts


_WITHIN = ("-----BEGIN ", ".atlasv1.")


def possible(text: str) -> tuple[Sort, ...]:
    """The sorts whose literal texts stand in a text; quick, since most texts have none."""
    at_start, within, tokens, texts = _first_look()
    small = text.lower()
    found = [one for one in texts if any(needle in small for needle in one.needles)]
    if at_start.search(text) or any(needle in text for needle in within):
        found += [one for one in tokens if any(needle in text for needle in one.needles)]
    return tuple(found)


def sorts_in(text: str) -> set[str]:
    """The labels of what is found in a text."""
    return {one.label for one in possible(text) if next(one.found(text), None)}


def cut_out(text: str, sorts: Sequence[Sort] | None = None) -> str:
    """The text with ``[redacted LABEL]`` in place of every credential of these sorts; of all by default."""
    small = text.lower()
    for one in possible(text) if sorts is None else sorts:
        if any(needle in (small if one.folded else text) for needle in one.needles):
            for start, end in reversed(list(one.found(text))):
                text = f"{text[:start]}[redacted {one.label}]{text[end:]}"
    return text


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
