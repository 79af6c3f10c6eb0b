"""The client over HTTP: pages, faults, what errors mean, and what is refused before it is sent."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.exchange import wire
from soc2_demo.gcp import Refusal, disabled
from soc2_demo.gcp_words import NUMBERS, ORGANIZATION, PRODUCTION, asset
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
from soc2_pac.model import CollectionStatus, Scope, Selection, Unread

if TYPE_CHECKING:
    from .conftest import Source

ASSETS = "cloudasset.assets.list"
SQL = ("sqladmin", "v1", "instances.list", "items")
SQL_PATH = f"/sqladmin/v1/projects/{PRODUCTION}/instances"
BUCKET = "example.googleapis.com/Bucket"


def add_buckets(gcp: Source, number: int) -> None:
    for n in range(number):
        data = {"id": f"b{n}"}
        gcp.emulator.state.assets.append(asset(BUCKET, f"b{n}", PRODUCTION, data))


# -- pages ------------------------------------------------------------------------------------------------


def test_assets_come_by_pages_of_a_thousand(gcp: Source) -> None:
    add_buckets(gcp, 2500)
    client = gcp.client(ASSETS)
    found = list(client.assets(BUCKET))
    assert len({one["name"] for one in found}) == 2500
    assert len(gcp.emulator.requests) == gcp.meter.pages == gcp.meter.calls[ASSETS] == 3
    assert all("pageSize=1000" in path for _, path in gcp.emulator.requests)


def test_assets_of_a_project_a_folder_and_several_types(gcp: Source) -> None:
    add_buckets(gcp, 2)
    types = [BUCKET, "cloudresourcemanager.googleapis.com/Project"]
    for scope, names in (("acme-prod", 3), ("acme-data", 1), ("folders/318840027715", 4)):
        client = gcp.client(ASSETS, scope=Scope("gcp", scope))
        assert len(list(client.assets(types))) == names, scope
    assert client.scope_name == "folders/318840027715"
    assert client.project == client.organization == ""
    client = gcp.client(ASSETS, scope=Scope("gcp", "acme-prod"))
    assert (client.scope_name, client.project) == ("projects/acme-prod", "acme-prod")


def test_an_empty_inventory_is_empty(gcp: Source) -> None:
    assert list(gcp.client(ASSETS).assets("compute.googleapis.com/StoragePool")) == []


def test_content_other_than_resources(gcp: Source) -> None:
    found = list(gcp.client(ASSETS).assets(content="IAM_POLICY"))
    assert found
    assert all("iamPolicy" in one and "resource" not in one for one in found)


def test_another_api_by_pages(gcp: Source) -> None:
    gcp.emulator.state.answers[SQL_PATH] = {
        "kind": "x",
        "items": [{"name": str(n)} for n in range(7)],
    }
    client = gcp.client("sqladmin.instances.list")
    found = list(client.items(*SQL, project=PRODUCTION, maxResults=3))
    assert [one["name"] for one in found] == [str(n) for n in range(7)]
    assert gcp.meter.pages == 3


def test_what_stands_under_zones(gcp: Source) -> None:
    path = f"/compute/v1/projects/{PRODUCTION}/aggregated/instances"
    nothing = {"warning": {"code": "NO_RESULTS_ON_PAGE"}}
    places: dict[str, Any] = {"zones/a": {"instances": [{"name": "x"}]}, "zones/b": nothing}
    gcp.emulator.state.answers[path] = {"items": places}
    client = gcp.client("compute.instances.aggregatedList")
    asked = ("compute", "v1", "instances.aggregatedList", "items.*.instances")
    assert list(client.items(*asked, project=PRODUCTION)) == [{"name": "x"}]
    places["zones/c"] = {"warning": {"code": "UNREACHABLE"}}
    with pytest.raises(Unreachable, match="zones/c"):
        list(client.items(*asked, project=PRODUCTION))


@pytest.mark.parametrize("name", ["unreachable", "missingZones"])
def test_places_that_did_not_answer_make_a_listing_partial(gcp: Source, name: str) -> None:
    api = {
        "unreachable": ("run", "v2", "projects.locations.services.list", "services"),
        "missingZones": ("container", "v1", "projects.locations.clusters.list", "clusters"),
    }[name]
    path = f"/{api[0]}/{api[1]}/projects/p-prod/locations/-/{api[3]}"
    answer = {api[3]: [{"name": "a"}], name: ["europe-west1"]}
    gcp.emulator.state.answers[path] = lambda *_: json.loads(json.dumps(answer))
    client = gcp.client(f"{api[0]}.{api[2]}")
    listing = client.items(*api, parent="projects/p-prod/locations/-")
    assert next(listing) == {"name": "a"}, "what is there comes before the error"
    with pytest.raises(Unreachable, match="europe-west1"):
        next(listing)


def test_a_page_that_never_ends(gcp: Source) -> None:
    gcp.emulator.faults.add(
        "/assets", body='{"readTime": "x", "assets": [], "nextPageToken": "same"}'
    )
    with pytest.raises(Unexpected, match="never end"):
        list(gcp.client(ASSETS).assets())
    gcp.emulator.faults.clear()
    add_buckets(gcp, 2500)
    with pytest.raises(Unexpected, match="2 pages"):
        list(gcp.client(ASSETS, limits=Limits(pages=2)).assets(BUCKET))


def test_what_is_no_object_is_kept(gcp: Source) -> None:
    gcp.emulator.faults.add("/assets", body='{"assets": ["text", {"name": "n"}]}')
    assert list(gcp.client(ASSETS).assets()) == [{"$malformed": "text"}, {"name": "n"}]


# -- the guard --------------------------------------------------------------------------------------------


def test_what_was_not_declared_is_not_sent(gcp: Source) -> None:
    client = gcp.client(ASSETS)
    with pytest.raises(CallRefused):
        client.ask("storage", "v1", "buckets.get", bucket="b")
    with pytest.raises(CallRefused):
        list(client.items(*SQL, project=PRODUCTION))
    assert gcp.emulator.requests == []


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("buckets.delete", {"bucket": "b"}),
        ("buckets.insert", {"project": "p", "body": {}}),
        ("buckets.patch", {"bucket": "b", "body": {}}),
        ("buckets.setIamPolicy", {"bucket": "b", "body": {}}),
    ],
)
def test_what_writes_is_not_sent_even_if_declared(
    gcp: Source, method: str, params: dict[str, Any]
) -> None:
    client = gcp.client(f"storage.{method}")
    with pytest.raises(CallRefused, match="may write"):
        client.ask("storage", "v1", method, **params)
    assert gcp.emulator.requests == []


def test_a_reading_post_is_sent(gcp: Source) -> None:
    path = "/cloudresourcemanager/v3/projects/acme-prod:getIamPolicy"
    gcp.emulator.state.answers[path] = {"bindings": [{"role": "roles/viewer"}]}
    client = gcp.client("cloudresourcemanager.projects.getIamPolicy")
    asked = ("cloudresourcemanager", "v3", "projects.getIamPolicy")
    said = client.ask(*asked, resource="projects/acme-prod", body={})
    assert said["bindings"]
    assert gcp.emulator.requests[-1][0] == "POST"


def test_a_test_of_permissions_is_no_reading(gcp: Source) -> None:
    method = "projects.testIamPermissions"
    client = gcp.client(f"cloudresourcemanager.{method}")
    with pytest.raises(CallRefused):
        client.ask("cloudresourcemanager", "v3", method, resource="projects/p", body={})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("nosuchapi", "v1", "things.list"), "no API"),
        (("storage", "v1", "things.list"), "no method"),
        (("storage", "v1", "buckets.lists"), "no method"),
    ],
)
def test_what_does_not_exist_is_said(gcp: Source, asked: tuple[str, str, str], said: str) -> None:
    client = gcp.client(f"{asked[0]}.{asked[2]}")
    with pytest.raises(Unexpected, match=said):
        client.ask(*asked)


def test_a_misspelled_key_is_no_empty_listing(gcp: Source) -> None:
    client = gcp.client("sqladmin.instances.list")
    with pytest.raises(Unexpected, match="instances"):
        list(client.items("sqladmin", "v1", "instances.list", "instances", project=PRODUCTION))
    with pytest.raises(Unexpected, match="cannot be asked"):
        list(client.items(*SQL, projekt=PRODUCTION))


# -- errors -----------------------------------------------------------------------------------------------

FORBIDDEN = Refusal(
    403,
    "IAM_PERMISSION_DENIED",
    "Permission 'cloudsql.instances.list' denied on resource 'projects/acme-prod'.",
    {"permission": "cloudsql.instances.list"},
)
VPC = "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: Ab-1_x."
CONSTRAINT = (
    "Request is disallowed by organization's constraints/gcp.restrictServiceUsage constraint."
)
ERRORS: list[tuple[Refusal, type[ProviderError], str]] = [
    (FORBIDDEN, Denied, "cloudsql.instances.list"),
    (Refusal(403, errors=("forbidden",)), Denied, ""),
    (
        disabled("sqladmin.googleapis.com", "700000000001"),
        NotEnabled,
        "gcloud services enable sqladmin.googleapis.com --project 700000000001",
    ),
    (
        Refusal(403, message="Not used in project 123456 before.", errors=("accessNotConfigured",)),
        NotEnabled,
        "gcloud services enable sqladmin.googleapis.com --project 123456",
    ),
    (Refusal(403, "BILLING_DISABLED"), NotEnabled, "billing"),
    (Refusal(403, message=VPC), Denied, "VPC Service Controls"),
    (Refusal(403, "SECURITY_POLICY_VIOLATED"), Denied, "perimeter"),
    (Refusal(403, message=CONSTRAINT), Denied, "constraints/gcp.restrictServiceUsage"),
    (Refusal(400, message=CONSTRAINT, name="FAILED_PRECONDITION"), Denied, "constraints/gcp"),
    (Refusal(403, "USER_PROJECT_DENIED"), Denied, "quota project"),
    (Refusal(403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"), Denied, ""),
    (Refusal(403, errors=("rateLimitExceeded",)), Throttled, "quota"),
    (Refusal(429), Throttled, "quota"),
    (Refusal(401), CredentialsRejected, "credentials"),
    (Refusal(404, errors=("notFound",)), Unexpected, "404"),
    (Refusal(400, message="Invalid value"), Unexpected, "Invalid value"),
    (Refusal(409), Unexpected, "409"),
    (Refusal(500), Unreachable, "500"),
    (Refusal(503), Unreachable, "503"),
]


@pytest.mark.parametrize(("refusal", "kind", "said"), ERRORS, ids=str)
def test_what_an_error_means(
    gcp: Source, naps: list[float], refusal: Refusal, kind: type[ProviderError], said: str
) -> None:
    gcp.emulator.state.answers[SQL_PATH] = refusal
    client = gcp.client("sqladmin.instances.list")
    with pytest.raises(kind) as caught:
        list(client.items(*SQL, project=PRODUCTION))
    assert type(caught.value) is kind
    assert caught.value.operation == "sqladmin.instances.list"
    assert said in f"{caught.value} {caught.value.permission}"
    assert "UniqueIdentifier" not in str(caught.value)
    assert len(gcp.emulator.requests) == (2 if caught.value.retryable else 1)
    assert gcp.meter.calls["sqladmin.instances.list"] == len(gcp.emulator.requests)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"body": "<html>", "headers": {"Content-Type": "text/html"}}, Unexpected),
        ({"body": '{"assets": ['}, Unexpected),
        ({"body": '"text"'}, Unexpected),
        ({"body": "[]"}, Unexpected),
        ({"body": '{"assets": {}}'}, Unexpected),
        ({"body": '{"assets": "none"}'}, Unexpected),
        ({"body": '{"message": "an answer of another sort"}'}, Unexpected),
        ({"body": "<html>", "status": 403}, Unexpected),
        ({"body": "<html>", "status": 404}, Unexpected),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, Unexpected),
        ({"truncate": True}, Unreachable),
        ({"drop": True}, Unreachable),
    ],
    ids=str,
)
def test_faults_are_no_empty_listing(
    gcp: Source, naps: list[float], fault: dict[str, Any], kind: type[ProviderError]
) -> None:
    gcp.emulator.faults.add("/assets", **fault)
    with pytest.raises(kind) as caught:
        list(gcp.client(ASSETS).assets())
    assert type(caught.value) is kind
    assert caught.value.operation == ASSETS


def test_a_fault_on_a_later_page_loses_the_listing(gcp: Source, naps: list[float]) -> None:
    add_buckets(gcp, 1500)
    gcp.emulator.faults.add("pageToken", status=500)
    with pytest.raises(Unreachable):
        list(gcp.client(ASSETS).assets(BUCKET))


def test_no_answer_in_time(gcp: Source, naps: list[float]) -> None:
    gcp.emulator.faults.add("/assets", delay=2)
    with pytest.raises(Unreachable, match="in time"):
        list(gcp.client(ASSETS, timeout_seconds=1).assets())


def test_an_answer_that_is_too_large(gcp: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST_ANSWER_BYTES", 1024)
    add_buckets(gcp, 100)
    with pytest.raises(Unexpected, match="MiB"):
        list(gcp.client(ASSETS).assets(BUCKET))
    large = json.dumps({"projects": [{"name": "x" * 2000}]})
    gcp.emulator.faults.add("/v3/projects", body=large)
    connection = gcp.connect()
    with pytest.raises(Unexpected, match="MiB"):
        connection.discover("project")


def test_a_passing_trouble_is_waited_out(gcp: Source, naps: list[float]) -> None:
    gcp.emulator.faults.add("/assets", status=503, times=2)
    assert list(gcp.client(ASSETS, max_attempts=3).assets(content="IAM_POLICY"))
    assert gcp.meter.calls[ASSETS] == 3
    assert len(naps) == 2


def test_google_says_how_long_to_wait(gcp: Source, naps: list[float]) -> None:
    gcp.emulator.faults.add("/assets", status=429, headers={"Retry-After": "7"}, times=1)
    assert list(gcp.client(ASSETS).assets(content="IAM_POLICY"))
    assert 7 <= naps[0] < 8
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "21.5s"}
    body = json.dumps({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [retry]}})
    gcp.emulator.faults.add("/assets", status=429, body=body, times=1)
    assert list(gcp.client(ASSETS).assets(content="IAM_POLICY"))
    assert 21.5 <= naps[1] < 22.5


def test_the_attempts_outlast_a_quota_by_the_minute(gcp: Source, naps: list[float]) -> None:
    gcp.emulator.faults.add("/assets", status=429)
    with pytest.raises(Throttled):
        list(gcp.client(ASSETS, max_attempts=8).assets())
    assert sum(naps) > 60


def test_nobody_waits_for_ever(gcp: Source, naps: list[float]) -> None:
    gcp.emulator.faults.add("/assets", status=429, headers={"Retry-After": "86400"})
    with pytest.raises(Throttled):
        list(gcp.client(ASSETS, max_attempts=8).assets())
    assert naps == []


# -- the inventory itself -----------------------------------------------------------------------------------


def test_an_inventory_that_is_off_is_said(gcp: Source) -> None:
    path = f"/cloudasset/v1/organizations/{ORGANIZATION}/assets"
    gcp.emulator.state.answers[path] = disabled("cloudasset.googleapis.com", "987654321")
    with pytest.raises(
        NotEnabled, match=r"services enable cloudasset.googleapis.com --project 987654321"
    ):
        list(gcp.client(ASSETS).assets())


@pytest.mark.parametrize(
    ("content", "permission"),
    [
        ("RESOURCE", "listResource"),
        ("IAM_POLICY", "listIamPolicy"),
        ("ACCESS_POLICY", "listAccessPolicy"),
    ],
)
def test_an_inventory_that_is_denied_names_what_is_missing(
    gcp: Source, content: str, permission: str
) -> None:
    gcp.emulator.faults.add("/assets", status=403)
    with pytest.raises(Denied) as caught:
        list(gcp.client(ASSETS).assets(content=content))
    assert caught.value.permission == f"cloudasset.assets.{permission}"


# -- facts ------------------------------------------------------------------------------------------------


def test_facts(gcp: Source) -> None:
    answers = gcp.emulator.state.answers
    answers["/storage/v1/b/one/iam"] = {"kind": "storage#policy", "bindings": []}
    answers["/storage/v1/b/off/iam"] = disabled("storage.googleapis.com", "1")
    answers["/storage/v1/b/html/iam"] = lambda *_: Refusal(404)
    client = gcp.client("storage.buckets.getIamPolicy", "sqladmin.instances.list")

    def fact(bucket: str, **how: Any) -> object:
        made = client.fact("storage", "v1", "buckets.getIamPolicy", bucket=bucket, **how)
        assert made.operation == "storage.buckets.getIamPolicy"
        return made.call()

    assert fact("one") == {"kind": "storage#policy"}
    assert fact("one", key="kind") == "storage#policy"
    assert fact("one", key="etag") is None
    assert fact("none") is None
    with pytest.raises(Gone):
        fact("none", absent=())
    with pytest.raises(NotEnabled):
        fact("off", absent=(403, 404))
    assert fact("off", absent=("SERVICE_DISABLED",)) is None
    gcp.emulator.faults.add("/b/none", status=404, body="<html>")
    with pytest.raises(Unexpected):
        fact("none")


@pytest.mark.parametrize("body", ['{"assets": null}', '{"assets": {}}', ""], ids=str)
def test_a_listing_without_a_list_is_no_empty_listing(gcp: Source, body: str) -> None:
    gcp.emulator.faults.add("/assets", body=body)
    with pytest.raises(Unexpected):
        list(gcp.client(ASSETS).assets(BUCKET))
    gcp.emulator.faults.clear()
    gcp.emulator.faults.add("/assets", status=204, body="")
    with pytest.raises(Unexpected, match="204"):
        list(gcp.client(ASSETS).assets(BUCKET))
    gcp.emulator.faults.clear()
    gcp.emulator.faults.add("/assets", body='{"readTime": "2026-01-01T00:00:00Z"}')
    assert list(gcp.client(ASSETS).assets(BUCKET)) == [], "Google leaves out an empty list"


def test_facts_that_are_lists(gcp: Source) -> None:
    gcp.emulator.state.answers[SQL_PATH] = {"items": [{"name": str(n)} for n in range(5)]}
    client = gcp.client("sqladmin.instances.list")
    fact = client.list_fact(*SQL, project=PRODUCTION, maxResults=2)
    assert [one["name"] for one in fact.call()] == list("01234")  # type: ignore[attr-defined]
    assert gcp.meter.calls["sqladmin.instances.list"] == 3
    gcp.emulator.state.answers[SQL_PATH] = FORBIDDEN
    with pytest.raises(Denied):
        fact.call()
    assert client.list_fact(*SQL, project=PRODUCTION, absent=(403,)).call() is None


def test_once(gcp: Source) -> None:
    gcp.emulator.state.answers[SQL_PATH] = FORBIDDEN
    client = gcp.client("sqladmin.instances.list")
    for _ in range(3):
        with pytest.raises(Denied):
            client.once("sql", lambda: list(client.items(*SQL, project=PRODUCTION)))
    assert len(gcp.emulator.requests) == 1


def test_many_threads(gcp: Source) -> None:
    add_buckets(gcp, 50)
    client = gcp.client(ASSETS)
    found: list[int] = []

    def read() -> None:
        found.extend(len(list(client.assets(BUCKET))) for _ in range(5))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [50] * 40
    assert gcp.meter.calls[ASSETS] == 40


# -- who am I, and which projects ---------------------------------------------------------------------------


def test_projects_of_an_organization(gcp: Source) -> None:
    connection = gcp.connect()
    found = list(connection.discover("project"))
    live = [one for one in found if isinstance(one, Scope)]
    assert {scope.boundary for scope in live} == {"acme-prod", "acme-staging", "acme-data"}
    (unread,) = [one for one in found if isinstance(one, Unread)]
    assert unread.scope == Scope("gcp", "acme-prototype")
    assert unread.status is CollectionStatus.COMPLETE, "there is nothing of it to judge"
    assert "DELETE_REQUESTED" in unread.reason
    assert connection.discover("project") == found
    assert len(gcp.emulator.requests) == 4, "two for the organisation, two for the folder, once"
    only = Selection(accounts=("acme-prod",))
    assert connection.discover("project", only) == [Scope("gcp", "acme-prod")]
    assert connection.discover("organization") == [Scope("gcp", f"organizations/{ORGANIZATION}")]
    assert connection.spent == {
        "cloudresourcemanager.projects.list": 2,
        "cloudresourcemanager.folders.list": 2,
    }
    with pytest.raises(Unexpected):
        connection.discover("region")


def test_projects_by_pages(gcp: Source) -> None:
    template = gcp.emulator.state.projects["acme-data"]
    for n in range(700):
        project = f"acme-p-{n:04}"
        gcp.emulator.state.projects[project] = {**template, "projectId": project}
    assert len(list(gcp.connect().discover("project"))) == 704
    assert len(gcp.emulator.requests) == 6


def test_projects_of_folders(gcp: Source) -> None:
    connection = gcp.connect(folders=("318840027715",))
    assert connection.discover("organization") == [Scope("gcp", "folders/318840027715")]
    found = {str(one) for one in connection.discover("project") if isinstance(one, Scope)}
    assert found == {"gcp:acme-prod", "gcp:acme-staging"}
    assert connection.whoami().account == "folders/318840027715"


def test_a_single_project_without_an_organization(gcp: Source) -> None:
    gcp.emulator.state.organization = ""
    connection = gcp.connect(projects=("acme-prod",))
    assert connection.discover("organization") == [Scope("gcp", "acme-prod")]
    assert connection.discover("project") == [Scope("gcp", "acme-prod")]
    who = connection.whoami()
    assert (who.account, who.details["projectId"]) == ("acme-prod", "acme-prod")
    client = gcp.client(ASSETS, scope=Scope("gcp", "acme-prod"), projects=("acme-prod",))
    found = client.assets("cloudresourcemanager.googleapis.com/Project")
    assert [one["name"].rpartition("/")[2] for one in found] == [NUMBERS[PRODUCTION]]


def test_named_projects_that_are_deleted_or_not_shown(gcp: Source) -> None:
    connection = gcp.connect(projects=("acme-prototype", "acme-unknown"))
    unread, unknown = connection.discover("project")
    assert isinstance(unread, Unread)
    assert "DELETE_REQUESTED" in unread.reason
    assert unknown == Scope("gcp", "acme-unknown"), "whatever is asked there will tell"


def test_a_folder_that_is_denied_is_no_empty_folder(gcp: Source) -> None:
    gcp.emulator.faults.add("parent=folders", status=403)
    (unread,) = [
        one
        for one in gcp.connect().discover("project")
        if isinstance(one, Unread) and one.status is CollectionStatus.DENIED
    ]
    assert unread.scope == Scope("gcp", "folders/318840027715")
    assert unread.permission == "resourcemanager.projects.list"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 403}, Denied),
        ({"status": 401}, CredentialsRejected),
        ({"status": 500}, Unreachable),
        ({"status": 429}, Throttled),
        ({"body": "<html>"}, Unexpected),
        ({"body": '{"projects": 7}'}, Unexpected),
        ({"truncate": True}, Unreachable),
        ({"drop": True}, Unreachable),
        ({"body": '{"projects": [{"name": "projects/1"}]}'}, Unexpected),
    ],
    ids=str,
)
def test_an_organization_that_cannot_be_read(
    gcp: Source, naps: list[float], fault: dict[str, Any], kind: type[ProviderError]
) -> None:
    gcp.emulator.faults.add("/v3/projects", **fault)
    connection = gcp.connect()
    with pytest.raises(kind) as caught:
        connection.discover("project")
    assert type(caught.value) is kind
    assert caught.value.operation == "cloudresourcemanager.projects.list"


def test_resource_manager_that_is_off(gcp: Source) -> None:
    off = disabled("cloudresourcemanager.googleapis.com", "5")
    gcp.emulator.state.answers["/cloudresourcemanager/v3/projects"] = off
    with pytest.raises(NotEnabled, match=r"enable cloudresourcemanager.googleapis.com --project 5"):
        gcp.connect().discover("project")


def test_who_am_i(gcp: Source) -> None:
    who = gcp.connect().whoami()
    assert who.account == f"organizations/{ORGANIZATION}"
    assert who.details == {"displayName": "acme-robotics.example"}
    gcp.emulator.faults.add("/v3/organizations", status=401)
    with pytest.raises(CredentialsRejected):
        gcp.connect().whoami()
