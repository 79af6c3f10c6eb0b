"""What really happened to the default branch: every merged change of the window, one by one."""

from __future__ import annotations

from soc2_collectors.github.models.change import Commit, PullRequest, Review
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_SHOWN = 3
_SHA = 10


@rule(
    criteria=["CC8.1"],
    severity=Severity.CRITICAL,
    known_as=["scorecard:Code-Review"],
    empty=not_applicable("no pull request was merged to a default branch in the window"),
)
def github_merged_pr_population(
    change: PullRequest,
    *,
    exempt_authors: tuple[str, ...] = (),
    approving_bots: tuple[str, ...] = (),
    on_merged_head: bool = True,
) -> Verdict:
    """Each merged change was approved by somebody other than its author.

    An approval counts when it was in force at the merge and stands on the commit that was merged.
    ``exempt_authors`` names accounts whose changes need none (a release bot); approvals of bots count only
    when ``approving_bots`` names them.

    Why: settings say what should happen; this looks at what did. Each change of the period is one
        item of
        the population that an auditor samples.
    Fix: have the change reviewed after the fact and record it, find out how it got past the
        protection of
        the branch, and close that way.
    """
    author = change.author_login
    if author in exempt_authors:
        return not_applicable(f"opened by {author}, whose changes are exempt")
    merged = f"merged {change.merged_at:%Y-%m-%d}"
    if change.author is None:
        return inconclusive(
            f"{merged}; its author's account is deleted: nobody can tell who is another person"
        )
    approvals = [
        review
        for review in change.approvals()
        if review.author
        and (review.author.typename == "User" or review.author.login in approving_bots)
    ]
    if not approvals:
        by = change.merged_by.login if change.merged_by else "ghost"
        return failed(f"{merged} by {by}, opened by {author}, with no approval of another person")
    current = [r for r in approvals if r.commit and r.commit.oid == change.head_ref_oid]
    if on_merged_head and not current:
        return failed(
            f"{merged} at {change.head_ref_oid[:_SHA]}, which {_names_of(approvals)} did not see: "
            "approved was an earlier commit"
        )
    return passed(f"{merged}, opened by {author}, approved by {_names_of(current or approvals)}")


@rule(
    criteria=["CC8.1"],
    severity=Severity.HIGH,
    known_as=["scorecard:CI-Tests"],
    empty=not_applicable("no pull request was merged to a default branch in the window"),
)
def github_merged_pr_checks(
    change: PullRequest, *, ignored_checks: tuple[str, ...] = ()
) -> Verdict:
    """Each merged change passed its checks.

    ``ignored_checks`` names checks that may fail. GitHub reports a check's last run: one that was run again
    after the merge shows its later result.

    Why: a change that was merged while a check failed, or before any check ran, was not tested.
    Fix: require the checks in the ruleset of the default branch; for this change, run them now and
        keep
        the result.
    """
    merged = f"merged {change.merged_at:%Y-%m-%d}"
    head = change.commits.nodes[-1].commit if change.commits.nodes else None
    if head is None or head.oid != change.head_ref_oid:
        return inconclusive(f"{merged}; GitHub does not show the commit that was merged")
    rollup = head.status_check_rollup
    if rollup is None:
        return failed(f"{merged}, and no check reported on {head.oid[:_SHA]}")
    if rollup.state == "SUCCESS":
        return passed(f"{merged} with all checks green on {head.oid[:_SHA]}")
    red = [c.label for c in rollup.contexts.nodes if not c.green and c.label not in ignored_checks]
    if red:
        more = ", ..." if len(red) > _SHOWN else ""
        return failed(
            f"{merged} with checks that were not green: {', '.join(sorted(red)[:_SHOWN])}{more}"
        )
    if rollup.contexts.page_info.has_next_page or not rollup.contexts.nodes:
        return inconclusive(
            f"{merged}; checks ended as {rollup.state}, and GitHub does not show which"
        )
    return passed(f"{merged}; only checks that may fail were not green")


@rule(
    criteria=["CC8.1"],
    severity=Severity.HIGH,
    empty=not_applicable("nothing was committed to a default branch in the window"),
)
def github_no_direct_push(commit: Commit, *, exempt_authors: tuple[str, ...] = ()) -> Verdict:
    """Each commit on the default branch came by a merged pull request.

    Why: a commit that was pushed straight to the branch passed by review and checks, and stands in
        no list
        of pull requests.
    Fix: require pull requests in a ruleset that nobody may bypass. Have this commit reviewed after
        the fact.
    """
    if commit.author_login in exempt_authors:
        return not_applicable(f"written by {commit.author_login}, whose commits are exempt")
    made = f"committed {commit.committed_date:%Y-%m-%d}"
    merged = sorted(
        pr.number
        for pr in commit.associated_pull_requests.nodes
        if pr.merged_at is not None and pr.base_ref_name == commit.branch
    )
    if merged:
        return passed(f"{made}, merged by pull request #{merged[0]}")
    if commit.associated_pull_requests.total_count > len(commit.associated_pull_requests.nodes):
        return inconclusive(f"{made}; it belongs to more pull requests than were read")
    by = f" by {commit.author_login}" if commit.author_login else ""
    return failed(f"{made}{by} straight to {commit.branch}, by no pull request")


def _names_of(reviews: list[Review]) -> str:
    return ", ".join(sorted({review.author.login for review in reviews if review.author}))
