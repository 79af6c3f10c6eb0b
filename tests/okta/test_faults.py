"""Every kind of Okta, with every fault in every call: no fault becomes an empty listing or a pass."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.exchange.records import MALFORMED
from soc2_collectors.okta.answers import document
from soc2_demo.okta import Refusal
from soc2_pac.canonical import canonical
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Status
from soc2_pac.resources import GAPS, view

from .walk import CALLS, KINDS, REGISTRY, look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.collect.fetch import UnitResult

    from .conftest import Source

FAULTS: dict[str, tuple[dict[str, Any], set[S]]] = {
    "401": ({"status": 401}, {S.DENIED}),
    "403": ({"status": 403}, {S.DENIED}),
    "404": ({"status": 404}, {S.FAILED}),
    "429": ({"status": 429}, {S.FAILED}),
    "500": ({"status": 500}, {S.FAILED}),
    "cut": ({"truncate": True}, {S.FAILED}),
    "HTML": ({"body": "<html>", "headers": {"Content-Type": "text/html"}}, {S.FAILED}),
    "malformed": ({"body": '[{"id": '}, {S.FAILED}),
    "another shape": ({"body": '"text"'}, {S.FAILED}),
    "feature": (
        {"status": 401, "body": '{"errorCode": "E0000015", "errorSummary": "no such feature"}'},
        {S.SKIPPED},
    ),
}
INSIDE = ("data", "roles", "value")
"""Where the records of a listing stand, when the answer is an object."""
LISTED = [(kind, call) for kind, one in KINDS.items() for call in one.calls[:1]]
FURTHER = [
    ("okta.admin", f"GET /api/v1/groups{rest}")
    for rest in ("", "/{groupId}/roles", "/{groupId}/users")
]
"""Listings after the first one, that add documents of their own."""
DETAILS = [
    (kind, call)
    for kind, one in KINDS.items()
    for call in one.calls[1:]
    if (kind, call) not in FURTHER
]


def at(call: str) -> str:
    """What the requests of a call look like."""
    return re.sub(r"{\w+}", "[^/?]+", call.removeprefix("GET ")) + r"(\?|$)"


@pytest.fixture
def whole(okta: Source) -> Source:
    """The company, with something to say to every call."""
    answers = okta.emulator.state.answers
    for call in CALLS:
        known = any(re.fullmatch(at(call), key.partition("?")[0]) for key in answers)
        assert known, f"the demo's company has no answer to {call}"
    return okta


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_without_faults(whole: Source, kind: str) -> None:
    result = look(whole, kind)
    assert (result.status, result.gaps, result.reason) == (S.COMPLETE, 0, "")
    assert result.count > 0
    assert set(result.calls) == set(KINDS[kind].calls), "what is declared is what is asked"
    for record in result.spool.records() if result.spool else ():
        view(KINDS[kind].resource, record.body)


@pytest.mark.parametrize(("kind", "call"), LISTED, ids=str)
def test_a_listing_with_a_fault_is_no_empty_listing(okta: Source, kind: str, call: str) -> None:
    for fault, (how, expected) in FAULTS.items():
        okta.emulator.faults.clear()
        okta.emulator.faults.add(at(call), **how)
        result = look(okta, kind)
        assert result.status in expected, (fault, result.reason)
        assert result.count == 0, fault
        assert result.reason, fault
        assert fault != "403" or "okta." in str(result.permission)


@pytest.mark.parametrize(("kind", "call"), DETAILS, ids=str)
def test_a_detail_with_a_fault_is_a_gap(whole: Source, kind: str, call: str) -> None:
    before = {record.uid: record.body for record in records(look(whole, kind))}
    for fault, (how, _) in FAULTS.items():
        whole.emulator.faults.clear()
        whole.emulator.faults.add(at(call), **how)
        result = look(whole, kind)
        assert result.status is S.COMPLETE, (fault, result.reason)
        after = {record.uid: record.body for record in records(result)}
        assert after.keys() == before.keys(), fault
        assert result.gaps or after != before, f"nobody noticed {fault}"
        _judge_gaps(result, kind, after)


@pytest.mark.parametrize(("kind", "call"), FURTHER, ids=str)
def test_a_further_listing_with_a_fault_leaves_what_was_read(
    whole: Source, kind: str, call: str
) -> None:
    before = {record.uid: record.body for record in records(look(whole, kind))}
    for fault, (how, _) in FAULTS.items():
        whole.emulator.faults.clear()
        whole.emulator.faults.add(at(call), **how)
        result = look(whole, kind)
        assert result.status is S.PARTIAL, (fault, result.reason)
        assert result.reason, fault
        after = {record.uid: record.body for record in records(result)}
        assert after, fault
        assert after.items() < before.items(), fault


def _judge_gaps(result: UnitResult, kind: str, bodies: dict[str, bytes]) -> None:
    for body in bodies.values():
        if GAPS.encode() not in body:
            continue
        for rule in REGISTRY.rules.values():
            if rule.kind == kind and not rule.joins:
                verdict = judge(rule, body, now=datetime.now(UTC), scope=result.unit.scope)
                assert verdict.status is not Status.ERROR, f"{rule.id}: {verdict.message}"


def records(result: UnitResult) -> Iterator[Any]:
    yield from result.spool.records() if result.spool else ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_malformed_record_is_kept_and_not_judged(kind: str) -> None:
    resource = KINDS[kind].resource
    for record in ({MALFORMED: "text"}, {MALFORMED: None}, {"status": "ACTIVE"}):
        made = document(record, name="name")
        with pytest.raises(FactUnavailable):
            view(resource, canonical(made.body))


@pytest.mark.parametrize(("kind", "call"), LISTED, ids=str)
def test_a_malformed_record_does_not_spoil_the_look(okta: Source, kind: str, call: str) -> None:
    answers = okta.emulator.state.answers
    path = call.removeprefix("GET ")
    before = look(okta, kind)
    planted = 0
    for key, found in answers.items():
        if key.partition("?")[0] != path:
            continue
        lists = [found[k] for k in INSIDE if k in found] if isinstance(found, dict) else []
        for listing in [found] if isinstance(found, list) else lists:
            listing += ["text", {"name": "no id"}]
            planted += 1
    if not planted or before.status is not S.COMPLETE:
        pytest.skip("what is asked first is one object, and no listing")
    result = look(okta, kind)
    assert result.status is S.PARTIAL
    assert "lack an id: kept as they came, beside the others" in result.reason
    assert result.count == before.count + 2
    assert result.gaps == before.gaps


def test_who_is_deactivated_during_the_look_is_not_lost(okta: Source) -> None:
    answers = okta.emulator.state.answers
    here = answers["/api/v1/users"][0]
    gone = next(key for key in answers if key.startswith("/api/v1/users?filter"))
    answers[gone].append({**here, "status": "DEPROVISIONED"})
    del answers[f"/api/v1/users/{here['id']}/factors"]
    summary = f"Not found: Resource not found: {here['id']} (User)"
    answers[f"/api/v1/users/{here['id']}/factors"] = Refusal(404, summary=summary)
    result = look(okta, "okta.user")
    assert result.status is S.COMPLETE, result.reason
    assert result.reason == "", "it came again, whole"
    (found,) = (record for record in records(result) if record.uid == here["id"])
    assert b'"status":"DEPROVISIONED"' in found.body
