"""What many rules ask of the default branch: whether a ruleset or classic protection demands something.

A ruleset that everyone with write access may bypass demands nothing of them, so it does not count; whom else
it lets by is judged by github-admins-not-exempt. Where GitHub hides who may bypass a ruleset, nobody knows
whether it binds anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.model import Verdict, failed, inconclusive, not_applicable, passed

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_collectors.github.models.branch import Branch, Found
    from soc2_collectors.github.models.protection import Protection
    from soc2_collectors.github.models.ruleset import Demand, RuleParameters

ARCHIVED = "the repository is archived: nobody can change it"


def asks(wanted: Callable[[RuleParameters], bool]) -> Callable[[Demand], bool | None]:
    """A demand by its parameters; ``None`` where GitHub does not show them."""
    return lambda demand: None if demand.parameters is None else wanted(demand.parameters)


def asks_or_bare(wanted: Callable[[RuleParameters], bool]) -> Callable[[Demand], bool | None]:
    """The same, but that a rule of any type but pull_request is the demand itself."""
    by_parameters = asks(wanted)
    return lambda demand: by_parameters(demand) if demand.type == "pull_request" else True


def otherwise(problem: str, rulesets: Found, hidden: str) -> Verdict:
    """A fail, where everything was seen that could be in its way."""
    unclear = [why for why in (*rulesets.unclear, hidden) if why]
    if unclear:
        return inconclusive("; ".join(dict.fromkeys(unclear)))
    return failed("; ".join(dict.fromkeys([problem, *rulesets.loose])))


def beside(branch: Branch) -> Verdict | None:
    """The verdict on what there is nothing to ask of; ``None`` for a branch that can change."""
    if branch.repository.is_archived:
        return not_applicable(ARCHIVED)
    if branch.name is None:
        return not_applicable(f"nobody pushed to {branch.repository.name_with_owner} yet")
    return None


def required(
    branch: Branch,
    types: tuple[str, ...],
    demanded: Callable[[Demand], bool | None],
    set_up: Callable[[Protection], bool],
    what: str,
) -> Verdict:
    """A ruleset requires it by a rule, classic protection by a setting."""
    if (aside := beside(branch)) is not None:
        return aside
    rulesets = branch.binding(types, demanded)
    if rulesets.binding:
        return passed(f"{branch.label} requires {what}, by {rulesets.names}")
    classic, hidden = branch.classic_or_why()
    if classic is not None and set_up(classic):
        return passed(f"the protection of {branch.label} requires {what}")
    return otherwise(f"{branch.label} does not require {what}", rulesets, hidden)
