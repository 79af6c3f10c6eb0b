"""The door to GitHub: paging, retries, what errors mean, and what is never sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.github.queries import ORGANIZATION_MEMBERS, Query, only_reads
from soc2_pac.collect.fetch import Limits
from soc2_pac.errors import (
    CallRefused,
    CredentialsRejected,
    Denied,
    NotEnabled,
    ProviderError,
    Throttled,
    Unexpected,
    Unreachable,
)

if TYPE_CHECKING:
    from .conftest import Source

TEAMS = "GET /orgs/{org}/teams"
ORG = "GET /orgs/{org}"


def teams(count: int) -> list[dict[str, Any]]:
    return [{"node_id": f"T_{n}", "slug": f"t{n}", "name": f"t{n}", "id": n} for n in range(count)]


def test_rest_pages_are_followed_to_the_end(github: Source) -> None:
    github.emulator.state.rest["/orgs/acme-robotics/teams"] = teams(250)
    found = list(github.client(TEAMS).items("/orgs/{org}/teams"))
    assert [team["id"] for team in found] == list(range(250))
    assert github.meter.calls == {TEAMS: 3}
    assert github.meter.pages == 3
    assert all("per_page=100" in path for _, path in github.emulator.requests)


def test_pages_are_read_when_they_are_needed(github: Source) -> None:
    github.emulator.state.rest["/orgs/acme-robotics/teams"] = teams(250)
    items = github.client(TEAMS).items("/orgs/{org}/teams")
    assert len(github.emulator.requests) == 0
    next(items)
    assert len(github.emulator.requests) == 1


def test_graphql_pages_are_followed_to_the_end(github: Source) -> None:
    edge = github.emulator.state.members[0]
    github.emulator.state.members = [
        {**edge, "node": {**edge["node"], "id": f"U_{n}"}} for n in range(230)
    ]
    client = github.client(ORGANIZATION_MEMBERS.call)
    found = list(
        client.graphql(
            ORGANIZATION_MEMBERS, {"org": "acme-robotics"}, "organization.membersWithRole"
        )
    )
    assert [e["node"]["id"] for e in found] == [f"U_{n}" for n in range(230)]
    assert [body["variables"]["after"] for body in github.emulator.bodies] == [None, "100", "200"]


def test_a_graphql_page_that_takes_too_long_is_halved(github: Source, naps: list[float]) -> None:
    github.emulator.faults.add("graphql", status=502, times=2)
    client = github.client(ORGANIZATION_MEMBERS.call)
    variables = {"org": "acme-robotics"}
    found = list(client.graphql(ORGANIZATION_MEMBERS, variables, "organization.membersWithRole"))
    assert len(found) == len(github.emulator.state.members)
    assert [body["variables"]["first"] for body in github.emulator.bodies] == [100, 100, 50]


def test_an_answer_says_only_what_github_said(github: Source) -> None:
    said = github.client(ORG).ask("/orgs/{org}")
    assert said == github.emulator.state.rest["/orgs/acme-robotics"]


def test_the_organisation_is_who_the_token_is_for(github: Source) -> None:
    identity = github.connect().whoami()
    assert identity.account == "acme-robotics"
    assert identity.principal == github.emulator.state.rest["/user"]["login"]
    assert "scopes" in identity.details


ERRORS = [
    (401, {}, '{"message": "Bad credentials"}', CredentialsRejected, "Bad credentials"),
    (
        403, {"X-Accepted-GitHub-Permissions": "members=read"},
        '{"message": "Resource not accessible by integration"}', Denied, "Resource not accessible",
    ),
    (
        403, {"X-GitHub-SSO": "required; url=https://github.example/sso?token=AAAA"},
        '{"message": "Resource protected by organization SAML enforcement."}', Denied, "single sign-on",
    ),
    (404, {}, '{"message": "Not Found"}', Denied, "hides"),
    (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"},
     '{"message": "API rate limit exceeded for user ID 17"}', Throttled, "rate limit"),
    (403, {}, '{"message": "You have exceeded a secondary rate limit."}', Throttled, "secondary"),
    (429, {"Retry-After": "2"}, '{"message": "slow down"}', Throttled, "rate limit"),
    (500, {}, '{"message": "oops"}', Unreachable, "500"),
    (503, {}, "", Unreachable, "503"),
    (403, {}, '{"message": "Upgrade to GitHub Pro or make it public."}', NotEnabled, "Upgrade"),
    (404, {"Content-Type": "text/html"}, "<html>no API here</html>", Unexpected, "text/html"),
    (200, {"Content-Type": "text/html"}, "<html>sign in</html>", Unexpected, "base_url"),
    (200, {}, '[{"node_id": "T_1"', Unexpected, "malformed"),
    (200, {}, '{"message": "no list"}', Unexpected, "no list"),
    (418, {}, "null", Unexpected, "418"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "headers", "body", "error", "reason"),
    ERRORS,
    ids=[f"{e[0]}-{e[3].__name__}-{e[4]}" for e in ERRORS],
)
def test_errors_are_told_apart(
    github: Source,
    naps: list[float],
    status: int,
    headers: dict[str, str],
    body: str,
    error: type[ProviderError],
    reason: str,
) -> None:
    github.emulator.faults.add("/teams", status=status, headers=headers, body=body)
    with pytest.raises(error) as caught:
        list(github.client(TEAMS).items("/orgs/{org}/teams"))
    assert reason in str(caught.value)
    assert caught.value.operation == TEAMS
    for leak in ("AAAA", "99999999999", "ID 17"):
        assert leak not in str(caught.value)


def test_a_denied_call_names_the_permission(github: Source) -> None:
    github.emulator.faults.add(
        "/teams", status=403, body='{"message": "Must have admin rights"}',
        headers={"X-Accepted-GitHub-Permissions": "members=read",
                 "X-Accepted-OAuth-Scopes": "admin:org, read:org"},
    )  # fmt: skip
    with pytest.raises(Denied) as caught:
        list(github.client(TEAMS).items("/orgs/{org}/teams"))
    assert caught.value.permission is not None
    assert "members=read" in caught.value.permission
    assert "admin:org or read:org" in caught.value.permission


def test_a_denied_call_names_the_permission_where_github_does_not(github: Source) -> None:
    github.emulator.faults.add("/teams", status=403, body='{"message": "no"}')
    with pytest.raises(Denied) as caught:
        list(github.client(TEAMS).items("/orgs/{org}/teams"))
    assert caught.value.permission == "members=read"


def test_a_passing_trouble_is_waited_out(github: Source, naps: list[float]) -> None:
    github.emulator.faults.add("/teams", status=429, headers={"Retry-After": "7"}, times=1)
    found = list(github.client(TEAMS).items("/orgs/{org}/teams"))
    assert len(found) == len(github.emulator.state.rest["/orgs/acme-robotics/teams"])
    assert len(naps) == 1
    assert 7 <= naps[0] < 9
    assert github.meter.calls == {TEAMS: 2}, "every attempt is counted"


def test_a_wait_beyond_the_budget_is_not_waited(github: Source, naps: list[float]) -> None:
    github.emulator.faults.add("/teams", status=429, headers={"Retry-After": "3600"})
    with pytest.raises(Throttled):
        list(github.client(TEAMS).items("/orgs/{org}/teams"))
    assert naps == []
    assert len(github.emulator.requests) == 1


def test_attempts_are_bounded(github: Source, naps: list[float]) -> None:
    github.emulator.faults.add("/teams", status=500)
    with pytest.raises(Unreachable):
        list(github.client(TEAMS, max_attempts=4).items("/orgs/{org}/teams"))
    assert len(github.emulator.requests) == 4


def test_a_denial_is_not_tried_again(github: Source, naps: list[float]) -> None:
    github.emulator.faults.add("/teams", status=403, body='{"message": "no"}')
    with pytest.raises(Denied):
        list(github.client(TEAMS, max_attempts=4).items("/orgs/{org}/teams"))
    assert len(github.emulator.requests) == 1


def test_a_truncated_answer_is_no_answer(github: Source, naps: list[float]) -> None:
    github.emulator.faults.add("/teams", truncate=True)
    with pytest.raises(Unreachable):
        list(github.client(TEAMS).items("/orgs/{org}/teams"))


def test_a_slow_answer_is_not_waited_for(github: Source, naps: list[float]) -> None:
    github.emulator.faults.add("/teams", delay=3)
    with pytest.raises(Unreachable, match="in time"):
        list(github.client(TEAMS, timeout_seconds=1, max_attempts=1).items("/orgs/{org}/teams"))


def test_nobody_there(github: Source, naps: list[float]) -> None:
    client = github.client(TEAMS)
    github.emulator.stop()
    with pytest.raises(Unreachable):
        list(client.items("/orgs/{org}/teams"))


def test_a_listing_that_never_ends_is_ended(github: Source) -> None:
    path = "/orgs/acme-robotics/teams"
    github.emulator.state.rest[path] = teams(100 * 50)
    with pytest.raises(Unexpected, match="pages"):
        list(github.client(TEAMS, limits=Limits(pages=5)).items("/orgs/{org}/teams"))
    assert len(github.emulator.requests) == 5


def test_a_page_that_names_itself_as_the_next_is_noticed(github: Source) -> None:
    url = f"{github.url}/orgs/acme-robotics/teams?page=2"
    github.emulator.faults.add("/teams", headers={"Link": f'<{url}>; rel="next"'})
    with pytest.raises(Unexpected, match="never end"):
        list(github.client(TEAMS).items("/orgs/{org}/teams"))


def test_the_token_does_not_follow_a_link_to_another_host(github: Source) -> None:
    github.emulator.faults.add(
        "/teams", headers={"Link": '<http://localhost.example/teams?page=2>; rel="next"'}
    )
    with pytest.raises((Unexpected, Unreachable, Denied)):
        list(github.client(TEAMS).items("/orgs/{org}/teams"))


@pytest.mark.parametrize(
    "there",
    [
        "@elsewhere.example/teams",
        "https://127.0.0.1@elsewhere.example/teams",
        "\\\\elsewhere.example/teams",
        "//elsewhere.example/teams",
        "https://elsewhere.example/teams",
        "x:y",
        "http://[/",
    ],
)
def test_a_next_page_elsewhere_is_not_asked_for(github: Source, there: str) -> None:
    github.emulator.faults.add("/teams", headers={"Link": f'<{there}>; rel="next"'})
    with pytest.raises(Unexpected, match=r"next page that is no address|next page on another host"):
        list(github.client(TEAMS).items("/orgs/{org}/teams"))
    assert len(github.emulator.requests) == 1


def test_graphql_errors_are_errors_though_the_status_is_200(github: Source) -> None:
    github.emulator.faults.add(
        "graphql",
        body='{"data": {"organization": null}, "errors": [{"type": "FORBIDDEN", "message": "no"}]}',
    )
    client = github.client(ORGANIZATION_MEMBERS.call)
    with pytest.raises(Denied) as caught:
        client.query(ORGANIZATION_MEMBERS, {"org": "acme-robotics", "first": 1, "after": None})
    assert caught.value.permission is not None
    assert "members=read" in caught.value.permission


def test_graphql_rate_limit(github: Source, naps: list[float]) -> None:
    github.emulator.faults.add(
        "graphql", body='{"errors": [{"type": "RATE_LIMITED", "message": "API rate limit"}]}'
    )
    client = github.client(ORGANIZATION_MEMBERS.call)
    with pytest.raises(Throttled):
        client.query(ORGANIZATION_MEMBERS, {"org": "acme-robotics", "first": 1, "after": None})


# -- the guard ----------------------------------------------------------------------------------------


def test_a_call_that_was_not_declared_is_refused(github: Source) -> None:
    client = github.client(TEAMS)
    with pytest.raises(CallRefused):
        client.ask("/orgs/{org}")
    with pytest.raises(CallRefused):
        list(client.items("/orgs/{org}/repos"))
    with pytest.raises(CallRefused):
        client.query(ORGANIZATION_MEMBERS, {})
    with pytest.raises(CallRefused):
        client.fact("/orgs/{org}/actions/permissions").call()
    assert github.emulator.requests == []


WRITING = [
    "mutation Rename { updateRepository(input: {}) { clientMutationId } }",
    "query A { viewer { login } } mutation B { x }",
    "{ viewer { login } } subscription S { x }",
    "fragment F on User { login } mutation M { x }",
    '# query\nmutation { x(text: "query {}") }',
    "query A { viewer { login }",
    "query A { viewer } }",
    "",
]


@pytest.mark.parametrize("document", WRITING)
def test_graphql_that_may_write_is_refused(github: Source, document: str) -> None:
    query = Query("Sneaky", document)
    client = github.client(query.call)
    with pytest.raises(CallRefused):
        client.query(query, {})
    assert github.emulator.requests == []


def test_graphql_that_reads_is_let_through() -> None:
    assert only_reads('query A { search(query: "mutation { x }") { edges { node { id } } } }')
    assert only_reads("{ viewer { login } }")
    assert only_reads("query A { ...F } fragment F on User { login }")


# -- facts --------------------------------------------------------------------------------------------


PROTECTION = "GET /repos/{owner}/{repo}/branches/{branch}/protection"


def protection(github: Source) -> object:
    client = github.client(PROTECTION)
    path = PROTECTION.removeprefix("GET ")
    fact = client.fact(path, absent=("Branch not protected",), repo="api", branch="main")
    return fact.call()


def test_not_protected_is_an_answer(github: Source) -> None:
    github.emulator.faults.add(
        "/protection", status=404, body='{"message": "Branch not protected"}'
    )
    assert protection(github) is None


@pytest.mark.parametrize("status", [403, 404])
def test_may_not_see_is_no_answer(github: Source, status: int) -> None:
    github.emulator.faults.add("/protection", status=status, body='{"message": "Not Found"}')
    with pytest.raises(Denied) as caught:
        protection(github)
    assert caught.value.permission == "administration=read"
