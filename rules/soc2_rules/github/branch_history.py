"""What keeps the history of the default branch as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.github.models.branch import Branch
from soc2_pac.model import Severity, Verdict, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.github_branch import beside, otherwise, required

if TYPE_CHECKING:
    from soc2_collectors.github.models.ruleset import Demand


@rule(
    criteria=["CC8.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:repository_default_branch_disallows_force_push",
        "powerpipe:cis_supply_chain_v100_1_1_16",
        "scorecard:Branch-Protection",
    ],
)
def github_no_force_push(branch: Branch, *, may_force_push: tuple[str, ...] = ()) -> Verdict:
    """Force pushes to the default branch are blocked.

    ``may_force_push`` names actors that classic protection may let force push: ``Team platform``, ``App
    renovate``, ``User ann``. By REST GitHub does not show whom it lets.

    Why: a force push replaces reviewed commits with others and takes the evidence away.
    Fix: turn on "Block force pushes" in the ruleset, or clear "Allow force pushes" in the protection.
    """
    if (aside := beside(branch)) is not None:
        return aside
    rulesets = branch.binding(("non_fast_forward",), lambda _: True, merging=False)
    if rulesets.binding:
        return passed(f"force pushes to {branch.label} are blocked by {rulesets.names}")
    classic, hidden = branch.classic_or_why()
    what = f"the protection of {branch.label}"
    if classic is None:
        problem = f"no ruleset and no classic protection of {branch.label} blocks force pushes"
    elif classic.allows_force_pushes is None:
        hidden = f"{what} does not say whether it allows force pushes"
        problem = hidden
    elif classic.allows_force_pushes:
        problem = f"{what} allows force pushes"
    elif classic.bypass_force_push_allowances is None:
        hidden = f"GitHub does not show whom {what} lets force push"
        problem = hidden
    else:
        allowed = classic.bypass_force_push_allowances
        beyond = [name for name in allowed.names if name not in may_force_push]
        if not beyond and allowed.complete:
            named = f" but for {', '.join(allowed.names)}" if allowed.names else ""
            return passed(f"{what} blocks force pushes{named}")
        if not beyond:
            hidden = f"not everybody was read whom {what} lets force push"
        problem = f"{what} lets {', '.join(beyond)} force push"
    return otherwise(problem, rulesets, hidden)


@rule(
    criteria=["CC8.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:repository_default_branch_deletion_disabled",
        "powerpipe:cis_supply_chain_v100_1_1_17",
        "scorecard:Branch-Protection",
    ],
)
def github_no_deletion(branch: Branch) -> Verdict:
    """Deleting the default branch is blocked.

    Why: whoever deletes the branch and pushes another under its name has passed by every rule on it.
    Fix: turn on "Restrict deletions" in the ruleset, or clear "Allow deletions" in the protection.
    """
    if (aside := beside(branch)) is not None:
        return aside
    rulesets = branch.binding(("deletion",), lambda _: True, merging=False)
    if rulesets.binding:
        return passed(f"deletion of {branch.label} is blocked by {rulesets.names}")
    classic, hidden = branch.classic_or_why()
    what = f"the protection of {branch.label}"
    if classic is not None and classic.allows_deletions is False:
        return passed(f"{what} blocks deletion")
    if classic is None:
        problem = f"no ruleset and no classic protection of {branch.label} blocks deletion"
    elif classic.allows_deletions:
        problem = f"{what} allows deletion"
    else:
        problem = hidden = f"{what} does not say whether it allows deletion"
    return otherwise(problem, rulesets, hidden)


@rule(
    criteria=["CC8.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:repository_default_branch_requires_signed_commits",
        "powerpipe:cis_supply_chain_v100_1_1_12",
    ],
)
def github_signed_commits(branch: Branch) -> Verdict:
    """Commits on the default branch must be signed.

    Why: author and committer of a commit are free text; only a signature ties it to an account.
    Fix: turn on "Require signed commits" in the ruleset or the protection of the default branch.
    """
    return required(
        branch,
        ("required_signatures",),
        lambda _: True,
        lambda c: c.requires_commit_signatures,
        "signed commits",
    )


@rule(
    criteria=["CC8.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:repository_default_branch_requires_linear_history",
        "powerpipe:cis_supply_chain_v100_1_1_13",
    ],
)
def github_linear_history(branch: Branch) -> Verdict:
    """The default branch keeps a linear history.

    Pull requests that are demanded, and that the ruleset or the repository's settings let be squashed or rebased
    only, do as well, unless changes go through a merge queue.

    Why: with one commit for each change the list of changes can be read, counted and reverted.
    Fix: turn on "Require linear history" in the ruleset or the protection of the default branch.
    """
    return required(
        branch,
        ("pull_request", "required_linear_history"),
        lambda demand: _straight(demand, branch),
        lambda c: (
            c.requires_linear_history or (c.requires_approving_reviews and branch.without_merges)
        ),
        "linear history",
    )


def _straight(demand: Demand, branch: Branch) -> bool | None:
    if demand.type != "pull_request":
        return True
    if branch.without_merges:
        return True
    if demand.parameters is None:
        return None
    if not demand.parameters.without_merges or branch.queued:
        return False
    return None if branch.queued is None else True
