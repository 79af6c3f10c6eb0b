"""The client over loopback, over HTTP: what answers mean, and what it never does."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.client.door import RESOURCES
from soc2_collectors.azure.client.queries import call_of
from soc2_collectors.azure.client.sight import VISIBLE
from soc2_collectors.exchange import wire
from soc2_collectors.exchange.records import MALFORMED
from soc2_demo.azure import Refusal, subscription
from soc2_demo.azure_words import PRODUCTION, SANDBOX, TENANT, azure_id, resource
from soc2_demo.http import Raw
from soc2_pac.collect.fetch import Limits, Meter
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
from soc2_pac.model import CollectionStatus, Fact, Scope, Selection, Unread

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Source

ACCOUNTS = "Microsoft.Storage/storageAccounts"
QUERY = "resources | where type =~ 'microsoft.storage/storageaccounts'"
ROWS = "RESOURCEGRAPH microsoft.storage/storageaccounts"
PRICINGS = "/subscriptions/{subscriptionId}/providers/Microsoft.Security/pricings"
BLOBS = (
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Storage/"
    "storageAccounts/{accountName}/blobServices/default"
)
USERS = "/users"


@pytest.fixture(autouse=True)
def bare(azure: Source) -> None:
    """Two subscriptions with nothing in them."""
    azure.emulator.state.tables.clear()
    azure.emulator.state.answers.clear()


def fill(azure: Source, count: int, subscription: str = PRODUCTION) -> None:
    azure.emulator.state.tables.setdefault("resources", []).extend(
        resource(subscription, "web", ACCOUNTS, f"acme{n:05}") for n in range(count)
    )


def pricings(azure: Source, found: object) -> str:
    path = PRICINGS.replace("{subscriptionId}", PRODUCTION)
    azure.emulator.state.answers[path] = found
    return path


def ask(azure: Source, **settings: Any) -> list[dict[str, Any]]:
    client = azure.client(f"GET {PRICINGS}", **settings)
    return list(client.items(PRICINGS, api_version="2024-01-01"))


# -- Resource Graph ---------------------------------------------------------------------------------------


def test_rows_come_by_pages_and_are_the_subscriptions_own(azure: Source) -> None:
    fill(azure, 25)
    fill(azure, 3, SANDBOX)
    azure.emulator.state.page = 10
    found = list(azure.client(ROWS).graph_query(QUERY))
    assert len(found) == 25
    assert {row["subscriptionId"] for row in found} == {PRODUCTION}
    assert azure.meter.calls == {ROWS: 3}
    assert azure.meter.pages == 3
    options = [query["options"] for query in azure.emulator.queries[:3]]
    assert [o.get("$skipToken") for o in options] == [None, "10", "20"]
    assert all(o["$top"] == 1000 for o in options)
    assert all(q["query"].endswith("| order by id asc") for q in azure.emulator.queries)


def test_subscriptions_share_the_pages(azure: Source) -> None:
    fill(azure, 5)
    fill(azure, 4, SANDBOX)
    connection = azure.connect()
    scopes = list(connection.discover("subscription"))
    counts, requests = {}, 0
    as_of = []
    for scope in scopes:
        assert isinstance(scope, Scope)
        meter = Meter(Limits())
        rows = list(connection.client(scope, meter, frozenset({ROWS})).graph_query(QUERY))
        counts[scope.region] = len(rows)
        as_of.append({document(row).observed_at for row in rows})
        requests += sum(meter.calls.values())
    assert counts == {PRODUCTION: 5, SANDBOX: 4}
    assert requests == 1
    assert as_of[0] == {None}, "the unit that asked saw it itself"
    assert [at is not None for at in as_of[1]] == [True], "the other has it as of then"
    assert connection.spent == {"GET /subscriptions": 1, VISIBLE: 1}


def test_who_asks_again_asks_anew(azure: Source) -> None:
    fill(azure, 1)
    client = azure.client(ROWS)
    assert len(list(client.graph_query(QUERY))) == 1
    fill(azure, 1)
    azure.emulator.state.tables["resources"][1]["id"] += "x"
    assert len(list(client.graph_query(QUERY))) == 2


def test_only_the_selected_subscriptions_are_asked_for(azure: Source) -> None:
    connection = azure.connect()
    connection.discover("subscription", Selection(regions=(SANDBOX,)))
    client = connection.client(
        Scope("azure", f"{TENANT}/{SANDBOX}"), azure.meter, frozenset({ROWS})
    )
    assert list(client.graph_query(QUERY)) == []
    assert azure.emulator.queries[0]["subscriptions"] == [SANDBOX]


def test_units_at_once_share_one_reading(azure: Source) -> None:
    numbers = [azure_id(f"s{n}") for n in range(12)]
    azure.emulator.state.subscriptions = [subscription(n, n, TENANT) for n in numbers]
    for number in numbers:
        fill(azure, 7, number)
    azure.emulator.state.page = 10
    azure.emulator.faults.add("ResourceGraph", delay=0.02)
    connection = azure.connect()
    list(connection.discover("subscription"))
    counts: dict[str, int] = {}

    def unit(number: str) -> None:
        scope = Scope("azure", f"{TENANT}/{number}")
        client = connection.client(scope, Meter(Limits()), frozenset({ROWS}))
        counts[number] = len(list(client.graph_query(QUERY)))

    threads = [threading.Thread(target=unit, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == dict.fromkeys(numbers, 7)
    assert len([q for q in azure.emulator.queries if q["query"].startswith(QUERY)]) == 9


def test_an_error_is_everybodys(azure: Source) -> None:
    connection = azure.connect(max_attempts=1)
    list(connection.discover("subscription"))
    azure.emulator.faults.add("ResourceGraph", status=500)
    for number in (PRODUCTION, SANDBOX):
        scope = Scope("azure", f"{TENANT}/{number}")
        client = connection.client(scope, Meter(Limits()), frozenset({ROWS}))
        with pytest.raises(Unreachable):
            list(client.graph_query(QUERY))
    assert len(azure.emulator.queries) == 1


def test_a_subscription_that_resource_graph_does_not_show_is_denied(azure: Source) -> None:
    fill(azure, 2)
    azure.emulator.state.hidden.add(SANDBOX)
    with pytest.raises(Denied, match="does not show") as caught:
        list(azure.client(ROWS, subscription=SANDBOX).graph_query(QUERY))
    assert SANDBOX in str(caught.value.permission)
    assert len(list(azure.client(ROWS).graph_query(QUERY))) == 2


HELD = f"/subscriptions/{PRODUCTION}/providers/Microsoft.Authorization/permissions"


@pytest.mark.parametrize(
    ("actions", "less"),
    [
        (["Microsoft.Resources/subscriptions/read", "Microsoft.Network/*/read"], []),
        (["*/read"], ["microsoft.storage/storageaccounts/READ"]),
        ([], []),
    ],
)
def test_a_type_that_the_identity_may_not_read_is_no_empty_listing(
    azure: Source, actions: list[str], less: list[str]
) -> None:
    """Resource Graph leaves its rows out without a word."""
    azure.emulator.state.tables["resources"] = []
    azure.emulator.state.answers[HELD] = [{"actions": actions, "notActions": less}]
    with pytest.raises(Denied, match="may not read this type") as caught:
        list(azure.client(ROWS).graph_query(QUERY))
    assert "microsoft.storage/storageaccounts/read" in str(caught.value.permission)


def test_what_one_assignment_leaves_out_another_gives(azure: Source) -> None:
    azure.emulator.state.answers[HELD] = [
        {"actions": ["*/read"], "notActions": ["Microsoft.Storage/*"]},
        {"actions": ["Microsoft.Storage/storageAccounts/read"], "notActions": []},
    ]
    assert list(azure.client(ROWS).graph_query(QUERY)) == []


def test_where_rows_are_shown_nobody_asks_what_the_identity_may_do(azure: Source) -> None:
    """Requests grow with the pages, and not with the subscriptions."""
    fill(azure, 2)
    assert len(list(azure.client(ROWS).graph_query(QUERY))) == 2
    assert not [path for _, path in azure.emulator.requests if "/permissions" in path]


def test_what_the_identity_may_do_is_asked_once_for_each_subscription(azure: Source) -> None:
    connection = azure.connect()
    scope = Scope("azure", f"{TENANT}/{PRODUCTION}")
    for _ in range(3):
        list(connection.client(scope, azure.meter, frozenset({ROWS})).graph_query(QUERY))
    asked = [path for _, path in azure.emulator.requests if "/permissions" in path]
    assert len(asked) == 1


def test_what_the_identity_may_do_must_be_readable(azure: Source) -> None:
    azure.emulator.state.answers[HELD] = Refusal(403)
    with pytest.raises(Denied) as caught:
        list(azure.client(ROWS).graph_query(QUERY))
    assert "Microsoft.Authorization/permissions/read" in str(caught.value.permission)


def answered(azure: Source, **parts: object) -> None:
    rows = [resource(PRODUCTION, "web", ACCOUNTS, f"acme{n}") for n in range(3)]
    body = {"totalRecords": 3, "count": 3, "data": rows, "resultTruncated": "false", **parts}
    azure.emulator.faults.add("ResourceGraph", body=json.dumps(body))


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"resultTruncated": "true"}, "cut the answer short"),
        ({"totalRecords": 4}, "counts 4 rows and gave 3"),
        ({"data": [{"name": "x"}], "totalRecords": 1}, "without an id"),
        ({"data": "text"}, "no rows"),
        ({"totalRecords": None}, "no rows"),
        ({"$skipToken": "1"}, "would never end"),
        ({"data": [resource(SANDBOX, "g", ACCOUNTS, "a")], "totalRecords": 1}, "none of the subs"),
        ({"data": ["text"], "totalRecords": 1}, "without an id"),
    ],
)
def test_an_answer_of_resource_graph_that_is_not_whole(
    azure: Source, parts: dict[str, object], why: str
) -> None:
    answered(azure, **parts)
    client = azure.client(ROWS)
    client._tables._sight._visible = {PRODUCTION: True}  # type: ignore[union-attr]
    client._tables._sight._looked = 1e18  # type: ignore[union-attr]
    found: list[dict[str, Any]] = []
    with pytest.raises(Unexpected, match=why):
        found.extend(client.graph_query(QUERY))
    assert len(found) in (0, 3)


def test_rows_that_change_between_two_pages_are_read_once_more(azure: Source) -> None:
    fill(azure, 3)
    azure.emulator.faults.add(
        "ResourceGraph", times=1, body='{"totalRecords": 2, "data": [], "resultTruncated": "false"}'
    )
    assert len(list(azure.client(ROWS).graph_query(QUERY))) == 3


def test_the_quota_of_resource_graph_is_obeyed(azure: Source, naps: list[float]) -> None:
    fill(azure, 3)
    azure.emulator.state.page = 2
    azure.emulator.state.quota = 0
    assert len(list(azure.client(ROWS).graph_query(QUERY))) == 3
    assert [round(n) for n in naps] == [5, 5]


def test_throttling_of_resource_graph_waits_as_long_as_it_says(
    azure: Source, naps: list[float]
) -> None:
    fill(azure, 1)
    quota = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:07"}
    azure.emulator.faults.add("ResourceGraph", status=429, headers=quota, times=1)
    assert len(list(azure.client(ROWS).graph_query(QUERY))) == 1
    assert 7 <= naps[0] <= 8


@pytest.mark.parametrize(
    ("query", "call"),
    [
        (QUERY, ROWS),
        ("Resources | where type == 'A.B/c'", "RESOURCEGRAPH a.b/c"),
        ("securityresources | where properties.x == 1", "RESOURCEGRAPH securityresources"),
        ("resources | where name == 'take | limit'", "RESOURCEGRAPH resources"),
    ],
)
def test_the_call_of_a_query(query: str, call: str) -> None:
    assert call_of(query) == call


@pytest.mark.parametrize("step", ["take 10", "limit 1", "join x on id", "summarize count()"])
def test_queries_that_are_not_read_by_whole_pages_are_refused(azure: Source, step: str) -> None:
    with pytest.raises(CallRefused):
        list(azure.client(ROWS).graph_query(f"{QUERY} | {step}"))
    assert azure.emulator.requests == []


# -- listings, objects, facts -------------------------------------------------------------------------------


def test_a_listing_is_read_page_by_page(azure: Source) -> None:
    pricings(azure, [{"id": f"/x/{n}"} for n in range(25)])
    azure.emulator.state.page = 10
    assert len(ask(azure)) == 25
    assert azure.meter.calls == {f"GET {PRICINGS}": 3}
    assert azure.meter.pages == 3


def test_a_directory_listing_is_read_page_by_page(azure: Source) -> None:
    azure.emulator.state.answers["/v1.0/users"] = [{"id": str(n)} for n in range(1500)]
    client = azure.client("GRAPH GET /users", subscription="")
    found = list(client.graph_items(USERS, select="id,accountEnabled"))
    assert len(found) == 1500
    assert azure.meter.calls == {"GRAPH GET /users": 2}
    assert azure.emulator.requests[0][1] == "/v1.0/users?$top=999&$select=id,accountEnabled"


def test_an_advanced_query_counts(azure: Source) -> None:
    azure.emulator.state.answers["/v1.0/users"] = [{"id": "1"}, {"id": "2"}]
    client = azure.client("GRAPH GET /users", subscription="")
    assert len(list(client.graph_items(USERS, eventual=True))) == 2
    assert azure.emulator.headers[0]["consistencylevel"] == "eventual"
    behind = json.dumps({"@odata.count": 3, "value": [{"id": "1"}]})
    azure.emulator.faults.add("users", body=behind)
    with pytest.raises(Unexpected, match="counts 3 records and gave 1"):
        list(client.graph_items(USERS, eventual=True))


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("https://evil.example/subscriptions", "another host"),
        ("{url}@evil.example/", "names a user"),
        ("{here}", "would never end"),
        (7, "no text"),
    ],
)
def test_next_pages_that_are_not_followed(azure: Source, link: object, why: str) -> None:
    here = f"{azure.url}{pricings(azure, [])}?api-version=2024-01-01"
    if isinstance(link, str):
        link = link.replace("{url}", azure.url).replace("{here}", here)
    azure.emulator.faults.add("pricings", body=json.dumps({"value": [], "nextLink": link}))
    with pytest.raises(Unexpected, match=why):
        ask(azure)


def test_a_fact_is_none_where_azure_says_so(azure: Source) -> None:
    account = resource(PRODUCTION, "web", ACCOUNTS, "acmelogs")
    call = f"GET {BLOBS}"

    def fact() -> Fact:
        return azure.client(call).fact(BLOBS, api_version="2023-05-01", of=account["id"])

    assert fact().operation == call
    assert fact().call() is None
    path = f"{account['id']}/blobServices/default"
    azure.emulator.state.answers[path] = {"properties": {"x": True}}
    assert fact().call() == {"properties": {"x": True}}
    for code in (
        "SubscriptionNotFound",
        "ResourceGroupNotFound",
        "MissingSubscriptionRegistration",
    ):
        azure.emulator.state.answers[path] = Refusal(404, code)
        with pytest.raises(ProviderError):
            fact().call()
    azure.emulator.state.answers[path] = Raw(404, (("Content-Type", "text/html"),), b"<html>")
    with pytest.raises(Unexpected):
        fact().call()


def test_ids_that_are_not_of_the_templates_sort(azure: Source) -> None:
    client = azure.client(f"GET {BLOBS}")
    other = resource(PRODUCTION, "web", "Microsoft.Sql/servers", "x")["id"]
    for wrong in (other, other + "/databases/y/z/1", "x"):
        with pytest.raises(Unexpected, match="not of that sort"):
            client.ask(BLOBS, api_version="1", of=wrong)
    assert azure.emulator.requests == []


def test_a_whole_id_fills_a_scope(azure: Source) -> None:
    path = "/{scope}/providers/Microsoft.Insights/diagnosticSettings"
    vault = resource(PRODUCTION, "web", "Microsoft.KeyVault/vaults", "v")["id"]
    azure.emulator.state.answers[path] = [{"id": "1"}]
    client = azure.client(f"GET {path}")
    fact = client.list_fact(path, api_version="2021-05-01-preview", scope=vault)
    assert fact.call() == [{"id": "1"}]
    assert azure.emulator.requests[0][1].startswith(f"{vault}/providers/Microsoft.Insights/")
    for wrong in ("", "/subscriptions/../x", "/x?y", "/x//y"):
        with pytest.raises(Unexpected):
            list(client.items(path, api_version="1", scope=wrong))


# -- what errors mean ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "error", "why"),
    [
        (Refusal(401), CredentialsRejected, "does not accept"),
        (Refusal(403), Denied, "AuthorizationFailed"),
        (Refusal(404, "SubscriptionNotFound"), NotEnabled, "subscription cannot be read"),
        (Refusal(409, "ReadOnlyDisabledSubscription"), NotEnabled, "subscription cannot be read"),
        (Refusal(409, "MissingSubscriptionRegistration"), NotEnabled, "--namespace Microsoft.Security"),
        (Refusal(400, "NoRegisteredProviderFound"), Unexpected, "NoRegisteredProviderFound"),
        (Refusal(429), Throttled, "rate limit"),
        (Refusal(500), Unreachable, "500"),
        (Refusal(404), Unexpected, "ResourceNotFound"),
        (Refusal(400), Unexpected, "BadRequest"),
        (Raw(302, (("Location", "https://evil.example"),), b""), Unexpected, "redirected"),
        (Raw(403, (("Content-Type", "text/html"),), b"<html>"), Unexpected, "text/html"),
        (Raw(200, (("Content-Type", "text/html"),), b"<html>"), Unexpected, "instead of JSON"),
        (Raw(200, (), b'{"value": '), Unexpected, "malformed JSON"),
        (Raw(200, (), b'"text"'), Unexpected, "no object"),
        (Raw(200, (), b'{"values": []}'), Unexpected, "no list"),
    ],
)  # fmt: skip
def test_what_an_answer_means(
    azure: Source, refusal: Refusal | Raw, error: type[ProviderError], why: str
) -> None:
    pricings(azure, refusal)
    with pytest.raises(error, match=why) as caught:
        ask(azure, max_attempts=1)
    assert type(caught.value) is error
    if error is Denied:
        assert "Microsoft.Security/pricings/read" in str(caught.value.permission)


@pytest.mark.parametrize(
    ("how", "why"),
    [({"truncate": True}, "broke off"), ({"drop": True}, "broke off|reached"), ({"delay": 2}, "in time")],
)  # fmt: skip
def test_lines_that_break(azure: Source, how: dict[str, Any], why: str) -> None:
    pricings(azure, [])
    azure.emulator.faults.add("pricings", **how)
    with pytest.raises(Unreachable, match=why):
        ask(azure, max_attempts=1, timeout_seconds=1)


def test_nobody_there(azure: Source) -> None:
    azure.emulator.stop()
    with pytest.raises(Unreachable, match="could not be reached"):
        ask(azure, max_attempts=1)


def test_an_answer_without_end_is_not_read(azure: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST_ANSWER_BYTES", 1024)
    pricings(azure, [{"id": "x" * 4096}])
    with pytest.raises(Unexpected, match="more than"):
        ask(azure)


def test_throttling_is_waited_out(azure: Source, naps: list[float]) -> None:
    pricings(azure, [{"id": "1"}])
    azure.emulator.faults.add("pricings", status=429, headers={"Retry-After": "9"}, times=1)
    assert len(ask(azure)) == 1
    assert 9 <= naps[0] <= 10
    assert azure.meter.calls == {f"GET {PRICINGS}": 2}


def test_a_wait_that_is_too_long_is_not_made(azure: Source, naps: list[float]) -> None:
    pricings(azure, [])
    azure.emulator.faults.add("pricings", status=429, headers={"Retry-After": "3600"})
    with pytest.raises(Throttled):
        ask(azure)
    assert naps == []


UNLICENSED = Refusal(
    403,
    "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
    "Neither tenant is B2C or tenant doesn't have premium license",
)
NO_PIM = Refusal(
    400,
    "AadPremiumLicenseRequired",
    "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.",
)
NO_RISK = Refusal(403, "Forbidden", "Your tenant is not licensed: premium license")


@pytest.mark.parametrize(
    ("path", "refusal", "named"),
    [
        ("/users", UNLICENSED, "P1"),
        ("/identityProtection/riskyUsers", NO_RISK, "P2"),
        ("/roleManagement/directory/roleEligibilityScheduleInstances", NO_PIM, "P2"),
    ],
)  # fmt: skip
def test_a_licence_that_is_missing_is_named(
    azure: Source, path: str, refusal: Refusal, named: str
) -> None:
    azure.emulator.state.answers[f"/v1.0{path}"] = refusal
    client = azure.client(f"GRAPH GET {path}", subscription="")
    with pytest.raises(NotEnabled, match=f"Entra ID {named}"):
        list(client.graph_items(path))
    with pytest.raises(NotEnabled, match=f"Entra ID {named}"):
        client.graph_list_fact(path).call()


def test_what_has_gone_meanwhile(azure: Source) -> None:
    path = "/users/{userId}/authentication/methods"
    client = azure.client(f"GRAPH GET {path}", subscription="")
    azure.emulator.state.answers["/v1.0" + path] = Refusal(
        404, "Request_ResourceNotFound", "Resource 'u-1' does not exist."
    )
    with pytest.raises(Gone):
        client.graph_list_fact(path, userId="u-1").call()
    with pytest.raises(Unexpected):
        client.graph_list_fact(path, userId="u-2").call()


def test_a_part_that_is_not_there_is_not_taken_for_its_whole(azure: Source) -> None:
    account = resource(PRODUCTION, "web", ACCOUNTS, "acmelogs")
    path = f"{account['id']}/blobServices/default"
    said = "The Resource 'Microsoft.Storage/storageAccounts/{}' under resource group 'web' was not found."
    fact = azure.client(f"GET {BLOBS}").fact(BLOBS, api_version="1", of=account["id"])
    strict = azure.client(f"GET {BLOBS}").fact(BLOBS, api_version="1", of=account["id"], absent=())
    part = Refusal(404, "ResourceNotFound", said.format("acmelogs/blobServices/default"))
    azure.emulator.state.answers[path] = part
    assert fact.call() is None
    with pytest.raises(Unexpected):
        strict.call()
    whole = Refusal(404, "ResourceNotFound", said.format("acmelogs"))
    azure.emulator.state.answers[path] = whole
    for one in (fact, strict):
        with pytest.raises(Gone):
            one.call()


def test_what_is_asked_for_itself_may_be_none(azure: Source) -> None:
    client = azure.client("GRAPH GET /groups/{groupId}", subscription="")
    assert client.graph_fact("/groups/{groupId}", groupId="g-1").call() is None
    with pytest.raises(Gone):
        client.graph_fact("/groups/{groupId}", groupId="g-1", absent=()).call()


def test_reasons_do_not_move(azure: Source) -> None:
    moving = "Denied. Correlation ID: 0f8fad5b-d9cb-469f-a165-70867728950e Timestamp: 2026-01-01T00:00:00Z"
    pricings(azure, Refusal(403, "AuthorizationFailed", moving))
    with pytest.raises(Denied) as caught:
        ask(azure)
    assert str(caught.value) == "403 AuthorizationFailed: Denied."


# -- the guard ----------------------------------------------------------------------------------------------


def test_what_is_not_declared_is_not_sent(azure: Source) -> None:
    client = azure.client("GET /other")
    calls: tuple[Callable[[], object], ...] = (
        lambda: list(client.items(PRICINGS, api_version="1")),
        lambda: list(client.graph_items(USERS)),
        lambda: list(client.graph_query(QUERY)),
        lambda: client.ask(PRICINGS, api_version="1"),
        lambda: client.graph_ask(USERS),
        lambda: client.fact(PRICINGS, api_version="1").call(),
        lambda: client.graph_fact(USERS).call(),
    )
    for call in calls:
        with pytest.raises(CallRefused):
            call()
    assert azure.emulator.requests == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_nothing_but_reading_leaves_the_process(azure: Source, method: str) -> None:
    connection = azure.connect()
    paths = ["/subscriptions/x", "/v1.0/users"]
    paths += [RESOURCES] if method != "POST" else [RESOURCES + "/x"]
    for path in paths:
        with pytest.raises(CallRefused):
            connection._door._wire.exchange(method, azure.url + path, {})
    assert azure.emulator.requests == []


def test_once_is_once(azure: Source) -> None:
    client = azure.client(f"GET {PRICINGS}", max_attempts=1)
    pricings(azure, Refusal(500))
    for _ in range(2):
        with pytest.raises(Unreachable):
            client.once("x", lambda: client.ask(PRICINGS, api_version="1"))
    assert len(azure.emulator.requests) == 1


# -- scopes -------------------------------------------------------------------------------------------------


def test_subscriptions_that_are_not_in_use_are_told(azure: Source) -> None:
    state = azure.emulator.state
    for name in ("Disabled", "Warned", "PastDue", "Deleted", "Odd"):
        state.subscriptions.append(subscription(azure_id(name), name, TENANT, name))
    state.subscriptions.append(subscription(azure_id("guest"), "guest", azure_id("elsewhere")))
    connection = azure.connect()
    found = {
        (one.scope if isinstance(one, Unread) else one).region: one
        for one in connection.discover("subscription")
    }
    assert {n for n, one in found.items() if isinstance(one, Scope)} == {PRODUCTION, SANDBOX}
    assert set(connection._tables.selected) == {PRODUCTION, SANDBOX}
    for name in ("Disabled", "Warned", "PastDue", "Deleted", "guest"):
        unread = found[azure_id(name)]
        assert isinstance(unread, Unread)
        assert unread.status is CollectionStatus.SKIPPED
    odd = found[azure_id("Odd")]
    assert isinstance(odd, Unread)
    assert odd.status is CollectionStatus.FAILED


def test_subscriptions_by_name(azure: Source) -> None:
    missing = azure_id("missing")
    connection = azure.connect(subscriptions=(SANDBOX.upper(), missing))
    found = list(connection.discover("subscription"))
    assert connection.scope_of(SANDBOX) in found
    (unread,) = [one for one in found if isinstance(one, Unread)]
    assert unread.scope == connection.scope_of(missing)
    assert unread.status is CollectionStatus.DENIED
    assert list(azure.connect(subscriptions=()).discover("subscription")) == []


def test_no_subscription_at_all_is_told(azure: Source) -> None:
    azure.emulator.state.subscriptions.clear()
    (unread,) = azure.connect().discover("subscription")
    assert isinstance(unread, Unread)
    assert unread.status is CollectionStatus.DENIED


def test_a_tenant_is_a_scope(azure: Source) -> None:
    connection = azure.connect()
    assert list(connection.discover("tenant")) == [Scope("azure", TENANT)]
    assert list(connection.discover("tenant", Selection(accounts=("other",)))) == []
    assert list(connection.discover("subscription", Selection(accounts=("other",)))) == []
    with pytest.raises(Unexpected, match="per region"):
        connection.discover("region")
    assert azure.emulator.requests == []


def test_who_am_i(azure: Source) -> None:
    azure.emulator.state.subscriptions.append(subscription(azure_id("d"), "d", TENANT, "Disabled"))
    identity = azure.connect().whoami()
    assert identity.account == TENANT
    assert identity.details["subscriptions"] == "2 to be looked at, 1 not"


# -- documents ----------------------------------------------------------------------------------------------


def test_documents_are_known_by_their_ids_without_regard_to_case() -> None:
    made = document({"id": "/subscriptions/A/resourceGroups/B", "name": "B"}, body={"x": 1})
    assert (made.uid, made.name) == ("/subscriptions/a/resourcegroups/b", "B")
    assert made.body == {"id": "/subscriptions/A/resourceGroups/B", "name": "B", "x": 1}
    assert document({"id": "Ab", "displayName": "N"}, name="displayName").uid == "Ab"


def test_malformed_records_are_kept() -> None:
    for record in ({MALFORMED: "text"}, {"name": "no id"}, {"id": 7}):
        assert document(record).uid.startswith("malformed:")
