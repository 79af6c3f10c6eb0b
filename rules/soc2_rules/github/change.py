"""What really happened to production branches: every merged change of the period, one by one."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from soc2_collectors.github.models.change import (
    CheckContext,
    Commit,
    HeadCommit,
    ProtectionChange,
    PullRequest,
    Review,
    Rollup,
    RuleBypass,
)
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.github_logins import among

_SHOWN = 3
_SHA = 10
_DEFAULT_NAMES = ("main", "master")
_REMOVALS = ("destroy", "disable")
_TICKET = (
    r"(?<![A-Z0-9]_)(?<![A-Za-z0-9])(?!(?:AES|CVE|CWE|GHSA|HTTP|IEEE|IPV|ISO|JDK|JSR|MD|PEP|RFC|RSA|SHA|SSL|TLS|US|UTF|X)-)"
    r"[A-Z][A-Z0-9]+-[0-9]+(?![A-Za-z0-9])"
)
""" ``ABC-123``, beside an underscore as well (``feature_ABC-123_login``); names of standards look alike and are no
tickets, nor are constants (``MAX_SIZE-1``)."""
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
    unknown_authors_are_others: bool = False,
    co_authors_may_approve: bool = False,
    emergency_labels: tuple[str, ...] = (),
    emergency_review_days: int = 3,
    default_branch_names: tuple[str, ...] = _DEFAULT_NAMES,
) -> Verdict:
    """Each merged change was approved by somebody who may write and did not write any of it.

    An approval counts when it was in force at the merge, stands on the commit that was merged, and is by
    somebody with write access who neither opened the change nor wrote or committed any of its commits. Where a
    commit was written with an address that belongs to no account, nobody can tell whether the approver wrote
    it; ``unknown_authors_are_others`` takes such authors for somebody else. GitHub names whoever suggested
    lines that the author took over as a co-author of that commit, and whoever updated the branch as the author
    of a merge: whether such a reviewer wrote more is not known, and ``co_authors_may_approve`` lets the
    approval count. What GitHub merged into the branch after an approval, when it was updated, may hold how
    somebody resolved a conflict: ``on_merged_head`` off lets approvals of earlier commits count.
    ``exempt_authors`` names accounts whose changes need no approval (a release bot), as long as nobody else
    adds commits; ``NAME[bot]`` names an App only, NAME a user as well who may be called like it. Approvals of
    bots count only when ``approving_bots`` names them. ``allowed_mergers`` names who may merge (logins; empty:
    anybody). A change with one of ``emergency_labels``, or that closes an issue with one, may be approved
    afterwards, within ``emergency_review_days``. Production is what the source's ``production_branches`` say,
    otherwise the default branch, and branches called like ``default_branch_names``: the default branch may have
    been another one at the merge.

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
    if change.author is None:
        return inconclusive(
            f"{merged}; its author's account is deleted: nobody can tell who is another person"
        )
    unread = change.unread(others=unknown_authors_are_others)
    if _exempt(change, exempt_authors):
        others = (
            change.writers() - {name.lower() for name in exempt_authors} - _bots(exempt_authors)
        )
        if not others and not unread:
            return not_applicable(f"{merged}, opened by {by}, whose changes are exempt")
        if not others:
            return inconclusive(f"{merged}, opened by {by}, whose changes are exempt; {unread}")
        by = f"{by}, whose changes are exempt, and written by {_some(sorted(others))}"
    merger = change.merged_by.login if change.merged_by else "ghost"
    if allowed_mergers and not among(merger, allowed_mergers):
        return failed(f"{merged} by {merger}, who is not among those that may merge")
    approvals = _counting(change.approvals(co_authors=co_authors_may_approve), approving_bots)
    current = _on_head(approvals, change) if on_merged_head else approvals
    doubt = _doubt(change, current, approving_bots, unread)
    if current and not doubt:
        counted = _names_of([r for r in current if _may_write(r, approving_bots)])
        return passed(f"{merged}, opened by {by}, approved by {counted}")
    emergency = sorted(change.label_names & set(emergency_labels))
    if emergency:
        due = change.merged_at + timedelta(days=emergency_review_days)
        late = _counting(change.late_approvals(), approving_bots)
        what = f"{merged}, opened by {by}, an emergency change ({emergency[0]})"
        in_time = [r for r in late if r.submitted_at is not None and r.submitted_at <= due]
        return _emergency(what, due, in_time, _doubt(change, in_time, approving_bots, unread), now)
    if current:
        return inconclusive(f"{merged}, opened by {by}, approved by {_names_of(current)}; {doubt}")
    own = [r for r in _counting(change.in_force(), approving_bots) if change.wrote(r)]
    named = [r for r in own if r.author and change.only_named(r.author)]
    named = _on_head(named, change) if on_merged_head else named
    return _unapproved(change, f"{merged} by {merger}, opened by {by}", approvals, own, named)


def _on_head(reviews: list[Review], change: PullRequest) -> list[Review]:
    return [one for one in reviews if one.commit and one.commit.oid == change.head_ref_oid]


def _unapproved(
    change: PullRequest, said: str, approvals: list[Review], own: list[Review], named: list[Review]
) -> Verdict:
    """Why no approval counts; ``own``: by who wrote a part of it, ``named``: by who may have suggested lines only."""
    if named:
        return inconclusive(
            f"{said}, approved by {_names_of(named)}, who suggested lines that were taken over, or updated the "
            "branch, by what commits made on GitHub say: whether they wrote more is not known"
        )
    updated = [one for one in approvals if change.only_updated_since(one)]
    if updated:
        return inconclusive(
            f"{said}, approved by {_names_of(updated)} before GitHub merged the base into the branch: whether that "
            "changed anything else is not known"
        )
    if approvals:
        return failed(
            f"{said}, at {change.head_ref_oid[:_SHA]}, which {_names_of(approvals)} did not see: "
            "approved was an earlier commit"
        )
    wrote = f": {_names_of(own)} wrote a part of it" if own else ""
    return failed(f"{said}, with no approval of another person{wrote}")


def _bots(names: tuple[str, ...]) -> set[str]:
    """How bots sign their commits."""
    return {f"{name.lower()}[bot]" for name in names}


def _doubt(
    change: PullRequest, approvals: list[Review], approving_bots: tuple[str, ...], unread: str
) -> str:
    """Why approvals of others than the known authors do not prove that another person approved."""
    if None in change.reviews.nodes:
        return "GitHub does not show all its reviews"
    if not any(_may_write(review, approving_bots) for review in approvals):
        return "GitHub does not say that who approved has write access"
    return unread


def _may_write(review: Review, approving_bots: tuple[str, ...]) -> bool:
    return _named_bot(review, approving_bots) or review.author_can_push_to_repository is True


def _named_bot(review: Review, approving_bots: tuple[str, ...]) -> bool:
    """Whether a bot approved whose approvals count. A user may be called like a bot."""
    author = review.author
    return author is not None and author.typename == "Bot" and among(author.login, approving_bots)


def _emergency(
    what: str, due: datetime, in_time: list[Review], doubt: str, now: datetime
) -> Verdict:
    """An emergency change is reviewed afterwards, in time."""
    if in_time and doubt:
        return inconclusive(f"{what}, approved afterwards by {_names_of(in_time)}; {doubt}")
    if in_time and in_time[0].submitted_at is not None:
        first = in_time[0]
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
    """Each merged change passed its checks, and at least one of them ran.

    A check that was skipped does not stand in the way of a merge, and tested nothing. ``required_checks``
    names checks that must have reported and be green, whatever the others say; without
    it all must be green. ``ignored_checks`` names checks that may fail. A check's last run counts: one that was
    run again after the merge shows its later result, and a run that a later one of the same App and name repeats,
    such as one that was cancelled for it, does not count.

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
    return _of_checks(merged, head, rollup, required_checks, ignored_checks)


def _of_checks(
    merged: str,
    head: HeadCommit,
    rollup: Rollup,
    required_checks: tuple[str, ...],
    ignored_checks: tuple[str, ...],
) -> Verdict:
    by_name: dict[str, list[CheckContext]] = {}
    last = rollup.contexts.last
    for context in last:
        by_name.setdefault(context.label, []).append(context)
    counting = [
        name
        for name in by_name
        if name not in ignored_checks and (not required_checks or name in required_checks)
    ]
    # Two Apps may report a check of one name: both must be green.
    red = sorted(name for name in counting if not all(c.green for c in by_name[name]))
    if red:
        return failed(f"{merged} with checks that were not green: {_some(red)}")
    complete = rollup.contexts.complete
    missing = sorted(set(required_checks) - set(by_name))
    if missing and complete:
        return failed(f"{merged}, and {_some(missing)} did not report on {head.oid[:_SHA]}")
    ran = any(c.ran for name in counting for c in by_name[name])
    if not ran and complete:
        return failed(f"{merged}, and no check that counts ran on {head.oid[:_SHA]}")
    if missing or not ran:
        unseen = f", among them {missing[0]}" if missing else ""
        return inconclusive(f"{merged}; GitHub does not show all checks{unseen}")
    if required_checks:
        return passed(f"{merged} with all required checks green on {head.oid[:_SHA]}")
    if rollup.state == "SUCCESS":
        return passed(f"{merged} with all checks green on {head.oid[:_SHA]}")
    ended = rollup.state in ("FAILURE", "ERROR", "PENDING", "EXPECTED")
    if ended and complete and set(ignored_checks) & set(by_name):
        return passed(f"{merged}; only checks that may fail were not green")
    if ended and complete and len(last) < len(rollup.contexts.nodes):
        return passed(f"{merged} with all checks green in their last run on {head.oid[:_SHA]}")
    return inconclusive(f"{merged}; checks ended as {rollup.state}, and GitHub does not show which")


@rule(
    criteria=["CC8.1"],
    severity=Severity.LOW,
    empty=not_applicable("no pull request was merged in the period"),
)
def github_pr_ticket_link(
    change: PullRequest,
    *,
    patterns: tuple[str, ...] = (_TICKET,),
    exempt_authors: tuple[str, ...] = (),
    default_branch_names: tuple[str, ...] = _DEFAULT_NAMES,
) -> Verdict:
    """Each merged change refers to a work item.

    It closes an issue, or its title or branch holds the key of a ticket by one of ``patterns`` (regular
    expressions; the default fits ``ABC-123`` and leaves out names of standards such as ``UTF-8``: set the
    keys of your own projects). That the ticket exists is not asked. ``exempt_authors`` names accounts whose
    changes need none.

    Why: a change without a work item cannot be traced to who asked for it and why.
    Fix: link the issue, or put the ticket's key in the title; ask for it in the pull request template.
    """
    outside = _outside(change, default_branch_names)
    if outside is not None:
        return outside
    merged = f"merged {change.merged_at:%Y-%m-%d}{_branch(change)}"
    if _exempt(change, exempt_authors):
        return not_applicable(f"{merged}, opened by {_author(change)}, whose changes are exempt")
    if change.closes:
        shown = f"#{change.issues[0].number}" if change.issues else "an issue that is not shown"
        return passed(f"{merged}, closes {shown}")
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

    But for the first commit of a new repository, before which there is no branch to open a pull request against.
    ``exempt_authors`` names accounts whose commits need none. The author is who the commit says: where nothing
    but such an account may push, have the branch demand signed commits as well.

    Why: a commit that was pushed straight to the branch passed by review and checks, and stands in no list
        of pull requests.
    Fix: require pull requests in a ruleset that nobody may bypass. Have this commit reviewed after the
        fact.
    """
    if among(commit.author_login, exempt_authors):
        return not_applicable(f"written by {commit.author_login}, whose commits are exempt")
    made = f"committed {commit.committed_date:%Y-%m-%d}"
    known = [pr for pr in commit.associated_pull_requests.nodes if pr is not None]
    merged = sorted(
        pr.number for pr in known if pr.merged_at is not None and pr.base_ref_name == commit.branch
    )
    if merged:
        return passed(f"{made}, merged by pull request #{merged[0]}")
    if commit.begins_repository:
        return not_applicable(f"{made}: the first commit of {commit.repository.name_with_owner}")
    if commit.associated_pull_requests.total_count > len(known):
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
    an exception that somebody owns: a waiver with the reason keeps it listed, as accepted. Actors whom a
    ruleset exempts leave no record: github-admins-not-exempt names them.

    Why: who may bypass a ruleset passes by review and checks; each time must have a reason.
    Fix: find out why, have the change reviewed, and waive the finding with the reason; take bypass rights
        away from whoever does not need them.
    """
    actor = bypass.actor_name or "ghost"
    what = (
        f"{actor} went past the rules of {bypass.branch} in {bypass.repository_name} "
        f"on {bypass.pushed_at:%Y-%m-%d}"
    )
    if bypass.result in ("pass", "fail"):
        return passed(f"{bypass.pushed_at:%Y-%m-%d}: the rules said {bypass.result}, and held")
    if bypass.result != "bypass":
        return inconclusive(f"{bypass.pushed_at:%Y-%m-%d}: the rules said {bypass.result}: unknown")
    if among(actor, allowed_actors):
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
    """Nobody overrode, removed or weakened the protection of a branch without a known reason.

    Overrides and removals fail unless ``allowed_actors`` names who did it. So does a ruleset that was
    switched off or to evaluate, lost rules, or got actors who may bypass it, and a setting of classic
    protection that was switched off. Where the log does not say whether protection became weaker (rules,
    conditions or bypasses of a ruleset were changed, a number of approvals, a list of who may do without) it is
    inconclusive. What only became stronger, and what became of a ruleset that was not in force, is listed.

    Why: protection that is taken away for an hour is not seen by looking at the settings once a day.
    Fix: find out why and what was pushed meanwhile, put the protection back, and waive the finding with
        the reason.
    """
    actor = event.actor or "ghost"
    where = f" in {event.repo}" if event.repo else ""
    what = f"{event.day}: {event.action} by {actor}{where}"
    act = event.action.rpartition(".")[2]
    doubt = ""
    if act.endswith("override"):
        problem = "the branch was overridden"
    elif act in _REMOVALS:
        problem = "" if event.protected_nothing else "the branch was unprotected"
    else:
        setting, weaker = event.setting
        problem = event.weakened if act == "update" else ""
        problem = problem or (f"{setting} was switched off" if setting and weaker else "")
        doubt = event.changed if act == "update" else ""
        doubt = doubt or (f"{setting} was changed" if setting and weaker is None else "")
    if problem:
        known = among(actor, allowed_actors)
        return not_applicable(f"{what}, who may") if known else failed(f"{what}: {problem}")
    if doubt:
        if among(actor, allowed_actors):
            return not_applicable(f"{what}, who may")
        return inconclusive(f"{what}: {doubt}; the log does not say whether it became weaker")
    if act in _ADDITIONS and not event.idle:
        return passed(what)
    return not_applicable(f"{what}; listed")


def _exempt(change: PullRequest, names: tuple[str, ...]) -> bool:
    """Whether the author is named: by the login, or an App by ``NAME[bot]``."""
    bot = change.author is not None and change.author.typename == "Bot"
    return among(change.author_login, names) or (
        bot and among(f"{change.author_login}[bot]", names)
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
        and (review.author.typename == "User" or _named_bot(review, approving_bots))
    ]


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _names_of(reviews: list[Review]) -> str:
    return ", ".join(sorted({review.author.login for review in reviews if review.author}))
