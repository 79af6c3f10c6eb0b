"""Trails of CloudTrail as an account sees them, joined with what only their owner can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.cloudtrail import Trail
from soc2_collectors.aws.models.eventbridge import EventBus
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable
from soc2_pac.model import not_applicable

if TYPE_CHECKING:
    from soc2_collectors.aws.models.cloudtrail import Selectors
    from soc2_pac.model import Scope, Verdict
    from soc2_pac.resources import Resource
    from soc2_pac.rules import Evidence


REGIONS: list[type[Resource]] = [EventBus]
"""What a rule needs that asks :func:`at_home`: every Region that was read has its default bus in evidence."""


def at_home(trail: Trail, evidence: Evidence, scope: Scope) -> Verdict | None:
    """``not_applicable`` for what a Region lists of a trail of another one, where that one is read as well.

    A trail whose home is no source is judged where it is seen. Raises EvidenceIncomplete.
    """
    home = trail.home_region
    if home in ("", scope.region) or all(bus.region != home for bus in evidence.account(EventBus)):
        return None
    return not_applicable(f"judged in its home Region {home}")


def of_account(evidence: Evidence) -> list[Trail]:
    """Each trail that records the account once, as the Region told it that could tell most."""
    found: dict[str, Trail] = {}
    for trail in sorted(evidence.account(Trail), key=lambda seen: len(seen.gaps)):
        found.setdefault(trail.arn, trail)
    return [found[arn] for arn in sorted(found)]


def as_owned(trail: Trail, evidence: Evidence) -> Trail:
    """The document of the trail's owner, where that account is a source; else the one that is given.

    Of the organisation's trail a member account is told less. Raises EvidenceIncomplete.
    """
    for other in evidence.everywhere(Trail):
        if other.arn == trail.arn and _recording(other) is not None:
            return other
    return trail


def idle(trail: Trail) -> str | None:
    """Why a trail writes nothing; ``None`` when it does. Raises FactUnavailable."""
    if not trail.status.is_logging:
        return "is not logging"
    if trail.status.latest_delivery_error:
        return f"cannot deliver: {trail.status.latest_delivery_error}"
    return None


def selectors(trail: Trail, evidence: Evidence) -> Selectors:
    """What a trail records. Raises FactUnavailable where neither this account nor its owner's says so."""
    own = _recording(trail)
    if own is not None:
        return own
    try:
        owned = _recording(as_owned(trail, evidence))
    except EvidenceIncomplete as error:
        why = str(error)
    else:
        if owned is not None:
            return owned
        why = f"its owner, account {trail.account}, was not read"
    if trail.is_organization_trail:
        msg = f"what {trail.name}, the organisation's trail, records is not known: {why}"
        raise FactUnavailable(msg, kind=trail.kind, field="GetEventSelectors", document=trail)
    return trail.selectors  # raises, and says why


def _recording(trail: Trail) -> Selectors | None:
    try:
        return trail.selectors
    except FactUnavailable:
        return None
