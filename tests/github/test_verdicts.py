"""Verdicts on states that a named case cannot show: what must fail with and without a threshold."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from soc2_pac import plugins
from soc2_pac.cases import load_cases
from soc2_pac.model import Scope, Status
from soc2_pac.testing import judge_document

RULES = plugins.load().rules
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCOPE = Scope("github", "acme")


def good(rule: str) -> dict[str, Any]:
    """The base of a rule's cases."""
    return copy.deepcopy(load_cases(RULES[rule])[0].base)


def said(rule: str, document: dict[str, Any], **thresholds: Any) -> Status:
    return judge_document(RULES[rule], document, now=NOW, scope=SCOPE, thresholds=thresholds).status


def classic(**more: Any) -> dict[str, Any]:
    """A branch with nothing but classic protection, as REST shows it to who does not administer."""
    document = good("github-default-branch-protected")
    document.update(branchProtectionRule=None, rules={"nodes": []}, branch_protection=more)
    document["repository"]["viewerCanAdminister"] = False
    return document


EMPTY = {"enforce_admins": {"enabled": False}, "allow_force_pushes": {"enabled": False}}


@pytest.mark.parametrize(
    "rule",
    [
        "github-default-branch-protected",
        "github-required-reviews",
        "github-dismiss-stale",
        "github-status-checks",
        "github-conversation-resolution",
        "github-signed-commits",
        "github-linear-history",
        "github-push-restricted",
        "github-dismissal-restricted",
        "github-codeowners-review",
    ],
)
def test_classic_protection_with_every_box_empty_demands_nothing(rule: str) -> None:
    assert said(rule, classic(**EMPTY)) is Status.FAIL


def test_a_check_that_any_app_may_report_is_bound_to_none() -> None:
    checks = {"strict": True, "contexts": ["build"], "checks": [{"context": "build", "app_id": -1}]}
    assert said("github-status-checks", classic(required_status_checks=checks)) is Status.PASS
    bound = said("github-status-checks", classic(required_status_checks=checks), bound_to_app=True)
    assert bound is Status.FAIL


@pytest.mark.parametrize("role", [1, 3, 4])
@pytest.mark.parametrize("mode", ["always", "pull_request", "exempt"])
@pytest.mark.parametrize(
    "rule",
    [
        "github-default-branch-protected",
        "github-required-reviews",
        "github-dismiss-stale",
        "github-conversation-resolution",
        "github-codeowners-review",
    ],
)
def test_a_ruleset_that_writers_bypass_demands_nothing(rule: str, mode: str, role: int) -> None:
    document = good(rule)
    actor = {"actor_type": "RepositoryRole", "actor_id": role, "bypass_mode": mode}
    document.update(branchProtectionRule=None)
    document["rulesets"][0]["bypass_actors"] = [actor]
    assert said(rule, document) is Status.FAIL
    document["rulesets"][0]["bypass_actors"] = [{**actor, "actor_id": 5}]
    assert said(rule, document) is Status.PASS


def hook(url: str) -> dict[str, Any]:
    document = good("github-webhooks-secure")
    document["hooks"][0]["config"] = {"url": url, "insecure_ssl": "0"}
    return document


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://ci.acme.example/hook", Status.PASS),
        ("https://ci.acme.example:8443/hook", Status.PASS),
        ("https://ci.acme.example@evil.example/hook", Status.FAIL),
        ("https://ci.acme.example.evil.example/hook", Status.FAIL),
        ("https://evil.example?https://ci.acme.example/", Status.FAIL),
        ("https://evil.example\\@ci.acme.example/", Status.FAIL),
        ("https://[ci.acme.example/hook", Status.FAIL),
    ],
)
def test_a_host_is_exempt_by_its_name_alone(url: str, status: Status) -> None:
    assert said("github-webhooks-secure", hook(url), exempt_hosts=("ci.acme.example",)) is status


def change(**more: Any) -> dict[str, Any]:
    return {**good("github-merged-pr-population"), **more}


def test_the_change_of_a_bot_is_exempt_unless_somebody_adds_to_it() -> None:
    document = change(reviews={"nodes": []})
    rule = "github-merged-pr-population"
    assert said(rule, document, exempt_authors=("ann",)) is Status.NOT_APPLICABLE
    document["allCommits"]["nodes"][0]["commit"]["author"]["user"]["login"] = "eve"
    assert said(rule, document, exempt_authors=("ann",)) is Status.FAIL


def test_an_emergency_is_not_approved_by_who_committed_it() -> None:
    document = change(labels={"nodes": [{"name": "hotfix"}]})
    document["reviews"]["nodes"][0]["submittedAt"] = "2025-11-12T09:00:00Z"
    rule = "github-merged-pr-population"
    assert said(rule, document, emergency_labels=("hotfix",)) is Status.PASS
    document["allCommits"]["nodes"][0]["commit"]["committer"]["user"]["login"] = "BOB"
    assert said(rule, document, emergency_labels=("hotfix",)) is Status.FAIL


@pytest.mark.parametrize(
    ("action", "before", "since", "status"),
    [
        ("update", "enabled", "disabled", Status.FAIL),
        ("update", "evaluate", "disabled", Status.NOT_APPLICABLE),
        ("update", None, "disabled", Status.INCONCLUSIVE),
        ("update", "unheard", "disabled", Status.INCONCLUSIVE),
        ("update", "disabled", "enabled", Status.NOT_APPLICABLE),
        ("update", "unheard", "enabled", Status.FAIL),
        ("destroy", None, "enabled", Status.FAIL),
        ("destroy", None, "unheard", Status.FAIL),
        ("destroy", None, "evaluate", Status.NOT_APPLICABLE),
    ],
)
def test_a_ruleset_that_was_not_in_force_lost_nothing(
    action: str, before: str | None, since: str, status: Status
) -> None:
    document = {
        "@timestamp": 1762764183000,
        "action": f"repository_ruleset.{action}",
        "actor": "ann",
        "ruleset_enforcement": since,
        "ruleset_rules_deleted": [{"type": "pull_request"}] if action == "update" else None,
    }
    document |= {"ruleset_old_enforcement": before} if before else {}
    assert said("github-protection-changes", document) is status


def member(login: str) -> dict[str, Any]:
    return {"role": "MEMBER", "hasTwoFactorEnabled": False, "node": {"id": login, "login": login}}


def test_the_account_that_sets_single_sign_on_up_has_a_password() -> None:
    """The login that the case of a managed user has, and the one account of its enterprise that is none."""
    rule = "github-members-without-2fa"
    assert said(rule, member("ann_acme")) is Status.INCONCLUSIVE
    assert said(rule, member("acme_admin")) is Status.FAIL


def test_one_managed_user_does_not_make_an_enterprise() -> None:
    rule = RULES["github-org-2fa-required"]
    document = {**good(rule.id), "two_factor_requirement_enabled": False}

    def of(*logins: str) -> Status:
        given = {"github.member": [member(login) for login in logins]}
        return judge_document(rule, document, given, now=NOW, scope=SCOPE).status

    assert of("acme_admin", "ann_acme") is Status.INCONCLUSIVE
    assert of("bob", "ann_acme") is Status.FAIL
    assert of("bob") is Status.FAIL


def test_a_commit_between_the_approval_and_an_update_of_the_branch_is_unseen() -> None:
    """GitHub Docs, "Keeping your pull request in sync with the base branch": Update branch makes a merge commit."""
    rule = "github-merged-pr-population"
    document = good(rule)
    ann = {"name": "Ann", "user": {"login": "ann", "databaseId": 1}}

    def merged(*commits: tuple[str, str, int], **thresholds: Any) -> Status:
        nodes = [
            {
                "commit": {
                    "oid": oid,
                    "author": ann,
                    "authors": {"totalCount": 1, "nodes": [ann]},
                    "committer": {"user": {"login": by}},
                    "parents": {"totalCount": parents},
                }
            }
            for oid, by, parents in commits
        ]
        made = {"allCommits": {"totalCount": len(nodes), "nodes": nodes}}
        return said(rule, {**document, **made, "headRefOid": commits[-1][0]}, **thresholds)

    seen, update = ("aaaa", "ann", 1), ("cccc", "web-flow", 2)
    assert merged(seen, update) is Status.INCONCLUSIVE
    assert merged(seen, update, on_merged_head=False) is Status.PASS
    assert merged(seen, ("bbbb", "ann", 1), update) is Status.FAIL
    assert merged(seen, ("cccc", "ann", 2)) is Status.FAIL
