"""Every kind of Azure, with every fault in every call: no fault becomes an empty listing or a pass."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.azure.answers import document
from soc2_collectors.exchange.records import MALFORMED
from soc2_demo.azure import RESOURCES
from soc2_demo.azure_words import PRODUCTION, resource
from soc2_pac.canonical import canonical
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Status
from soc2_pac.resources import GAPS, view

from .walk import KINDS, REGISTRY, look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.collect.fetch import UnitResult

    from .conftest import Source

OFF = json.dumps({"error": {"code": "SubscriptionNotFound", "message": "It is not there."}})
FAULTS: dict[str, tuple[dict[str, Any], set[S]]] = {
    "401": ({"status": 401}, {S.DENIED}),
    "403": ({"status": 403}, {S.DENIED}),
    "404": ({"status": 404}, {S.FAILED}),
    "429": ({"status": 429}, {S.FAILED}),
    "500": ({"status": 500}, {S.FAILED}),
    "cut": ({"truncate": True}, {S.FAILED}),
    "HTML": ({"body": "<html>", "headers": {"Content-Type": "text/html"}}, {S.FAILED}),
    "malformed": ({"body": '{"value": '}, {S.FAILED}),
    "another shape": ({"body": '"text"'}, {S.FAILED}),
    "subscription off": ({"status": 404, "body": OFF}, {S.SKIPPED}),
}
TABLES = (
    "authorizationresources",
    "patchassessmentresources",
    "policyresources",
    "resourcecontainers",
    "resources",
    "securityresources",
)
LISTED = [(kind, one.calls[0]) for kind, one in KINDS.items()]
DETAILS = [(kind, call) for kind, one in KINDS.items() for call in one.calls[1:]]


def path_of(call: str) -> str:
    """The path of a call as the emulator knows it."""
    if call.startswith("RESOURCEGRAPH "):
        return RESOURCES
    path = call.partition("GET ")[2]
    return f"/v1.0{path}" if call.startswith("GRAPH ") and not path.startswith("/beta/") else path


def at(call: str) -> str:
    """What the requests of a call look like."""
    parts = re.split(r"{(\w+)}", path_of(call))
    wide = ("scope", "resourceUri", "resourceId")
    pattern = "".join(
        re.escape(p) if n % 2 == 0 else (".+" if p in wide else "[^/?]+")
        for n, p in enumerate(parts)
    )
    return f"^{pattern}(\\?|$)"


def planted_row(sort: str) -> dict[str, Any]:
    """Some resource of a type."""
    namespace, first, *further = sort.split("/")
    tail = "".join(f"/{one}/planted" for one in further)
    return resource(PRODUCTION, "web", f"{namespace}/{first}", f"planted{tail}", type=sort)


@pytest.fixture
def whole(azure: Source) -> Source:
    """The company, with something to say to every call: of its own, or of no meaning."""
    state = azure.emulator.state
    for kind in KINDS:
        for call in KINDS[kind].calls:
            sort = call.removeprefix("RESOURCEGRAPH ")
            if sort != call:
                known = any(row["type"] == sort for rows in state.tables.values() for row in rows)
                if not known:
                    for table in TABLES:
                        state.tables.setdefault(table, []).append(planted_row(sort))
                continue
            # What the company itself says there comes first: its paths are the more precise ones.
            one = {"id": "planted", "name": "planted", "properties": {}}
            state.answers.setdefault(path_of(call), {**one, "value": [one]})
    return azure


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_without_faults(whole: Source, kind: str) -> None:
    result = look(whole, kind)
    assert (result.status, result.gaps, result.reason) == (S.COMPLETE, 0, "")
    assert set(result.calls) <= set(KINDS[kind].calls)


@pytest.mark.parametrize(("kind", "call"), LISTED, ids=str)
def test_a_listing_with_a_fault_is_no_empty_listing(whole: Source, kind: str, call: str) -> None:
    for fault, (how, expected) in FAULTS.items():
        whole.emulator.faults.clear()
        whole.emulator.faults.add(at(call), **how)
        result = look(whole, kind)
        assert result.status in expected, (fault, result.reason)
        assert result.count == 0, fault
        assert result.reason, fault
        assert fault != "403" or result.permission


@pytest.mark.parametrize(("kind", "call"), DETAILS, ids=str)
def test_a_detail_with_a_fault_is_a_gap(whole: Source, kind: str, call: str) -> None:
    first = look(whole, kind)
    before = {record.uid: record.body for record in records(first)}
    if call not in first.calls:
        pytest.skip("not asked for what the company has")
    for fault, (how, _) in FAULTS.items():
        whole.emulator.faults.clear()
        whole.emulator.faults.add(at(call), **how)
        result = look(whole, kind)
        if result.status is not S.COMPLETE:
            assert result.reason, fault
            continue
        after = {record.uid: record.body for record in records(result)}
        assert after.keys() <= before.keys(), fault
        # What is not there any more, the provider says by 404; nothing else makes a document go.
        assert fault == "404" or after.keys() == before.keys(), fault
        assert result.gaps or after != before, f"nobody noticed {fault}"
        _judge_gaps(result, kind, after)


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
    for record in ({MALFORMED: "text"}, {MALFORMED: None}, {"properties": 7}):
        made = document(record)
        with pytest.raises(FactUnavailable):
            view(KINDS[kind].resource, canonical(made.body))
