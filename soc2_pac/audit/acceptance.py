"""Accepting failures: what is asked of whoever records a waiver, at the command line and on a page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac import clock
from soc2_pac.errors import UsageError
from soc2_pac.model import Status, utc_text
from soc2_pac.store.waivers import check_terms, matches
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.acts import Actor
    from soc2_pac.audit.reviews import Known
    from soc2_pac.store import Store
    from soc2_pac.store.queries import Finding
    from soc2_pac.store.waivers import Waiver


class Terms(NamedTuple):
    """What is to be accepted, by whom, until when."""

    rule: str
    reason: str
    owner: str
    approver: str
    ends: datetime
    scope: str | None = None
    resource: str | None = None
    """By its id or name, or a pattern."""
    ahead: bool = False
    """Also where it covers no current failure."""


class Accepted(NamedTuple):
    """What was recorded."""

    waiver: str
    covered: int
    """Current failures."""


def accept(store: Store, known: Known, terms: Terms, *, longest: int, by: Actor) -> Accepted:
    """Record a waiver.

    Args:
        store: to write to.
        known: how people are read.
        terms: what is accepted.
        longest: days that a waiver lasts at most.
        by: who does it.

    Raises:
        UsageError: something is missing, owner and approver are no two people of ours, it would last too long, cover
            nothing, or is accepted already.
    """
    check_terms(terms.reason, terms.owner, terms.approver, terms.ends, clock.now())
    if terms.ends > clock.now() + timedelta(days=longest + 1):
        msg = f"--expires: a waiver lasts {longest} days at most ([waivers] max_days)"
        raise UsageError(msg)
    with store.reading() as connection:
        _two_people(connection, known, terms.owner, terms.approver)
    scope, resource = terms.scope, terms.resource
    pattern = resource if resource is not None and "*" in resource else None
    named = None if pattern else resource
    found = store.findings(rules=[terms.rule], scope=scope, resource=named) if named else []
    uid = named and _uid(named, [f for f in found if scope in (None, f.scope)])
    covered = sum(
        uid in (None, f.resource)
        and scope in (None, f.scope)
        and (pattern is None or matches(pattern, f.resource, f.resource_name))
        for f in store.stream_findings(
            rules=[terms.rule], scope=scope, resource=uid, statuses=[Status.FAIL]
        )
    )
    if covered == 0 and not terms.ahead:
        what = f"'{resource}'" if resource else "the rule"
        msg = (
            f"{what} has no current failure of {terms.rule}: the waiver would cover nothing. Next: "
            f"soc2-pac findings list --rule {terms.rule}, or --ahead to record it all the same"
        )
        raise UsageError(msg)
    _refuse_second(store.waivers(active=True), terms.rule, scope, uid, pattern, terms.ends)
    waiver = store.add_waiver(
        rule=terms.rule,
        reason=terms.reason,
        owner=terms.owner,
        scope=scope,
        resource=uid,
        pattern=pattern,
        approver=terms.approver,
        by=by,
        expires_at=terms.ends,
    )
    return Accepted(waiver, covered)


def _refuse_second(
    before: Iterable[Waiver],
    rule: str,
    scope: str | None,
    uid: str | None,
    pattern: str | None,
    ends: datetime,
) -> None:
    """Raise UsageError where the same is accepted already, for as long or longer."""
    for one in before:
        same = (one.rule, one.scope, one.resource, one.pattern) == (rule, scope, uid, pattern)
        if same and (one.expires_at is None or one.expires_at >= utc_text(ends)):
            until = f"until {one.expires_at[:10]}" if one.expires_at else "without an end"
            msg = (
                f"{one.waiver} accepts the same {until} already. Next: soc2-pac waivers list, or "
                f"soc2-pac waivers revoke {one.waiver}"
            )
            raise UsageError(msg)


def _two_people(connection: Connection, known: Known, owner: str, approver: str) -> None:
    """Owner and approver are people who work here, and not the same, where the store knows people.

    Raises:
        UsageError: somebody is unknown, has left, or approves what is their own.
    """
    people = known.people(connection, clock.now())
    if not people.known:
        return
    found = [
        people.reviewer(name, option)
        for name, option in ((owner, "--owner"), (approver, "--approver"))
    ]
    if found[0].id == found[1].id:
        msg = f"{found[0].name} cannot approve a waiver of their own: name somebody else"
        raise UsageError(msg)


def _uid(resource: str, found: list[Finding]) -> str:
    """The id of a resource that somebody named by its id or by its name. Raises UsageError for several."""
    if any(finding.resource == resource for finding in found):
        return resource
    ids = sorted({f.resource for f in found if f.resource_name == resource and f.resource})
    if len(ids) > 1:
        msg = (
            f"{len(ids)} resources are called '{resource}': {listed(ids)}. Next: name one by its id"
        )
        raise UsageError(msg)
    return ids[0] if ids else resource
