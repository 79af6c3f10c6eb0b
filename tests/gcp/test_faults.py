"""Every kind of Google Cloud, with every fault in every call: no fault becomes an empty listing or a pass."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.exchange.records import MALFORMED
from soc2_collectors.gcp.answers import document
from soc2_demo.gcp import disabled
from soc2_demo.gcp_words import FOLDER
from soc2_pac.canonical import canonical
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Scope, Status
from soc2_pac.resources import GAPS, view

from .conftest import METHODS
from .walk import KINDS, PROJECT, REGISTRY, WHOLE, look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.collect.fetch import UnitResult

    from .conftest import Source

OFF = json.dumps(disabled("some.googleapis.com", "5").body())
PERIMETER = json.dumps(
    {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "by organization's policy"}}
)
FAULTS: dict[str, tuple[dict[str, Any], set[S]]] = {
    "401": ({"status": 401}, {S.DENIED}),
    "403": ({"status": 403}, {S.DENIED}),
    "404": ({"status": 404}, {S.FAILED}),
    "429": ({"status": 429}, {S.FAILED}),
    "500": ({"status": 500}, {S.FAILED}),
    "cut": ({"truncate": True}, {S.FAILED}),
    "HTML": ({"body": "<html>", "headers": {"Content-Type": "text/html"}}, {S.FAILED}),
    "malformed": ({"body": '{"assets": [{"name": '}, {S.FAILED}),
    "another shape": ({"body": '"text"'}, {S.FAILED}),
    "another sort": ({"body": '{"$message": "hello"}'}, {S.FAILED}),
    "off": ({"status": 403, "body": OFF}, {S.SKIPPED}),
    "perimeter": ({"status": 403, "body": PERIMETER}, {S.DENIED}),
}
INVENTORY = "cloudasset.assets.list"
LISTED = [(kind, one.calls[0]) for kind, one in KINDS.items()]
DETAILS = [(kind, call) for kind, one in KINDS.items() for call in one.calls[1:]]
SCOPES = (PROJECT, Scope("gcp", FOLDER))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_without_faults(gcp: Source, kind: str) -> None:
    result = look(gcp, kind)
    assert (result.status, result.gaps, result.reason) == (S.COMPLETE, 0, "")
    assert result.count > 0, "the demo's company has something of every kind"
    asked = set(result.calls)
    for scope in SCOPES if asked != set(KINDS[kind].calls) else ():
        asked |= set(look(gcp, kind, scope).calls)
    assert asked == set(KINDS[kind].calls), "what is declared is what is asked"
    for record in records(result):
        view(KINDS[kind].resource, record.body)


@pytest.mark.parametrize("kind", KINDS)
def test_a_look_with_a_fault_is_no_empty_look(gcp: Source, kind: str) -> None:
    """Whatever is asked first fails: nothing is listed."""
    for fault, (how, expected) in FAULTS.items():
        gcp.emulator.faults.clear()
        gcp.emulator.faults.add(".", **how)
        result = look(gcp, kind)
        if result.status is S.COMPLETE:  # one document, of facts alone: none of them is known
            assert result.gaps == result.count or fault == "404", fault
            _judge_gaps(result, kind, {record.uid: record.body for record in records(result)})
            continue
        assert result.status in expected, (fault, result.reason)
        assert result.count == 0, fault
        assert result.reason, fault
        assert fault != "403" or result.permission, "a denial names what is missing"
        assert fault != "off" or "gcloud services enable" in result.reason


@pytest.mark.parametrize("kind", [kind for kind, call in LISTED if call == INVENTORY])
def test_a_fault_on_the_second_page_is_no_whole_look(gcp: Source, kind: str) -> None:
    for fault, (how, _) in FAULTS.items():
        gcp.emulator.faults.clear()
        gcp.emulator.faults.add("pageToken", **how)
        gcp.emulator.faults.add("/assets", body='{"readTime": "x", "nextPageToken": "further"}')
        assert look(gcp, kind).status is not S.COMPLETE, fault


@pytest.mark.parametrize(("kind", "call"), DETAILS, ids=str)
def test_a_detail_with_a_fault_is_noticed(gcp: Source, kind: str, call: str) -> None:
    """A detail of some resource is a gap; a listing that the look cannot do without ends it."""
    for scope in (WHOLE, *SCOPES):
        gcp.emulator.requests.clear()
        before = {record.uid: record.body for record in records(look(gcp, kind, scope))}
        if asked := _requests_of(gcp, call):
            break
    assert asked, f"{call} is asked for"
    for fault, (how, _) in FAULTS.items():
        gcp.emulator.faults.clear()
        gcp.emulator.faults.add(asked, **how)
        result = look(gcp, kind, scope)
        after = {record.uid: record.body for record in records(result)}
        if result.status is not S.COMPLETE:
            assert result.reason, fault
            continue
        assert result.gaps or after != before, f"nobody noticed {fault}"
        assert fault == "404" or after.keys() == before.keys(), fault
        _judge_gaps(result, kind, after)


def _requests_of(gcp: Source, call: str) -> str:
    """An expression for the requests of a call, by the path in its API's discovery document."""
    for said in METHODS.get(call, {}).values():
        path = re.sub(r"{[^}]+}", "\0", said["path"])
        inside = "[^?]+?" if "{+" in said["path"] else "[^?/]+?"
        pattern = re.escape(path).replace("\0", inside) + r"(\?|$)"
        if any(re.search(pattern, one) for _, one in gcp.emulator.requests):
            return pattern
    return ""


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
    for record in ({MALFORMED: "text"}, {MALFORMED: None}, {"state": "ACTIVE"}):
        made = document(record)
        with pytest.raises(FactUnavailable):
            view(KINDS[kind].resource, canonical(made.body))


def _uid(asset: dict[str, Any]) -> str:
    """By which a document knows an asset: perimeters stand under the name of their organisation."""
    held = asset.get("servicePerimeter") or asset.get("accessLevel") or asset
    return str(held["name"])


@pytest.mark.parametrize("kind", [kind for kind, call in LISTED if call == INVENTORY])
def test_a_malformed_asset_does_not_spoil_the_look(gcp: Source, kind: str) -> None:
    before = look(gcp, kind)
    names = {record.uid for record in records(before)}
    found: list[Any] = [one for one in gcp.emulator.state.assets if _uid(one) in names]
    answer = {"readTime": "x", "assets": [*found, "text", {"assetType": "x"}]}
    # Roles are read after the policies that name them, which stay as they are.
    times = 1 if kind == "gcp.iam.role" else None
    gcp.emulator.faults.add("/assets", body=json.dumps(answer), times=times)
    result = look(gcp, kind)
    assert (result.status, result.count) == (S.PARTIAL, before.count + 2), result.reason
    assert result.gaps == before.gaps
