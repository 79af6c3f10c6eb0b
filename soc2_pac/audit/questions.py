"""Questions that no SQL over the views answers: they go by the mechanisms that rules and commands go by.

Who administers what takes policies, groups and roles together; whose an account is takes everybody's statements; what
is switched off stands in the configuration. A second answer in SQL would differ some day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.audit import controls
from soc2_pac.audit.decisions import decided
from soc2_pac.evaluate.people import read
from soc2_pac.model import Status, utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.acts.decisions import Decided
    from soc2_pac.config import Config
    from soc2_pac.identity import Owned
    from soc2_pac.plugins import Registry

Row = dict[str, object]


class Known(NamedTuple):
    """What such a question reads."""

    connection: Connection
    config: Config
    registry: Registry
    not_judged: Mapping[str, str]
    """Rules that are not judged, with the reason."""
    now: datetime


@dataclass(frozen=True, slots=True)
class Worked:
    """A question that is worked out."""

    name: str
    title: str
    description: str
    columns: tuple[str, ...]
    answer: Callable[[Known], Iterator[Row]]
    """Yields rows; one with the key ``note`` alone says what is not known."""


def _accounts(known: Known) -> tuple[list[Owned], tuple[str, ...]]:
    kinds = [collector.resource for collector in known.registry.collectors.values()]
    days = timedelta(days=known.config.evidence.max_age_days)
    found = read(known.connection, kinds, known.now, days, known.registry.joined_identities)
    return list(found.graph.accounts), found.notes


def _row(owned: Owned) -> Row:
    account, person = owned.account, owned.person
    return {
        "system": account.system,
        "login": account.login,
        "person": str(person) if person else None,
        "active": account.active,
        "mfa": account.mfa,
        "privileged": account.privileged,
        "last_used": utc_text(account.last_used) if account.last_used else None,
        "reason": owned.reason,
    }


def _administrators(known: Known) -> Iterator[Row]:
    accounts, notes = _accounts(known)
    for owned in accounts:
        if owned.account.privileged and owned.account.active is not False:
            yield _row(owned)
    perhaps = sum(one.account.privileged is None for one in accounts)
    if perhaps:
        yield {"note": f"of {perhaps} more accounts it is not known whether they administer"}
    for note in notes:
        yield {"note": note}


def _leavers(known: Known) -> Iterator[Row]:
    accounts, notes = _accounts(known)
    for owned in accounts:
        person = owned.person
        if person is None or not person.gone(known.now) or owned.account.active is False:
            continue
        left = utc_text(person.left_at) if person.left_at else None
        yield {"left_at": left, **_row(owned)}
    for note in notes:
        yield {"note": note}


def _off(known: Known) -> Iterator[Row]:
    made = list(decided(known.config, known.registry.rules))
    about = {one.what: one for one in made}
    for one in made:
        if one.what not in known.not_judged:
            yield _decision(one.what, one.effect, one)
    for rule, reason in sorted(known.not_judged.items()):
        if rule in about:
            yield _decision(rule, "not judged", about[rule])
        else:
            yield {"rule": rule, "effect": "not judged", "where": "everywhere", "reason": reason}


def _decision(rule: str, effect: str, one: Decided) -> Row:
    return {
        "rule": rule, "effect": effect, "where": one.where, "reason": one.reason, "owner": one.owner,
        "date": one.date,
    }  # fmt: skip


def _controls(known: Known) -> Iterator[Row]:
    found = controls.states(known.connection, known.registry.rules, known.not_judged, known.now)
    for state in sorted(found, key=lambda one: (-one.failures, one.id)):
        waived = sum(one.waived for one in state.rules)
        failing = [one.rule for one in state.rules if one.counts.get(Status.FAIL, 0) > one.waived]
        yield {
            "owner": state.control.owner, "control": state.id, "failures": state.failures,
            "waived": waived, "state": state.state, "failing_rules": failing,
            "wording": state.control.wording,
        }  # fmt: skip


WORKED = {
    one.name: one
    for one in (
        Worked(
            "administrators",
            "Who is administrator anywhere",
            "Accounts that administer their system and can be used, over all systems, with the person whose they are, "
            "by the mechanisms of the rules (policies, groups, roles, what may be activated).",
            ("system", "login", "person", "mfa", "last_used", "reason"),
            _administrators,
        ),
        Worked(
            "failures-by-control",
            "Failures by control and owner",
            "Each control in force with the failures of its rules that nobody accepted, and who answers for it.",
            ("owner", "control", "failures", "waived", "state", "failing_rules"),
            _controls,
        ),
        Worked(
            "leavers-with-access",
            "People who left and have access",
            "Accounts that can be used, or of which that is not known, of people who left.",
            ("left_at", "person", "system", "login", "active", "privileged", "last_used", "reason"),
            _leavers,
        ),
        Worked(
            "rules-off",
            "What is switched off or looser, and rules that are not judged",
            "Rules that the configuration switches off, places and thresholds that it leaves out or loosens, and rules "
            "that no source can feed: why, by whom, since when.",
            ("rule", "effect", "where", "reason", "owner", "date"),
            _off,
        ),
    )
}
"""By name."""
