"""The custom role: generated from what the collectors declare."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from soc2_collectors.gcp import methods
from soc2_collectors.gcp.permissions import DISCOVERY, NEEDS, grant, permissions
from soc2_pac.errors import UsageError

from .walk import CALLS

READING = re.compile(
    r"^(get|list|search|export|view|fetch|aggregatedList|query|read)", re.IGNORECASE
)


def test_every_call_says_what_it_needs() -> None:
    assert set(CALLS) | set(DISCOVERY) == set(NEEDS)


def test_calls_are_sorted_and_those_of_discovery_documents() -> None:
    assert list(NEEDS) == sorted(NEEDS)
    assert all(re.fullmatch(r"[a-z][a-z0-9]+(\.[a-zA-Z0-9]+)+", call) for call in NEEDS)
    known = json.loads(Path(methods.__file__).with_name("methods.json").read_text(encoding="utf-8"))
    assert known.keys() == set(CALLS), "make facts: how each declared call is asked, and no other"


def test_permissions_only_read() -> None:
    for call, need in NEEDS.items():
        for permission in need:
            assert re.fullmatch(r"[a-z][a-z0-9]+\.[a-zA-Z0-9]+\.[a-zA-Z]+", permission), call
            assert READING.match(permission.rpartition(".")[2]), f"{call}: {permission}"


def test_permissions_are_those_that_are_published_for_the_calls() -> None:
    facts = Path(__file__).parents[1] / "facts"
    published = json.loads((facts / "permissions" / "gcp.json").read_text(encoding="utf-8"))[
        "calls"
    ]
    text = (facts / "considered" / "permissions.toml").read_text(encoding="utf-8")
    decided = {
        name.removeprefix("call ")
        for name in tomllib.loads(text)["gcp"]
        if name.startswith("call ")
    }
    assert set(published) == set(NEEDS), "make facts"
    assert {call for call, need in published.items() if not need} == decided, (
        "say in considered/permissions.toml which permissions an unpublished call needs"
    )
    wrong = {
        call: (sorted(NEEDS[call]), need)
        for call, need in published.items()
        if need and sorted(NEEDS[call]) != need
    }
    assert not wrong, "granted, and published for the call"


def test_permissions_are_those_of_the_declared_calls() -> None:
    text = permissions(["cloudasset.assets.list"], "text")
    for said in (
        "cloudasset.assets.listIamPolicy",
        "resourcemanager.projects.list",
        "gcloud services enable cloudasset.googleapis.com cloudresourcemanager.googleapis.com",
        "gcloud iam roles create",
    ):
        assert said in text
    assert "plugins" not in text
    assert "cloudasset.assets.listIamPolicy" not in permissions([], "text")


def test_what_is_not_asked_is_not_granted() -> None:
    granted = json.loads(permissions(CALLS, "json"))["includedPermissions"]
    assert "cloudasset.assets.listOrgPolicy" not in granted, "organisation policies are resources"
    assert "cloudasset.assets.listAccessPolicy" in granted


@pytest.mark.parametrize("form", ["json-project", "terraform-project"])
def test_the_role_of_a_project_has_nothing_that_google_refuses_there(form: str) -> None:
    text = permissions(CALLS, form)
    for refused in (
        "resourcemanager.folders.list",
        "resourcemanager.organizations.get",
        "resourcemanager.projects.list",
    ):
        assert refused not in text
        assert refused in permissions(CALLS, form.removesuffix("-project"))
    assert "resourcemanager.projects.get" in text
    assert "json-project" in permissions(CALLS, "text")


def test_calls_of_plugins_are_listed() -> None:
    text = permissions(["things.projects.things.list"], "text")
    assert "Calls of plugins" in text
    assert "things.projects.things.list" in text
    assert grant("things.projects.things.list") is None


def test_the_custom_role_as_json() -> None:
    role = json.loads(permissions(CALLS, "json"))
    assert role["stage"] == "GA"
    assert role["includedPermissions"] == sorted(set(role["includedPermissions"]))
    assert "cloudasset.assets.listResource" in role["includedPermissions"]


def test_the_custom_role_as_terraform() -> None:
    hcl2 = pytest.importorskip("hcl2")
    text = permissions(CALLS, "terraform")
    found = hcl2.loads(text)
    (role,) = [one for one in found["resource"] if "custom_role" in json.dumps(one)][:1]
    assert "cloudasset.assets.listResource" in json.dumps(role)
    assert "google_organization_iam_member" in text


def test_another_form() -> None:
    with pytest.raises(UsageError):
        permissions([], "yaml")
