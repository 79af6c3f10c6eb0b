"""A provider without a network, for tests of the engine: what it says and how it fails is set by name.

It is picklable: the settings name a scenario, and a worker in another process finds it here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from soc2_pac.config import Config, SecretRef, parse
from soc2_pac.errors import (
    CredentialsRejected,
    Denied,
    Gone,
    NotEnabled,
    NotOffered,
    Throttled,
    Unexpected,
    Unreachable,
)
from soc2_pac.hookspecs import hookimpl
from soc2_pac.model import (
    CollectionStatus,
    Document,
    Fact,
    Identity,
    Listed,
    Scope,
    Severity,
    Unread,
    Verdict,
    failed,
    passed,
)
from soc2_pac.plugins import Registry, load
from soc2_pac.resources import Resource, collects, fact
from soc2_pac.rules import Evidence, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.metadata import EntryPoint

    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection


class Thing(Resource, frozen=True, kw_only=True):
    """A thing."""

    kind = "fake.thing"
    volatile = ("seen", "Detail.requestId")
    secret = ("notes",)
    name: str
    detail: dict[str, Any] | None = fact("Detail")
    extra: int = fact("Extra")


class Owner(Resource, frozen=True, kw_only=True):
    """An owner of things."""

    kind = "fake.owner"
    thing: str
    active: bool = fact("Active")


class FakeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which scenario to play."""

    scenario: str = "plain"
    token: SecretRef | None = None
    scopes: tuple[str, ...] = ("acme",)


@dataclass
class FakeClient:
    """What collectors take."""

    settings: FakeSettings
    scope: Scope
    meter: Meter

    def call(self, operation: str, value: object) -> Fact:
        """A detail that costs one request."""

        def ask() -> object:
            self.meter.request(operation)
            if isinstance(value, Exception):
                raise value
            return value

        return Fact(operation, ask)


class FakeConnection:
    """One source."""

    opened: ClassVar[list[str]] = []

    def __init__(self, settings: FakeSettings) -> None:
        self.opened.append(settings.scenario)
        self._settings = settings

    @property
    def spent(self) -> dict[str, int]:
        """Discovery makes no call."""
        return {}

    def whoami(self) -> Identity:
        """Somebody."""
        return Identity("fake:robot", "acme")

    def discover(
        self, per: str, only: Selection, meter: Meter | None = None
    ) -> Iterator[Scope | Unread]:
        """The configured scopes; one that is off."""
        if self._settings.scenario == "rejected":
            msg = "the token is not accepted"
            raise CredentialsRejected(msg)
        for name in self._settings.scopes:
            yield Scope("fake", name)
        if self._settings.scenario == "one off":
            yield Unread(
                Scope("fake", "attic"), CollectionStatus.SKIPPED, f"the attic is off ({per})"
            )

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> FakeClient:
        """A client of one scope."""
        assert allowed
        return FakeClient(self._settings, scope, meter)


def _document(fake: FakeClient, number: int, **values: Any) -> Document:
    body: dict[str, Any] = {
        "name": f"thing {number}",
        "seen": time.time_ns(),
        "Detail": fake.call("fake:GetDetail", {"size": number, "requestId": time.time_ns()}),
        "Extra": fake.call("fake:GetExtra", number),
        **values,
    }
    return Document(f"t{number}", str(body["name"]), body)


@collects(Thing, calls=["fake:List", "fake:GetDetail", "fake:GetExtra"], per="account")
def things(fake: FakeClient) -> Iterator[Document]:  # noqa: C901, PLR0912, PLR0915 - a list of scenarios
    """Things, according to the scenario."""
    fake.meter.request("fake:List")
    fake.meter.page()
    denied = Denied("fake:GetDetail: no", operation="fake:GetDetail", permission="fake:GetDetail")
    match fake.settings.scenario:
        case "empty":
            return
        case "denied":
            msg = "fake:List: no"
            raise Denied(msg, operation="fake:List", permission="fake:List")
        case "throttled":
            msg = "throttled until the retries were spent"
            raise Throttled(msg)
        case "unreachable":
            msg = "no answer"
            raise Unreachable(msg)
        case "not enabled":
            msg = "the service is off"
            raise NotEnabled(msg)
        case "a defect":
            raise ZeroDivisionError
        case "a secret in an error":
            msg = "bad answer: ghp_" + "a" * 36
            raise Unexpected(msg)
        case "denied detail":
            yield _document(fake, 1, Detail=fake.call("fake:GetDetail", denied))
            yield _document(fake, 2)
        case "expired in mid-run":
            yield _document(fake, 1)
            msg = "the token has expired"
            yield _document(fake, 2, Detail=fake.call("fake:GetDetail", CredentialsRejected(msg)))
            yield _document(fake, 3)
        case "deleted meanwhile":
            if fake.meter.calls["fake:List"] == 1:  # type: ignore[attr-defined]
                yield _document(fake, 1, Detail=fake.call("fake:GetDetail", Gone("gone")))
            yield _document(fake, 2)
        case "most deleted meanwhile":
            if fake.meter.calls["fake:List"] == 1:  # type: ignore[attr-defined]
                for number in range(1, 7):
                    gone = fake.call("fake:GetDetail", Gone("gone"))
                    yield _document(fake, number, Detail=gone)
            yield _document(fake, 7)
        case "listed and not found":
            yield _document(fake, 1, Detail=fake.call("fake:GetDetail", Gone("gone")))
            yield _document(fake, 2)
        case "a parent deleted meanwhile":
            yield _document(fake, 1)
            if fake.meter.calls["fake:List"] == 1:  # type: ignore[attr-defined]
                msg = "gone"
                raise Gone(msg)
            yield _document(fake, 2)
        case "a parent that is not found":
            yield _document(fake, 1)
            msg = "gone"
            raise Gone(msg)
        case "not offered":
            yield _document(fake, 1, Detail=fake.call("fake:GetDetail", NotOffered("no such")))
        case "an odd answer":
            yield _document(fake, 1, Detail=fake.call("fake:GetDetail", TypeError("None")))
        case "a record without its id":
            for record in (Listed(name="a", uid="t1"), Listed(name="b"), Listed()):
                body = {**record, "Extra": fake.call("fake:GetExtra", 1)}
                yield Document(f"{record['uid']}/x", record["name"], body)
        case "a document without its id":
            yield Document("", "a", {"name": "a"})
            yield _document(fake, 2)
        case "broken page":
            yield _document(fake, 1)
            yield _document(fake, 2)
            msg = "malformed page"
            raise Unexpected(msg)
        case "endless":
            number = 0
            while True:
                number += 1
                fake.meter.page()
                yield _document(fake, number)
        case "slow":
            for number in range(1000):
                fake.meter.request("fake:List")
                time.sleep(0.01)
                yield _document(fake, number)
        case "duplicates":
            yield _document(fake, 1)
            yield _document(fake, 1)
        case "conflicting duplicates":
            yield _document(fake, 1)
            yield _document(fake, 1, name="another")
        case "too large":
            yield _document(fake, 1, blob="x" * 5_000_001)
            yield _document(fake, 2)
        case "not a number":
            yield _document(fake, 1, ratio=float("nan"))
            yield _document(fake, 2)
        case "no document":
            yield {"name": "thing"}  # type: ignore[misc]
            yield _document(fake, 2)
        case "odd names":
            yield _document(fake, 1, name="a\0b\ud800\x1b[31m\u202e")
        case "secrets":
            token = "ghp_" + "b" * 36
            yield _document(fake, 1, notes=f"token {token}", comment=f"see {token} for more")
        case _:
            for number in range(1, 4):
                yield _document(fake, number)


@collects(Owner, calls=["fake:Owners", "fake:GetActive"], per="account")
def owners(fake: FakeClient) -> Iterator[Document]:
    """One owner a thing."""
    fake.meter.request("fake:Owners")
    for number in range(1, 4):
        active = fake.call("fake:GetActive", number != 2)
        yield Document(
            f"o{number}", f"owner {number}", {"thing": f"thing {number}", "Active": active}
        )


@rule(criteria=["CC6.1"], severity=Severity.HIGH)
def fake_thing_detail(thing: Thing) -> Verdict:
    """Things have a detail.

    Why: to test.
    Fix: give it one.
    """
    return passed("has a detail") if thing.detail else failed("has none")


@rule(criteria=["CC6.1"], severity=Severity.LOW)
def fake_thing_named(thing: Thing, *, prefix: str = "thing") -> Verdict:
    """Things are named well.

    Why: to test.
    Fix: rename it.
    """
    return passed("named well") if thing.name.startswith(prefix) else failed("named otherwise")


@rule(criteria=["CC6.2"], severity=Severity.MEDIUM, needs=[Owner])
def fake_thing_owned(thing: Thing, evidence: Evidence) -> Verdict:
    """Things have an active owner.

    Why: to test.
    Fix: find one.
    """
    owner = evidence.index(Owner, "thing").get(thing.name, ())
    return passed("owned") if any(o.active for o in owner) else failed("its owner is not active")


@dataclass(frozen=True)
class FakeProvider:
    """:class:`soc2_pac.hookspecs.Provider`."""

    name: str = "fake"
    settings: type[FakeSettings] = FakeSettings
    modules: Sequence[str] = (__name__,)

    def connect(self, settings: FakeSettings) -> FakeConnection:
        """Count connections."""
        return FakeConnection(settings)

    def permissions(self, calls: Sequence[str], form: str) -> str:
        """The calls."""
        return f"{form}: {', '.join(calls)}"


@hookimpl
def soc2_providers() -> list[FakeProvider]:
    """The fake."""
    return [FakeProvider()]


@hookimpl
def soc2_rule_packages() -> list[str]:
    """This module."""
    return [__name__]


def registry(*more: EntryPoint) -> Registry:
    """A registry of the fake alone, and more."""
    from importlib.metadata import EntryPoint as Entry

    return load([Entry("fake", __name__, "soc2_pac"), *more])


def config(scenario: str = "plain", **tables: Any) -> Config:
    """A configuration with one fake source."""
    source = {"provider": "fake", "scenario": scenario, **tables.pop("source", {})}
    return parse({"sources": {"home": source}, **tables}, None)
