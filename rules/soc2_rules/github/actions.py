"""What workflows may run, and with which rights."""

from __future__ import annotations

from soc2_collectors.github.models.organization import Organization
from soc2_collectors.github.models.repository import RunnerGroup
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.8", "CC8.1"], severity=Severity.HIGH, known_as=["scorecard:Pinned-Dependencies"]
)
def github_allowed_actions(organization: Organization, *, sha_pinning: bool = True) -> Verdict:
    """Workflows run chosen actions only, at a fixed commit.

    Chosen are the organisation's own, GitHub's, those of verified creators where they are allowed, and those
    of patterns that name an owner.

    Why: an action is somebody else's program, run with the workflow's token and secrets. A tag can
        be moved
        to another program at any time; a commit cannot.
    Fix: organisation settings, Actions, General: allow selected actions, and turn on "Require
        actions to
        be pinned to a full-length commit SHA".
    """
    policy = organization.actions_permissions
    if policy.enabled_repositories == "none":
        return not_applicable("Actions are off for all repositories")
    problems = []
    if policy.allowed_actions is None:
        return inconclusive("GitHub does not say which actions are allowed")
    if policy.allowed_actions == "all":
        problems.append("every action is allowed")
    elif policy.allowed_actions == "selected":
        chosen = organization.selected_actions
        if chosen is None:
            return inconclusive("GitHub does not say which actions are selected")
        problems += [
            f"the pattern {pattern} allows actions of owners whom nobody chose"
            for pattern in chosen.patterns_allowed
            if "*" in pattern.partition("/")[0] and not pattern.startswith("!")
        ]
    elif policy.allowed_actions != "local_only":
        return inconclusive(f"which actions are allowed is {policy.allowed_actions}: unknown")
    if sha_pinning and policy.allowed_actions != "local_only" and not policy.sha_pinning_required:
        problems.append("actions need not be pinned to a commit")
    if problems:
        return failed("; ".join(problems))
    if policy.enabled_repositories not in ("all", "selected"):
        return inconclusive(f"Actions are on for {policy.enabled_repositories}: unknown")
    pinned = ", pinned to a commit" if policy.sha_pinning_required else ""
    return passed(f"allowed actions: {policy.allowed_actions}{pinned}")


@rule(
    criteria=["CC6.3", "CC8.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:organization_default_workflow_permissions_read_only",
        # A repository cannot choose more than its organisation does.
        "prowler:repository_default_workflow_permissions_read_only",
        "prowler:organization_actions_pull_request_approval_disabled",
        "scorecard:Token-Permissions",
    ],
)
def github_default_token_read_only(organization: Organization) -> Verdict:
    """Workflows get a token that only reads, and cannot approve pull requests.

    Why: whatever a workflow runs holds this token. With write access it changes code; by approving
        it is
        the second pair of eyes on its own change.
    Fix: organisation settings, Actions, General, Workflow permissions: choose "Read repository
        contents"
        and clear "Allow GitHub Actions to create and approve pull requests".
    """
    given = organization.workflow_permissions
    problems = []
    if given.default_workflow_permissions != "read":
        problems.append(f"the default token may {given.default_workflow_permissions}")
    if given.can_approve_pull_request_reviews:
        problems.append("workflows may approve pull requests")
    if problems:
        return failed("; ".join(problems))
    return passed("the default token only reads, and workflows cannot approve pull requests")


@rule(
    criteria=["CC6.6", "CC6.8"],
    severity=Severity.HIGH,
    empty=not_applicable("the organisation has no runner groups"),
)
def github_self_hosted_runners(group: RunnerGroup, *, ephemeral: bool = True) -> Verdict:
    """Groups of self-hosted runners are closed to public repositories, and their runners are used once.

    Runners that a repository has to itself are in no group and are not read.

    Why: anyone can open a pull request on a public repository and so run a program inside the
        network. A
        runner that lives on keeps what one job left for the next.
    Fix: organisation settings, Actions, Runner groups: clear "Allow public repositories"; start
        runners
        with ``--ephemeral``, or let a controller make one for each job.
    """
    if not group.runners and group.allows_public_repositories:
        return inconclusive(
            f"public repositories may use '{group.name}', which had no self-hosted runner at the collection: "
            "one that takes one job only registers for that job"
        )
    if not group.runners:
        return not_applicable(
            f"the group '{group.name}' has no runners, and is closed to public repositories"
        )
    if group.allows_public_repositories:
        return failed(
            f"public repositories may use the {len(group.runners)} runners of '{group.name}'"
        )
    lasting = sorted(runner.name for runner in group.runners if runner.ephemeral is False)
    if ephemeral and lasting:
        return failed(f"runners of '{group.name}' take more than one job: {', '.join(lasting[:5])}")
    unknown = sorted(runner.name for runner in group.runners if runner.ephemeral is None)
    if ephemeral and unknown:
        return inconclusive(f"GitHub does not say whether '{unknown[0]}' takes more than one job")
    once = " and used once" if ephemeral else ""
    return passed(
        f"the {len(group.runners)} runners of '{group.name}' are closed to public repositories{once}"
    )
