"""What somebody decided about what counts, and where: each with its reason, its owner and its date.

An auditor asks about everything that is looser than the tool's own defaults, or left out. So a decision without
a reason, an owner and a date is refused, and every finding that one touched names it.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from soc2_pac import clock
from soc2_pac.canonical import canonical
from soc2_pac.model import Severity
from soc2_pac.text import says_something

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from soc2_pac.model import Scope

_TAGS = ("Tags", "tags", "TagList", "TagSet", "labels", "resourceLabels", "userLabels")
"""Where documents hold what their owner attached to a resource, at the top or one level below."""

_ABOUT_TAGS = re.compile("tag|label|^settings$", re.IGNORECASE)
"""Names of objects that hold them one level below: an answer of a call of its own, or settings."""


def latest_day() -> dt.date:
    """Today where today is furthest on: a day that somebody writes down there lies in no future."""
    return (clock.now() + dt.timedelta(hours=14)).date()


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who decided something, when and why."""

    reason: str
    """Why."""
    owner: str
    """The person who answers for it."""
    date: dt.date
    """The day of the decision."""

    def lacks(self, today: dt.date) -> str | None:
        """What is wrong with it, or ``None``."""
        for name in ("reason", "owner"):
            if not says_something(getattr(self, name)):
                return f"{name} is empty: an auditor will ask"
        if self.date > today:
            return f"date {self.date} lies in the future"
        return None

    def __str__(self) -> str:
        return f"{self.reason} ({self.owner}, {self.date})"


class Place(Decision, frozen=True, kw_only=True):
    """A decision about scopes, or about what carries a tag."""

    scope: str = ""
    """A scope or a glob: ``aws:111122223333/*``."""
    tag: str = ""
    """``key=value``, the value may be a glob: ``environment=sandbox*``. Letter case does not count. What has no
    tags, or whose tags no collector reads, does not carry it."""

    def lacks(self, today: dt.date) -> str | None:
        """What is wrong with it, or ``None``."""
        if not self.scope and not self.tag:
            return "say where: scope or tag"
        if self.tag and not all(self.tag.partition("=")):
            return f"tag '{self.tag}': write key=value"
        return super().lacks(today)

    def takes(self, scope: Scope, tags: Mapping[str, str]) -> bool:
        """Whether it speaks of a resource in a scope with these tags (as :func:`tags_of` gives them)."""
        name = str(scope)
        if self.scope and not (fnmatchcase(name, self.scope) or f"{name}/*" == self.scope):
            return False
        if not self.tag:
            return True
        key, _, wanted = self.tag.casefold().partition("=")
        value = tags.get(key.strip())
        return value is not None and fnmatchcase(value, wanted.strip())

    @property
    def where(self) -> str:
        """``scope aws:111122223333/*``, ``tag environment=sandbox``, or both."""
        parts = [f"scope {self.scope}"] if self.scope else []
        return " and ".join(parts + ([f"tag {self.tag}"] if self.tag else []))


class Variant(Place, frozen=True, kw_only=True):
    """Another setting of one rule in some place."""

    enabled: bool = True
    """``false``: what the rule says there does not count. It is judged and printed all the same."""
    severity: Severity | None = None
    """Its severity there."""
    thresholds: dict[str, Any] = {}
    """Its thresholds there."""

    @property
    def because(self) -> str:
        """How findings name it."""
        off = "" if self.enabled else "switched off there, "
        return f"{off}{self.where}: {self}"


@dataclass(frozen=True, slots=True)
class Boundary:
    """What belongs to the system that is audited."""

    include: tuple[Place, ...] = ()
    """Empty: everything."""
    exclude: tuple[Place, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.include or self.exclude)

    def outside(self, scope: Scope, tags: Mapping[str, str]) -> str | None:
        """Why a resource does not belong to it, or ``None``."""
        for place in self.exclude:
            if place.takes(scope, tags):
                return self.because_excluded(place)
        if self.include and not any(place.takes(scope, tags) for place in self.include):
            return self.because_not_included
        return None

    def because_excluded(self, place: Place) -> str:
        """How findings name a place that does not belong to it."""
        return f"outside of the system, {place.where}: {place}"

    @property
    def because_not_included(self) -> str:
        """How findings say that they are in no place that belongs to it."""
        said = "; ".join(f"{place.where}: {place}" for place in self.include)
        return f"outside of the system, which is {said}"

    @property
    def by_tag(self) -> bool:
        """Whether tags decide."""
        return any(place.tag for place in (*self.include, *self.exclude))


EVERYTHING = Boundary()
"""No boundary is drawn: all that is collected belongs to the system."""


@dataclass(frozen=True)
class Adjustment:
    """How one finding differs from what the rule says everywhere, and by whose decision."""

    outside: bool
    """It does not count: it is beyond the system's boundary, or the rule is switched off there."""
    severity: Severity | None
    thresholds: Mapping[str, Any] = field(hash=False)
    because: tuple[str, ...]
    """Each decision in words: where, why, who, when."""

    @functools.cached_property
    def body(self) -> str:
        """Canonical JSON."""
        kept = {
            "outside": self.outside,
            "severity": self.severity,
            "thresholds": dict(self.thresholds),
            "because": list(self.because),
        }
        return canonical(msgspec.to_builtins(kept)).decode()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the body."""
        return hashlib.sha256(self.body.encode()).hexdigest()


def adjust(
    variants: Iterable[Variant], boundary: Boundary, scope: Scope, tags: Mapping[str, str]
) -> Adjustment | None:
    """What decisions say of one rule in one place: the first variant that takes it, and the boundary."""
    variant = next((one for one in variants if one.takes(scope, tags)), None)
    beyond = boundary.outside(scope, tags)
    if variant is None:
        if beyond is None:
            return None
        return Adjustment(outside=True, severity=None, thresholds={}, because=(beyond,))
    because = [variant.because]
    if beyond is not None:
        because.append(beyond)
    return Adjustment(
        outside=beyond is not None or not variant.enabled,
        severity=variant.severity,
        thresholds=variant.thresholds,
        because=tuple(because),
    )


def tags_of(body: bytes | str) -> dict[str, str]:
    """The tags or labels of a stored document, keys and values in small letters.

    Lists of ``{Key, Value}`` in any letter case and plain objects are understood; of two tags with one key the
    first counts.
    """
    document = json.loads(body) if body else None
    found: dict[str, str] = {}
    if not isinstance(document, dict):
        return found
    nested = [
        value
        for key, value in document.items()
        if isinstance(value, dict) and _ABOUT_TAGS.search(key)
    ]
    for holder in (document, *nested):
        for name in _TAGS:
            for key, value in _pairs(holder.get(name)):
                found.setdefault(key.casefold().strip(), value.casefold().strip())
    return found


def _pairs(value: object) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        for inner in _TAGS:  # {"TagSet": [...]}
            if isinstance(value.get(inner), list):
                yield from _pairs(value[inner])
        yield from ((k, v) for k, v in value.items() if isinstance(v, str))
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                folded = {str(k).casefold(): v for k, v in item.items()}
                key = folded.get("key", folded.get("tagkey"))
                said = folded.get("value", folded.get("tagvalue", ""))
                if isinstance(key, str) and isinstance(said, str):
                    yield key, said


def loosened(name: str, default: object, value: object) -> bool:
    """Whether a threshold is looser than its default, or differs in a way of which nobody can say.

    A larger ``max_...`` and a smaller ``min_...`` are looser; the other way round is stricter.
    """
    if value == default:
        return False
    if _number(default) and _number(value) and name.startswith(("max_", "min_")):
        larger = float(str(value)) > float(str(default))
        return larger if name.startswith("max_") else not larger
    return True


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
