"""Repositories and what hangs on them: what is asked, what is hidden, what is old, what is gone."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.model import CollectionStatus, Status

from .test_demo import verdicts
from .test_kinds import documents
from .test_replay import look

if TYPE_CHECKING:
    from soc2_collectors.github.models.branch import Branch

    from .conftest import Source

NO = '{"message": "Resource not accessible by personal access token"}'


def bodies(github: Source, kind: str) -> dict[str, dict[str, Any]]:
    """What a complete look kept, by name."""
    result = look(github, kind)
    assert result.status is CollectionStatus.COMPLETE, result.reason
    assert result.spool is not None
    return {record.name: json.loads(record.body) for record in result.spool.records()}


def node(github: Source, name: str) -> dict[str, Any]:
    """A repository as GraphQL has it, to be changed."""
    return next(repo for repo in github.emulator.state.repositories if repo["name"] == name)


def asked(github: Source, part: str) -> int:
    """How many requests had this in their path."""
    return sum(part in path for _, path in github.emulator.requests)


# -- what it costs ----------------------------------------------------------------------------------------


def many(github: Source, count: int) -> None:
    """Make the company's repositories so many, all like the first."""
    state = github.emulator.state
    listed = state.rest["/orgs/acme-robotics/repos"]
    one, of_it = listed[0], node(github, "api")
    listed[:], state.repositories[:] = [], []
    for number in range(count):
        name, node_id = f"repo-{number}", f"R_{number}"
        full_name = f"acme-robotics/{name}"
        listed.append(
            {**one, "id": number, "node_id": node_id, "name": name, "full_name": full_name}
        )
        made: dict[str, Any] = {
            "id": node_id,
            "databaseId": number,
            "name": name,
            "nameWithOwner": full_name,
        }
        made["deployments"] = []
        state.repositories.append({**copy.deepcopy(of_it), **made})
        for path, answer in list(state.rest.items()):
            if path.startswith("/repos/acme-robotics/api/"):
                state.rest[path.replace("/api/", f"/{name}/")] = answer
        state.rest[f"/repos/{full_name}/environments"] = {"total_count": 0, "environments": []}


@pytest.mark.parametrize(
    ("kind", "requests"),
    [
        ("github.branch", 5),
        ("github.workflow", 4 + 200),
        ("github.release", 4),
        ("github.deployment", 4),
        ("github.deploy_key_list", 2),
        ("github.repository", 4 + 2 * 200),
        ("github.environment", 2 + 200),
        ("github.webhook_list", 2 + 1 + 200),
        ("github.secret_list", 2 + 1 + 200),
    ],
)
def test_what_a_look_at_200_repositories_costs(github: Source, kind: str, requests: int) -> None:
    many(github, 200)
    assert bodies(github, kind) is not None
    assert len(github.emulator.requests) == requests


def test_environments_are_asked_of_repositories_that_have_some(github: Source) -> None:
    found = bodies(github, "github.environment")
    assert asked(github, "/environments?") == 2
    patterns = found["acme-robotics/api/production"]["branch_policies"]
    assert [one["name"] for one in patterns] == ["main"]
    assert asked(github, "/deployment-branch-policies") == 2, "of those that name branches"


# -- branches ---------------------------------------------------------------------------------------------


def branch(github: Source, name: str) -> Branch:
    found: Branch = documents(github, "github.branch")[name]
    return found


def test_a_ruleset_of_the_organisation_is_asked_once(github: Source) -> None:
    bodies(github, "github.branch")
    assert asked(github, "/rulesets/") == 1


def test_an_empty_repository_has_no_branch_to_judge(github: Source) -> None:
    node(github, "api").update(isEmpty=True, defaultBranchRef=None, codeowners=None)
    found = verdicts(github)["github-default-branch-protected"]
    assert found["acme-robotics/api:(no branch yet)"] is Status.NOT_APPLICABLE


def test_of_an_archived_repository_no_ruleset_is_asked(github: Source) -> None:
    for repo in github.emulator.state.repositories:
        repo["isArchived"] = True
    bodies(github, "github.branch")
    assert asked(github, "/rulesets/") == 0


def test_who_does_not_administer_asks_by_rest_and_may_hear_none(github: Source) -> None:
    node(github, "etl-jobs")["viewerCanAdminister"] = False
    found = branch(github, "acme-robotics/etl-jobs:main")
    assert found.classic is None
    assert asked(github, "/protection") == 1


def test_classic_protection_that_is_hidden_is_no_missing_protection(github: Source) -> None:
    node(github, "etl-jobs")["viewerCanAdminister"] = False
    github.emulator.state.rest.pop("/repos/acme-robotics/etl-jobs/branches/main/protection")
    found = verdicts(github)["github-default-branch-protected"]
    assert found["acme-robotics/etl-jobs:main"] is Status.INCONCLUSIVE


def test_more_rules_than_a_page_are_a_gap(github: Source) -> None:
    node(github, "api")["defaultBranchRef"]["rules"]["pageInfo"]["hasNextPage"] = True
    found = bodies(github, "github.branch")["acme-robotics/api:main"]
    assert "not all were read" in found["$gaps"]["rulesets"]["reason"]


def test_an_allowance_of_a_deleted_account_is_named(github: Source) -> None:
    rule = node(github, "robot-sdk")["defaultBranchRef"]["branchProtectionRule"]
    rule["bypassPullRequestAllowances"]["nodes"] = [{"actor": None}]
    found = branch(github, "acme-robotics/robot-sdk:main").classic
    assert found is not None
    assert [str(one) for one in found.bypass_pull_request_allowances.nodes] == ["a deleted account"]


def test_a_ruleset_that_is_not_shown_leaves_its_rules_in_doubt(github: Source) -> None:
    for rule in node(github, "api")["defaultBranchRef"]["rules"]["nodes"]:
        rule["repositoryRuleset"] = None
    found = verdicts(github)
    assert found["github-admins-not-exempt"]["acme-robotics/api:main"] is Status.INCONCLUSIVE
    assert found["github-no-force-push"]["acme-robotics/api:main"] is Status.INCONCLUSIVE


# -- repositories -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [204, 200])
def test_no_body_is_no_answer_about_analyses(github: Source, status: int) -> None:
    github.emulator.faults.add("/api/code-scanning/analyses", status=status, body="")
    found = bodies(github, "github.repository")["acme-robotics/api"]
    assert "code_scanning_analyses" in found["$gaps"]
    assert verdicts(github)["github-code-scanning"]["acme-robotics/api"] is Status.INCONCLUSIVE


def test_of_analyses_the_newest_of_each_tool_is_kept(github: Source) -> None:
    path = "/repos/acme-robotics/api/code-scanning/analyses"
    (one,) = github.emulator.state.rest[path]
    other = {**one, "tool": {"name": "Scorecard"}, "category": "scorecard"}
    github.emulator.state.rest[path] = [other, one, {**other, "id": 1}, {**one, "id": 2}]
    kept = bodies(github, "github.repository")["acme-robotics/api"]["code_scanning_analyses"]
    assert [(a["tool"]["name"], a["id"]) for a in kept] == [
        ("Scorecard", other["id"]),
        ("CodeQL", one["id"]),
    ]
    assert verdicts(github)["github-code-scanning"]["acme-robotics/api"] is Status.PASS


def test_alerts_that_graphql_calls_off_are_asked_by_rest(github: Source) -> None:
    node(github, "api")["hasVulnerabilityAlertsEnabled"] = False  # it may be hidden
    assert verdicts(github)["github-dependabot-on"]["acme-robotics/api"] is Status.PASS
    assert asked(github, "/vulnerability-alerts") == 2  # of etl-jobs, too


def test_collaborators_that_graphql_hides_are_asked_by_rest(github: Source) -> None:
    node(github, "web").update(direct=None, outside=None)
    permissions = {"pull": True, "push": True, "admin": False}
    github.emulator.state.rest["/repos/acme-robotics/web/collaborators"] = [
        {"login": "pixel-agency-tom", "role_name": "write", "permissions": permissions}
    ]
    found = documents(github, "github.repository")["acme-robotics/web"]
    assert [(one.login, one.level) for one in found.outside_collaborators] == [
        ("pixel-agency-tom", "WRITE")
    ]
    assert asked(github, "affiliation=outside") == 1


def test_collaborators_whose_grants_graphql_refuses_are_asked_by_rest(
    github: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    from soc2_demo.github_graphql import answer_query as answer

    def refused(*given: Any) -> dict[str, Any]:
        said = answer(*given)
        nodes = ((said["data"].get("organization") or {}).get("repositories") or {}).get("nodes")
        for number, one in enumerate(nodes or ()):
            if one.get("name") == "web" and "direct" in one:
                way = ["organization", "repositories", "nodes", number, "direct", "edges", 0]
                said["errors"] = [
                    {"type": "FORBIDDEN", "path": [*way, "permissionSources"], "message": "no"}
                ]
        return said

    monkeypatch.setattr("soc2_demo.github.answer_query", refused)
    permissions = {"pull": True, "push": True, "admin": False}
    github.emulator.state.rest["/repos/acme-robotics/web/collaborators"] = [
        {"login": "cy", "role_name": "write", "permissions": permissions}
    ]
    found = documents(github, "github.repository")["acme-robotics/web"]
    assert [(one.login, one.by_name) for one in found.direct_collaborators] == [("cy", "WRITE")]
    assert asked(github, "affiliation=direct") == 1


def test_collaborators_that_are_hidden_are_a_gap_with_the_permission(github: Source) -> None:
    node(github, "web").update(direct=None, outside=None)
    gap = bodies(github, "github.repository")["acme-robotics/web"]["$gaps"]["outside_collaborators"]
    assert gap["status"] == "denied"
    assert gap["permission"] == "metadata=read"


def test_collaborators_beyond_a_page_are_all_read(github: Source) -> None:
    edges = [
        {"permission": "READ", "node": {"id": f"U_{n}", "login": f"visitor-{n}"}}
        for n in range(230)
    ]
    node(github, "web")["outside"] = edges
    found = documents(github, "github.repository")["acme-robotics/web"]
    assert len(found.outside_collaborators) == 230
    assert asked(github, "graphql Collaborators") == 3


def test_a_repository_that_graphql_does_not_list_is_no_repository_without_people(
    github: Source,
) -> None:
    github.emulator.state.repositories.remove(node(github, "web"))
    found = bodies(github, "github.repository")["acme-robotics/web"]
    assert {"settings", "direct_collaborators", "outside_collaborators"} <= set(found["$gaps"])


def test_a_push_moves_no_document(github: Source) -> None:
    before = bodies(github, "github.repository")
    for listed in github.emulator.state.rest["/orgs/acme-robotics/repos"]:
        if listed["name"] == "api":
            listed["pushed_at"] = listed["updated_at"] = listed["created_at"].replace("00:", "00:")
            listed["pushed_at"] = before["acme-robotics/mobile-app"]["dormant_since"]
    after = bodies(github, "github.repository")
    assert before["acme-robotics/api"]["dormant_since"] is None
    assert after["acme-robotics/api"]["dormant_since"] is not None
    assert before["acme-robotics/web"] == after["acme-robotics/web"]


def test_a_renamed_repository_is_followed(github: Source) -> None:
    there = f"{github.url}/repositories/1000/hooks"
    github.emulator.state.rest["/repositories/1000/hooks"] = []
    github.emulator.faults.add(
        "/repos/acme-robotics/api/hooks", status=301, headers={"Location": there}
    )
    assert bodies(github, "github.webhook_list")["acme-robotics/api"]["hooks"] == []


def test_what_is_forbidden_of_one_repository_is_a_gap_of_that_one(github: Source) -> None:
    github.emulator.state.forbidden = {
        ("web", "outside"),
        ("web", "isSecurityPolicyEnabled"),
        ("api", "defaultBranchRef"),
        ("docs", "codeowners"),
    }
    found = bodies(github, "github.repository")
    assert set(found["acme-robotics/web"]["$gaps"]) == {"outside_collaborators", "settings"}
    assert "$gaps" not in found["acme-robotics/api"]
    judged = verdicts(github)
    hidden = "acme-robotics/api:(default branch)"
    assert judged["github-required-reviews"][hidden] is Status.INCONCLUSIVE
    assert judged["github-required-reviews"]["acme-robotics/docs:main"] is Status.PASS
    assert judged["github-codeowners-review"]["acme-robotics/docs:main"] is Status.INCONCLUSIVE
    assert judged["github-codeowners-review"]["acme-robotics/web:main"] is Status.FAIL


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("github.workflow", "object"),
        ("github.deployment", "deployments"),
        ("github.release", "latestRelease"),
        ("github.environment", "environments"),
        ("github.deploy_key_list", "deployKeys"),
    ],
)
def test_what_is_forbidden_of_one_repository_leaves_no_complete_look_at_what_it_has(
    github: Source, kind: str, field: str
) -> None:
    github.emulator.state.forbidden = {("etl-jobs", field)}
    result = look(github, kind)
    assert result.status is CollectionStatus.PARTIAL
    assert "Resource not accessible" in result.reason


def test_contents_that_are_hidden_are_no_missing_files(github: Source) -> None:
    node(github, "web").update(head=None, object=None, latestRelease=None)
    for kind in ("github.workflow", "github.release"):
        result = look(github, kind)
        assert result.status is CollectionStatus.PARTIAL
        assert "no contents of acme-robotics/web" in result.reason
        assert "contents=read" in str(result.permission)
    found = verdicts(github)["github-codeowners-review"]
    assert found["acme-robotics/web:main"] is Status.INCONCLUSIVE
    node(github, "web")["isEmpty"] = True
    assert look(github, "github.workflow").status is CollectionStatus.COMPLETE


def test_a_node_that_is_left_out_is_no_gap(github: Source) -> None:
    way = ["organization", "repositories", "nodes", 0, "deployKeys"]
    error = {"type": "FORBIDDEN", "message": "no", "path": way}
    data = {"organization": {"repositories": {"nodes": [None], "pageInfo": {}}}}
    github.emulator.faults.add("graphql", body=json.dumps({"data": data, "errors": [error]}))
    assert look(github, "github.deploy_key_list").status is CollectionStatus.DENIED


@pytest.mark.parametrize("why", ["not for you", ""])
@pytest.mark.parametrize(
    ("kind", "path", "places"),
    [
        ("github.workflow", "organization.repositories", "nodes"),
        ("github.member", "organization.membersWithRole", "edges"),
        ("github.verified_mails", "organization.membersWithRole", "nodes"),
        ("github.member_activity", "organization.membersWithRole", "nodes"),
    ],
)
def test_a_record_that_is_null_costs_that_record_only(
    github: Source, monkeypatch: pytest.MonkeyPatch, kind: str, path: str, places: str, why: str
) -> None:
    from soc2_demo.github_graphql import answer_query as answer

    before = look(github, kind).count

    def one_is_null(*given: Any) -> dict[str, Any]:
        said = answer(*given)
        here: Any = said["data"]
        for step in path.split("."):
            here = (here or {}).get(step)
        if here and places in here:
            here[places][1] = None if places == "nodes" else {"role": None, "node": None}
            way = [*path.split("."), places, 1, "some", "field"]
            if why:
                said["errors"] = [{"type": "FORBIDDEN", "path": way, "message": why}]
        return said

    monkeypatch.setattr("soc2_demo.github.answer_query", one_is_null)
    result = look(github, kind)
    assert result.status is CollectionStatus.PARTIAL
    assert (why or "1 record(s) as null") in result.reason
    assert 0 < before - result.count <= 2


def test_a_rest_record_that_is_null_or_nameless_costs_that_record_only(github: Source) -> None:
    teams = github.emulator.state.rest["/orgs/acme-robotics/teams"]
    teams[1] = None
    result = look(github, "github.team")
    assert (result.status, result.count) == (CollectionStatus.PARTIAL, 2)
    teams[1] = {"slug": "nameless"}
    result = look(github, "github.team")
    assert (result.status, result.count) == (CollectionStatus.PARTIAL, 3)
    assert "an id" in result.reason


def test_teams_say_who_is_in_them_and_what_they_reach(github: Source) -> None:
    result = look(github, "github.team")
    assert (result.status, result.gaps) == (CollectionStatus.COMPLETE, 0)
    (platform,) = [
        one for one in bodies(github, "github.team").values() if one["slug"] == "platform"
    ]
    assert {member["login"] for member in platform["members"]} >= {"ben-osei"}
    assert set(platform["repositories"][0]) <= {
        "id",
        "node_id",
        "full_name",
        "permissions",
        "role_name",
    }
    del github.emulator.state.rest["/orgs/acme-robotics/teams/platform/members"]
    assert look(github, "github.team").gaps == 1, "one team's members are that team's gap"


# -- keys, hooks, secrets ---------------------------------------------------------------------------------


def test_a_denied_list_is_a_gap_of_one_repository(github: Source) -> None:
    headers = {"X-Accepted-GitHub-Permissions": "secrets=read"}
    github.emulator.faults.add("/web/actions/secrets", status=403, body=NO, headers=headers)
    found = bodies(github, "github.secret_list")
    assert found["acme-robotics/web"]["$gaps"]["secrets"]["permission"] == "secrets=read"
    assert found["acme-robotics/api"]["secrets"] == []


def test_a_missing_scope_is_named(github: Source) -> None:
    headers = {"X-OAuth-Scopes": "read:org", "X-Accepted-OAuth-Scopes": "admin:org_hook"}
    github.emulator.faults.add("/orgs/acme-robotics/hooks", status=404, headers=headers)
    gap = bodies(github, "github.webhook_list")["acme-robotics"]["$gaps"]["hooks"]
    assert "admin:org_hook" in gap["permission"]


def test_deploy_keys_that_may_be_hidden_are_asked_for(github: Source) -> None:
    node(github, "api")["viewerCanAdminister"] = False
    github.emulator.state.rest.pop("/repos/acme-robotics/api/keys")
    found = bodies(github, "github.deploy_key_list")
    assert found["acme-robotics/api"]["$gaps"]["keys"]["permission"] == "administration=read"
    assert "acme-robotics/web" not in found


def test_secrets_of_webhooks_are_not_kept(github: Source) -> None:
    (hook,) = github.emulator.state.rest["/repos/acme-robotics/api/hooks"]
    for sent, kept_as in (
        (
            "https://ci.acme-robotics.example/hook?token=an-invention",
            "https://ci.acme-robotics.example/[redacted]",
        ),
        (
            "https://ci.acme-robotics.example/an-invention",
            "https://ci.acme-robotics.example/[redacted]",
        ),
        (
            "https://an-invention@ci.acme-robotics.example/",
            "https://ci.acme-robotics.example/[redacted]",
        ),
        ("https://evil.example\\@ci.acme-robotics.example/an-invention", "https://\\/[redacted]"),
    ):
        hook["config"]["url"] = sent
        (kept,) = bodies(github, "github.webhook_list")["acme-robotics/api"]["hooks"]
        assert kept["config"]["secret"] == "[redacted]"
        assert kept["config"]["url"] == kept_as
        assert verdicts(github)["github-webhooks-secure"]["acme-robotics/api"] is Status.PASS


# -- plans, servers, sign-in ------------------------------------------------------------------------------


def test_tokens_that_only_apps_see_leave_a_denied_look(github: Source) -> None:
    github.emulator.faults.add("/personal-access-tokens", status=403, body=NO)
    result = look(github, "github.personal_access_token")
    assert result.status is CollectionStatus.DENIED
    assert "Apps only" in str(result.permission)


def test_a_plan_without_scim_is_a_gap_that_says_so(github: Source) -> None:
    github.emulator.state.rest.pop("/scim/v2/organizations/acme-robotics/Users")
    (found,) = bodies(github, "github.organization").values()
    assert "Enterprise Cloud" in found["$gaps"]["scim"]["permission"]


def test_without_an_enterprise_nobody_looks_at_streams(github: Source) -> None:
    assert github.emulator.state.rest.pop("/enterprises/acme-holding/audit-log/streams")
    assert look(github, "github.audit_log_stream").status is CollectionStatus.DENIED
    client = github.client("GET /enterprises/{enterprise}/audit-log/streams", enterprise=None)
    assert client.enterprise is None


def test_fields_that_an_older_server_lacks_are_left_out(github: Source) -> None:
    github.emulator.state.lacks = {
        "immutable",
        "isVerified",
        "ipAllowListEnabledSetting",
        "ipAllowListEntries",
        "lockBranch",
        "requiredStatusChecks",
        "notificationDeliveryRestrictionEnabledSetting",
        "isSecurityPolicyEnabled",
    }
    found = verdicts(github)
    assert set(found["github-release-integrity"].values()) == {Status.INCONCLUSIVE}
    assert found["github-ip-allow-list"]["acme-robotics"] is Status.INCONCLUSIVE
    assert found["github-security-policy"]["acme-robotics/docs"] is Status.INCONCLUSIVE
    assert found["github-inactive-repos"]["acme-robotics/api"] is Status.PASS
    assert found["github-default-branch-protected"]["acme-robotics/robot-sdk:main"] is Status.PASS


def test_a_field_that_is_needed_and_lacking_fails_the_look(github: Source) -> None:
    github.emulator.state.lacks = {"restrictsPushes"}
    result = look(github, "github.branch")
    assert result.status is CollectionStatus.FAILED
    assert "too old" in result.reason


def test_without_single_sign_on_nothing_is_seen(github: Source) -> None:
    failure = {"type": "FORBIDDEN", "message": "no", "extensions": {"saml_failure": True}}
    github.emulator.faults.add("graphql", body=json.dumps({"errors": [failure], "data": {}}))
    github.emulator.faults.add(
        "/orgs/acme-robotics/installations", status=403, headers={"X-GitHub-SSO": "required; url=x"}
    )
    for kind in ("github.workflow", "github.app_installation"):
        result = look(github, kind)
        assert result.status is CollectionStatus.DENIED
        assert "single sign-on" in result.reason


# -- activity ---------------------------------------------------------------------------------------------


def test_deployments_of_the_window_are_all_read(github: Source) -> None:
    made = node(github, "api")["deployments"]
    made[:0] = [{**made[0], "id": f"DE_{n}", "databaseId": n} for n in range(130)]
    found = bodies(github, "github.deployment")
    assert (
        sum(name.startswith("acme-robotics/api ") for name in found) == 133
    )  # the oldest is too old
    assert asked(github, "graphql Deployments") == 2


def test_a_deployment_of_a_deleted_account_has_no_actor(github: Source) -> None:
    found = verdicts(github)["github-deployments-logged"]
    assert {s for name, s in found.items() if "/billing " in name} == {Status.FAIL}


def test_workflow_files_of_archived_repositories_and_other_files_are_left_out(
    github: Source,
) -> None:
    entries = node(github, "api")["object"]["entries"]
    entries.append({**entries[0], "name": "README.md", "path": ".github/workflows/README.md"})
    node(github, "web")["isArchived"] = True
    found = bodies(github, "github.workflow")
    assert "acme-robotics/api/test.yml" in found
    assert not [name for name in found if "README" in name or "/web/" in name]


def test_a_folder_that_is_a_file_has_no_workflows(github: Source) -> None:
    node(github, "api")["object"] = {}  # the fragment on Tree says nothing of a file
    assert "acme-robotics/api/test.yml" not in bodies(github, "github.workflow")


# -- alerts that were closed ------------------------------------------------------------------------------


def test_alerts_that_were_closed_with_their_cause_alive_are_read(github: Source) -> None:
    rest = github.emulator.state.rest
    secrets = rest["/orgs/acme-robotics/secret-scanning/alerts"]
    (open_one,) = secrets
    for number, resolution, validity in (
        (2, "wont_fix", "unknown"),
        (3, "used_in_tests", "active"),
        (4, "revoked", "inactive"),
        (5, "wont_fix", "active"),
    ):
        closed = {"number": number, "state": "resolved"}
        secrets.append({**open_one, **closed, "resolution": resolution, "validity": validity})
    found = bodies(github, "github.secret_alert").values()
    assert sorted(one["number"] for one in found) == [1, 2, 3, 5]
    flaws = rest["/orgs/acme-robotics/dependabot/alerts"]
    for number, state in ((90, "dismissed"), (91, "fixed"), (92, "auto_dismissed")):
        flaws.append({**flaws[0], "number": number, "state": state})
    found = bodies(github, "github.dependabot_alert").values()
    assert {one["number"] for one in found if one["number"] >= 90} == {90}


# -- actions of the repository itself ---------------------------------------------------------------------


def test_actions_that_workflows_and_actions_call_are_read_wherever_they_stand(
    github: Source,
) -> None:
    billing = node(github, "billing")
    (entry,) = (one for one in billing["object"]["entries"] if one["name"] == "lint.yml")
    blob = entry["object"]

    def file(text: str) -> dict[str, Any]:
        return {**blob, "text": text, "byteSize": len(text)}

    uses = "- uses: ./.github/actions/lint/\n      - uses: ./\n      - uses: ./gone\n"
    entry["object"] = file(
        f"on: push\njobs:\n  a:\n    steps:\n      {uses}      - uses: vendor/x@v1\n"
    )
    billing["files"] = {
        ".github/actions/lint/action.yml": file(
            "runs: {using: composite, steps: [{uses: ./tools/two}, {uses: ./.github/actions/lint}]}"
        ),
        "action.yaml": file("runs: {using: node20, main: index.js}"),
        "tools/two/action.yml": file("runs: ["),
    }
    found = bodies(github, "github.action")
    read = {one["path"]: one["object"] is not None for one in found.values()}
    assert read == {".github/actions/lint": True, "": True, "gone": False, "tools/two": True}


# -- a merge queue ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queue", "rules", "counts"),
    [
        ({"id": "MQ_1"}, [], True),
        ({"id": "MQ_1"}, [{"type": "DELETION"}], True),
        ({"id": "MQ_1"}, [{"type": "MERGE_QUEUE"}], False),  # who may pass by it says its ruleset
        ({"id": "MQ_1"}, [None], False),
        ({"id": "MQ_1"}, None, False),
        (None, [], False),
    ],
)
def test_a_merge_queue_is_of_classic_protection_where_no_ruleset_demands_one(
    github: Source, queue: dict[str, str] | None, rules: list[Any] | None, *, counts: bool
) -> None:
    api = node(github, "api")
    api["mergeQueue"] = queue
    api["defaultBranchRef"]["rules"] = rules and {"nodes": rules}
    if rules == []:
        api["defaultBranchRef"]["rules"] = {"nodes": []}
    found = documents(github, "github.branch")
    branch: Branch = found["acme-robotics/api:main"]
    assert branch.queued_by_classic is counts
