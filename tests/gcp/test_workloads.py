"""Networks, machines, databases, clusters, functions: collected from the emulated inventory, judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from soc2_demo.gcp import Refusal
from soc2_demo.gcp_words import ORGANIZATION, PRODUCTION, STAGING
from soc2_demo.gcp_workloads import PLANTED
from soc2_pac.canonical import canonical
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Scope, Status
from soc2_pac.resources import view

from .test_replay import ASSETS
from .walk import KINDS, PROJECT, look
from .workloads import NONE, RULES, WANTED, judged, records

if TYPE_CHECKING:
    from soc2_demo.company import Planted
    from soc2_pac.model import Verdict

    from .conftest import Source

OWN = [kind for kind in WANTED if kind != "gcp.iam.policy"]
each_kind = pytest.mark.parametrize("kind", OWN)
INVENTORY = f"/cloudasset/v1/organizations/{ORGANIZATION}/assets"


def everything(gcp: Source, scope: Scope | None = None) -> dict[str, list[dict[str, Any]]]:
    return {kind: records(look(gcp, kind, scope)) for kind in WANTED}


@pytest.fixture
def verdicts(gcp: Source) -> dict[str, dict[str, Verdict]]:
    return judged(everything(gcp))


@each_kind
def test_a_kind_is_read_whole(gcp: Source, kind: str) -> None:
    result = look(gcp, kind)
    assert (result.status, result.reason, result.gaps) == (S.COMPLETE, "", 0)
    found = records(result)
    assert found
    for body in found:
        seen = view(KINDS[kind].resource, canonical(body))
        assert repr(seen)
        assert "updateTime" not in body
    assert result.requests == 1, "one page of the inventory"


@each_kind
def test_a_kind_of_one_project(gcp: Source, kind: str) -> None:
    result = look(gcp, kind, PROJECT, projects=[PRODUCTION])
    assert result.status is S.COMPLETE
    assert all("projects/700000000001" in body["ancestors"] for body in records(result))


@each_kind
def test_what_is_denied_is_said(gcp: Source, kind: str) -> None:
    need = "cloudasset.assets.listResource"
    gcp.emulator.state.answers[INVENTORY] = Refusal(
        403, "IAM_PERMISSION_DENIED", "no", {"permission": need}
    )
    result = look(gcp, kind)
    assert (result.status, result.permission, result.count) == (S.DENIED, need, 0)


@each_kind
def test_a_malformed_asset_spoils_no_other(gcp: Source, kind: str) -> None:
    whole = look(gcp, kind).count
    types = {one["assetType"] for one in records(look(gcp, kind))}
    gcp.emulator.state.assets.append(
        {"name": "//x/1", "assetType": min(types), "resource": {"data": ["text"]}}
    )
    result = look(gcp, kind)
    assert (result.status, result.count) == (S.COMPLETE, whole + 1)
    body = next(body for body in records(result) if body["name"] == "//x/1")
    verdicts = judged({**NONE, kind: [body]})
    found = {verdict.status for by_name in verdicts.values() for verdict in by_name.values()}
    assert found <= {Status.INCONCLUSIVE, Status.NOT_APPLICABLE, Status.PASS}
    assert Status.PASS not in found or kind in ("gcp.compute.image", "gcp.compute.snapshot")


@pytest.mark.parametrize("planted", PLANTED, ids=lambda p: f"{p.rule} {p.resource}")
def test_what_was_planted_is_found(
    verdicts: dict[str, dict[str, Verdict]], planted: Planted
) -> None:
    assert verdicts[planted.rule][planted.resource].status is Status.FAIL


def test_every_rule_finds_something_wrong() -> None:
    assert {planted.rule for planted in PLANTED} == set(RULES)


def test_what_is_right_passes(verdicts: dict[str, dict[str, Verdict]]) -> None:
    for rule, name in (
        ("gcp-fw-no-ssh", "iap-ssh"),
        ("gcp-fw-no-data-ports", "any-postgres"),
        ("gcp-image-not-public", "golden-2026"),
        ("gcp-vm-default-sa", "billing-1"),
        ("gcp-os-login", PRODUCTION),
        ("gcp-vm-block-project-keys", "billing-1"),
        ("gcp-lb-tls", "console"),
        ("gcp-cloud-armor", "console"),
        ("gcp-sql-backups", "orders"),
        ("gcp-pg-audit", "orders"),
        ("gcp-sql-private-ip", "erp"),
        ("gcp-gke-private", "apps"),
        ("gcp-gke-hardening", "apps"),
        ("gcp-gke-patching", "apps"),
        ("gcp-dnssec", "acme-robotics"),
        ("gcp-dns-logging", "main"),
        ("gcp-flow-logs", "main"),
        ("gcp-serverless-not-public", "nightly-report"),
        ("gcp-run-not-public", "ledger"),
    ):
        assert verdicts[rule][name].status is Status.PASS, (rule, verdicts[rule][name].message)


def test_no_rule_breaks_and_none_is_left_open(verdicts: dict[str, dict[str, Verdict]]) -> None:
    found = {v.status for by_name in verdicts.values() for v in by_name.values()}
    assert not found & {Status.ERROR, Status.INCONCLUSIVE}


def test_a_project_alone_is_judged_as_well(gcp: Source) -> None:
    documents = {kind: records(look(gcp, kind, PROJECT, projects=[PRODUCTION])) for kind in WANTED}
    found = judged(documents)
    assert found["gcp-fw-no-ssh"]["old-ssh"].status is Status.FAIL
    assert found["gcp-dns-logging"]["main"].status is Status.PASS


def test_secrets_of_documents_are_not_kept(gcp: Source) -> None:
    kept = json.dumps(everything(gcp))
    assert "hunter2" not in kept
    assert "AAAAC3" not in kept
    assert "found password-assignment" in kept, "but it is said that there was one"


def test_a_type_may_be_an_expression(gcp: Source) -> None:
    one = next(a for a in gcp.emulator.state.assets if a["assetType"].endswith("TargetHttpsProxy"))
    gcp.emulator.state.assets += [
        {**one, "name": f"{one['name']}-{sort}", "assetType": f"compute.googleapis.com/{sort}"}
        for sort in ("TargetSslProxy", "RegionTargetHttpsProxy", "TargetHttpProxy")
    ]
    names = {
        body["name"].rpartition("/")[2] for body in records(look(gcp, "gcp.compute.tls_proxy"))
    }
    assert names >= {"console-TargetSslProxy", "console-RegionTargetHttpsProxy"}
    assert not any(name.endswith("TargetHttpProxy") for name in names)


def test_metadata_of_any_shape_is_taken(gcp: Source) -> None:
    one = next(a for a in gcp.emulator.state.assets if a["assetType"].endswith("/Instance"))
    shapes: list[Any] = [None, [], {"items": None}, {"items": ["x", {}]}, "text"]
    for number, said in enumerate(shapes):
        data = {**one["resource"]["data"], "metadata": said}
        gcp.emulator.state.assets.append(
            {**one, "name": f"//odd/{number}", "resource": {"data": data}}
        )
    assert look(gcp, "gcp.compute.instance").status is S.COMPLETE


@each_kind
def test_rules_that_join_judge_what_google_answered(gcp: Source, kind: str) -> None:
    """Rules that read one kind only are judged where recordings are replayed."""
    gcp.emulator.state.assets += [asset for _, asset in ASSETS.values()]
    found = judged({**NONE, kind: records(look(gcp, kind))})
    statuses = {verdict.status for by_name in found.values() for verdict in by_name.values()}
    assert Status.ERROR not in statuses


def test_staging_has_what_nobody_planned(verdicts: dict[str, dict[str, Verdict]]) -> None:
    assert verdicts["gcp-os-login"][STAGING].message == (
        "enable-oslogin is not TRUE; enable-oslogin-2fa is not TRUE"
    )
