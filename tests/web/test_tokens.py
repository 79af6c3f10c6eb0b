"""Tokens: who holds one sees what its role may, for as long as it holds, and nobody else does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from soc2_pac import config, plugins
from soc2_pac.acts import Actor
from soc2_pac.audit import access as tokens
from soc2_pac.errors import UsageError
from soc2_pac.model import Severity, Status, utc_text
from soc2_pac.output import metrics
from soc2_pac.store import acts, open_store, queries
from soc2_pac.web.access import Access
from soc2_pac.web.app import COOKIE, build
from soc2_pac.workspace import make_workspace
from tests.store.mutations import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.acts.access import Role
    from soc2_pac.store import Store

HOST = "127.0.0.1:8765"
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
ANN = Actor("Ann", "ann")
SAME = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def store(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with open_store(store_url) as opened:
        fill(opened)
        monkeypatch.setattr("soc2_pac.clock.now", lambda: NOW)
        yield opened


@pytest.fixture
def app(store: Store) -> Any:
    work = make_workspace(config.load(None, required=False), plugins.load(), sources_needed=False)
    return build(work, store, Access(store), {HOST})


@pytest.fixture
def client(app: Any) -> TestClient:
    return TestClient(app, base_url=f"http://{HOST}", follow_redirects=False)


def give(store: Store, role: Role = "viewer", days: int = 30, name: str = "Prometheus") -> str:
    with store.database.writing() as connection:
        _, token = tokens.create(
            connection, name=name, role=role, until=NOW + timedelta(days=days), by=ANN, now=NOW
        )
    return token


def take(store: Store, token: str) -> None:
    with store.database.writing() as connection:
        tokens.revoke(connection, token.split("_")[1], reason="leaves", by=ANN, now=NOW)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_token_opens_every_page(client: TestClient, store: Store) -> None:
    token = give(store)
    for path in ("/", "/findings.json", "/findings.csv", "/openapi.json", "/metrics"):
        assert client.get(path, headers=bearer(token)).status_code == 200
    assert client.get("/findings.json").status_code == 401, "no session comes of it"


def test_what_is_no_token_opens_nothing(client: TestClient, store: Store) -> None:
    token = give(store)
    whole, other = token.split("_", 2), give(store).split("_", 2)
    wrong = [
        "", "x", token[:-1], token + "A", token.upper(), f"{whole[0]}_{whole[1]}_{'A' * 43}",
        f"{whole[0]}_{whole[1]}_{other[2]}", f"{whole[0]}_tok-00000000_{whole[2]}", whole[2],
    ]  # fmt: skip
    with store.reading() as connection:
        (act,) = acts.listed(connection, ("access.granted",), whole[1])
    wrong.append(f"{whole[0]}_{whole[1]}_{json.loads(act.body)['secret'][:43]}")
    for one in wrong:
        answer = client.get("/findings.json", headers=bearer(one))
        assert answer.status_code == 401, one
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    basic = {"authorization": f"Basic {token}"}
    assert client.get("/findings.json", headers=basic).status_code == 401
    assert client.get("/findings.json", headers=bearer(token)).status_code == 200


def test_a_wrong_token_is_not_made_good_by_a_session(client: TestClient, store: Store) -> None:
    assert client.post("/login", data={"token": give(store)}, headers=SAME).status_code == 303
    assert client.get("/findings.json").status_code == 200
    assert client.get("/findings.json", headers=bearer("x")).status_code == 401


def test_a_token_ends(client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    token = give(store, days=1)
    assert client.post("/login", data={"token": token}, headers=SAME).status_code == 303
    last = NOW + timedelta(days=1) - timedelta(milliseconds=1)
    monkeypatch.setattr("soc2_pac.clock.now", lambda: last)
    assert client.get("/findings.json").status_code == 200
    monkeypatch.setattr("soc2_pac.clock.now", lambda: NOW + timedelta(days=1))
    assert client.get("/findings.json", headers=bearer(token)).status_code == 401
    assert client.get("/findings.json").status_code == 401, "the session ends with it"


def test_a_token_that_was_taken_back_ends_its_sessions_at_once(
    client: TestClient, store: Store
) -> None:
    token, other = give(store), give(store)
    assert client.post("/login", data={"token": token}, headers=SAME).status_code == 303
    take(store, other)
    assert client.get("/findings.json").status_code == 200
    take(store, token)
    for headers in ({}, bearer(token)):
        assert client.get("/findings.json", headers=headers).status_code == 401
    with pytest.raises(UsageError, match="already"):
        take(store, token)


def test_signing_in_with_a_token(client: TestClient, store: Store) -> None:
    token = give(store)
    assert client.post("/login", data={"token": token}).status_code == 403, "from another page"
    wrong = client.post("/login", data={"token": token[:-1]}, headers=SAME)
    assert wrong.status_code == 401
    assert "does not work" in wrong.text
    assert COOKIE not in client.cookies
    for sent in (b"", b"token", b"\xff\x00=%ff", b"other=1"):
        assert client.post("/login", content=sent, headers=SAME).status_code == 401
    assert client.post("/login", content=b"token=" + b"a" * 5000, headers=SAME).status_code == 413
    good = client.post("/login", data={"token": f" {token}\n"}, headers=SAME)
    assert (good.status_code, good.headers["location"]) == (303, "/")
    said = {part.strip() for part in good.headers["set-cookie"].lower().split(";")}
    assert {"httponly", "samesite=strict", "path=/"} <= said
    assert token not in good.headers["set-cookie"]
    assert client.get("/").status_code == 200
    client.post("/logout", headers=SAME)
    assert client.get("/findings.json").status_code == 401
    assert client.get("/findings.json", headers=bearer(token)).status_code == 200


def test_who_signed_in_and_as_what(store: Store) -> None:
    access = Access(store)
    assert set(tokens.ROLES) == {"viewer", "operator", "auditor"}
    for role in set(tokens.ROLES) - {"auditor"}:
        token = give(store, role, name="Ben")
        session = access.session(access.sign_in(token))
        assert session is not None
        assert (session.name, session.role, session.token) == ("Ben", role, token.split("_")[1])
    by_link = access.session(access.redeem(access.new_link()))
    assert by_link is not None
    assert (by_link.role, by_link.token) == ("operator", None)


def test_a_store_that_cannot_be_read_opens_nothing(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from soc2_pac.errors import StoreError

    token = give(store)

    def broken(**_: object) -> None:
        msg = "the disk is gone"
        raise StoreError(msg)

    monkeypatch.setattr(store, "reading", broken)
    answer = client.get("/findings.json", headers=bearer(token))
    assert answer.status_code == 503
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("name", "days", "says"),
    [(" ", 1, "--name"), ("Ann", 0, "over already"), ("Ann", -1, "over already"), ("Ann", 367, "366 days")],
)  # fmt: skip
def test_what_nobody_should_be_given(store: Store, name: str, days: int, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        give(store, days=days, name=name)
    with store.reading() as connection:
        assert tokens.rows(connection, NOW) == []


def test_the_store_keeps_no_token_and_verifies(store: Store) -> None:
    token = give(store)
    take(store, token)
    secret = token.split("_", 2)[2]
    with store.reading() as connection:
        kept = acts.listed(connection, ("access.",))
        assert [act.kind for act in kept] == ["access.granted", "access.revoked"]
        assert not any(secret in act.body for act in kept)
        shown = json.dumps(tokens.rows(connection, NOW))
        assert secret not in shown
        assert json.loads(kept[0].body)["secret"] not in shown
    assert store.verify().problems == []


def test_somebody_who_changes_a_grant_is_found_out(store: Store) -> None:
    give(store)
    with store.database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE act SET body = replace(body, 'viewer', 'operator') WHERE kind = 'access.granted'"
        )
    assert store.verify().problems


def test_metrics_are_the_counts_of_the_store(client: TestClient, store: Store) -> None:
    failure = store.findings(statuses=[Status.FAIL], outside=False)[0]
    store.add_waiver(
        rule=failure.rule, scope=failure.scope, resource=failure.resource, reason="moves", owner="Ben",
        approver="Cid", expires_at=NOW + timedelta(days=9), by=ANN,
    )  # fmt: skip
    text = client.get("/metrics", headers=bearer(give(store))).text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    now = metrics.count_findings(store.findings(), "0")
    assert now.by[Status.FAIL, failure.severity, True] == 1
    for status in Status:
        for severity in Severity:
            for waived in (False, True) if status is Status.FAIL else (False,):
                labels = f'status="{status}",severity="{severity}",waived="{str(waived).lower()}"'
                number = int(lines.pop(f"soc2_pac_findings{{{labels}}}"))
                assert number == now.by[status, severity, waived], labels
    judged = lines.pop("soc2_pac_last_evaluation_timestamp_seconds")
    with store.reading() as connection:
        assert utc_text(datetime.fromtimestamp(float(judged), UTC)) == queries.last_instant(
            connection
        )
    assert [name.partition("{")[0] for name in lines] == ["soc2_pac_build_info"]


def test_metrics_of_a_store_without_verdicts_are_no_zeros(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soc2_pac.clock.now", lambda: NOW)
    with open_store(store_url) as empty:
        work = make_workspace(
            config.load(None, required=False), plugins.load(), sources_needed=False
        )
        token = give(empty)
        client = TestClient(build(work, empty, Access(empty), {HOST}), base_url=f"http://{HOST}")
        answer = client.get("/metrics", headers=bearer(token))
        assert answer.status_code == 503
        assert "nothing was judged" in answer.text
        assert "soc2_pac_findings" not in answer.text
