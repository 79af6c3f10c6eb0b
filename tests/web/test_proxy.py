"""A proxy that signs people in: believed where it proves itself, and dropped everywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from soc2_pac import config, plugins
from soc2_pac.errors import ConfigError
from soc2_pac.store import open_store
from soc2_pac.web.access import Access, Session
from soc2_pac.web.app import COOKIE, HOST_COOKIE, build
from soc2_pac.web.proxy import Outsider, Proxy
from soc2_pac.workspace import make_workspace
from tests.store.mutations import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.applications import Starlette
    from starlette.datastructures import Headers

HOST, NAME = "127.0.0.1:8765", "soc2.acme.example"
SECRET = "s3cr3t-of-the-proxy-0123456789"
TABLE: dict[str, Any] = {
    "names": [NAME],
    "proxy": {"secret": {"env": "PROXY_SECRET"}, "viewers": ["staff"], "operators": ["security", "größe"]},
}  # fmt: skip
SAID = {"x-soc2-pac-proxy": SECRET, "x-forwarded-user": "ann@acme", "x-forwarded-groups": "staff"}
PAGE = {"accept": "text/html"}


@pytest.fixture
def access(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Access]:
    folder = tmp_path_factory.mktemp("proxy")
    with open_store(f"sqlite:///{folder}/s.db", create=True) as store:
        fill(store)
        yield Access(store)


def app_of(access: Access, table: dict[str, Any] | None) -> Starlette:
    settings = config.parse({"serve": table} if table else {}, None)
    work = make_workspace(settings, plugins.load(), sources_needed=False)
    proxy = Proxy(settings.serve.proxy) if settings.serve.proxy else None
    return build(work, access._store, access, {HOST}, proxy)


@pytest.fixture
def app(access: Access, monkeypatch: pytest.MonkeyPatch) -> Starlette:
    monkeypatch.setenv("PROXY_SECRET", SECRET)
    return app_of(access, TABLE)


def client_of(app: Starlette, peer: str = "127.0.0.1", name: str = NAME) -> TestClient:
    base = f"https://{name}" if name == NAME else f"http://{name}"
    return TestClient(app, base_url=base, follow_redirects=False, client=(peer, 4711))


def test_the_proxy_says_who_it_is(app: Starlette) -> None:
    for name in (NAME, HOST):
        client = client_of(app, name=name)
        assert client.get("/findings.json", headers=SAID).status_code == 200
        assert client.get("/findings.json").status_code == 401, "no session comes of it"
    assert client_of(app, "::1").get("/", headers=SAID).status_code == 200


def test_without_the_setting_nobody_is_believed(access: Access) -> None:
    client = client_of(app_of(access, None), name=HOST)
    assert client.get("/findings.json", headers=SAID).status_code == 401
    assert client_of(app_of(access, None)).get("/", headers=SAID).status_code == 421


FORGED: list[dict[str, str]] = [
    {"x-soc2-pac-proxy": ""},
    {"x-soc2-pac-proxy": SECRET[:-1]},
    {"x-soc2-pac-proxy": SECRET + "0"},
    {"x-soc2-pac-proxy": SECRET.upper()},
    {"x-soc2-pac-proxy": "é" * 30},
    {"x-forwarded-user": ""},
    {"x-forwarded-user": " "},
]


@pytest.mark.parametrize("forged", FORGED, ids=str)
def test_what_somebody_made_up_is_dropped(app: Starlette, forged: dict[str, str]) -> None:
    headers = [
        (name.encode(), value.encode("latin-1")) for name, value in {**SAID, **forged}.items()
    ]
    client = client_of(app)
    answer = client.get("/findings.json", headers=headers)
    assert answer.status_code == 401
    page = client.get("/findings", headers=[*headers, (b"accept", b"text/html")])
    assert (page.status_code, page.headers["location"]) == (303, "/login")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("name", SAID)
def test_a_header_that_is_missing_or_there_twice(app: Starlette, name: str) -> None:
    client = client_of(app)
    expected = 403 if name == "x-forwarded-groups" else 401
    lacking = {key: value for key, value in SAID.items() if key != name}
    assert client.get("/findings.json", headers=lacking).status_code == expected
    for second in (SAID[name], "security"):
        twice = [*SAID.items(), (name, second)]
        answer = client.get("/findings.json", headers=twice)
        assert answer.status_code == expected


@pytest.mark.parametrize("peer", ["127.0.0.2", "192.0.2.7", "::2", "testclient"])
def test_another_peer_is_not_the_proxy(app: Starlette, peer: str) -> None:
    assert client_of(app, peer).get("/findings.json", headers=SAID).status_code == 401


@pytest.mark.parametrize("groups", ["", "sales", "staffs", "sta", "STAFF", "staff;x", " , ,"])
def test_who_is_in_no_group_sees_nothing(app: Starlette, groups: str) -> None:
    answer = client_of(app).get("/findings.json", headers={**SAID, "x-forwarded-groups": groups})
    assert answer.status_code == 403
    assert "no group" in answer.text
    assert "fake" not in answer.text


@pytest.mark.parametrize(
    ("groups", "role"),
    [("staff", "viewer"), ("security", "operator"), ("sales, staff ,security", "operator"), ("größe", "operator")],
)  # fmt: skip
def test_groups_give_roles(monkeypatch: pytest.MonkeyPatch, groups: str, role: str) -> None:
    from starlette.datastructures import Headers

    monkeypatch.setenv("PROXY_SECRET", SECRET)
    table = config.parse({"serve": TABLE}, None).serve.proxy
    assert table is not None

    def sent(user: str, said: str) -> Headers:
        values = {**SAID, "x-forwarded-user": user, "x-forwarded-groups": said}
        return Headers(raw=[(name.encode(), value.encode()) for name, value in values.items()])

    found = Proxy(table).who("127.0.0.1", sent("zoë", groups))
    assert isinstance(found, Session)
    assert (found.name, found.role, found.token) == ("zoë", role, None)
    assert Proxy(table).who("127.0.0.1", sent("zoë", "")) == Outsider("zoë")
    assert Proxy(table).who(None, sent("zoë", groups)) is None


def test_no_other_name_leads_here_and_no_other_page_acts(app: Starlette) -> None:
    for host in ("evil.example", f"{NAME}:8765", f"x{NAME}", f"{NAME}.", "127.0.0.1"):
        assert client_of(app).get("/", headers={**SAID, "host": host}).status_code == 421
    client = client_of(app)
    for headers in ({}, {"origin": "https://evil.example"}, {"sec-fetch-site": "same-site"}):
        assert client.post("/logout", headers={**SAID, **headers}).status_code == 403
    same = {**SAID, "origin": f"https://{NAME}"}
    assert client.post("/logout", headers=same).status_code == 303


def test_behind_tls_the_cookie_is_of_this_host_alone(app: Starlette, access: Access) -> None:
    client = client_of(app)
    said = client.get("/login", params={"code": access.new_link()}).headers["set-cookie"]
    assert said.startswith(f"{HOST_COOKIE}=")
    parts = {part.strip().lower() for part in said.split(";")}
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= parts
    assert not any(part.startswith("domain") for part in parts)
    assert client.get("/findings.json").status_code == 200
    cookie = said.partition(";")[0].partition("=")[2]
    # A name without the prefix could have been set by another host of the domain, or without TLS.
    other = client_of(app)
    assert other.get("/findings.json", headers={"cookie": f"{COOKIE}={cookie}"}).status_code == 401
    left = client.post("/logout", headers={"sec-fetch-site": "same-origin"})
    assert left.headers["set-cookie"].startswith(f'{HOST_COOKIE}=""')
    again = other.get("/findings.json", headers={"cookie": f"{HOST_COOKIE}={cookie}"})
    assert again.status_code == 401


def test_the_word_of_the_proxy_counts_before_other_headers(app: Starlette) -> None:
    # Proxies hand on tokens of their own.
    headers = {**SAID, "authorization": "Bearer of-the-identity-provider"}
    assert client_of(app).get("/findings.json", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"names": []}, "serve.names"),
        ({"names": ["https://soc2.acme.example"]}, "serve.names"),
        ({"names": ["SOC2.acme.example"]}, "serve.names"),
        ({"names": ["a b"]}, "serve.names"),
        ({"proxy": {**TABLE["proxy"], "viewers": [], "operators": []}}, "name groups"),
        ({"proxy": {**TABLE["proxy"], "user_header": "x-forwarded-groups"}}, "different headers"),
        ({"proxy": {**TABLE["proxy"], "user_header": "x y"}}, "different headers"),
        ({"proxy": {**TABLE["proxy"], "secret": "plain"}}, "secret must not stand in the file"),
        ({"proxy": {**TABLE["proxy"], "viewer": ["x"]}}, "viewer"),
        ({"name": ["x"]}, "Did you mean 'names'"),
    ],
)
def test_a_wrong_setting_is_named(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        config.parse({"serve": {**TABLE, **change}}, None)


def test_a_secret_that_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    table = config.parse({"serve": TABLE}, None).serve.proxy
    assert table is not None
    monkeypatch.setenv("PROXY_SECRET", "short")
    with pytest.raises(ValueError, match="fewer than 16"):
        Proxy(table)
    monkeypatch.delenv("PROXY_SECRET")
    with pytest.raises(ConfigError, match="not set"):
        Proxy(table)
