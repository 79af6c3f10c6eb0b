"""Answers that GitHub documents or gave, served over HTTP and read by collectors and views."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.github.models.branch import Branch
from soc2_pac.canonical import canonical
from soc2_pac.demo.github import Company
from soc2_pac.resources import view

from .test_kinds import documents

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Source

ORG = "/orgs/acme-robotics"
REPO = "/repos/acme-robotics/Hello-World"
SERVED = {
    ORG: "orgs__org.default-response",
    f"{ORG}/teams": "orgs__org__teams",
    f"{ORG}/repos": "orgs__org__repos",
    f"{ORG}/outside_collaborators": "orgs__org__outside_collaborators",
    f"{ORG}/outside_collaborators?filter=2fa_disabled": "orgs__org__outside_collaborators",
    f"{ORG}/actions/permissions": "orgs__org__actions__permissions",
    f"{ORG}/actions/permissions/selected-actions": "orgs__org__actions__permissions__selected-actions",
    f"{ORG}/actions/permissions/workflow": "orgs__org__actions__permissions__workflow",
    f"{ORG}/secret-scanning/alerts": "orgs__org__secret-scanning__alerts",
    f"{ORG}/code-scanning/alerts": "orgs__org__code-scanning__alerts",
    f"{ORG}/dependabot/alerts": "orgs__org__dependabot__alerts",
    f"{REPO}/branches/master/protection": "repos__owner__repo__branches__branch__protection",
    f"{REPO}/rules/branches/master": "repos__owner__repo__rules__branches__branch",
    f"{REPO}/rulesets": "repos__owner__repo__rulesets",
    f"{REPO}/automated-security-fixes": "repos__owner__repo__automated-security-fixes",
    f"{REPO}/vulnerability-alerts": "repos__owner__repo__automated-security-fixes",
    f"{REPO}/code-scanning/default-setup": "repos__owner__repo__code-scanning__default-setup",
    f"{REPO}/code-scanning/analyses": "repos__owner__repo__code-scanning__analyses",
    f"{REPO}/collaborators": "repos__owner__repo__collaborators",
    f"{REPO}/environments": "repos__owner__repo__environments",
}


@pytest.fixture
def documented(github: Source, recordings: Callable[[str], Path]) -> Source:
    """The emulator with the answers of GitHub's own description."""
    folder = recordings("github") / "openapi-examples"
    rest: dict[str, Any] = {
        path: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for path, name in SERVED.items()
    }
    details = (folder / "repos__owner__repo__rulesets__ruleset_id.json").read_text(encoding="utf-8")
    for ruleset in rest[f"{REPO}/rulesets"]:
        rest[f"{REPO}/rulesets/{ruleset['id']}"] = {**json.loads(details), "id": ruleset["id"]}
    github.emulator.state = Company(login="acme-robotics", rest=rest)
    for listing in ("secret-scanning", "code-scanning", "dependabot"):
        for alert in rest[f"{ORG}/{listing}/alerts"]:
            alert["state"] = "open"
    return github


KINDS = [
    "organization", "team", "repository", "outside_collaborator", "branch", "environment",
    "secret_alert", "code_alert", "dependabot_alert",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_documented_answers_become_documents(documented: Source, kind: str) -> None:
    assert documents(documented, f"github.{kind}")


def test_documented_organization(documented: Source) -> None:
    (organization,) = documents(documented, "github.organization").values()
    assert organization.login == "github"
    assert organization.two_factor_requirement_enabled is True
    assert organization.actions_permissions.enabled_repositories == "all"


def test_documented_protection(documented: Source) -> None:
    (branch,) = documents(documented, "github.branch").values()
    assert (
        branch.branch_protection.required_pull_request_reviews.required_approving_review_count == 2
    )
    assert branch.branch_protection.enforce_admins.enabled is True
    assert [one.type for one in branch.rules] == [
        "commit_message_pattern",
        "commit_author_email_pattern",
    ]


def test_documented_environment(documented: Source) -> None:
    (environment,) = documents(documented, "github.environment").values()
    assert {one.type for one in environment.protection_rules} >= {"required_reviewers"}


def test_recorded_protection(recordings: Callable[[str], Path]) -> None:
    path = recordings("github") / "octokit-fixtures" / "branch-protection.json"
    calls = json.loads(path.read_text(encoding="utf-8"))
    said = [
        call["response"]
        for call in calls
        if call["status"] == 200
        and call["method"] in ("get", "put")
        and re.search(r"/branches/[^/]+/protection$", call["path"])
    ]
    assert said
    for protection in said:
        body = {"name": "main", "repository": {"full_name": "a/b"}, "branch_protection": protection}
        seen = view(Branch, canonical(body))
        assert seen.branch_protection is not None
        assert seen.branch_protection.enforce_admins is not None
