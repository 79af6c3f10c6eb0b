"""Of which systems an access review is expected, and what a record of one may say that it covers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.company.client import SYSTEMS, CompanyConnection
from soc2_collectors.company.models.system import System
from soc2_collectors.company.settings import CompanySettings
from soc2_collectors.company.systems import systems as collector
from soc2_pac import config, plugins
from soc2_pac.acts import Actor
from soc2_pac.acts.systems import ReviewedSystem
from soc2_pac.audit.attestations import systems_of
from soc2_pac.audit.systems import expected
from soc2_pac.canonical import canonical
from soc2_pac.collect.fetch import Limits, Meter
from soc2_pac.errors import UsageError
from soc2_pac.model import CollectionStatus, Scope
from soc2_pac.resources import view
from soc2_pac.store import Store, open_store
from soc2_pac.store.scopes import retire

from ..store.helpers import T0, look, one_run  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Iterator

REGISTRY = plugins.load()
WHO = {"reason": "a test", "owner": "ciso", "date": "2026-01-01"}
CODE = {"provider": "github", "organization": "acme", "token": {"env": "T"}}
CLOUD = {"provider": "aws", "regions": ["eu-central-1"]}
SOURCES: dict[str, Any] = {"code": CODE, "cloud": CLOUD}


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://", create=True) as opened:
        looks = [
            look({}, kind="github.member", scope=Scope("github", "acme"), source="code"),
            look({}, kind="aws.iam.user", scope=Scope("aws", "111122223333"), source="cloud"),
            look({}, kind="aws.iam.user", scope=Scope("aws", "444455556666"), source="cloud"),
            look(
                {},
                kind="aws.identity_center.user",
                scope=Scope("aws", "111122223333/eu-central-1"),
                source="cloud",
            ),
            look({}, kind="aws.s3.bucket", scope=Scope("aws", "777788889999"), source="cloud"),
        ]
        one_run(opened, looks)
        yield opened


def names(store: Store, **tables: Any) -> dict[str, str]:
    parsed = config.parse({"sources": SOURCES, **tables}, None)
    sources = parsed.sources(REGISTRY.providers)
    with store.reading() as connection:
        found = expected(connection, parsed, sources.values(), REGISTRY.kinds, T0)
    return {one.name: one.source for one in found}


def test_each_account_of_a_source_that_says_who_has_what(store: Store) -> None:
    assert names(store) == {
        "aws:111122223333": "cloud",
        "aws:444455556666": "cloud",
        "github:acme": "code",
    }


def test_a_source_that_nobody_could_read_is_not_forgotten(store: Store) -> None:
    more = {
        **SOURCES,
        "people": {"provider": "okta", "org_url": "https://acme.okta.com", "token": {"env": "T"}},
    }
    down = look(
        {},
        kind="okta.user",
        scope=Scope("okta", "?people"),
        source="people",
        status=CollectionStatus.FAILED,
    )
    one_run(store, [down])
    assert names(store, sources=more)["okta"] == "people"


def test_a_roster_is_no_system(store: Store) -> None:
    hr = {"provider": "roster", "organization": "acme", "people": "p.csv", "accounts": "a.csv"}
    for kind in ("roster.person", "roster.account"):
        one_run(store, [look({}, kind=kind, scope=Scope("roster", "acme"), source="hr")])
    assert "roster:acme" not in names(store, sources={**SOURCES, "hr": hr})


def test_what_is_outside_or_retired_is_not_asked(store: Store) -> None:
    outside = {"exclude": [{"scope": "aws:4444*", **WHO}, {"tag": "a=b", **WHO}]}
    assert set(names(store, audit=outside)) == {"aws:111122223333", "github:acme"}
    inside = {"include": [{"scope": "github:*", **WHO}]}
    assert set(names(store, audit=inside)) == {"github:acme"}
    tagged = {"include": [{"tag": "system=shop", **WHO}]}
    assert len(names(store, audit=tagged)) == 3, "no scope as a whole is outside"
    with store.database.writing() as connection:
        by = Actor("ann", "ann")
        retire(connection, "aws:444455556666", reason="closed", owner="o", by=by, now=T0)
    assert set(names(store)) == {"aws:111122223333", "github:acme"}


def test_systems_that_no_source_collects_can_be_named(store: Store) -> None:
    found = names(store, reviews={"systems": ["ERP", "github", "aws:111122223333"]})
    assert set(found) == {"aws:111122223333", "aws:444455556666", "erp", "github:acme"}
    assert found["erp"] == ""


def test_documents_say_by_what_names_a_system_goes() -> None:
    system = ReviewedSystem("github:acme", ("github:acme", "github"), "code")
    settings = CompanySettings().knowing(()).expecting([system])
    client = CompanyConnection(settings).client(
        Scope("company", "own"), Meter(Limits()), frozenset({SYSTEMS})
    )
    (document,) = collector.documents(client)
    seen = view(System, canonical(document.body))
    assert isinstance(seen, System)
    assert seen.among(["GitHub "])
    assert seen.among(["*"])
    assert not seen.among(["github:acme-labs", "git"])
    assert not seen.among([])


def test_a_record_names_systems_that_there_are() -> None:
    known = [ReviewedSystem("github:acme", ("github:acme", "github"), "code")]
    assert systems_of(["GitHub", "*", " "], "access-review", known) == ("*", "github")
    with pytest.raises(UsageError, match=r"no system 'githb'\. Did you mean 'github'"):
        systems_of(["githb"], "access-review", known)
    with pytest.raises(UsageError, match="evidence on restore-test names no systems"):
        systems_of(["github"], "restore-test", known)
