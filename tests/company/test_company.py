"""The company as a source: controls and evidence of people become findings, and a period shows their gaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.company import CompanyProvider, attestations, controls
from soc2_collectors.company.client import CALLS, FAILURES, HISTORY, SYSTEMS, CompanyConnection
from soc2_collectors.company.models.attestation import Attestation as Topic
from soc2_collectors.company.permissions import ACTS, permissions
from soc2_collectors.company.settings import CompanySettings
from soc2_pac import api, plugins
from soc2_pac import config as configuration
from soc2_pac.acts import Act, Actor
from soc2_pac.acts import attestations as handing
from soc2_pac.acts import controls as declaring
from soc2_pac.acts.attestations import TOPICS, Attestation, HandedIn, Revoked
from soc2_pac.acts.controls import DAYS, Control
from soc2_pac.audit import attestations as audited
from soc2_pac.canonical import canonical
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Meter
from soc2_pac.errors import CallRefused, ConfigError, Unreachable, UsageError
from soc2_pac.model import Scope
from soc2_pac.resources import view
from soc2_pac.store import Store, acts, open_store
from soc2_pac.store.acts import File

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from soc2_pac.acts import Body

WHO = {"reason": "a test", "owner": "ciso", "date": "2026-01-01"}
OWN = Scope("company", "own")
GRACE = Control(wording="", owner="", frequency="", criteria=()).grace_days
ANN = Actor("Ann Ray", "ann", "oidc https://id.acme.example ann")
CONTROLS = """
[topics]
own-topic = "What only we do"

[[control]]
id = "AC-03"
wording = "Access is reviewed."
owner = "Ann"
frequency = "quarterly"
criteria = ["CC6.2"]
attestations = ["access-review"]

[[control]]
id = "OWN-1"
wording = "We do what only we do."
owner = "Bob"
frequency = "as needed"
criteria = ["CC5.1"]
attestations = ["own-topic"]
"""


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    fetch.forget_connections()
    yield
    fetch.forget_connections()


# -- documents ----------------------------------------------------------------------------------------


@dataclass
class Recorded:
    """Acts without a store."""

    acts: list[Act]

    def add(self, kind: str, subject: str, body: Body, attachment: str | None = None) -> None:
        at = f"2026-01-{len(self.acts) + 1:02}T00:00:00.000Z"
        number = len(self.acts) + 1
        self.acts.append(Act(number, kind, subject, body.canonical(), attachment, ANN, at))

    def documents(self, collector: Any) -> dict[str, dict[str, Any]]:
        settings = CompanySettings().knowing(self.acts)
        client = CompanyConnection(settings).client(
            OWN, Meter(Limits()), frozenset(collector.calls)
        )
        found = {document.uid: dict(document.body) for document in collector.documents(client)}
        for body in found.values():
            view(collector.resource, canonical(body))
        return found


@pytest.fixture
def said() -> Recorded:
    found = Recorded([])
    review = Control(
        wording="w",
        owner="Ann",
        frequency="quarterly",
        criteria=("CC6.2",),
        attestations=("access-review", "own-topic"),
        topics={"own-topic": "What only we do"},
    )
    found.add(declaring.SET, "AC-03", review)
    found.add(declaring.SET, "OLD", review)
    found.add(declaring.RETIRED, "OLD", declaring.Retired(reason="gone"))
    body = Attestation(
        control="AC-03",
        topic="access-review",
        covers_from="2026-01-01",
        covers_to="2026-03-31",
        valid_until="2026-12-31",
        file_name="q1.pdf",
        note="p. 3",
    )
    found.add(handing.ADDED, "att-1", body, "d" * 64)
    found.add(handing.ADDED, "att-2", body, "e" * 64)
    found.add(handing.REVOKED, "att-2", Revoked(reason="wrong file"))
    return found


def test_a_control_stands_with_what_it_expects_and_has(said: Recorded) -> None:
    found = said.documents(controls.controls)
    assert list(found) == ["AC-03"]
    control = found["AC-03"]
    assert (control["owner"], control["frequency"], control["grace_days"]) == (
        "Ann",
        "quarterly",
        30,
    )
    assert control["set_at"] == "2026-01-01T00:00:00.000Z"
    assert control["set_by"] == {"name": "Ann Ray", "os_user": "ann", "login": ANN.login}
    assert [(e["topic"], [h["id"] for h in e["handed_in"]]) for e in control["expected"]] == [
        ("access-review", ["att-1", "att-2"]),
        ("own-topic", []),
    ]


def test_each_topic_stands_with_what_was_handed_in(said: Recorded) -> None:
    found = said.documents(attestations.attestations)
    assert set(found) == {*TOPICS, "own-topic"}
    review = found["access-review"]
    assert review["controls"] == ["AC-03"]
    first, second = review["handed_in"]
    assert first == {
        "id": "att-1",
        "control": "AC-03",
        "topic": "access-review",
        "covers_from": "2026-01-01",
        "covers_to": "2026-03-31",
        "valid_until": "2026-12-31",
        "file_name": "q1.pdf",
        "note": "p. 3",
        "systems": [],
        "digest": "d" * 64,
        "received_at": "2026-01-04T00:00:00.000Z",
        "by": {"name": "Ann Ray", "os_user": "ann", "login": ANN.login},
        "revoked": None,
    }
    assert second["revoked"]["reason"] == "wrong file"
    assert found["own-topic"]["shows"] == "What only we do"
    assert found["restore-test"]["handed_in"] == []


def test_a_topic_that_no_control_names_any_more_stays(said: Recorded) -> None:
    said.add(declaring.RETIRED, "AC-03", declaring.Retired())
    body = Attestation(
        control="AC-03",
        topic="own-topic",
        covers_from="2026-01-01",
        covers_to="2026-01-01",
        valid_until="2026-12-31",
        file_name="a",
    )
    said.add(handing.ADDED, "att-3", body, "f" * 64)
    found = said.documents(attestations.attestations)
    assert found["own-topic"]["controls"] == []
    assert said.documents(controls.controls) == {}


def test_the_engine_and_the_view_agree_on_how_long_evidence_counts(said: Recorded) -> None:
    (one, _) = handing.handed_in(said.acts).values()
    document = said.documents(attestations.attestations)["access-review"]
    whole = view(Topic, canonical(document))
    assert whole.handed_in[0].id == one.id
    for days in (None, 0, 30, 122, 400):
        last = whole.handed_in[0].last_day(days)
        assert one.holds_until(days) == handing.day_after(last.isoformat())


def test_only_declared_acts_are_read() -> None:
    client = CompanyConnection(CompanySettings().knowing(())).client(
        OWN, Meter(Limits()), frozenset({"READ controls"})
    )
    assert client.acts("READ controls") == ()
    with pytest.raises(CallRefused, match="did not declare READ attestations"):
        client.acts("READ attestations")


def test_without_a_store_nothing_is_known() -> None:
    client = CompanyConnection(CompanySettings()).client(
        OWN, Meter(Limits()), frozenset({"READ controls"})
    )
    with pytest.raises(Unreachable, match="no store could be opened"):
        client.acts("READ controls")


def test_permissions_name_every_call() -> None:
    assert set(ACTS) == {*CALLS, FAILURES, HISTORY, SYSTEMS}
    declared = {call for c in (controls.controls, attestations.attestations) for call in c.calls}
    assert declared <= set(ACTS)
    assert "No permission beyond the store's own" in permissions(sorted(declared), "text")
    with pytest.raises(UsageError):
        CompanyProvider().permissions(sorted(declared), "json")


@pytest.mark.parametrize("table", [{"organization": "a/b"}, {"acts": []}])
def test_wrong_settings(table: dict[str, Any]) -> None:
    parsed = configuration.parse({"sources": {"us": {"provider": "company", **table}}}, None)
    with pytest.raises(ConfigError, match=r"sources\.us"):
        parsed.sources(plugins.load().providers)


def test_every_known_topic_has_a_rule() -> None:
    rules = plugins.load().rules
    assert [topic for topic in TOPICS if f"company-{topic}" not in rules] == []


def test_topics_and_controls_agree_on_the_cadence() -> None:
    """What a rule asks of a topic is what a control of that frequency asks, with the usual grace."""
    rules = plugins.load().rules
    cadences = {
        topic: rules[f"company-{topic}"].settle({})["every_days"] - GRACE for topic in TOPICS
    }
    assert set(cadences.values()) <= {days for days in DAYS.values() if days is not None}
    assert cadences["access-review"] == DAYS["quarterly"]
    assert cadences["restore-test"] == DAYS["half-yearly"]
    assert cadences["penetration-test"] == DAYS["yearly"]


def test_every_frequency_ends_or_says_that_it_does_not() -> None:
    assert [word for word, days in DAYS.items() if days is None] == ["continuous", "as needed"]


# -- whole runs ---------------------------------------------------------------------------------------


@pytest.fixture
def work(tmp_path: Path) -> Callable[[str], api.Workspace]:
    def make(text: str = CONTROLS) -> api.Workspace:
        (tmp_path / "controls.toml").write_text(text)
        document = {"rules": {"include": [{"rule": "company-*", **WHO}]}}
        parsed = configuration.parse(document, tmp_path / "soc2-pac.toml")
        return api.make_workspace(parsed, plugins.load())

    return make


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


def attest(store: Store, control: str, day: date, name: bytes = b"a") -> HandedIn:
    with store.database.writing() as connection:
        return audited.add(
            connection,
            control,
            topic=None,
            covers=audited.Days(day, day),
            valid_until=day + timedelta(days=800),
            file_name="a.txt",
            file=File.inside(name, "text/plain"),
            note="",
            by=ANN,
        )


def statuses(store: Store, rule: str) -> dict[str | None, str]:
    return {f.resource: f.status.value for f in store.findings(rules=[rule])}


def test_a_run_puts_controls_in_force_and_judges_them(
    work: Callable[..., api.Workspace], store: Store
) -> None:
    outcome = api.run(work(), store)
    assert [(c.control, c.what) for c in outcome.controls] == [
        ("AC-03", "added"),
        ("OWN-1", "added"),
    ]
    assert statuses(store, "company-control-evidence") == {"AC-03": "fail", "OWN-1": "fail"}
    assert statuses(store, "company-access-review")["access-review"] == "fail"
    assert {unit.kind: unit.status.value for unit in outcome.units} == {
        "company.attestation": "complete",
        "company.deadline": "complete",
        "company.control": "complete",
        "company.grant": "complete",
        "company.review": "complete",
        "company.system": "complete",
    }
    with store.reading() as connection:
        (act, _) = acts.listed(connection, [declaring.SET])
    assert act.by.claimed_name == "the configuration"
    assert act.by.os_user
    today = datetime.now(UTC).date()
    attest(store, "AC-03", today)
    assert api.run(work(), store).controls == []
    assert statuses(store, "company-control-evidence") == {"AC-03": "pass", "OWN-1": "fail"}
    assert statuses(store, "company-access-review")["access-review"] == "pass"
    (held,) = store.findings(rules=["company-access-review"], resource="access-review")
    assert held.until is not None
    assert held.until[:10] == (today + timedelta(days=123)).isoformat()
    assert store.verify().problems == []


def test_what_ends_fails_at_its_instant(work: Callable[..., api.Workspace], store: Store) -> None:
    api.run(work(), store)
    last = datetime.now(UTC).date() - timedelta(days=122)
    attest(store, "AC-03", last)
    ready = work()
    api.run(ready, store)
    assert statuses(store, "company-access-review")["access-review"] == "pass"
    later = api.evaluate_as_of(ready.knowing(store), store, datetime.now(UTC) + timedelta(days=1))
    (judged,) = [
        j for j in later if (j.rule.id, j.uid) == ("company-access-review", "access-review")
    ]
    assert judged.verdict.status.value == "fail"
    assert f"counted until {last + timedelta(days=122)}" in judged.verdict.message


def test_revoked_evidence_fails_its_control(
    work: Callable[..., api.Workspace], store: Store
) -> None:
    api.run(work(), store)
    given = attest(store, "OWN-1", datetime.now(UTC).date())
    api.run(work(), store)
    assert statuses(store, "company-control-evidence")["OWN-1"] == "pass"
    with store.database.writing() as connection:
        audited.revoke(connection, given.id, reason="wrong file", by=ANN)
    api.run(work(), store)
    assert statuses(store, "company-control-evidence")["OWN-1"] == "fail"
    (finding,) = store.findings(rules=["company-control-evidence"], resource="OWN-1")
    assert len(store.finding_history(finding.fingerprint)) == 3


def test_a_retired_control_is_gone_and_a_missing_file_retires_none(
    work: Callable[..., api.Workspace], store: Store, tmp_path: Path
) -> None:
    api.run(work(), store)
    (tmp_path / "controls.toml").unlink()
    parsed = configuration.parse(
        {
            "rules": {"include": [{"rule": "company-*", **WHO}]},
            "sources": {"us": {"provider": "company"}},
        },
        tmp_path / "soc2-pac.toml",
    )
    outcome = api.run(api.make_workspace(parsed, plugins.load()), store)
    assert (outcome.controls, outcome.undeclared) == ([], 2)
    assert set(statuses(store, "company-control-evidence")) == {"AC-03", "OWN-1"}
    outcome = api.run(work(CONTROLS[: CONTROLS.index('[[control]]\nid = "OWN-1')]), store)
    assert [(c.control, c.what) for c in outcome.controls] == [("OWN-1", "retired")]
    assert set(statuses(store, "company-control-evidence")) == {"AC-03"}
    outcome = api.run(work(""), store)
    assert [(c.control, c.what) for c in outcome.controls] == [("AC-03", "retired")]
    assert set(statuses(store, "company-control-evidence")) == {None}


def test_a_wrong_file_stops_a_run_before_it_begins(
    work: Callable[..., api.Workspace], store: Store
) -> None:
    with pytest.raises(ConfigError, match="frequency: 'quarter' is none"):
        api.run(work(CONTROLS.replace("quarterly", "quarter")), store)
    assert store.runs() == []


def test_controls_are_shown_with_their_failures(
    work: Callable[..., api.Workspace], store: Store
) -> None:
    text = CONTROLS.replace('attestations = ["access-review"]', 'rules = ["company-access-*"]')
    ready = work(text)
    api.run(ready, store)
    found = {state.id: state for state in api.control_states(ready, store)}
    assert (found["AC-03"].state, found["AC-03"].failures) == ("failing", 1)
    assert found["OWN-1"].missing == ("own-topic: nothing was handed in",)
