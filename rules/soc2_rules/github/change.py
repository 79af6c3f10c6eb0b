"""What really happened to production branches: every merged change of the period, one by one."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from soc2_collectors.github.models.change import (
    Commit,
    ProtectionChange,
    PullRequest,
    Review,
    RuleBypass,
)
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_SHOWN = 3
_SHA = 10
_DEFAULT_NAMES = ("main", "master")
_OVERRIDE = "policy_override"
_REMOVALS = ("destroy", "disable")
_ADDITIONS = ("create", "enable")


@rule(
    criteria=["CC8.1"],
    severity=Severity.CRITICAL,
    known_as=["scorecard:Code-Review"],
    empty=not_applicable("no pull request was merged in the period"),
)
def github_merged_pr_population(
    change: PullRequest,
    now: datetime,
    *,
    exempt_authors: tuple[str, ...] = (),
    approving_bots: tuple[str, ...] = (),
    allowed_mergers: tuple[str, ...] = (),
    on_merged_head: bool = True,
    emergency_labels: tuple[str, ...] = (),
    emergency_review_days: int = 3,
    default_branch_names: tuple[str, ...] = _DEFAULT_NAMES,
) -> Verdict:
    """Each merged change was approved by somebody other than its author.

    An approval counts when it was in force at the merge, stands on the commit that was merged, and is by
    somebody who neither opened the change nor made its last commit. ``exempt_authors`` names accounts whose
    changes need none (a release bot); approvals of bots count only when ``approving_bots`` names them.
    ``allowed_mergers`` names who may merge (logins; empty: anybody). A change with one of
    ``emergency_labels``, or that closes an issue with one, may be approved afterwards, within
    ``emergency_review_days``. Production is what the source's ``production_branches`` say, otherwise the
    default branch, and branches called like ``default_branch_names``: the default branch may have been
    another one at the merge.

    Why: settings say what should happen; this looks at what did. Each change of the period is one item of
        the population that an auditor samples.
    Fix: have the change reviewed after the fact and record it, find out how it got past the protection of
        the branch, and close that way.
    """
    outside = _outside(change, default_branch_names)
    if outside is not None:
        return outside
    by = _author(change)
    merged = f"merged {change.merged_at:%Y-%m-%d}{_branch(change)}"
    if change.author_login in exempt_authors:
        return not_applicable(f"{merged}, opened by {by}, whose changes are exempt")
    if change.author is None:
        return inconclusive(
            f"{merged}; its author's account is deleted: nobody can tell who is another person"
        )
    merger = change.merged_by.login if change.merged_by else "ghost"
    if allowed_mergers and merger not in allowed_mergers:
        return failed(f"{merged} by {merger}, who is not among those that may merge")
    approvals = _counting(change.approvals(), approving_bots)
    current = [r for r in approvals if r.commit and r.commit.oid == change.head_ref_oid]
    if current or (approvals and not on_merged_head):
        return passed(f"{merged}, opened by {by}, approved by {_names_of(current or approvals)}")
    emergency = sorted(change.label_names & set(emergency_labels))
    if emergency:
        due = change.merged_at + timedelta(days=emergency_review_days)
        late = _counting(change.late_approvals(), approving_bots)
        what = f"{merged}, opened by {by}, an emergency change ({emergency[0]})"
        return _emergency(what, due, late, now)
    if approvals:
        return failed(
            f"{merged} at {change.head_ref_oid[:_SHA]}, which {_names_of(approvals)} did not see: "
            "approved was an earlier commit"
        )
    return failed(f"{merged} by {merger}, opened by {by}, with no approval of another person")


def _emergency(what: str, due: datetime, late: list[Review], now: datetime) -> Verdict:
    """An emergency change is reviewed afterwards, in time."""
    first = late[0] if late else None
    if first is not None and first.submitted_at is not None and first.submitted_at <= due:
        return passed(
            f"{what}, approved afterwards by {_names_of([first])} on {first.submitted_at:%Y-%m-%d}"
        )
    if now < due:
        return not_applicable(f"{what}; its review is due by {due:%Y-%m-%d}", until=due)
    return failed(f"{what}, not approved by another person by {due:%Y-%m-%d}")


@rule(
    criteria=["CC8.1"],
    severity=Severity.HIGH,
    known_as=["scorecard:CI-Tests"],
    empty=not_applicable("no pull request was merged in the period"),
)
def github_merged_pr_checks(
    change: PullRequest,
    *,
    required_checks: tuple[str, ...] = (),
    ignored_checks: tuple[str, ...] = (),
    default_branch_names: tuple[str, ...] = _DEFAULT_NAMES,
) -> Verdict:
    """Each merged change passed its checks.

    ``required_checks`` names checks that must have reported and be green, whatever the others say; without
    it all must be green. ``ignored_checks`` names checks that may fail. GitHub reports a check's last run:
    one that was run again after the merge shows its later result.

    Why: a change that was merged while a check failed, or before any check ran, was not tested.
    Fix: require the checks in the ruleset of the default branch; for this change, run them now and keep
        the result.
    """
    outside = _outside(change, default_branch_names)
    if outside is not None:
        return outside
    merged = f"merged {change.merged_at:%Y-%m-%d}{_branch(change)}"
    head = change.commits.nodes[-1].commit if change.commits.nodes else None
    if head is None or head.oid != change.head_ref_oid:
        return inconclusive(f"{merged}; GitHub does not show the commit that was merged")
    rollup = head.status_check_rollup
    if rollup is None:
        return failed(f"{merged}, and no check reported on {head.oid[:_SHA]}")
    shown = {c.label: c.green for c in rollup.contexts.nodes}
    more = rollup.contexts.page_info.has_next_page
    missing = sorted(set(required_checks) - set(shown))
    if missing and more:
        return inconclusive(f"{merged}; GitHub does not show all checks, among them {missing[0]}")
    if missing:
        return failed(f"{merged}, and {_some(missing)} did not report on {head.oid[:_SHA]}")
    judged = required_checks or tuple(shown)
    red = sorted(name for name in judged if not shown[name] and name not in ignored_checks)
    if rollup.state == "SUCCESS" and not red:
        return passed(f"{merged} with all checks green on {head.oid[:_SHA]}")
    if red:
        return failed(f"{merged} with checks that were not green: {_some(red)}")
    if required_checks:
        return passed(f"{merged} with all required checks green on {head.oid[:_SHA]}")
    if more or not shown:
        return inconclusive(
            f"{merged}; checks ended as {rollup.state}, and GitHub does not show which"
        )
    return passed(f"{merged}; only checks that may fail were not green")


@rule(
    criteria=["CC8.1"],
    severity=Severity.LOW,
    empty=not_applicable("no pull request was merged in the period"),
)
def github_pr_ticket_link(
    change: PullRequest,
    *,
    patterns: tuple[str, ...] = (r"\b[A-Z][A-Z0-9]+-[0-9]+\b",),
    exempt_authors: tuple[str, ...] = (),
    default_branch_names: tuple[str, ...] = _DEFAULT_NAMES,
) -> Verdict:
    """Each merged change refers to a work item.

    It closes an issue, or its title or branch holds the key of a ticket by one of ``patterns`` (regular
    expressions; the default fits ``ABC-123``). ``exempt_authors`` names accounts whose changes need none.

    Why: a change without a work item cannot be traced to who asked for it and why.
    Fix: link the issue, or put the ticket's key in the title; ask for it in the pull request template.
    """
    outside = _outside(change, default_branch_names)
    if outside is not None:
        return outside
    merged = f"merged {change.merged_at:%Y-%m-%d}{_branch(change)}"
    if change.author_login in exempt_authors:
        return not_applicable(f"{merged}, opened by {_author(change)}, whose changes are exempt")
    if change.issues:
        return passed(f"{merged}, closes #{change.issues[0].number}")
    for where, text in (("title", change.title), ("branch", change.head_ref_name)):
        for pattern in patterns:
            found = re.search(pattern, text)
            if found:
                return passed(f"{merged}, names {found.group()} in its {where}")
    return failed(f"{merged}, closes no issue and names no ticket")


@rule(
    criteria=["CC8.1"],
    severity=Severity.HIGH,
    empty=not_applicable("nothing was committed to a production branch in the period"),
)
def github_no_direct_push(commit: Commit, *, exempt_authors: tuple[str, ...] = ()) -> Verdict:
    """Each commit on a production branch came by a merged pull request.

    Why: a commit that was pushed straight to the branch passed by review and checks, and stands in no list
        of pull requests.
    Fix: require pull requests in a ruleset that nobody may bypass. Have this commit reviewed after the
        fact.
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


@rule(
    criteria=["CC8.1", "CC7.2"],
    severity=Severity.HIGH,
    empty=not_applicable("GitHub lists no push that went past a ruleset"),
)
def github_bypass_events(bypass: RuleBypass, *, allowed_actors: tuple[str, ...] = ()) -> Verdict:
    """Each push that went past a ruleset is known and explained.

    ``allowed_actors`` names accounts whose bypasses are part of the process (a release bot). Any other is
    an exception that somebody owns: a waiver with the reason keeps it listed, as accepted.

    Why: who may bypass a ruleset passes by review and checks; each time must have a reason.
    Fix: find out why, have the change reviewed, and waive the finding with the reason; take bypass rights
        away from whoever does not need them.
    """
    actor = bypass.actor_name or "ghost"
    what = (
        f"{actor} went past the rules of {bypass.branch} in {bypass.repository_name} "
        f"on {bypass.pushed_at:%Y-%m-%d}"
    )
    if bypass.result != "bypass":
        return passed(f"{bypass.pushed_at:%Y-%m-%d}: the rules said {bypass.result}")
    if actor in allowed_actors:
        return not_applicable(f"{what}, and may")
    return failed(f"{what}, to {bypass.after_sha[:_SHA] or 'an unknown commit'}")


@rule(
    criteria=["CC8.1", "CC7.2"],
    severity=Severity.HIGH,
    empty=not_applicable("the audit log lists no change of branch protection"),
)
def github_protection_changes(
    event: ProtectionChange, *, allowed_actors: tuple[str, ...] = ()
) -> Verdict:
    """Nobody overrode or removed the protection of a branch without a known reason.

    Overrides and removals fail unless ``allowed_actors`` names who did it. What was updated is listed: the
    log does not show whether a setting became weaker, the rules about branches judge what it is now.

    Why: protection that is taken away for an hour is not seen by looking at the settings once a day.
    Fix: find out why and what was pushed meanwhile, put the protection back, and waive the finding with
        the reason.
    """
    actor = event.actor or "ghost"
    where = f" in {event.repo}" if event.repo else ""
    what = f"{event.day}: {event.action} by {actor}{where}"
    act = event.action.rpartition(".")[2]
    if act in _ADDITIONS:
        return passed(what)
    if act != _OVERRIDE and act not in _REMOVALS:
        return not_applicable(f"{what}; listed")
    if actor in allowed_actors:
        return not_applicable(f"{what}, who may")
    return failed(
        f"{what}: the branch was " + ("overridden" if act == _OVERRIDE else "unprotected")
    )


def _outside(change: PullRequest, default_branch_names: tuple[str, ...]) -> Verdict | None:
    if change.to_production(default_branch_names):
        return None
    base = change.base_ref_name
    return not_applicable(f"merged {change.merged_at:%Y-%m-%d} to {base}, no production branch")


def _branch(change: PullRequest) -> str:
    """Named only where it is not the default branch of today."""
    default = change.default_branch
    return "" if change.base_ref_name == default or not default else f" to {change.base_ref_name}"


def _author(change: PullRequest) -> str:
    bot = change.author is not None and change.author.typename == "Bot"
    return f"{change.author_login} (a bot)" if bot else change.author_login


def _counting(reviews: list[Review], approving_bots: tuple[str, ...]) -> list[Review]:
    return [
        review
        for review in reviews
        if review.author
        and (review.author.typename == "User" or review.author.login in approving_bots)
    ]


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _names_of(reviews: list[Review]) -> str:
    return ", ".join(sorted({review.author.login for review in reviews if review.author}))
