"""A population of the fake provider, added the way a plugin adds kinds: what happened, by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from soc2_pac.errors import Gone, Throttled
from soc2_pac.hookspecs import hookimpl
from soc2_pac.model import Document, Severity, Verdict, failed, passed
from soc2_pac.resources import Resource, collects, fact
from soc2_pac.rules import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.model import Period

    from .fakes import FakeClient

T0 = datetime(2026, 1, 1, tzinfo=UTC)


class Happening(Resource, frozen=True, kw_only=True):
    """Something that happened."""

    kind = "fake.happening"
    at: datetime
    good: bool = True
    detail: str = fact("Detail")


class World:
    """What the fake provider has to tell, for all tests of this module."""

    days: ClassVar[list[int]] = []
    asked: ClassVar[list[int]] = []
    """From which day each look read."""
    trouble: ClassVar[str] = ""


@collects(
    Happening,
    calls=["fake:Happenings"],
    per="account",
    population=True,
    instant="at",
)
def happenings(fake: FakeClient, period: Period) -> Iterator[Document]:
    """From the day after the last complete look."""
    first = int(period.since_cursor or 0)
    World.asked.append(first)
    found = [day for day in World.days if day >= first]
    period.ask(query=f"days >= {first}", start=T0, end=period.began)
    for number, day in enumerate(found):
        fake.meter.request("fake:Happenings")
        if World.trouble.endswith("breaks off") and number == 1:
            if World.trouble.startswith("no JSON"):
                period.parameters["ratio"] = float("nan")
            msg = "throttled"
            raise Throttled(msg)
        detail = Gone("no more") if World.trouble == "gone" else f"day {day}"
        if World.trouble.startswith("stepwise"):
            period.reached(day)
        body = {"at": T0 + timedelta(days=day), "good": day % 2 == 0}
        yield Document(
            f"d{day}", f"day {day}", {**body, "Detail": fake.call("fake:Happenings", detail)}
        )
    match World.trouble:
        case "silent":
            return
        case "another count":
            period.done(total=len(found) + 1, cursor=99)
        case "no JSON":
            period.done(total=len(found), cursor=float("nan"))
        case "a huge cursor":
            period.done(total=len(found), cursor="x" * 300_000)
        case "a secret":
            period.done(total=len(found), cursor=99, seen="ghp_" + "a" * 36)
        case _:
            period.done(total=len(found), cursor=max(found, default=first - 1) + 1)


@rule(criteria=["CC8.1"], severity=Severity.LOW)
def fake_happening_good(happening: Happening) -> Verdict:
    """What happens is good.

    Why: to test.
    Fix: do better.
    """
    return passed("good") if happening.good else failed("bad")


@hookimpl
def soc2_collector_modules() -> list[str]:
    """This module."""
    return [__name__]


@hookimpl
def soc2_rule_packages() -> list[str]:
    """This module."""
    return [__name__]
