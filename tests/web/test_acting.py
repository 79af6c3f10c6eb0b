"""What people do on pages is what the command line does, by who they signed in as, and from a page of ours alone."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from starlette.testclient import TestClient

from soc2_pac import config, plugins
from soc2_pac.acts.attestations import ADDED, Attestation
from soc2_pac.acts.controls import Control
from soc2_pac.audit import access as tokens
from soc2_pac.audit import controls, reviews
from soc2_pac.audit.bounds import Bounds
from soc2_pac.model import utc_text
from soc2_pac.store import acts, messages, open_store
from soc2_pac.web.access import Access
from soc2_pac.web.app import build
from soc2_pac.workspace import make_workspace
from tests.reviews.company import T0, collect, start
from tests.reviews.test_reviews import acme
from tests.store.helpers import ANN
from tests.store.mutations import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.acts.access import Role
    from soc2_pac.acts.reviews import Review
    from soc2_pac.store import Store

HOST = "127.0.0.1:8765"
SAME = {"sec-fetch-site": "same-origin"}
NOW = T0 + timedelta(hours=1)
CONTROL = Control(
    wording="Access is reviewed", owner="Ann", frequency="quarterly", criteria=("CC6.2",),
    attestations=("board", "plan"),
)  # fmt: skip
FIELDS = {"reason": "a robot", "owner": "Rita", "approver": "Dan", "expires": "2026-02-01"}


class Served(NamedTuple):
    """A store with failures, a control and a review, and its pages."""

    store: Store
    app: Any
    review: Review


@pytest.fixture
def served(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    now: list[datetime] = [T0]
    monkeypatch.setattr("soc2_pac.clock.now", lambda: now[0])
    with open_store(store_url) as store:
        fill(store)
        with store.database.writing() as connection:
            controls.record(connection, {"A": CONTROL}, by=ANN)
        collect(store, acme().looks())
        review = start(store, "github")
        now[0] = NOW
        work = make_workspace(
            config.load(None, required=False), plugins.load(), sources_needed=False
        )
        yield Served(store, build(work, store, Access(store), {HOST}), review)


def sign_in(served: Served, role: Role = "operator", name: str = "Olga") -> TestClient:
    bounds = (
        Bounds(utc_text(T0 - timedelta(days=30)), utc_text(T0), ("CC6",))
        if role == "auditor"
        else None
    )
    with served.store.database.writing() as connection:
        _, token = tokens.create(
            connection,
            name=name,
            role=role,
            until=NOW + timedelta(days=9),
            by=ANN,
            now=NOW,
            bounds=bounds,
        )
    client = TestClient(served.app, base_url=f"http://{HOST}", follow_redirects=False)
    client.headers.update({"authorization": f"Bearer {token}", **SAME})
    return client


def failure(served: Served) -> str:
    (found, *_) = served.store.findings(rules=["fake-user-age"])
    failing = [f for f in served.store.findings() if f.status == "fail" and not f.waiver]
    assert failing, found
    return failing[0].fingerprint


def sound(served: Served) -> None:
    assert served.store.verify([]).sound


# -- waivers ------------------------------------------------------------------------------------------


def test_a_failure_is_accepted_and_stays_one(served: Served) -> None:
    olga, fingerprint = sign_in(served), failure(served)
    assert "Accept this failure" in olga.get(f"/findings/{fingerprint}").text
    done = olga.post(f"/findings/{fingerprint}/waive", data=FIELDS)
    assert (done.status_code, done.headers["location"]) == (303, f"/findings/{fingerprint}")
    (one,) = served.store.waivers(active=True)
    # Which waivers hold now is asked of the database's clock, which no test sets: the page of this instant.
    then = {"as_of": utc_text(NOW)}
    finding = olga.get(f"/findings/{fingerprint}.json", params=then).json()
    assert (finding["status"], finding["waiver"]) == ("fail", one.waiver)
    said = (one.owner, one.approver, one.reason, one.resource)
    assert said == ("Rita", "Dan", "a robot", finding["resource"])
    assert (one.os_user, str(one.login)[:10]) == ("", "token tok-")
    assert "Accepted by a waiver" in olga.get(f"/findings/{fingerprint}", params=then).text
    assert fingerprint in olga.get(f"/waivers/{one.waiver}.json", params=then).json()["covers"]
    assert "End this waiver" in olga.get(f"/waivers/{one.waiver}").text
    again = olga.post(f"/findings/{fingerprint}/waive", data=FIELDS)
    assert again.status_code == 400
    assert "accepts the same" in again.text
    ended = olga.post(f"/waivers/{one.waiver}/revoke", data={"reason": "fixed", "owner": "Rita"})
    assert ended.headers["location"] == f"/waivers/{one.waiver}"
    assert served.store.waivers(active=True) == []
    sound(served)


@pytest.mark.parametrize(
    "change",
    [{"reason": ""}, {"reason": " "}, {"owner": ""}, {"approver": "Rita"}, {"approver": "RITA"}, {"approver": "cto"},
     {"expires": ""}, {"expires": "2025-01-01"}, {"expires": "soon"}, {"expires": "2036-01-01"}, {"reason": "a\0b"}],
)  # fmt: skip
def test_what_the_command_line_refuses_a_page_refuses(
    served: Served, change: dict[str, str]
) -> None:
    olga, fingerprint = sign_in(served), failure(served)
    before = len(served.store.waivers())
    answer = olga.post(f"/findings/{fingerprint}/waive", data={**FIELDS, **change})
    assert answer.status_code == 400
    assert len(served.store.waivers()) == before


def test_what_does_not_fail_or_is_not_there_is_not_accepted(served: Served) -> None:
    olga = sign_in(served)
    passing = next(f for f in served.store.findings() if f.status == "pass")
    assert olga.post(f"/findings/{passing.fingerprint}/waive", data=FIELDS).status_code == 400
    assert olga.post("/findings/0000000000/waive", data=FIELDS).status_code == 404
    assert olga.post(f"/findings/{passing.fingerprint[:9]}/waive", data=FIELDS).status_code == 404
    assert olga.post("/waivers/w-0/revoke", data={"reason": "x", "owner": "y"}).status_code == 400


# -- evidence of people -------------------------------------------------------------------------------


def _hand_in(client: TestClient, content: bytes, name: str = "minutes.pdf", **more: str) -> Any:
    fields = {
        "topic": "board",
        "covers": "2025-12-01..2025-12-31",
        "valid_until": "2026-03-31",
        "note": "Zoë",
        **more,
    }
    return client.post(
        "/controls/A/attest", data=fields, files={"file": (name, content, "application/pdf")}
    )


def test_a_file_is_kept_as_it_was_sent(served: Served) -> None:
    olga = sign_in(served)
    assert "Hand in evidence" in olga.get("/controls/A").text
    draw = random.Random(7)
    content = b"%PDF-1.7\r\n--x\r\n\r\n" + draw.randbytes(200_000) + b"\r\n\n\r"
    done = _hand_in(olga, content)
    assert (done.status_code, done.headers["location"]) == (303, "/controls/A"), done.text
    with served.store.reading() as connection:
        (act,) = acts.listed(connection, (ADDED,))
        kept = acts.file(connection, act.attachment or "")
    assert kept is not None
    assert (kept.content, kept.media_type) == (content, "application/pdf")
    said = act.said(Attestation)
    assert (said.control, said.topic, said.file_name, said.note) == (
        "A",
        "board",
        "minutes.pdf",
        "Zoë",
    )
    assert str(act.by).startswith("Olga (signed in as token tok-")
    assert _hand_in(olga, content).status_code == 400, "the same again"
    assert len(olga.get("/attestations.json").json()) == 1
    sound(served)


@pytest.mark.parametrize(
    ("content", "more"),
    [(b"", {}), (b"%PDF-1", {"covers": "2026-02-01..2026-03-01"}), (b"%PDF-1", {"valid_until": "2025-01-01"}),
     (b"%PDF-1", {"topic": "other"}), (b"%PDF-1", {"systems": "github"}), (b"MZ", {}),
     (b"x" * 5_000_001, {"name": "a.bin"})],
)  # fmt: skip
def test_what_is_no_evidence_is_not_kept(
    served: Served, content: bytes, more: dict[str, str]
) -> None:
    olga = sign_in(served)
    assert _hand_in(olga, content, **more).status_code == 400
    with served.store.reading() as connection:
        assert acts.listed(connection, (ADDED,)) == []


def test_a_file_keeps_its_name_and_not_its_folder(served: Served) -> None:
    olga = sign_in(served)
    assert _hand_in(olga, b"%PDF-1", "C:\\Users\\..\\x/../secret.pdf").status_code == 303
    assert olga.get("/attestations.json").json()[0]["file"] == "secret.pdf"


@pytest.mark.parametrize(
    ("sort", "body", "code"),
    [("text/plain", b"x", 415), ("multipart/form-data", b"x", 415), ("application/json", b"{}", 415),
     ("multipart/form-data; boundary=b", b"--b\r\n", 400), ("multipart/form-data; boundary=b", b"", 400),
     ("multipart/form-data; boundary=b", b"--b\r\nx\r\n--b--\r\n", 400),
     ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\xff\r\n--b--', 400),
     ("application/x-www-form-urlencoded", b"a=1&a=2", 400), ("application/x-www-form-urlencoded", b"a=%ff", 400),
     ("application/x-www-form-urlencoded", b"a=" + b"1" * 1_100_000, 413), ("", b"", 415)],
)  # fmt: skip
def test_what_is_no_form_breaks_nothing(served: Served, sort: str, body: bytes, code: int) -> None:
    olga = sign_in(served)
    for path in (
        "/controls/A/attest",
        f"/findings/{failure(served)}/waive",
        "/reviews/review-1/decide",
    ):
        assert olga.post(path, content=body, headers={"content-type": sort}).status_code == code, (
            path
        )


# -- access reviews -----------------------------------------------------------------------------------


def test_a_reviewer_decides_and_nobody_else_for_them(served: Served) -> None:
    rita, name = sign_in(served, name="Rita"), served.review.id
    page = rita.get(f"/reviews/{name}").text
    assert "Record decisions" in page
    rows = rita.get(f"/reviews/{name}.json").json()["rows_of"]
    own = [row for row in rows if row["reviewer"] == "Rita (1)" or row["reviewer"] == "Rita"]
    assert own
    assert len(own) < len(rows)
    fields = {f"decision.{own[0]['row']}": "revoke", f"reason.{own[0]['row']}": "not needed"}
    done = rita.post(f"/reviews/{name}/decide", data=fields)
    assert (done.status_code, done.headers["location"]) == (303, f"/reviews/{name}"), done.text
    after = {row["row"]: row for row in rita.get(f"/reviews/{name}.json").json()["rows_of"]}
    assert after[own[0]["row"]]["decision"] == "revoke"
    assert after[own[0]["row"]]["decided_proof"].startswith("token tok-")
    # Another one later, and the first stays as it was.
    assert (
        rita.post(f"/reviews/{name}/decide", data={f"decision.{own[1]['row']}": "keep"}).status_code
        == 303
    )
    after = {row["row"]: row for row in rita.get(f"/reviews/{name}.json").json()["rows_of"]}
    assert [after[row["row"]]["decision"] for row in own[:2]] == ["revoke", "keep"]
    others = next(row for row in rows if row not in own)
    for fields, who in (
        ({f"decision.{others['row']}": "keep"}, rita),
        ({f"decision.{own[2]['row']}": "revoke"}, rita),  # without a reason
        ({f"decision.{own[2]['row']}": "maybe"}, rita),
        ({"by": "Rita"}, rita),
        ({"decision.zzz": "keep"}, rita),
        ({f"decision.{own[2]['row']}": "keep"}, sign_in(served, name="Mallory")),
        ({f"decision.{own[2]['row']}": "keep", "by": "Rita"}, sign_in(served, name="Mallory")),
    ):
        assert who.post(f"/reviews/{name}/decide", data=fields).status_code == 400, fields
    assert (
        sign_in(served).post("/reviews/review-99/decide", data={"decision.x": "keep"}).status_code
        == 400
    )
    with served.store.reading() as connection:
        assert len(reviews.one(connection, name).decided) == 2
    sound(served)


# -- auditors ask, the team answers --------------------------------------------------------------------


def test_requests_are_numbered_and_answered(served: Served) -> None:
    eve, other, olga = (
        sign_in(served, "auditor", "Eve"),
        sign_in(served, "auditor", "Ed"),
        sign_in(served),
    )
    assert "Ask or note something" in eve.get("/requests").text
    assert "Ask or note something" not in olga.get("/requests").text
    for number, kind in enumerate(("request", "note"), 2):  # the store has one already
        done = eve.post(
            "/requests", data={"kind": kind, "about": "/findings", "said": f"<b>{kind}</b>"}
        )
        assert (done.status_code, done.headers["location"]) == (303, "/requests"), number
    rows = eve.get("/requests.json").json()
    assert [(row["number"], row["entry"], row["state"]) for row in rows] == [
        (2, "request", "open"),
        (3, "note", "noted"),
    ]
    assert "&lt;b&gt;request" in eve.get("/requests/2").text
    assert other.get("/requests.json").json() == []
    for form in ("", ".json"):
        assert other.get(f"/requests/2{form}").status_code == 404
    assert "Answer" in olga.get("/requests/2").text
    done = olga.post("/requests/2/answer", data={"said": "See the report."})
    assert done.headers["location"] == "/requests/2"
    (row,) = eve.get("/requests.json?state=answered").json()
    assert row["answer"] == "See the report."
    assert "Olga (signed in as token" in row["answered_by"]
    for path, fields in (
        ("/requests/9/answer", {"said": "x"}), ("/requests/2/answer", {"said": " "}),
    ):  # fmt: skip
        assert olga.post(path, data=fields).status_code == 400
    assert olga.post("/requests/x/answer", data={"said": "x"}).status_code == 404
    for fields in (
        {"kind": "answer", "said": "x"}, {"kind": "note", "said": ""}, {"kind": "note", "said": "x" * 5000},
        {"kind": "note", "said": "x", "about": "//evil.example"}, {"kind": "note", "said": "x", "about": "evil"},
    ):  # fmt: skip
        assert eve.post("/requests", data=fields).status_code == 400
    sound(served)


# -- who may ----------------------------------------------------------------------------------------


def _attempts(served: Served) -> list[tuple[str, dict[str, str]]]:
    return [
        ("/requests", {"kind": "note", "said": "x"}),
        ("/requests/1/answer", {"said": "x"}),
        (f"/findings/{failure(served)}/waive", FIELDS),
        ("/waivers/w-1/revoke", {"reason": "x", "owner": "y"}),
        ("/controls/A/attest", {"topic": "board"}),
        (f"/reviews/{served.review.id}/decide", {"decision.x": "keep"}),
    ]


def _acts(served: Served) -> tuple[int, int, int]:
    with served.store.reading() as connection:
        said = len(messages.listed(connection))
        kept = [act for act in acts.listed(connection) if not act.kind.startswith("access.")]
        return said, len(kept), len(served.store.waivers())


def test_each_role_does_what_it_may(served: Served) -> None:
    who = {role: sign_in(served, role) for role in ("viewer", "operator", "auditor")}
    before = _acts(served)
    for path, fields in _attempts(served):
        may = "auditor" if path == "/requests" else "operator"
        for role, client in who.items():
            if role != may:
                answer = client.post(path, data=fields)
                assert answer.status_code == 403, (path, role)
                assert "Only an" in answer.text
    assert _acts(served) == before


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"},
     {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": ""}, {}],
)  # fmt: skip
def test_a_form_of_another_page_does_nothing(served: Served, headers: dict[str, str]) -> None:
    for role in ("operator", "auditor"):
        client = sign_in(served, role)
        del client.headers["sec-fetch-site"]
        before = _acts(served)
        for path, fields in _attempts(served):
            assert client.post(path, data=fields, headers=headers).status_code == 403, path
        assert _acts(served) == before
    ours = sign_in(served)
    del ours.headers["sec-fetch-site"]
    path, fields = _attempts(served)[2]
    assert ours.post(path, data=fields, headers={"origin": f"http://{HOST}"}).status_code == 303


def test_nobody_acts_in_the_past(served: Served) -> None:
    olga = sign_in(served)
    path = f"/findings/{failure(served)}"
    assert "Accept this failure" in olga.get(path).text
    assert "Accept this failure" not in olga.get(path, params={"as_of": utc_text(T0)}).text
    assert "Accept this failure" not in sign_in(served, "viewer").get(path).text
