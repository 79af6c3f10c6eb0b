"""Every route, every method, every role, with whatever somebody may send: no error of ours, no write by a reader, and
nothing outside of an auditor's bounds.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from starlette.routing import Mount
from starlette.testclient import TestClient

from soc2_pac.store import tables
from soc2_pac.store.database import Database
from soc2_pac.web import details
from soc2_pac.web.lists import LISTINGS
from soc2_pac.web.reports import FORMS, KINDS

from .test_auditors import Everything, admit, everything, other, served  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from .test_auditors import Served

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
ROLES = ("nobody", "viewer", "operator", "auditor")
SAME = {"sec-fetch-site": "same-origin"}
WORDS = st.one_of(
    st.sampled_from([
        "fail", "CC6", "CC8.1", "fake.user", "fake.change", "fake:*", "fake-user-mfa", "yes", "1", "2", "9" * 30, "-1",
        "2026-01-02", "2026-01-03T12:00:00Z", "2026-01-02..2026-01-03", "9999-12-31", "0001-01-01", "'", '"', "%", "*",
        "WzFd", "x" * 300, "json", "\u0000", "\ud7ff", "",
    ]),
    st.text(max_size=12),
)  # fmt: skip
NAMES = sorted({
    "as_of", "limit", "after", "period", "criteria", "format", "code", "token", "x",
    *(one.name for listing in LISTINGS.values() for one in listing.filters),
})  # fmt: skip
FIELDS = (
    "kind", "said", "about", "reason", "owner", "approver", "expires", "topic", "covers", "valid_until", "by", "token",
)  # fmt: skip


def _paths(served: Served, everything: Everything) -> list[str]:  # noqa: F811
    """Every route, with things that are there, within and outside of the bounds, and with things that are not."""
    found = [
        "/", "/overview.json", "/login", "/logout", "/health", "/metrics", "/openapi.json", "/reports",
        "/static/page.css", "/static/../app.py", "/nothing", "//", "/%00", "/requests/1/answer", "/requests/x/answer",
        "/waivers/w-0/revoke", "/controls/A/attest", "/reviews/review-1/decide",
    ]  # fmt: skip
    found += [f"/{name}{form}" for name in LISTINGS for form in ("", ".json", ".csv", ".xml")]
    found += [
        f"/reports/{kind}.{form}" for kind in KINDS for form in (*FORMS, "exe") if form != "pdf"
    ]
    things = {name: [] for name in details.KINDS} | {
        name: [*getattr(everything, name)][:5] for name in ("findings", "documents", "runs", "rules", "waivers")
    }  # fmt: skip
    for name, some in things.items():
        found += [
            f"/{name}/{one}{form}"
            for one in [*some, "1", "CC8.1", "none", "%27"]
            for form in ("", ".json")
        ]
    found += [f"/findings/{one}/waive" for one in things["findings"][:3]]
    shapes = {route.path for route in served.app.routes if not isinstance(route, Mount)}
    assert len(shapes) < len(found)
    return found


def _rows(served: Served) -> dict[str, int]:  # noqa: F811
    with served.store.reading() as connection:
        return {
            table.name: int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0)
            for table in tables.metadata.sorted_tables
        }  # fmt: skip


def _clients(served: Served) -> dict[str, TestClient]:  # noqa: F811
    _, eve = admit(served)
    nobody = TestClient(served.app, base_url=str(eve.base_url), follow_redirects=False)
    return {
        "nobody": nobody,
        "viewer": other(served, "viewer"),
        "operator": other(served, "operator"),
        "auditor": eve,
    }


def _once_is_enough(served: Served, role: str) -> None:  # noqa: F811
    if role in ("nobody", "viewer") and not served.store.database.sqlite:
        pytest.skip(
            "an operator reads on PostgreSQL whatever a viewer does; both are tried on SQLite"
        )


@pytest.mark.parametrize("role", ROLES)
def test_every_route_and_method_in_each_role(
    served: Served,  # noqa: F811
    everything: Everything,  # noqa: F811
    role: str,
) -> None:
    _once_is_enough(served, role)
    client = _clients(served)[role]
    client.headers.update(SAME)
    outside = {
        one for some in (everything.findings, everything.documents, everything.rules, everything.waivers)
        for one, within in some.items() if not within
    } | {"fake.change", "robot"}  # fmt: skip
    before = _rows(served)
    for number, path in enumerate(_paths(served, everything)):
        for method in METHODS:
            if method == "HEAD" and number % 4:
                # It is answered as GET is, and costs as much.
                continue
            answer = client.request(method, path)
            assert answer.status_code < 500, (method, path, answer.text)
            if role == "nobody" and not path.startswith(("/login", "/health", "/static")):
                assert answer.status_code == 401, (method, path)
            if method in ("PUT", "PATCH", "DELETE", "TRACE"):
                assert answer.status_code in (401, 403, 404, 405), (method, path)
            if role == "auditor":
                shown = answer.text.replace(path, "")
                assert not {one for one in outside if one in shown}, (method, path)
    after = _rows(served)
    if role == "auditor":
        assert after.pop("auditor_view") > before.pop("auditor_view")
    assert after == before, "an empty form records nothing, whoever sends it"


@pytest.mark.parametrize("role", ["viewer", "auditor"])
def test_whatever_a_reader_sends(
    served: Served,  # noqa: F811
    everything: Everything,  # noqa: F811
    role: str,
) -> None:
    client = _clients(served)[role]
    client.headers.update(SAME)
    paths = _paths(served, everything)
    outside = {one for one, within in everything.documents.items() if not within} | {
        one for one, within in everything.findings.items() if not within
    }
    before = _rows(served)

    @settings(
        max_examples=100,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    @given(
        st.sampled_from(paths),
        st.sampled_from(METHODS),
        st.dictionaries(st.sampled_from(NAMES), WORDS, max_size=3),
        st.dictionaries(st.sampled_from(FIELDS), WORDS, max_size=4),
    )
    def send(path: str, method: str, query: dict[str, str], fields: dict[str, str]) -> None:
        sent: dict[str, Any] = {"data": fields} if method == "POST" and path != "/requests" else {}
        answer = client.request(method, path, params=query, **sent)
        assert answer.status_code < 500, answer.text
        if role == "auditor":
            asked = {*query.values(), *path.split("/")}
            assert not {one for one in outside if one in answer.text and one not in asked}

    send()
    after = _rows(served)
    if role == "auditor":
        after.pop("auditor_view"), before.pop("auditor_view")
    assert after == before


@pytest.mark.parametrize("role", ["viewer", "operator", "auditor"])
def test_no_question_can_write(
    served: Served,  # noqa: F811
    everything: Everything,  # noqa: F811
    role: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever a page reads, it reads on a connection on which the database refuses to write."""
    _once_is_enough(served, role)
    client = _clients(served)[role]
    proved = 0
    original = Database.reading

    @contextlib.contextmanager
    def proving(self: Database, *, strictly: bool = False) -> Iterator[Connection]:
        nonlocal proved
        with original(self, strictly=strictly) as connection:
            yield connection
            with pytest.raises(DBAPIError):
                connection.exec_driver_sql("DELETE FROM run")
            proved += 1

    monkeypatch.setattr(Database, "reading", proving)
    asked = 0
    for path in _paths(served, everything):
        for query in ("", "?as_of=2026-01-03"):
            if path.startswith(("/static", "/nothing", "//", "/%00")):
                continue
            assert client.get(f"{path}{query}").status_code < 500
            asked += 1
    assert proved > asked, "each asks who it is, and most read"
