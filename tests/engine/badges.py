"""A second provider beside the fake, and a rule that reads it only where it is a source."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from soc2_pac.errors import Denied
from soc2_pac.hookspecs import hookimpl
from soc2_pac.model import (
    Document,
    Fact,
    Identity,
    Scope,
    Severity,
    Verdict,
    failed,
    inconclusive,
    passed,
)
from soc2_pac.resources import Resource, collects, fact
from soc2_pac.rules import Evidence, Whole, rule

from .fakes import Thing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection

BUILT: list[int] = []
"""How many badges each table was made of."""


class Badge(Resource, frozen=True, kw_only=True):
    """A badge."""

    kind = "badges.badge"
    thing: str
    valid: bool = fact("Valid")


class BadgeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which scenario to play."""

    scenario: str = "plain"


@dataclass
class BadgeConnection:
    """One source, and its client."""

    settings: BadgeSettings
    meter: Meter | None = None

    @property
    def spent(self) -> dict[str, int]:
        """Discovery makes no call."""
        return {}

    def whoami(self) -> Identity:
        """Somebody."""
        return Identity("badges:robot", "doors")

    def discover(self, per: str, only: Selection, meter: Meter | None = None) -> Iterator[Scope]:
        """One."""
        yield Scope("badges", "doors")

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> BadgeConnection:
        """Itself, with a meter."""
        return BadgeConnection(self.settings, meter)


@collects(Badge, calls=["badges:List", "badges:Valid"], per="account")
def badges(client: BadgeConnection) -> Iterator[Document]:
    """Badges for two of three things; one record may be malformed."""
    assert client.meter is not None
    client.meter.request("badges:List")
    if client.settings.scenario == "denied":
        msg = "badges:List: no"
        raise Denied(msg, operation="badges:List", permission="badges:List")
    for number in (1, 2):
        valid = Fact("badges:Valid", functools.partial(operator.eq, number, 1))
        yield Document(
            f"b{number}", f"badge {number}", {"thing": f"thing {number}", "Valid": valid}
        )
    if client.settings.scenario == "malformed":
        yield Document("b3", "badge 3", {"thing": None, "Valid": True})


def table(evidence: Whole) -> dict[str, bool]:
    """Which thing has a badge, and whether it is valid."""
    found = evidence.placed(Badge)
    assert all(scope == Scope("badges", "doors") for scope, _ in found.resources)
    BUILT.append(len(found.resources) + len(found.unreadable))
    return {badge.thing: badge.valid for _, badge in found.resources}


@rule(criteria=["CC6.1"], severity=Severity.LOW, where_sourced=[Badge])
def fake_thing_badge(thing: Thing, evidence: Evidence) -> Verdict:
    """Things have a valid badge where there are badges.

    Why: to test.
    Fix: give it one.
    """
    if not evidence.sourced(Badge):
        assert list(evidence.everywhere(Badge)) == []
        assert evidence.index(Badge, "thing", within="everywhere") == {}
        return inconclusive("no system of badges is a source")
    valid = evidence.derived(table).get(thing.name)
    return passed("has a badge") if valid else failed("has none that is valid")


@dataclass(frozen=True)
class BadgeProvider:
    """:class:`soc2_pac.hookspecs.Provider`."""

    name: str = "badges"
    settings: type[BadgeSettings] = BadgeSettings
    modules: Sequence[str] = (__name__,)

    def connect(self, settings: Any) -> BadgeConnection:
        """Connect."""
        return BadgeConnection(settings)

    def permissions(self, calls: Sequence[str], form: str) -> str:
        """The calls."""
        return f"{form}: {', '.join(calls)}"


@hookimpl
def soc2_providers() -> list[BadgeProvider]:
    """The badges."""
    return [BadgeProvider()]


@hookimpl
def soc2_rule_packages() -> list[str]:
    """This module."""
    return [__name__]
