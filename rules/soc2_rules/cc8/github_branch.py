"""What the default branch demands before a change lands on it.

Two mechanisms protect a branch and both count: rules of active rulesets, and classic protection. Rulesets
are read first, since every reader may see them; classic protection shows itself to administrators only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.github.models.branch import Branch, ClassicProtection, Toggle
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

if TYPE_CHECKING:
    from collections.abc import Callable

_PROTECTING = (
    "pull_request",
    "update",
    "merge_queue",
    "required_status_checks",
    "non_fast_forward",
)
"""Rule types that keep somebody from changing the branch at will; a commit message pattern does not."""
_ARCHIVED = "the repository is archived: nobody can change it"


@rule(
    criteria=["CC8.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:repository_default_branch_protection_enabled",
        "scorecard:Branch-Protection",
    ],
)
def github_default_branch_protected(branch: Branch) -> Verdict:
    """The default branch is protected.

    Why: on an unprotected branch whoever can write changes what is shipped, with no review, no test and
        no trace but the commit. A ruleset in evaluate mode only watches.
    Fix: in the repository, Settings, Rules, Rulesets, create an active branch ruleset that targets the
        default branch; or set one for all repositories in the organisation's settings.
    """
    if branch.repository.archived:
        return not_applicable(_ARCHIVED)
    found = sorted({one.type for one in branch.rules if one.type in _PROTECTING})
    if found:
        return passed(f"{branch.label} is protected by active rulesets ({', '.join(found)})")
    if branch.branch_protection is not None:
        return passed(f"{branch.label} has classic branch protection")
    return failed(
        f"{branch.label} has neither classic protection nor an active ruleset that limits changes"
    )


@rule(
    criteria=["CC8.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:repository_default_branch_requires_multiple_approvals",
        "powerpipe:cis_supply_chain_v100_1_1_3",
        "scorecard:Code-Review",
    ],
)
def github_required_reviews(branch: Branch, *, min_approvals: int = 1) -> Verdict:
    """Changes to the default branch need an approving review.

    Why: a change that one person writes and merges alone was approved by nobody.
    Fix: in the ruleset or protection of the default branch turn on "Require a pull request before
        merging" and set the number of required approvals.
    """
    if branch.repository.archived:
        return not_applicable(_ARCHIVED)
    counts = [found.required_approving_review_count for found in branch.rules_of("pull_request")]
    if max(counts, default=0) < min_approvals and branch.classic_reviews is not None:
        counts.append(branch.classic_reviews.required_approving_review_count)
    required = max(counts, default=0)
    if required >= min_approvals:
        return passed(f"{branch.label} requires {required} approving review(s)")
    return failed(
        f"{branch.label} requires {required} approving reviews, fewer than {min_approvals}"
    )


@rule(
    criteria=["CC8.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:repository_default_branch_dismisses_stale_reviews",
        "powerpipe:cis_supply_chain_v100_1_1_4",
        "scorecard:Branch-Protection",
    ],
)
def github_dismiss_stale(branch: Branch) -> Verdict:
    """New commits on a pull request take away or renew its approval.

    Why: otherwise anything can be pushed after the approval and merged under it.
    Fix: turn on "Dismiss stale pull request approvals when new commits are pushed" or "Require approval
        of the most recent reviewable push" for the default branch.
    """
    if branch.repository.archived:
        return not_applicable(_ARCHIVED)
    for found in branch.rules_of("pull_request"):
        if found.dismiss_stale_reviews_on_push or found.require_last_push_approval:
            return passed(f"a ruleset of {branch.label} makes approvals follow the last push")
    classic = branch.classic_reviews
    if classic is not None and (
        classic.dismiss_stale_reviews or classic.require_last_push_approval
    ):
        return passed(f"the protection of {branch.label} makes approvals follow the last push")
    return failed(
        f"on {branch.label} an approval stays in force for commits that are pushed after it"
    )


@rule(
    criteria=["CC8.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:repository_default_branch_status_checks_required",
        "powerpipe:cis_supply_chain_v100_1_1_9",
        "powerpipe:cis_supply_chain_v100_1_1_10",
        "scorecard:CI-Tests",
    ],
)
def github_status_checks(branch: Branch, *, up_to_date: bool = True) -> Verdict:
    """Changes to the default branch must pass status checks.

    Why: without a required check a change whose tests fail, or never ran, can be merged. Checks that ran
        against an old base say nothing of the result of the merge.
    Fix: turn on "Require status checks to pass" with at least one check and "Require branches to be up to
        date before merging", or use a merge queue.
    """
    if branch.repository.archived:
        return not_applicable(_ARCHIVED)
    names: set[str] = set()
    current = branch.has_rule("merge_queue")
    for found in branch.rules_of("required_status_checks"):
        names.update(check.context for check in found.required_status_checks)
        current = current or found.strict_required_status_checks_policy
    if not names or (up_to_date and not current):
        classic = (
            branch.branch_protection.required_status_checks if branch.branch_protection else None
        )
        if classic is not None and classic.names:
            names.update(classic.names)
            current = current or classic.strict
    if not names:
        return failed(f"{branch.label} requires no status check")
    if up_to_date and not current:
        return failed(
            f"{branch.label} requires checks, but not that the merged branch is up to date"
        )
    return passed(f"{branch.label} requires {', '.join(sorted(names))}")


@rule(
    criteria=["CC8.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:repository_default_branch_disallows_force_push",
        "powerpipe:cis_supply_chain_v100_1_1_16",
        "scorecard:Branch-Protection",
    ],
)
def github_no_force_push(branch: Branch) -> Verdict:
    """The history of the default branch cannot be rewritten.

    Why: a force push replaces reviewed commits with others and takes the evidence away.
    Fix: turn on "Block force pushes" in the ruleset, or clear "Allow force pushes" in the protection.
    """
    return _blocked(
        branch, "non_fast_forward", lambda classic: classic.allow_force_pushes, "force pushes"
    )


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
    """The default branch cannot be deleted.

    Why: whoever deletes the branch and pushes another under its name has passed by every rule on it.
    Fix: turn on "Restrict deletions" in the ruleset, or clear "Allow deletions" in the protection.
    """
    return _blocked(branch, "deletion", lambda classic: classic.allow_deletions, "deletion")


@rule(
    criteria=["CC8.1", "CC6.3"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:repository_default_branch_protection_applies_to_admins",
        "powerpipe:cis_supply_chain_v100_1_1_14",
        "scorecard:Branch-Protection",
    ],
)
def github_admins_not_exempt(branch: Branch, *, approved_bypass: tuple[str, ...] = ()) -> Verdict:
    """Nobody may pass by the protection of the default branch.

    It is enough that one layer with required pull requests binds everyone. ``approved_bypass`` names
    actors that may pass a ruleset: ``Team:234``, ``Integration:29110``, ``OrganizationAdmin``.

    Why: a control that administrators can skip does not control those who can do most damage, and an
        auditor cannot tell a skipped review from a forgotten one.
    Fix: empty the bypass list of the ruleset, or turn on "Do not allow bypassing the above settings" in
        classic protection. A break-glass team can be approved in the configuration of this rule.
    """
    if branch.repository.archived:
        return not_applicable(_ARCHIVED)
    classic = branch.branch_protection
    layers: list[tuple[bool, str]] = []
    if classic is not None:
        bound = classic.enforce_admins is not None and classic.enforce_admins.enabled
        exempt = "" if bound else "classic protection exempts administrators"
        layers.append((classic.required_pull_request_reviews is not None, exempt))
    in_force = {one.ruleset_id: one for one in branch.rules if one.type in _PROTECTING}
    with_reviews = {one.ruleset_id for one in branch.rules if one.type == "pull_request"}
    if in_force:
        unseen = sorted(in_force.keys() - {ruleset.id for ruleset in branch.rulesets})
        if unseen:
            return inconclusive(f"GitHub does not show ruleset {unseen[0]}, which is in force")
        for ruleset in branch.rulesets:
            if ruleset.id in in_force:
                if ruleset.bypass_actors is None:
                    return inconclusive(
                        f"GitHub hides who may bypass the ruleset '{ruleset.name}': it shows this to those "
                        "who may edit the ruleset"
                    )
                open_to = sorted({str(a) for a in ruleset.bypass_actors} - set(approved_bypass))
                exempt = (
                    f"ruleset '{ruleset.name}' may be bypassed by {', '.join(open_to)}"
                    if open_to
                    else ""
                )
                layers.append((ruleset.id in with_reviews, exempt))
    if not layers:
        return not_applicable(f"{branch.label} has no protection that could be bypassed")
    relevant = [exempt for reviews, exempt in layers if reviews] or [exempt for _, exempt in layers]
    if "" in relevant:
        return passed(f"the protection of {branch.label} binds everyone")
    return failed(f"{branch.label}: {'; '.join(relevant)}")


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
    return _required(
        branch, "required_signatures", lambda c: c.required_signatures, "signed commits"
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

    Why: with one commit for each change the list of changes can be read, counted and reverted.
    Fix: turn on "Require linear history" in the ruleset or the protection of the default branch.
    """
    return _required(
        branch, "required_linear_history", lambda c: c.required_linear_history, "linear history"
    )


@rule(
    criteria=["CC8.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:repository_default_branch_requires_conversation_resolution",
        "powerpipe:cis_supply_chain_v100_1_1_11",
    ],
)
def github_conversation_resolution(branch: Branch) -> Verdict:
    """Review comments must be resolved before a merge.

    Why: an objection that can be left open is easily merged over.
    Fix: turn on "Require conversation resolution before merging" for the default branch.
    """
    if not branch.repository.archived and any(
        found.required_review_thread_resolution for found in branch.rules_of("pull_request")
    ):
        return passed(f"a ruleset of {branch.label} requires resolved conversations")
    return _required(
        branch, "", lambda c: c.required_conversation_resolution, "resolved conversations"
    )


def _blocked(
    branch: Branch, type_: str, allowed: Callable[[ClassicProtection], Toggle | None], what: str
) -> Verdict:
    """A ruleset blocks it by a rule; classic protection blocks it unless it allows it."""
    if branch.repository.archived:
        return not_applicable(_ARCHIVED)
    if branch.has_rule(type_):
        return passed(f"a ruleset of {branch.label} blocks {what}")
    if branch.branch_protection is None:
        return failed(f"no ruleset and no classic protection of {branch.label} blocks {what}")
    setting = allowed(branch.branch_protection)
    if setting is None:
        return inconclusive(
            f"the protection of {branch.label} does not say whether it allows {what}"
        )
    if setting.enabled:
        return failed(f"the protection of {branch.label} allows {what}")
    return passed(f"the protection of {branch.label} blocks {what}")


def _required(
    branch: Branch, type_: str, required: Callable[[ClassicProtection], Toggle | None], what: str
) -> Verdict:
    """A ruleset requires it by a rule, classic protection by a setting."""
    if branch.repository.archived:
        return not_applicable(_ARCHIVED)
    if branch.has_rule(type_):
        return passed(f"a ruleset of {branch.label} requires {what}")
    setting = required(branch.branch_protection) if branch.branch_protection else None
    if setting is not None and setting.enabled:
        return passed(f"the protection of {branch.label} requires {what}")
    return failed(f"{branch.label} does not require {what}")
