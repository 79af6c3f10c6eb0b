"""Auditors see what is within their period and criteria and nothing outside, and what they open is recorded."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from soc2_pac import config, plugins
from soc2_pac.audit import access as tokens
from soc2_pac.audit.bounds import Bounds, named
from soc2_pac.errors import StoreError, UsageError
from soc2_pac.model import utc_text
from soc2_pac.store import messages, open_store, tables
from soc2_pac.web import details
from soc2_pac.web.access import Access
from soc2_pac.web.app import build
from soc2_pac.web.lists import LISTINGS
from soc2_pac.workspace import make_workspace
from tests.store.helpers import ANN, CHANGES, RULES, T0
from tests.store.mutations import DAY, fill, go_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.store import Store

HOST = "127.0.0.1:8765"
SAME = {"sec-fetch-site": "same-origin"}
NOW = T0 + 6 * DAY
START, END = utc_text(T0 + DAY), utc_text(T0 + 3 * DAY - timedelta(milliseconds=1))
BOUNDS = Bounds(START, END, ("CC6.3",))
INSIDE = {"fake-user-age", "fake-user-team"}
"""What serves CC6.3."""
KINDS = {"fake.user", "fake.team"}
FORMS = ("", ".json", ".csv")


class Served(NamedTuple):
    """A store of six days, its pages, and who may see them."""

    store: Store
    app: Any


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    url = (
        databases.create(tmp_path_factory.mktemp("auditors"), migrated=True)
        if request.param == "sqlite"
        else databases.create(migrated=True)
    )
    with pytest.MonkeyPatch.context() as patch, open_store(url) as store:
        now: list[datetime] = [T0 + 2 * DAY + timedelta(hours=1)]
        patch.setattr("soc2_pac.clock.now", lambda: now[0])
        fill(store)
        now[0] = NOW
        go_on(store)
        registry = plugins.load().adding([*RULES, *CHANGES], ())
        work = make_workspace(config.load(None, required=False), registry, sources_needed=False)
        yield Served(store, build(work, store, Access(store), {HOST}))
    if request.param == "postgres":
        databases.drop(url)


def admit(served: Served, bounds: Bounds = BOUNDS, days: int = 30) -> tuple[str, TestClient]:
    """An auditor, by the id of their access, with a browser of theirs."""
    with served.store.database.writing() as connection:
        grant, token = tokens.create(
            connection, name="Eve", role="auditor", until=NOW + days * DAY, by=ANN, now=NOW, bounds=bounds,
        )  # fmt: skip
    client = TestClient(served.app, base_url=f"http://{HOST}", follow_redirects=False)
    client.headers["authorization"] = f"Bearer {token}"
    return grant.id, client


def other(served: Served, role: Any) -> TestClient:
    """Somebody of the team."""
    with served.store.database.writing() as connection:
        _, token = tokens.create(
            connection, name="Bob", role=role, until=NOW + 30 * DAY, by=ANN, now=NOW
        )
    client = TestClient(served.app, base_url=f"http://{HOST}", follow_redirects=False)
    client.headers["authorization"] = f"Bearer {token}"
    return client


class Everything(NamedTuple):
    """What there is in the store, read off its tables: each id, and whether it is within the bounds."""

    findings: dict[str, bool]
    """Those within stood at some time of the period."""
    documents: dict[str, bool]
    runs: dict[str, bool]
    rules: dict[str, bool]
    waivers: dict[str, bool]


@pytest.fixture
def everything(served: Served) -> Everything:
    f, r, o, res = tables.finding, tables.rule, tables.observation, tables.resource
    found = Everything({}, {}, {}, {}, {})
    with served.store.reading() as connection:
        # A row is not changed by later ones but in what closes it: what closed after the end was open then.
        rows = connection.execute(
            sa.select(f.c.fingerprint, r.c.name, f.c.valid_from, f.c.valid_to).join(
                r, r.c.id == f.c.rule_id
            )
        )
        for fingerprint, rule, first, last in rows:
            inside = rule in INSIDE and first <= END and (last is None or last > START)
            found.findings[fingerprint] = found.findings.get(fingerprint, False) or inside
        rows = connection.execute(
            sa.select(o.c.digest, res.c.kind, o.c.valid_from, o.c.valid_to).join(
                res, res.c.id == o.c.resource_id
            )
        )
        for digest, kind, first, last in rows:
            inside = kind in KINDS and first <= END and (last is None or last > START)
            found.documents[digest] = found.documents.get(digest, False) or inside
        run = tables.run
        for number, began, ended in connection.execute(
            sa.select(run.c.id, run.c.started_at, run.c.finished_at)
        ):
            found.runs[str(number)] = began <= END and ended >= START
        for (name,) in connection.execute(sa.select(r.c.name)):
            found.rules[name] = name in INSIDE
        w = tables.waiver_event
        for waiver, rule in connection.execute(sa.select(w.c.waiver, w.c.rule)):
            found.waivers[waiver] = rule in INSIDE
    for name, some in found._asdict().items():
        assert not all(some.values()), f"nothing of {name} is outside"
    return found


def test_each_thing_within_is_there_and_nothing_outside(
    served: Served, everything: Everything
) -> None:
    _, eve = admit(served)
    inside = 0
    for name in ("findings", "documents", "runs", "rules"):
        for one, within in getattr(everything, name).items():
            for form in ("", ".json"):
                code = eve.get(f"/{name}/{one}{form}").status_code
                assert code == (200 if within else 404), (name, one)
            inside += within
    assert inside > 10
    there = eve.get(f"/findings/{next(iter(everything.findings))}0.json")
    missing = eve.get("/documents/0000000000000000.json")
    outside = next(one for one, within in everything.documents.items() if not within)
    hidden = eve.get(f"/documents/{outside}.json")
    assert (hidden.status_code, hidden.text) == (missing.status_code, missing.text), there.text


def test_no_list_in_any_form_says_anything_of_what_is_outside(
    served: Served, everything: Everything
) -> None:
    _, eve = admit(served)
    outside = {
        one for some in (everything.findings, everything.documents, everything.rules, everything.waivers)
        for one, within in some.items() if not within
    } | {"fake.change", "robot"}  # fmt: skip
    pages = ["/", "/overview.json", "/metrics", "/openapi.json"]
    pages += [
        f"/{name}{form}?limit=1000"
        for name, one in LISTINGS.items()
        if not one.team
        for form in FORMS
    ]
    pages += ["/documents.json?history=yes&limit=1000", "/changes.json?since=2020-01-01&limit=1000"]
    pages += [f"/findings/{one}" for one, within in everything.findings.items() if within]
    for page in pages:
        answer = eve.get(page)
        assert answer.status_code == 200, page
        said = {one for one in outside if one in answer.text}
        assert not said, (page, said)
        if ".json" in page and page != "/openapi.json":
            late = [one for one in _instants(answer.json()) if one[1] > END]
            assert not late, (page, late)


def _instants(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every instant of an answer with its name, but those at which something will be due, or end."""
    if isinstance(value, dict) and value.get("entry") != "store":
        # The store itself was founded by the machine's clock, and not by that of the test.
        for key, one in value.items():
            yield from _instants(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from _instants(one, name)
    elif name not in ("sla_due", "until", "expires_at", "due") and _INSTANT.fullmatch(str(value)):
        yield name, str(value)


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")


def test_counts_are_those_of_the_lists(served: Served) -> None:
    _, eve = admit(served)
    rows = eve.get("/findings.json?limit=1000").json()
    assert {row["rule"] for row in rows} == INSIDE
    counted = eve.get("/overview.json").json()["statuses"]
    for status, number in counted.items():
        assert number == sum(row["status"] == status and not row["outside"] for row in rows)
    assert sum(counted.values()) > 0
    metrics = eve.get("/metrics").text
    told = sum(
        int(float(n))
        for n in re.findall(r'^soc2_pac_findings\{.*waived="false"\} (\S+)', metrics, re.MULTILINE)
    )
    assert told == sum(not row["outside"] for row in rows)
    whole = sum(other(served, "viewer").get("/overview.json").json()["statuses"].values())
    assert whole > sum(counted.values())


@pytest.mark.parametrize("name", [name for name, one in LISTINGS.items() if not one.team])
def test_html_json_and_csv_have_the_same_rows(served: Served, name: str) -> None:
    _, eve = admit(served)
    rows = eve.get(f"/{name}.json?limit=1000").json()
    assert f"{len(rows)} rows" in eve.get(f"/{name}?limit=1000").text
    text = eve.get(f"/{name}.csv?limit=1000").text
    assert (len(rows) == 0) == (len(text.splitlines()) <= 1)


@pytest.mark.parametrize(
    "query", ["rule=fake-user-mfa", "kind=fake.change", "criterion=CC8.1", "resource=c3", "scope=badges:doors"],
)  # fmt: skip
def test_a_filter_says_nothing_of_what_is_outside(served: Served, query: str) -> None:
    """The answer for what is outside is that for what does not exist."""
    _, eve = admit(served)
    name, _, value = query.partition("=")
    made_up = {
        "rule": "fake-none",
        "kind": "fake.none",
        "criterion": "CC8.1",
        "resource": "none",
        "scope": "fake:none",
    }
    for form in FORMS:
        hidden = eve.get(f"/findings{form}?{query}")
        missing = eve.get(f"/findings{form}?{name}={made_up[name]}")
        assert hidden.status_code == missing.status_code
        if form:
            assert hidden.text.replace(value, "") == missing.text.replace(made_up[name], "")


@pytest.mark.parametrize("path", ["/tokens", "/opened"])
def test_what_is_about_the_team_is_not_there(served: Served, path: str) -> None:
    _, eve = admit(served)
    for form in FORMS:
        assert eve.get(f"{path}{form}").status_code == 404
        assert other(served, "viewer").get(f"{path}{form}").status_code == 200
    assert f"{path}.json" not in eve.get("/openapi.json").json()["paths"]
    assert f'href="{path}"' not in eve.get("/").text


@pytest.mark.parametrize(
    ("at", "code"),
    [(START, 200), (END, 200), ("2025-12-31", 404), (utc_text(T0 + DAY - timedelta(milliseconds=1)), 404),
     (utc_text(T0 + 3 * DAY), 404), ("2026-01-06", 404), ("2027-01-01", 404), ("yesterday", 400)],
)  # fmt: skip
def test_an_instant_outside_of_the_period_is_not_there(served: Served, at: str, code: int) -> None:
    _, eve = admit(served)
    for path in (
        "/",
        "/findings",
        "/findings.json",
        "/findings.csv",
        "/metrics",
        "/rules/fake-user-age.json",
    ):
        assert eve.get(path, params={"as_of": at}).status_code == code, path


def test_pages_show_the_end_of_the_period_and_while_it_goes_on_this_minute(served: Served) -> None:
    _, eve = admit(served)
    assert "As the store was at 2026-01-03 23:59:59 UTC" in eve.get("/findings").text
    _, ann = admit(served, Bounds(START, utc_text(T0 + 90 * DAY), ("CC6",)))
    assert "As the store was at 2026-01-07 00:00:00 UTC" in ann.get("/findings").text
    _, early = admit(served, Bounds(utc_text(T0 + 20 * DAY), utc_text(T0 + 90 * DAY), ("CC6",)))
    assert early.get("/findings.json").status_code == 200


def test_whoever_has_all_criteria_sees_what_the_team_sees_at_that_instant(served: Served) -> None:
    every = Bounds(utc_text(T0 - DAY), END, tuple(sorted({"CC6", "CC8"})))
    _, eve = admit(served, every)
    viewer = other(served, "viewer")
    for name in ("findings", "documents", "rules", "collections", "runs", "populations", "changes"):
        mine = eve.get(f"/{name}.json?limit=1000").json()
        theirs = viewer.get(f"/{name}.json?limit=1000&as_of={END}").json()
        assert mine == theirs, name


def test_an_auditor_writes_nothing_but_messages(served: Served) -> None:
    _, eve = admit(served)
    for path in (
        "/findings",
        "/answers",
        "/waivers",
        "/logout",
        "/login",
        "/tokens",
        "/rules/fake-user-age",
    ):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert eve.request(method, path).status_code == 403, "from no page of ours"


def test_what_they_open_is_recorded(served: Served) -> None:
    who, eve = admit(served)
    eve.get("/findings.json?status=fail")
    eve.get("/rules/fake-user-mfa")
    eve.get("/static/page.css")
    with served.store.reading() as connection:
        found = [(one.path, one.query) for one in messages.views(connection, auditor=who, limit=9)]
    assert found == [("/rules/fake-user-mfa", ""), ("/findings.json", "status=fail")]
    rows = other(served, "viewer").get(f"/opened.json?auditor={who}").json()
    assert [(row["path"], row["query"]) for row in rows] == found
    with served.store.reading() as connection:
        before = sum(1 for _ in messages.views(connection, limit=1000))
    other(served, "viewer").get("/findings.json")
    with served.store.reading() as connection:
        assert sum(1 for _ in messages.views(connection, limit=1000)) == before, "of auditors alone"


def test_what_cannot_be_recorded_is_not_answered(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, eve = admit(served)

    def full(*_: object) -> None:
        msg = "the disk is full"
        raise StoreError(msg)

    monkeypatch.setattr(messages, "opened", full)
    answer = eve.get("/findings.json")
    assert (answer.status_code, answer.text) == (503, "the disk is full\n")


def test_access_ends_with_its_date_and_when_it_is_revoked(served: Served) -> None:
    who, eve = admit(served)
    assert eve.get("/findings.json").status_code == 200
    with served.store.database.writing() as connection:
        tokens.revoke(connection, who, reason="done", by=ANN, now=NOW)
    assert eve.get("/findings.json").status_code == 401


def test_bounds_belong_to_auditors_alone(served: Served) -> None:
    given: dict[str, Any] = {"name": "x", "until": NOW + DAY, "by": ANN, "now": NOW}
    with served.store.database.writing() as connection:
        with pytest.raises(UsageError, match="an auditor has a period"):
            tokens.create(connection, role="auditor", **given)
        with pytest.raises(UsageError, match="an auditor has a period"):
            tokens.create(connection, role="viewer", bounds=BOUNDS, **given)
    assert named(" CC7.1, CC6 ,CC6") == ("CC6", "CC7.1")
    for wrong in ("", ",", "CC66", "cc6", "CC6 CC7"):
        with pytest.raises(UsageError):
            named(wrong)


def test_everything_else_of_the_store_is_untouched_by_reading(served: Served) -> None:
    _, eve = admit(served)
    assert set(details.KINDS) <= set(LISTINGS)

    def rows() -> dict[str, int]:
        with served.store.reading() as connection:
            return {
                table.name: int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0)
                for table in tables.metadata.sorted_tables if table.name != "auditor_view"
            }  # fmt: skip

    before = rows()
    for name in LISTINGS:
        eve.get(f"/{name}")
    assert rows() == before
