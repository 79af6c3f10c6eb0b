"""What is granted on a resource: by its own policy, and from above."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.gcp.models.iam import IamPolicy, Inheritance, Member
from soc2_pac.model import CollectionStatus as S
from soc2_pac.resources import view

from .walk import look

if TYPE_CHECKING:
    from .conftest import Source

TOP, FOLDER, PROJECT = "organizations/1", "folders/2", "projects/3"
MANAGER = "cloudresourcemanager.googleapis.com"


def policy(
    asset_type: str, name: str, ancestors: list[str], *bindings: dict[str, Any]
) -> IamPolicy:
    body = {
        "name": name,
        "assetType": asset_type,
        "ancestors": ancestors,
        "iamPolicy": {"bindings": list(bindings)},
    }
    return view(IamPolicy, json.dumps(body))


def grant(role: str, *members: str, **other: Any) -> dict[str, Any]:
    return {"role": role, "members": list(members), **other}


ANA = "user:ana@acme-robotics.example"
CONDITION = {"title": "until May", "expression": 'request.time < timestamp("2026-05-01T00:00:00Z")'}
NODES = [
    policy(f"{MANAGER}/Organization", f"//{MANAGER}/{TOP}", [TOP], grant("roles/owner", ANA)),
    policy(
        f"{MANAGER}/Folder",
        f"//{MANAGER}/{FOLDER}",
        [FOLDER, TOP],
        grant("roles/viewer", "group:all@acme-robotics.example", condition=CONDITION),
    ),
    policy(
        f"{MANAGER}/Project",
        f"//{MANAGER}/{PROJECT}",
        [PROJECT, FOLDER, TOP],
        grant("roles/editor", "serviceAccount:x@acme.iam.gserviceaccount.com"),
    ),
]
BUCKET = policy(
    "storage.googleapis.com/Bucket",
    "//storage.googleapis.com/b",
    [PROJECT, FOLDER, TOP],
    grant("roles/storage.objectViewer", "allUsers"),
)


def test_what_is_inherited() -> None:
    found = list(Inheritance([*NODES, BUCKET]).grants(BUCKET))
    assert [(g.role, g.member.sort, g.inherited) for g in found] == [
        ("roles/storage.objectViewer", "allUsers", False),
        ("roles/editor", "serviceAccount", True),
        ("roles/viewer", "group", True),
        ("roles/owner", "user", True),
    ]
    assert [g.condition is not None for g in found] == [False, False, True, False]
    assert found[3].source == f"//{MANAGER}/{TOP}"


def test_a_project_inherits_nothing_from_itself() -> None:
    found = list(Inheritance(NODES).grants(NODES[2]))
    assert [(g.role, g.inherited) for g in found] == [
        ("roles/editor", False),
        ("roles/viewer", True),
        ("roles/owner", True),
    ]


def test_what_is_above_the_source_is_not_known() -> None:
    whole, part = Inheritance(NODES), Inheritance(NODES[2:])
    assert whole.unknown(BUCKET) == []
    assert part.unknown(BUCKET) == [FOLDER, TOP]


def test_an_empty_policy() -> None:
    for said in ({}, {"etag": "ACAB"}, {"bindings": [{"role": "roles/viewer"}]}):
        body = {"name": "//x/y", "assetType": "x/Y", "iamPolicy": said}
        empty = view(IamPolicy, json.dumps(body))
        assert list(Inheritance([empty]).grants(empty)) == []
        assert empty.iam_policy.public_roles == []
    assert BUCKET.iam_policy.public_roles == [("allUsers", "roles/storage.objectViewer")]


@pytest.mark.parametrize(
    ("text", "sort", "said"),
    [
        (ANA, "user", {"id": "ana@acme-robotics.example", "domain": "acme-robotics.example"}),
        ("domain:Acme.example", "domain", {"domain": "acme.example"}),
        ("allUsers", "allUsers", {"public": True, "id": ""}),
        ("allAuthenticatedUsers", "allAuthenticatedUsers", {"public": True}),
        ("user:allUsers@acme.example", "user", {"public": False}),
        ("deleted:user:bo@acme.example?uid=1", "user", {"deleted": True, "id": "bo@acme.example"}),
        (
            "serviceAccount:x@acme.iam.gserviceaccount.com",
            "serviceAccount",
            {"service_agent": False},
        ),
        (
            "serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com",
            "serviceAccount",
            {"service_agent": True, "default_account": False},
        ),
        (
            "serviceAccount:service-123@acme.iam.gserviceaccount.com",
            "serviceAccount",
            {"service_agent": False},
        ),
        (
            "serviceAccount:1-compute@developer.gserviceaccount.com",
            "serviceAccount",
            {"default_account": True, "service_agent": False},
        ),
        (
            "serviceAccount:1@cloudservices.gserviceaccount.com",
            "serviceAccount",
            {"service_agent": True},
        ),
        (
            "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*",
            "principalSet",
            {"domain": "", "service_account": False},
        ),
    ],
)
def test_members(text: str, sort: str, said: dict[str, object]) -> None:
    member = Member(text)
    assert member.sort == sort
    assert {name: getattr(member, name) for name in said} == said


def test_policies_of_the_whole_company(gcp: Source) -> None:
    result = look(gcp, "gcp.iam.policy")
    assert (result.status, result.gaps) == (S.COMPLETE, 0)
    assert result.spool is not None
    found = [view(IamPolicy, record.body) for record in result.spool.records()]
    inherited = Inheritance(found)
    assert found
    assert all(inherited.unknown(one) == [] for one in found)
