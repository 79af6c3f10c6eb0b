"""The door to Okta: paging, retries, rate limits, what errors mean, and what is never sent."""

from __future__ import annotations

import json
import logging
import threading
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.exchange import wire
from soc2_collectors.exchange.records import MALFORMED
from soc2_collectors.okta.answers import document
from soc2_demo.okta import Refusal
from soc2_pac.collect.fetch import Limits
from soc2_pac.errors import (
    CallRefused,
    CredentialsRejected,
    Denied,
    Gone,
    NotEnabled,
    ProviderError,
    Throttled,
    Unexpected,
    Unreachable,
)

from .conftest import TOKEN

if TYPE_CHECKING:
    from .conftest import Source

ZONES = "GET /api/v1/zones"
USER = "GET /api/v1/users/{userId}"
FACTORS = "GET /api/v1/users/{userId}/factors"
ROLES = "GET /api/v1/iam/roles"


def zones(count: int) -> list[dict[str, Any]]:
    return [{"id": f"nzo{n}", "name": f"zone {n}"} for n in range(count)]


def body(code: str, summary: str, *causes: str) -> str:
    said = Refusal(400, code, summary, causes).body()
    return json.dumps(said | {"errorId": "oaeAAAA"})


@pytest.fixture
def listed(okta: Source) -> Source:
    okta.emulator.state.answers["/api/v1/zones"] = zones(5)
    return okta


def read(okta: Source, **settings: Any) -> list[dict[str, Any]]:
    return list(okta.client(ZONES, **settings).items("/api/v1/zones"))


# -- pages --------------------------------------------------------------------------------------------


def test_pages_are_followed_to_the_end(okta: Source) -> None:
    okta.emulator.state.answers["/api/v1/zones"] = zones(250)
    found = list(okta.client(ZONES).items("/api/v1/zones", limit=100, usage="POLICY"))
    assert [zone["id"] for zone in found] == [f"nzo{n}" for n in range(250)]
    assert okta.meter.calls == {ZONES: 3}
    assert okta.meter.pages == 3
    assert all("limit=100" in p and "usage=POLICY" in p for _, p in okta.emulator.requests)


def test_pages_are_read_when_they_are_needed(okta: Source) -> None:
    okta.emulator.state.answers["/api/v1/zones"] = zones(250)
    items = okta.client(ZONES).items("/api/v1/zones")
    assert okta.emulator.requests == []
    next(items)
    assert len(okta.emulator.requests) == 1


def test_a_listing_inside_an_object_names_its_next_page_there(okta: Source) -> None:
    roles = [{"id": f"cr{n}", "label": f"role {n}"} for n in range(5)]
    okta.emulator.state.answers["/api/v1/iam/roles"] = {"roles": roles, "_links": {"self": {}}}
    found = list(okta.client(ROLES).items("/api/v1/iam/roles", key="roles", limit=2))
    assert found == roles
    assert okta.meter.pages == 3


def test_a_cursor_goes_back_as_it_came(listed: Source) -> None:
    cursor = "1%2B2%3D%3D%7Ea%20b"
    link = f'<{listed.url}/api/v1/zones?limit=2&after={cursor}>; rel="next"'
    listed.emulator.faults.add(r"zones$", headers={"Link": link}, times=1)
    listed.emulator.faults.add("after", body='[{"id": "last"}]')
    found = list(listed.client(ZONES).items("/api/v1/zones"))
    assert found[-1] == {"id": "last"}
    assert listed.emulator.requests[1][1].endswith(f"after={cursor}")


def test_a_query_is_quoted(listed: Source) -> None:
    client = listed.client("GET /api/v1/users")
    left = list(client.items("/api/v1/users", filter='status eq "DEPROVISIONED"', expand=None))
    assert {one["status"] for one in left} == {"DEPROVISIONED"}
    assert "filter=status%20eq%20%22DEPROVISIONED%22" in listed.emulator.requests[0][1]
    assert "expand" not in listed.emulator.requests[0][1]


def test_an_id_cannot_leave_its_place_in_the_path(okta: Source) -> None:
    client = okta.client(USER)
    with pytest.raises(ProviderError):
        client.ask("/api/v1/users/{userId}", userId="a/../../iam/roles?x=1")
    assert okta.emulator.requests[0][1] == "/api/v1/users/a%2F..%2F..%2Fiam%2Froles%3Fx%3D1"
    for bad in ("", ".", ".."):
        with pytest.raises(Unexpected, match="is no userId"):
            client.ask("/api/v1/users/{userId}", userId=bad)
    assert len(okta.emulator.requests) == 1


def test_a_listing_that_never_ends_is_ended(okta: Source) -> None:
    okta.emulator.state.answers["/api/v1/zones"] = zones(1000)
    client = okta.client(ZONES, limits=Limits(pages=5))
    with pytest.raises(Unexpected, match="pages"):
        list(client.items("/api/v1/zones", limit=10))
    assert len(okta.emulator.requests) == 5


def test_pages_that_go_round_in_a_circle_are_noticed(listed: Source) -> None:
    for here, there in (("$", "?after=a"), ("=a$", "?after=b"), ("=b$", "?after=a")):
        link = f'<{listed.url}/api/v1/zones{there}>; rel="next"'
        listed.emulator.faults.add(f"zones{'.*' * (here != '$')}{here}", headers={"Link": link})
        listed.emulator.state.answers[f"/api/v1/zones{there}"] = zones(1)
    with pytest.raises(Unexpected, match="never end"):
        read(listed)
    assert len(listed.emulator.requests) == 3


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://other.example/api/v1/zones?after=2", "other.example"),
        ("https://{host}/api/v1/zones?after=2", "another host"),
        ("http://{host}/api/v1/users?after=2", "another listing"),
        ("http://{host}@other.example/api/v1/zones?after=2", "names a user"),
        ("/api/v1/zones?after=2", "no address"),
    ],
)
def test_the_token_follows_no_link_to_elsewhere(listed: Source, target: str, reason: str) -> None:
    target = target.format(host=listed.url.removeprefix("http://"))
    listed.emulator.faults.add("zones", headers={"Link": f'<{target}>; rel="next"'})
    with pytest.raises(Unexpected, match=reason):
        read(listed)
    assert len(listed.emulator.requests) == 1


def test_a_redirection_is_not_followed(listed: Source) -> None:
    listed.emulator.faults.add("zones", status=302, headers={"Location": f"{listed.url}/elsewhere"})
    with pytest.raises(Unexpected, match="redirected"):
        read(listed)
    assert len(listed.emulator.requests) == 1


# -- records ------------------------------------------------------------------------------------------


def test_one_malformed_record_does_not_spoil_the_page(listed: Source) -> None:
    strange: list[Any] = ["text", None, {"name": "no id"}, {"id": 7, "name": "a number"}]
    listed.emulator.state.answers["/api/v1/zones"] += strange
    records = read(listed)
    assert records[5:7] == [{MALFORMED: "text"}, {MALFORMED: None}]
    documents = [document(record, name="name") for record in records]
    assert [one.uid for one in documents[:5]] == [f"nzo{n}" for n in range(5)]
    assert documents[0].name == "zone 0"
    malformed = documents[5:]
    assert all(one.uid.startswith("malformed:") for one in malformed)
    assert len({one.uid for one in malformed}) == len(malformed)
    assert malformed[2].body == {"name": "no id"}


def test_what_is_asked_further_is_not_asked_of_a_malformed_record() -> None:
    def further(uid: str) -> dict[str, Any]:
        return {"Factors": f"of {uid}"}

    person = {"id": "00u1", "profile": {"login": "", "email": "a@b.example"}}
    made = document(person, name=("profile.login", "profile.email"), body=further)
    assert (made.uid, made.name) == ("00u1", "a@b.example")
    assert made.body == {**person, "Factors": "of 00u1"}
    assert document({"profile": 1}, name="profile.login", body=further).body == {"profile": 1}
    assert document({"id": "00u1"}, name="profile.login").name == "00u1"
    assert document({"key": "k"}, name="label", uid="key", body={"A": 1}).body == {
        "key": "k",
        "A": 1,
    }


def test_an_answer_says_only_what_okta_said(okta: Source) -> None:
    person = okta.emulator.state.answers["/api/v1/users"][0]
    client = okta.client(USER)
    assert client.ask("/api/v1/users/{userId}", userId=person["id"]) == person


# -- errors -------------------------------------------------------------------------------------------


DATE = formatdate(1_700_000_000, usegmt=True)
SPENT = {"X-Rate-Limit-Limit": "10", "X-Rate-Limit-Remaining": "0", "Date": DATE}
LATER = {**SPENT, "X-Rate-Limit-Reset": "1700099999"}
ERRORS = [
    (401, {}, body("E0000011", "Invalid token provided"), CredentialsRejected, "Invalid token"),
    (403, {}, body("E0000005", "Invalid session"), CredentialsRejected, "Invalid session"),
    (401, {}, "", CredentialsRejected, "401"),
    (403, {}, body("E0000006", "You do not have permission"), Denied, "You do not have permission"),
    (403, {}, body("E0000022", "no"), Denied, "403"),
    (403, {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}, "", Denied, "403"),
    # Okta says so with 401, though the credentials are right.
    (401, {}, body("E0000015", "You do not have permission to access the feature"), NotEnabled, "feature"),
    (400, {}, body("E0000001", "Zones is not enabled for this org"), NotEnabled, "not enabled"),
    (404, {}, body("E0000007", "Not found: Resource not found: me (User)"), Unexpected, "404"),
    (404, {"Content-Type": "text/html"}, "<html>no Okta here</html>", Unexpected, "text/html"),
    (403, {"Content-Type": "text/html"}, "<html>firewall</html>", Unexpected, "text/html"),
    (400, {}, body("E0000001", "Api validation failed", "Bad filter."), Unexpected, "Bad filter."),
    (405, {}, body("E0000022", "The endpoint does not support"), Unexpected, "405"),
    (429, LATER, body("E0000047", "too many"), Throttled, "rate limit"),
    (429, {"X-Rate-Limit-Limit": "0", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "1"},
     body("E0000047", "too many"), Throttled, "at the same time"),
    (429, {}, "", Throttled, "rate limit"),
    (500, {}, body("E0000009", "Internal Server Error"), Unreachable, "500"),
    (503, {"Content-Type": "text/html"}, "<html>maintenance</html>", Unreachable, "503"),
    (200, {"Content-Type": "text/html"}, "<html>sign in</html>", Unexpected, "org_url"),
    (200, {}, '[{"id": "nzo1"', Unexpected, "malformed"),
    (200, {}, '["\udcff"]', Unexpected, "malformed"),
    (200, {}, '{"id": "no list"}', Unexpected, "no list"),
    (418, {}, "null", Unexpected, "418"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "headers", "text", "error", "reason"),
    ERRORS,
    ids=[f"{n}-{e[0]}-{e[3].__name__}" for n, e in enumerate(ERRORS)],
)
def test_errors_are_told_apart(
    okta: Source,
    naps: list[float],
    status: int,
    headers: dict[str, str],
    text: str,
    error: type[ProviderError],
    reason: str,
) -> None:
    okta.emulator.faults.add("zones", status=status, headers=headers, body=text)
    with pytest.raises(error) as caught:
        read(okta)
    assert type(caught.value) is error
    assert reason in str(caught.value)
    assert caught.value.operation == ZONES
    for leak in ("oaeAAAA", "1700099999", TOKEN):
        assert leak not in str(caught.value)


@pytest.mark.parametrize("code", ["E0000006", "E0000015"])
def test_a_denied_call_names_scope_and_role(okta: Source, code: str) -> None:
    okta.emulator.faults.add("zones", status=403, body=body(code, "no"))
    with pytest.raises((Denied, NotEnabled)) as caught:
        read(okta)
    assert caught.value.permission is not None
    assert "okta.networkZones.read" in caught.value.permission
    assert "Read-only Administrator" in caught.value.permission


def test_what_was_listed_a_moment_ago_may_have_gone(okta: Source) -> None:
    client = okta.client(USER, FACTORS)
    with pytest.raises(Gone):
        client.ask("/api/v1/users/{userId}", userId="00ugone")
    with pytest.raises(Gone):
        client.list_fact("/api/v1/users/{userId}/factors", userId="factors").call()


def test_not_found_is_gone_only_where_it_names_what_was_asked_for(okta: Source) -> None:
    okta.emulator.faults.add("users", status=404, body=body("E0000007", "Not found: (User)"))
    with pytest.raises(Unexpected):
        okta.client(USER).ask("/api/v1/users/{userId}", userId="00ugone")


# -- troubles that pass -------------------------------------------------------------------------------


def test_a_passing_trouble_is_waited_out(listed: Source, naps: list[float]) -> None:
    listed.emulator.faults.add("zones", status=500, times=2)
    assert len(read(listed, max_attempts=3)) == 5
    assert len(naps) == 2
    assert naps[0] <= 1 < naps[1] * 2
    assert listed.meter.calls == {ZONES: 3}, "every attempt is counted"


def test_a_spent_limit_is_waited_out_as_told(listed: Source, naps: list[float]) -> None:
    headers = {**SPENT, "X-Rate-Limit-Reset": "1700000007"}
    listed.emulator.faults.add("zones", status=429, headers=headers, times=1)
    assert len(read(listed)) == 5
    assert 8 <= sum(naps) < 9
    assert len(listed.emulator.requests) == 2


def test_the_wait_is_told_by_the_servers_clock_alone(listed: Source, naps: list[float]) -> None:
    listed.emulator.now = lambda: time.time() + 86_400 + sum(naps)
    listed.emulator.state.rate_limit = 2
    client = listed.client(ZONES, rate_limit_share=1)
    for _ in range(3):
        list(client.items("/api/v1/zones"))
    assert 0 < sum(naps) <= 62


def test_a_concurrent_limit_is_no_window(listed: Source, naps: list[float]) -> None:
    headers = {"X-Rate-Limit-Limit": "0", "X-Rate-Limit-Remaining": "0"}
    later = {"X-Rate-Limit-Reset": "99999999999"}
    listed.emulator.faults.add("zones", status=429, headers=headers | later, times=1)
    assert len(read(listed)) == 5
    assert len(naps) == 1
    assert naps[0] <= 1


def test_retry_after_is_obeyed(listed: Source, naps: list[float]) -> None:
    listed.emulator.faults.add("zones", status=429, headers={"Retry-After": "7"}, times=1)
    listed.emulator.state.rate_limit = 10_000
    assert len(read(listed)) == 5
    assert 7 <= naps[0] <= 8


def test_a_wait_beyond_the_budget_is_not_waited(listed: Source, naps: list[float]) -> None:
    listed.emulator.faults.add("zones", status=429, headers=LATER)
    with pytest.raises(Throttled):
        read(listed)
    assert naps == []
    assert len(listed.emulator.requests) == 1


def test_attempts_are_bounded(listed: Source, naps: list[float]) -> None:
    listed.emulator.faults.add("zones", status=500)
    with pytest.raises(Unreachable):
        read(listed, max_attempts=4)
    assert len(listed.emulator.requests) == 4


def test_a_denial_is_not_tried_again(listed: Source, naps: list[float]) -> None:
    listed.emulator.faults.add("zones", status=403)
    with pytest.raises(Denied):
        read(listed, max_attempts=4)
    assert len(listed.emulator.requests) == 1


@pytest.mark.parametrize("how", ["truncate", "drop"])
def test_an_answer_that_breaks_off_is_no_answer(
    listed: Source, naps: list[float], how: str
) -> None:
    listed.emulator.faults.add("zones", truncate=how == "truncate", drop=how == "drop")
    with pytest.raises(Unreachable, match="broke off"):
        read(listed)
    assert len(listed.emulator.requests) >= 2


def test_a_slow_answer_is_not_waited_for(listed: Source, naps: list[float]) -> None:
    listed.emulator.faults.add("zones", delay=3)
    with pytest.raises(Unreachable, match="in time"):
        read(listed, timeout_seconds=1, max_attempts=1)


def test_nobody_there(listed: Source, naps: list[float]) -> None:
    client = listed.client(ZONES)
    listed.emulator.stop()
    with pytest.raises(Unreachable, match="could not be reached"):
        list(client.items("/api/v1/zones"))


def test_an_endless_answer_is_refused_while_it_is_read(
    listed: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LARGEST_ANSWER_BYTES", 1024 * 1024)
    listed.emulator.faults.add("zones", body=json.dumps(["x" * 2_000_000]))
    with pytest.raises(Unexpected, match="more than 1 MiB"):
        read(listed)


# -- the share of the rate limit ----------------------------------------------------------------------


@pytest.mark.parametrize(("share", "most"), [(0.5, 5), (0.2, 2), (1, 10), (0.01, 1)])
def test_no_more_than_the_share_is_used(
    listed: Source, naps: list[float], share: float, most: int
) -> None:
    began = time.time() // 60 * 60
    listed.emulator.now = lambda: began + sum(naps)
    listed.emulator.state.rate_limit = 10
    client = listed.client(ZONES, rate_limit_share=share)
    for _ in range(2 * most + 1):
        list(client.items("/api/v1/zones"))
    assert max(listed.emulator.used.values()) == most
    assert len(listed.emulator.used) == 3
    assert len(listed.emulator.requests) == 2 * most + 1, "none was refused"


def test_the_share_is_shared_by_threads(listed: Source, naps: list[float]) -> None:
    began = time.time() // 60 * 60
    listed.emulator.now = lambda: began + sum(naps)
    listed.emulator.state.rate_limit = 20
    client = listed.client(ZONES, rate_limit_share=0.5)
    list(client.items("/api/v1/zones"))
    listed.emulator.faults.add("zones", delay=0.1)
    threads = [
        threading.Thread(target=lambda: list(client.items("/api/v1/zones"))) for _ in range(9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(listed.emulator.used.values()) <= 10


def test_endpoints_have_limits_of_their_own(listed: Source, naps: list[float]) -> None:
    listed.emulator.state.rate_limit = 2
    client = listed.client(ZONES, "GET /api/v1/users")
    list(client.items("/api/v1/zones"))
    list(client.items("/api/v1/users"))
    assert naps == []


def test_what_others_used_up_is_not_ours_to_use(listed: Source, naps: list[float]) -> None:
    told = {"X-Rate-Limit-Limit": "600", "X-Rate-Limit-Remaining": "200", "Date": DATE}
    listed.emulator.faults.add(
        "zones", headers={**told, "X-Rate-Limit-Reset": "1700000030"}, times=1
    )
    client = listed.client(ZONES)
    list(client.items("/api/v1/zones"))
    list(client.items("/api/v1/zones"))
    assert sum(naps) == pytest.approx(31, abs=1)


def test_a_share_that_never_comes_free_is_told(listed: Source, naps: list[float]) -> None:
    listed.emulator.faults.add("zones", headers=LATER, times=1)
    client = listed.client(ZONES)
    list(client.items("/api/v1/zones"))
    with pytest.raises(Throttled, match="may use of"):
        list(client.items("/api/v1/zones"))


# -- the guard ----------------------------------------------------------------------------------------


def test_a_call_that_was_not_declared_is_refused(okta: Source) -> None:
    client = okta.client(ZONES)
    with pytest.raises(CallRefused):
        client.ask("/api/v1/org")
    with pytest.raises(CallRefused):
        list(client.items("/api/v1/users"))
    with pytest.raises(CallRefused):
        client.fact("/api/v1/org").call()
    with pytest.raises(CallRefused):
        client.list_fact("/api/v1/users").call()
    assert okta.emulator.requests == []


# -- facts --------------------------------------------------------------------------------------------


FEATURES = "GET /api/v1/apps/{appId}/features"
NO_PROVISIONING = body(
    "E0000001", "Api validation failed: feature", "Provisioning is not supported."
)


def test_none_is_an_answer_where_okta_says_so(okta: Source) -> None:
    okta.emulator.faults.add("features", status=400, body=NO_PROVISIONING)
    client = okta.client(FEATURES)
    path = FEATURES.removeprefix("GET ")
    meanings = ("Provisioning is not supported.",)
    assert client.list_fact(path, appId="0oa1", absent=meanings).call() is None
    assert client.fact(path, appId="0oa1", absent=meanings).call() is None
    assert client.fact(path, appId="0oa1", absent=("E0000001",)).call() is None
    with pytest.raises(Unexpected, match="Provisioning"):
        client.fact(path, appId="0oa1").call()


def test_not_found_means_none_only_in_oktas_words(okta: Source) -> None:
    client = okta.client(USER)
    fact = client.fact("/api/v1/users/{userId}", userId="00unobody")
    assert fact.operation == USER
    assert fact.call() is None
    okta.emulator.faults.add("users", status=404, body="<html>a proxy</html>")
    with pytest.raises(Unexpected):
        fact.call()


@pytest.mark.parametrize("status", [401, 403, 500])
def test_may_not_see_is_no_answer(okta: Source, naps: list[float], status: int) -> None:
    okta.emulator.faults.add("users", status=status)
    with pytest.raises(ProviderError):
        okta.client(USER).fact("/api/v1/users/{userId}", userId="00u1").call()


def test_a_listing_of_a_resource(okta: Source) -> None:
    factors = [{"id": f"fac{n}"} for n in range(3)]
    okta.emulator.state.answers["/api/v1/users/00u1/factors"] = factors
    client = okta.client(FACTORS)
    path = FACTORS.removeprefix("GET ")
    assert client.list_fact(path, userId="00u1", limit=2).call() == factors


def test_what_is_asked_once_is_asked_once(okta: Source) -> None:
    client = okta.client("GET /api/v1/org")
    names = [client.once("org", lambda: client.ask("/api/v1/org"))["companyName"] for _ in "123"]
    assert names == ["Acme Robotics"] * 3
    assert len(okta.emulator.requests) == 1
    okta.emulator.faults.add("org", status=403)
    for _ in "12":
        with pytest.raises(Denied):
            client.once("again", lambda: client.ask("/api/v1/org"))
    assert len(okta.emulator.requests) == 2


# -- what stays behind --------------------------------------------------------------------------------


def test_no_log_holds_the_token(listed: Source, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    read(listed)
    listed.emulator.faults.add("zones", status=401)
    with pytest.raises(CredentialsRejected):
        read(listed)
    listed.emulator.stop()
    with pytest.raises(Unreachable):
        read(listed, max_attempts=1)
    assert TOKEN not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
