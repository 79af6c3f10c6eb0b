"""Privileged grants out of the store's history: what a run makes of them, and what approves them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.company.client import HISTORY, CompanyConnection
from soc2_collectors.company.models.grant import PrivilegedGrant
from soc2_collectors.company.settings import Approval, CompanySettings
from soc2_collectors.github.models.change import PullRequest
from soc2_pac import api, plugins
from soc2_pac import config as configuration
from soc2_pac.acts import Actor
from soc2_pac.audit import history
from soc2_pac.audit.populations import AuditPeriod, population
from soc2_pac.canonical import canonical
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Meter
from soc2_pac.errors import CallRefused, ConfigError, Unreachable
from soc2_pac.model import Scope, Status
from soc2_pac.resources import view
from soc2_pac.store import Store, open_store
from soc2_rules.company.grants import company_privileged_grant_approved

from ..reviews.company import Company, collect  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHO = {"reason": "a test", "owner": "ciso", "date": "2026-01-01"}
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
ANN = Actor("Ann", "ann")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    fetch.forget_connections()
    yield
    fetch.forget_connections()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


def made(*owners: str) -> Company:
    company = Company("github", "roster")
    company.organization()
    company.person(1, "Ann Able")
    for login in ("ann", "bob"):
        company.member(
            login, owner=login in owners, mail="p1@acme.example" if login == "ann" else ""
        )
    return company


def work(tmp_path: Path, **company: Any) -> api.Workspace:
    document = {
        "rules": {"include": [{"rule": "company-privileged-grant-approved", **WHO}]},
        "sources": {"us": {"provider": "company", **company}},
    }
    parsed = configuration.parse(document, tmp_path / "soc2-pac.toml")
    return api.make_workspace(parsed, plugins.load())


def grown(store: Store) -> None:
    """Ann came to own the organisation between forty and thirty-nine days ago."""
    collect(store, made("bob").looks(NOW - 40 * DAY))
    collect(store, made("ann", "bob").looks(NOW - 39 * DAY))


def test_a_run_judges_the_grants_of_the_history(store: Store, tmp_path: Path) -> None:
    grown(store)
    outcome = api.run(work(tmp_path), store)
    assert {unit.kind: (unit.status.value, unit.reason) for unit in outcome.units} == {
        "company.grant": ("complete", "")
    }
    (found,) = store.findings(rules=["company-privileged-grant-approved"])
    assert found.status is Status.FAIL
    assert found.message.startswith("ann in github:acme, since ")
    assert store.verify().problems == []
    period = AuditPeriod(NOW - 50 * DAY, NOW)
    known = api.reviewing(work(tmp_path).config, plugins.load())
    with store.reading() as connection:
        derived = history.population(connection, known, "privileged-grants", period)
        (row,) = derived.rows(connection)
        judged = population(connection, "company.grant", period, PrivilegedGrant)
        (other,) = judged.rows(connection)
    assert row["uid"] == found.resource == other["uid"]
    assert row["company-privileged-grant-approved"] == "fail"
    assert row["document.owner"] == "roster:acme/1"
    assert judged.header["incomplete_because"], (
        "of the days before the first collection nothing is known"
    )


def test_a_ticket_of_the_configuration_approves_it(store: Store, tmp_path: Path) -> None:
    grown(store)
    approval = {
        "system": "github:*", "account": "ANN", "ticket": "SEC-7", "by": "Carl",
        "date": (NOW - 41 * DAY).date(),
    }  # fmt: skip
    api.run(work(tmp_path, approvals=[approval]), store)
    (found,) = store.findings(rules=["company-privileged-grant-approved"])
    assert found.status is Status.PASS
    assert "approved by SEC-7 by Carl" in found.message
    again = work(tmp_path, approvals=[{**approval, "account": "bob"}])
    api.run(again, store)
    (found,) = store.findings(rules=["company-privileged-grant-approved"])
    assert found.status is Status.FAIL, "a ticket that is taken back approves nothing any more"


def test_a_later_run_keeps_what_an_earlier_one_found(store: Store, tmp_path: Path) -> None:
    grown(store)
    api.run(work(tmp_path), store)
    collect(store, made("ann", "bob").looks(NOW - DAY / 4))
    api.run(work(tmp_path), store)
    company = made("ann", "bob")
    company.member("cy", owner=True)
    collect(store, company.looks(NOW))
    outcome = api.run(work(tmp_path), store)
    assert [unit.count for unit in outcome.units] == [2]
    found = store.findings(rules=["company-privileged-grant-approved"])
    assert sorted((one.resource_name, one.status.value) for one in found) == [
        ("ann in github:acme", "fail"),
        ("cy in github:acme", "not_applicable"),
    ]
    assert store.verify().problems == []


def test_nobody_is_judged_who_always_was(store: Store, tmp_path: Path) -> None:
    collect(store, made("ann").looks(NOW - 40 * DAY))
    collect(store, made("ann").looks(NOW - 39 * DAY))
    api.run(work(tmp_path), store)
    (found,) = store.findings(rules=["company-privileged-grant-approved"])
    assert (found.status, found.resource) == (Status.NOT_APPLICABLE, None)


def test_a_live_check_reads_the_history_of_the_store(store: Store, tmp_path: Path) -> None:
    grown(store)
    loaded = work(tmp_path).knowing(store)
    checked = api.check_rules(loaded, ["company-privileged-grant-approved"])
    assert [one.verdict.status for one in checked.verdicts] == [Status.FAIL]


def test_history_is_read_by_who_declared_it_and_where_there_is_a_store() -> None:
    own = Scope("company", "own")
    knowing = CompanySettings().knowing(())
    client = CompanyConnection(knowing).client(own, Meter(Limits()), frozenset({"READ controls"}))
    with pytest.raises(CallRefused):
        client.grants(NOW, NOW, None, "")
    client = CompanyConnection(knowing).client(own, Meter(Limits()), frozenset({HISTORY}))
    with pytest.raises(Unreachable):
        client.grants(NOW, NOW, None, "")


@pytest.mark.parametrize(
    "table",
    [
        {"grants_since_days": 0},
        {
            "approvals": [
                {"system": "", "account": "a", "ticket": "t", "by": "b", "date": "2026-01-01"}
            ]
        },
        {"approvals": [{"system": "s", "account": "a", "ticket": "t", "by": "b", "date": "soon"}]},
    ],
)
def test_wrong_settings(table: dict[str, Any]) -> None:
    parsed = configuration.parse({"sources": {"us": {"provider": "company", **table}}}, None)
    with pytest.raises(ConfigError, match=r"sources\.us"):
        parsed.sources(plugins.load().providers)


def test_an_approval_fits_systems_and_accounts_by_pattern() -> None:
    one = Approval("aws", "Ann*", "T-1", "Carl", NOW.date())
    assert one.fits("aws:111122223333", ["arn:x", "ann-admin"])
    assert not one.fits("aws:111122223333", ["joann"])
    assert not one.fits("azure:aws", ["ann"])


def _change(**more: Any) -> dict[str, Any]:
    bob, carl = (
        {"__typename": "User", "login": n, "databaseId": k} for n, k in (("bob", 2), ("carl", 3))
    )
    wrote = {"totalCount": 1, "nodes": [{"user": {"login": "bob", "databaseId": 2}}]}
    commits = {"totalCount": 1, "nodes": [{"commit": {"oid": "aaaa", "authors": wrote}}]}
    review = {
        "state": "APPROVED", "submittedAt": "2026-01-10T11:00:00Z", "author": carl,
        "authorCanPushToRepository": True, "commit": {"oid": "aaaa"},
    }  # fmt: skip
    return {
        "number": 12, "title": "Give Ann Able the administration of Okta", "mergedAt": "2026-01-10T12:00:00Z",
        "repository": {"nameWithOwner": "acme/access"}, "headRefOid": "aaaa", "baseRefName": "main",
        "author": bob, "reviews": {"nodes": [review]}, "allCommits": commits, "commits": commits, **more,
    }  # fmt: skip


GRANT = {
    "system": "okta:acme.okta.com", "account": "00u1", "login": "ann@acme.example", "owner": "roster:acme/1",
    "owner_name": "Ann Able", "happened_after": "2026-01-10T02:00:00Z",
    "happened_before": "2026-01-11T02:00:00Z", "tickets": [], "reviews": [],
}  # fmt: skip


class _Evidence:
    def __init__(self, change: dict[str, Any]) -> None:
        self._changes = [view(PullRequest, canonical(change))]

    def sourced(self, _kind: object) -> bool:
        return True

    def everywhere(self, _kind: object) -> list[PullRequest]:
        return self._changes


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, Status.PASS),
        ({"title": "Okta", "headRefName": "grant/ann@acme.example"}, Status.PASS),
        ({"title": "Give Joann Abler the administration"}, Status.FAIL),
        ({"repository": {"nameWithOwner": "acme/api"}}, Status.FAIL),
        ({"reviews": {"nodes": []}}, Status.FAIL),
        ({"mergedAt": "2025-09-10T12:00:00Z"}, Status.FAIL),
        ({"mergedAt": "2026-02-20T12:00:00Z"}, Status.FAIL),
    ],
)
def test_a_pull_request_approves_only_what_it_names(more: dict[str, Any], status: Status) -> None:
    grant = view(PrivilegedGrant, canonical(GRANT))
    verdict = company_privileged_grant_approved.function(
        grant,
        datetime(2026, 3, 1, tzinfo=UTC),
        _Evidence(_change(**more)),
        repositories=("acme/acc*",),
    )
    assert verdict.status is status
