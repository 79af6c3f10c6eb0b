"""What the default branch demands before a change lands on it.

Two mechanisms protect a branch and both count: rules of active rulesets, and classic protection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.github.models.branch import Branch, Found
from soc2_collectors.github.models.repository import called
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.github_branch import asks, asks_or_bare, beside, otherwise, required

if TYPE_CHECKING:
    from soc2_collectors.github.models.protection import Protection
    from soc2_collectors.github.models.ruleset import Demand

_CHECKS = ("required_status_checks", "workflows", "code_scanning")
_LIMITS = ("pull_request", "update", "merge_queue", "lock_branch", "required_deployments")
"""Rule types that keep everyone with write access from changing the branch at will, whatever their
parameters. A rule against force pushes or about commit messages lets any change through."""


@rule(
    criteria=["CC8.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:repository_default_branch_protection_enabled",
        "scorecard:Branch-Protection",
    ],
)
def github_default_branch_protected(branch: Branch) -> Verdict:
    """Who can write cannot change the default branch at will.

    A pull request, a check, a merge queue or a list of people must stand in the way. Protection that only
    blocks force pushes and deletion lets every change through, and does not count.

    Why: on an unprotected branch whoever can write changes what is shipped, with no review, no test and
        no trace but the commit. A ruleset in evaluate mode only watches.
    Fix: in the repository, Settings, Rules, Rulesets, create an active branch ruleset that targets the
        default branch; or set one for all repositories in the organisation's settings.
    """
    if (aside := beside(branch)) is not None:
        return aside
    rulesets = branch.binding((*_LIMITS, *_CHECKS), _limits)
    if rulesets.binding:
        found = sorted({one.type for one in rulesets.binding})
        return passed(f"{branch.label} is protected by {rulesets.names} ({', '.join(found)})")
    classic, hidden = branch.classic_or_why()
    if classic is not None and (demands := _classic_limits(classic)):
        return passed(f"{branch.label} has classic branch protection ({', '.join(demands)})")
    if classic is not None and branch.queued_by_classic:
        return passed(f"{branch.label} has classic branch protection (a merge queue)")
    what = (
        "classic protection that demands nothing, and no"
        if classic
        else "neither classic protection nor an"
    )
    return otherwise(
        f"{branch.label} has {what} active ruleset that limits changes", rulesets, hidden
    )


def _limits(demand: Demand) -> bool | None:
    # A pull request is in the way whatever its parameters say.
    return None if demand.hidden and demand.type != "pull_request" else True


def _classic_limits(classic: Protection) -> list[str]:
    """What classic protection demands of a change."""
    demands = {
        "pull requests": classic.requires_approving_reviews,
        "status checks": classic.requires_status_checks and bool(classic.checks),
        "a list of who may push": classic.restricts_pushes,
        "a lock": classic.lock_branch is True,
    }
    return [what for what, demanded in demands.items() if demanded]


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
    if (aside := beside(branch)) is not None:
        return aside
    rulesets = branch.binding(("pull_request",), asks(lambda p: p.approvals >= min_approvals))
    if rulesets.binding:
        count = max(one.parameters.approvals for one in rulesets.binding if one.parameters)
        return passed(f"{branch.label} requires {count} approving review(s), by {rulesets.names}")
    classic, hidden = branch.classic_or_why()
    count = (
        classic.required_approving_review_count or 0
        if classic is not None and classic.requires_approving_reviews
        else 0
    )
    if count >= min_approvals:
        return passed(f"{branch.label} requires {count} approving review(s), by classic protection")
    return otherwise(
        f"{branch.label} requires fewer than {min_approvals} approving review(s)", rulesets, hidden
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
    if (aside := beside(branch)) is not None:
        return aside
    approving = branch.binding(("pull_request",), asks(lambda p: p.approvals > 0))
    renewing = branch.binding(
        ("pull_request",),
        asks(lambda p: p.dismiss_stale_reviews_on_push or p.require_last_push_approval),
    )
    classic, hidden = branch.classic_or_why()
    reviews = classic if classic is not None and classic.requires_approving_reviews else None
    by_classic = reviews is not None and (
        reviews.dismisses_stale_reviews or reviews.require_last_push_approval
    )
    # What rulesets and classic protection demand adds up: one may ask for the approval, another renew it.
    approved = bool(approving.binding) or (
        reviews is not None and (reviews.required_approving_review_count or 0) > 0
    )
    if approved and renewing.binding:
        return passed(
            f"approvals of changes to {branch.label} follow the last push, by {renewing.names}"
        )
    if approved and by_classic:
        return passed(f"the protection of {branch.label} makes approvals follow the last push")
    return otherwise(
        f"on {branch.label} no required approval is taken away or renewed by a later push",
        Found([], [*approving.loose, *renewing.loose], [*approving.unclear, *renewing.unclear]),
        hidden,
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
def github_status_checks(
    branch: Branch, *, up_to_date: bool = True, bound_to_app: bool = False
) -> Verdict:
    """Changes to the default branch must pass status checks.

    A required workflow counts as a check. Unless ``up_to_date`` is off, the branch must be up to date with
    its base, or go through a merge queue. With ``bound_to_app`` each check must come from one App: whoever
    can write to the repository can report any other check as passed.

    Why: without a required check a change whose tests fail, or never ran, can be merged. Checks that ran
        against an old base say nothing of the result of the merge.
    Fix: turn on "Require status checks to pass" with at least one check and "Require branches to be up to
        date before merging", or use a merge queue.
    """
    if (aside := beside(branch)) is not None:
        return aside
    checks = branch.binding(
        ("required_status_checks",),
        asks(lambda p: bool(p.required_status_checks)),
    )
    more = branch.binding(
        ("workflows", "merge_queue"), lambda demand: None if demand.hidden else True
    )
    names: dict[str, bool] = {}
    current = any(one.type == "merge_queue" for one in more.binding)
    for one in checks.binding:
        assert one.parameters is not None  # noqa: S101 - it asks by its parameters
        for check in one.parameters.required_status_checks:
            names[check.context] = names.get(check.context, False) or check.bound
        current = current or one.parameters.strict_required_status_checks_policy
    if any(one.type == "workflows" for one in more.binding):
        names["required workflows"] = True
    classic, hidden = branch.classic_or_why()
    if classic is not None and classic.requires_status_checks and classic.checks:
        for name, bound in classic.checks.items():
            names[name] = names.get(name, False) or bound
        current = current or classic.requires_strict_status_checks
    current = current or (classic is not None and branch.queued_by_classic)
    loose = [name for name, bound in names.items() if not bound] if bound_to_app else []
    if names and not loose and (current or not up_to_date):
        return passed(f"{branch.label} requires {', '.join(sorted(names))}")
    if not names:
        problem = f"{branch.label} requires no status check"
    elif loose:
        problem = f"{branch.label} takes {', '.join(sorted(loose))} from anybody who can write"
    else:
        problem = f"{branch.label} requires checks, but not that the merged branch is up to date"
    unclear = Found([], [*checks.loose, *more.loose], [*checks.unclear, *more.unclear])
    return otherwise(problem, unclear, hidden)


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
    return required(
        branch,
        ("pull_request", "required_review_thread_resolution"),
        asks_or_bare(lambda p: p.required_review_thread_resolution),
        lambda c: c.requires_conversation_resolution,
        "resolved conversations",
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
    """A CODEOWNERS file without errors is there, and changes to files of code owners need their review.

    Which files have an owner is not read, nor whether any has. A ruleset that wants the approval of a team
    for all files does as well. ``exempt`` names repositories (``acme/sandbox``) that need none.

    Why: an approval by somebody who does not know the code lets through what its owner would stop. A line
        of CODEOWNERS that GitHub cannot read protects nothing, without a word.
    Fix: add .github/CODEOWNERS, correct what the file's page on GitHub marks, and turn on "Require
        review from Code Owners" for the default branch.
    """
    if (aside := beside(branch)) is not None:
        return aside
    if called(branch.repository.name_with_owner, exempt):
        return not_applicable(f"{branch.repository.name_with_owner} is exempt")
    teams = branch.binding(
        ("pull_request",),
        asks(
            lambda p: any(r.of_all_files and r.minimum_approvals > 0 for r in p.required_reviewers)
        ),
    )
    if teams.binding:
        return passed(
            f"changes to any file of {branch.label} need the approval of a team, by {teams.names}"
        )
    if branch.codeowners is None:
        return otherwise(
            f"GitHub finds no CODEOWNERS file on {branch.label}", teams._replace(loose=[]), ""
        )
    wrong = branch.codeowners.errors
    if wrong:
        return failed(
            f"{wrong[0].path} of {branch.label} has {len(wrong)} error(s): line {wrong[0].line}: "
            f"{wrong[0].kind}"
        )
    return required(
        branch,
        ("pull_request",),
        asks(lambda p: p.require_code_owner_review),
        lambda c: c.requires_approving_reviews and c.requires_code_owner_reviews,
        "review by code owners (its CODEOWNERS file has no errors)",
    )
