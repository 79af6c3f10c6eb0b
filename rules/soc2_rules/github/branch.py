"""What the default branch demands before a change lands on it.

Two mechanisms protect a branch and both count: rules of active rulesets, and classic protection. Rulesets
are read first, since every reader may see them; classic protection shows itself to administrators only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.github.models.branch import Branch, Protection
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
    if (beside := _beside(branch)) is not None:
        return beside
    found = [one for one in _PROTECTING if branch.has_rule(one)]
    if found:
        return passed(f"{branch.label} is protected by active rulesets ({', '.join(found)})")
    if branch.classic is not None:
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
        "scorecard:Branch-Protection",
        "scorecard:Code-Review",
    ],
)
def github_required_reviews(branch: Branch, *, min_approvals: int = 1) -> Verdict:
    """Changes to the default branch need an approving review.

    Why: a change that one person writes and merges alone was approved by nobody.
    Fix: in the ruleset or protection of the default branch turn on "Require a pull request before
        merging" and set the number of required approvals.
    """
    if (beside := _beside(branch)) is not None:
        return beside
    counts = [found.required_approving_review_count for found in branch.rules_of("pull_request")]
    if max(counts, default=0) < min_approvals:
        classic = branch.classic
        if classic is not None and classic.requires_approving_reviews:
            counts.append(classic.required_approving_review_count or 0)
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
    if (beside := _beside(branch)) is not None:
        return beside
    for found in branch.rules_of("pull_request"):
        if found.dismiss_stale_reviews_on_push or found.require_last_push_approval:
            return passed(f"a ruleset of {branch.label} makes approvals follow the last push")
    classic = branch.classic
    if classic is not None and (
        classic.dismisses_stale_reviews or classic.require_last_push_approval
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
    if (beside := _beside(branch)) is not None:
        return beside
    names: set[str] = set()
    current = branch.has_rule("merge_queue")
    for found in branch.rules_of("required_status_checks"):
        names.update(check.context for check in found.required_status_checks)
        current = current or found.strict_required_status_checks_policy
    if not names or (up_to_date and not current):
        classic = branch.classic
        if classic is not None and classic.requires_status_checks and classic.checks:
            names.update(classic.checks)
            current = current or classic.requires_strict_status_checks
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
        branch, "non_fast_forward", lambda classic: classic.allows_force_pushes, "force pushes"
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
    return _blocked(branch, "deletion", lambda classic: classic.allows_deletions, "deletion")


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
    actors that may pass a ruleset, ``Team:234``, ``Integration:29110``, ``OrganizationAdmin``, or push past
    classic protection, ``Team platform``, ``App renovate``, ``User ann``.

    Why: a control that administrators can skip does not control those who can do most damage, and an
        auditor cannot tell a skipped review from a forgotten one.
    Fix: empty the bypass list of the ruleset, or turn on "Do not allow bypassing the above settings" in
        classic protection. A break-glass team can be approved in the configuration of this rule.
    """
    if (beside := _beside(branch)) is not None:
        return beside
    classic = branch.classic
    layers: list[tuple[bool, str]] = []
    if classic is not None:
        layers.append(
            (classic.requires_approving_reviews, _classic_exempt(classic, approved_bypass))
        )
    sources = {
        one.repository_ruleset.database_id if one.repository_ruleset else None
        for one in branch.in_force
        if one.type.lower() in _PROTECTING
    }
    if sources:
        unseen = sources - {ruleset.id for ruleset in branch.rulesets}
        if unseen:
            return inconclusive("GitHub does not show every ruleset that is in force")
        for ruleset in branch.rulesets:
            if ruleset.id in sources:
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
                reviews = any(one.type == "pull_request" for one in ruleset.rules)
                layers.append((reviews, exempt))
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
        branch, "required_signatures", lambda c: c.requires_commit_signatures, "signed commits"
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
        branch, "required_linear_history", lambda c: c.requires_linear_history, "linear history"
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
    if not branch.repository.is_archived and any(
        found.required_review_thread_resolution for found in branch.rules_of("pull_request")
    ):
        return passed(f"a ruleset of {branch.label} requires resolved conversations")
    return _required(
        branch, "", lambda c: c.requires_conversation_resolution, "resolved conversations"
    )


@rule(
    criteria=["CC8.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:repository_has_codeowners_file",
        "prowler:repository_default_branch_requires_codeowners_review",
        "powerpipe:cis_supply_chain_v100_1_1_6",
    ],
)
def github_codeowners_review(branch: Branch, *, exempt: tuple[str, ...] = ()) -> Verdict:
    """Code has owners, and changes to it need their review.

    ``exempt`` names repositories (``acme/sandbox``) that need none.

    Why: an approval by somebody who does not know the code lets through what its owner would stop. A line
        of CODEOWNERS that GitHub cannot read protects nothing, without a word.
    Fix: add .github/CODEOWNERS, correct what the file's page on GitHub marks, and turn on "Require
        review from Code Owners" for the default branch.
    """
    if (beside := _beside(branch)) is not None:
        return beside
    if branch.repository.name_with_owner in exempt:
        return not_applicable(f"{branch.repository.name_with_owner} is exempt")
    if branch.codeowners is None:
        return failed(f"GitHub finds no CODEOWNERS file on {branch.label}")
    wrong = branch.codeowners.errors
    if wrong:
        return failed(
            f"{wrong[0].path} of {branch.label} has {len(wrong)} error(s): line {wrong[0].line}: "
            f"{wrong[0].kind}"
        )
    if any(found.require_code_owner_review for found in branch.rules_of("pull_request")):
        return passed(f"a ruleset of {branch.label} requires review by code owners")
    classic = branch.classic
    if (
        classic is not None
        and classic.requires_approving_reviews
        and classic.requires_code_owner_reviews
    ):
        return passed(f"the protection of {branch.label} requires review by code owners")
    return failed(f"{branch.label} has code owners, and does not require their review")


@rule(
    criteria=["CC8.1", "CC6.3"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:cis_supply_chain_v100_1_1_15"],
)
def github_push_restricted(branch: Branch) -> Verdict:
    """Only named people, teams and Apps may push to or merge into the default branch.

    Why: without such a list everybody with write access to the repository decides what is shipped.
    Fix: turn on "Restrict updates" in a ruleset with a short bypass list, or "Restrict who can push to
        matching branches" in classic protection.
    """
    if (beside := _beside(branch)) is not None:
        return beside
    if branch.has_rule("update"):
        return passed(f"a ruleset restricts updates of {branch.label} to its bypass list")
    classic = branch.classic
    if classic is not None and classic.restricts_pushes:
        return passed(f"the protection of {branch.label} names who may push")
    return failed(f"everybody with write access may push to or merge into {branch.label}")


@rule(
    criteria=["CC8.1"],
    severity=Severity.LOW,
    known_as=["powerpipe:cis_supply_chain_v100_1_1_5"],
)
def github_dismissal_restricted(branch: Branch) -> Verdict:
    """Only named people may dismiss a review.

    Why: a review that asks for changes stops a merge only while nobody takes it away.
    Fix: turn on "Restrict who can dismiss pull request reviews" for the default branch.
    """
    if (beside := _beside(branch)) is not None:
        return beside
    if any(found.dismissal_restriction.enabled for found in branch.rules_of("pull_request")):
        return passed(f"a ruleset of {branch.label} names who may dismiss reviews")
    classic = branch.classic
    if (
        classic is not None
        and classic.requires_approving_reviews
        and classic.restricts_review_dismissals
    ):
        return passed(f"the protection of {branch.label} names who may dismiss reviews")
    return failed(f"everybody with write access may dismiss reviews of changes to {branch.label}")


def _beside(branch: Branch) -> Verdict | None:
    """The verdict on what there is nothing to ask of; ``None`` for a branch that can change."""
    if branch.repository.is_archived:
        return not_applicable(_ARCHIVED)
    if branch.name is None:
        return not_applicable(f"nobody pushed to {branch.repository.name_with_owner} yet")
    return None


def _classic_exempt(classic: Protection, approved: tuple[str, ...]) -> str:
    """Whom classic protection does not bind, in words; an empty text where it binds everyone."""
    exempt = [] if classic.is_admin_enforced else ["classic protection exempts administrators"]
    passing = sorted(
        {str(one) for one in classic.bypass_pull_request_allowances.nodes} - {*approved}
    )
    if passing:
        exempt.append(f"classic protection lets {', '.join(passing)} push without a pull request")
    return "; ".join(exempt)


def _blocked(
    branch: Branch, type_: str, allowed: Callable[[Protection], bool | None], what: str
) -> Verdict:
    """A ruleset blocks it by a rule; classic protection blocks it unless it allows it."""
    if (beside := _beside(branch)) is not None:
        return beside
    if branch.has_rule(type_):
        return passed(f"a ruleset of {branch.label} blocks {what}")
    classic = branch.classic
    if classic is None:
        return failed(f"no ruleset and no classic protection of {branch.label} blocks {what}")
    setting = allowed(classic)
    if setting is None:
        return inconclusive(
            f"the protection of {branch.label} does not say whether it allows {what}"
        )
    if setting:
        return failed(f"the protection of {branch.label} allows {what}")
    return passed(f"the protection of {branch.label} blocks {what}")


def _required(
    branch: Branch, type_: str, required: Callable[[Protection], bool], what: str
) -> Verdict:
    """A ruleset requires it by a rule, classic protection by a setting."""
    if (beside := _beside(branch)) is not None:
        return beside
    if branch.has_rule(type_):
        return passed(f"a ruleset of {branch.label} requires {what}")
    classic = branch.classic
    if classic is not None and required(classic):
        return passed(f"the protection of {branch.label} requires {what}")
    return failed(f"{branch.label} does not require {what}")
