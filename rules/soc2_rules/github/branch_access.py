"""Who may push to the default branch, dismiss reviews, or bypass what it demands of everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.github.models.branch import Branch
from soc2_collectors.github.models.ruleset import levels
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.github_branch import asks, beside, otherwise, required
from soc2_rules.mechanisms.github_logins import beyond

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soc2_collectors.github.models.protection import Allowances, Protection
    from soc2_collectors.github.models.ruleset import Demand, Ruleset

_APPROVALS, _PULL_REQUEST, _FORCE = "approvals", "pull requests", "no force pushes"
_OWNERS, _LAST_PUSH = "review by code owners", "approval of the last push"
_STALE, _RESOLVED = "no stale approvals", "resolved conversations"
_CHECK, _CURRENT = "the check", "a branch that is up to date"
_LIST, _SIGNED, _STRAIGHT = "a list of who may push", "signed commits", "linear history"
_BY_PULL_REQUEST = (_PULL_REQUEST, _APPROVALS, _OWNERS, _LAST_PUSH, _STALE, _RESOLVED)
"""What a push without a pull request does without."""
_DEMANDS = {
    "pull_request": _PULL_REQUEST,
    "required_status_checks": _CHECK,
    "workflows": "the workflow",
    "code_scanning": "results of",
    "merge_queue": "a merge queue",
    "required_deployments": "a deployment to",
    "update": _LIST,
    "lock_branch": "a lock",
    "non_fast_forward": _FORCE,
    "required_signatures": _SIGNED,
    "required_linear_history": _STRAIGHT,
}
"""Rule types that stand in the way of a change -> what they demand."""


class _Layer(NamedTuple):
    """One ruleset in force, or classic protection."""

    demands: Mapping[str, int]
    """What it demands -> how much of it (the number of approvals)."""
    exempt: Mapping[str, list[str]]
    """What it demands -> who may do without, in words."""
    unclear: str
    """Why nobody knows who may; an empty text where it is known."""


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
    """Nobody may bypass what the default branch demands of changes, administrators included.

    Rulesets and classic protection are layers. Whatever one of them demands (a number of approvals, review by
    code owners, each single check and the App that must report it, a merge queue, signed commits, linear history, a
    list of who may push) must be demanded as much by a layer that binds everyone; patterns of names and messages are
    not asked. So a layer that binds everyone and demands one check does not make up for one with another check that
    some may bypass. Every bypass counts: always, on pull requests only, and ``exempt``, which leaves no record. Whom
    "Restrict updates" lets by are those who may push: the bypass list is that list. ``approved_bypass`` names actors
    that may: of a ruleset ``Team:234``, ``Integration:29110``, ``OrganizationAdmin``, ``RepositoryRole:5``,
    ``DeployKey``; of classic protection ``Team platform``, ``App renovate``, ``User ann``.

    Why: a control that administrators can skip does not control those who can do most damage, and an
        auditor cannot tell a skipped review from a forgotten one.
    Fix: empty the bypass list of the ruleset, or turn on "Do not allow bypassing the above settings" in
        classic protection. A break-glass team can be approved in the configuration of this rule.
    """
    if (aside := beside(branch)) is not None:
        return aside
    layers, unclear = _layers(branch, approved_bypass)
    most: dict[str, int] = {}
    for layer in layers:
        for demand, level in layer.demands.items():
            most[demand] = max(most.get(demand, 0), level)
    if _PULL_REQUEST in most:
        most.pop(_FORCE, None)  # what only comes by pull requests cannot be force pushed
    problems: list[str] = []
    doubts: list[str] = []
    for demand, level in most.items():
        strongest = [layer for layer in layers if layer.demands.get(demand, 0) == level]
        if any(not layer.unclear and not layer.exempt[demand] for layer in strongest):
            continue
        doubtful = [layer.unclear for layer in strongest if layer.unclear]
        doubts += doubtful
        if not doubtful:
            problems += [text for layer in strongest for text in layer.exempt[demand]]
    if problems and not unclear:
        return failed(f"{branch.label}: {'; '.join(dict.fromkeys(problems))}")
    if unclear or doubts:
        return inconclusive("; ".join(dict.fromkeys([*unclear, *doubts])))
    return _nobody(branch, most)


def _nobody(branch: Branch, most: Mapping[str, int]) -> Verdict:
    if not most:
        return not_applicable(f"{branch.label} demands nothing that could be bypassed")
    said = [f"{n} {demand}" if demand == _APPROVALS else demand for demand, n in most.items()]
    return passed(f"nobody may bypass what {branch.label} demands: {', '.join(said)}")


@rule(
    criteria=["CC8.1", "CC6.3"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:cis_supply_chain_v100_1_1_15"],
)
def github_push_restricted(branch: Branch) -> Verdict:
    """Not everyone with write access may push to or merge into the default branch.

    A list of people, teams, Apps or of roles above write says who may. Of a ruleset the verdict names them;
    whom the list of classic protection names is not read.

    Why: without such a list everybody with write access to the repository decides what is shipped.
    Fix: turn on "Restrict updates" in a ruleset with a short bypass list, or "Restrict who can push to
        matching branches" in classic protection.
    """
    if (aside := beside(branch)) is not None:
        return aside
    rulesets = branch.binding(("update", "lock_branch"), lambda _: True)
    if rulesets.binding:
        listed = sorted(
            {
                actor.described
                for one in rulesets.binding
                if one.ruleset is not None
                for actor in one.ruleset.bypass_actors or ()
            }
        )
        return passed(
            f"{rulesets.names} restricts updates of {branch.label} to {', '.join(listed) or 'nobody'}"
        )
    classic, hidden = branch.classic_or_why()
    if classic is not None and classic.restricts_pushes:
        return passed(f"the protection of {branch.label} names who may push")
    if classic is not None and classic.lock_branch:
        return passed(f"the protection of {branch.label} lets nobody push: it is locked")
    return otherwise(
        f"everyone with write access may push to or merge into {branch.label}", rulesets, hidden
    )


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
    return required(
        branch,
        ("pull_request",),
        asks(lambda p: p.dismissal_restriction.enabled),
        lambda c: c.requires_approving_reviews and c.restricts_review_dismissals,
        "a list of who may dismiss reviews",
    )


def _layers(branch: Branch, approved: tuple[str, ...]) -> tuple[list[_Layer], list[str]]:
    """The layers that GitHub shows, and why there may be others."""
    classic, hidden = branch.classic_or_why()
    unclear = [hidden] if hidden else []
    if branch.rules_in_force is not None and None in branch.rules_in_force.nodes:
        unclear.append(f"GitHub does not show every rule that applies to {branch.label}")
    layers = [_of_classic(classic, approved)] if classic is not None else []
    by_ruleset: dict[int, tuple[Ruleset, list[Demand]]] = {}
    for demand in branch.demands(*_DEMANDS):
        if demand.ruleset is None:
            unclear.append("GitHub does not show every ruleset that is in force")
        else:
            by_ruleset.setdefault(demand.ruleset.id, (demand.ruleset, []))[1].append(demand)
    for ruleset, found in by_ruleset.values():
        demands: dict[str, int] = {}
        for one in found:
            for demanded, level in _demanded(one).items():
                demands[demanded] = max(level, demands.get(demanded, 0))
        doubt = _doubt(ruleset)
        if hidden_types := sorted(one.type for one in found if one.hidden):
            doubt = f"GitHub does not show what {hidden_types[0]} of '{ruleset.name}' demands"
        layers.append(_Layer(demands, _exempt(ruleset, demands, approved), doubt))
    return layers, unclear


def _demanded(demand: Demand) -> dict[str, int]:
    """What one rule demands, each check by its name, and how much of it."""
    what = _DEMANDS[demand.type]
    given = demand.parameters
    if demand.lists is not None:
        each = {f"{what} {name}": level for name, level in demand.lists.items()}
        strict = given is not None and given.strict_required_status_checks_policy
        return each | ({_CURRENT: 1} if strict else {})
    found = {what: 1}
    if demand.type == "pull_request" and given is not None:
        found |= {
            _APPROVALS: given.approvals,
            _OWNERS: int(given.require_code_owner_review),
            _LAST_PUSH: int(given.require_last_push_approval),
            _STALE: int(given.dismiss_stale_reviews_on_push),
            _RESOLVED: int(given.required_review_thread_resolution),
        }
    return {name: level for name, level in found.items() if level}


def _exempt(
    ruleset: Ruleset, demands: Mapping[str, int], approved: tuple[str, ...]
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    chosen = all(actor.everybody is False for actor in ruleset.bypass_actors or ())
    for demand in demands:
        open_to = sorted(
            actor.described
            for actor in ruleset.bypass_actors or ()
            if not actor.named_in(approved) and actor.on(merging=demand != _FORCE)
        )
        said = f"ruleset '{ruleset.name}' may be bypassed by {', '.join(open_to)}"
        found[demand] = [said] if open_to and not (demand == _LIST and chosen) else []
    return found


def _doubt(ruleset: Ruleset) -> str:
    if ruleset.enforcement not in (None, "active"):
        return (
            f"the ruleset '{ruleset.name}' is in force, and says that it is {ruleset.enforcement}"
        )
    return ruleset.unclear() if ruleset.bypass_actors is None else ""


def _of_classic(classic: Protection, approved: tuple[str, ...]) -> _Layer:
    demands: dict[str, int] = {}
    if classic.requires_approving_reviews:
        demands[_PULL_REQUEST] = 1
        demands[_APPROVALS] = classic.required_approving_review_count or 0
        demands[_OWNERS] = int(classic.requires_code_owner_reviews)
        demands[_LAST_PUSH] = int(classic.require_last_push_approval)
        demands[_STALE] = int(classic.dismisses_stale_reviews)
    if classic.requires_conversation_resolution:
        demands[_RESOLVED] = 1
    if classic.requires_status_checks:
        demands |= {f"{_CHECK} {name}": n for name, n in levels(classic.checks.items()).items()}
        demands[_CURRENT] = int(bool(classic.checks) and classic.requires_strict_status_checks)
    if classic.restricts_pushes:
        demands[_LIST] = 1
    if classic.requires_commit_signatures:
        demands[_SIGNED] = 1
    if classic.requires_linear_history:
        demands[_STRAIGHT] = 1
    if classic.lock_branch:
        demands["a lock"] = 1
    if classic.allows_force_pushes is False:
        demands[_FORCE] = 1
    demands = {demand: level for demand, level in demands.items() if level}
    admins = [] if classic.is_admin_enforced else ["classic protection exempts administrators"]
    past, unread = _beyond(classic.bypass_pull_request_allowances, approved)
    forced, forced_unread = _beyond(classic.bypass_force_push_allowances, approved)
    exempt = {demand: list(admins) for demand in demands}
    for demand in _BY_PULL_REQUEST:
        if demand in demands and past:
            exempt[demand].append(
                f"classic protection lets {', '.join(past)} push without a pull request"
            )
    if _FORCE in demands and forced:
        exempt[_FORCE].append(f"classic protection lets {', '.join(forced)} force push")
    doubt = (_PULL_REQUEST in demands and unread) or (
        _FORCE in demands and _PULL_REQUEST not in demands and forced_unread
    )
    proven = admins or past
    said = "" if proven or not doubt else "not everybody was read whom classic protection exempts"
    return _Layer(demands, exempt, said)


def _beyond(allowed: Allowances | None, approved: tuple[str, ...]) -> tuple[list[str], bool]:
    """Whom a list lets by without being approved; and whether there may be more."""
    if allowed is None:
        return [], True
    return beyond(allowed.names, approved), not allowed.complete
