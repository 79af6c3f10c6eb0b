"""Evidence that people hand in: of each topic there is some that counts.

``every_days`` is the cadence with a month in which to hand in: what covers a quarter ends with it. Evidence
counts from then on for so long, or until the day that it says itself where that comes first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.company.models.attestation import Attestation, over
from soc2_collectors.company.models.review import Review
from soc2_collectors.company.models.system import System
from soc2_pac.model import Severity, Status, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_YEAR = 396
"""A year, and a month to hand in."""
_HALF = 214
_QUARTER = 122
_SHOWN = 5


def _counts(seen: Attestation, topic: str, every_days: int, now: datetime) -> Verdict:
    """Whether evidence of a topic counts at this instant."""
    if seen.topic != topic:
        return not_applicable(f"this is about {seen.topic}")
    held = [one for one in seen.handed_in if one.revoked is None]
    if not held:
        return failed(
            "all that was handed in is revoked" if seen.handed_in else "nothing was handed in"
        )
    last = max(held, key=lambda one: one.last_day(every_days))
    day = last.last_day(every_days)
    what = f"{last.id}, handed in for {last.control}, covers up to {last.covers_to} and"
    if now < over(day):
        return passed(f"{what} counts until {day}", until=over(day))
    return failed(f"{what} counted until {day}")


@rule(criteria=["CC6.2", "CC6.3"], severity=Severity.MEDIUM, needs=[Review, System])
def company_access_review(
    topic: Attestation,
    now: datetime,
    evidence: Evidence,
    *,
    every_days: int = _QUARTER,
    except_systems: tuple[str, ...] = (),
) -> Verdict:
    """Access to each system is reviewed by people, quarter by quarter.

    The systems are those of the sources that say who has what, and those that ``[reviews] systems`` names. A review
    that was kept here (``soc2-pac review``) counts for its systems from the day on which it was closed, unless it
    rests on incomplete collections. What was handed in counts for the systems that it names (``attest --systems``).
    Not asked are systems that ``[audit]`` puts outside, and those that ``except_systems`` names, which needs a
    reason, an owner and a date.

    Why: rights pile up when people change what they do, and only somebody who knows the work can tell
        which of them are still needed.
    Fix: review who has access to what (``soc2-pac review start``), take away what nobody needs, and close the
        review; or hand in the record of one that was made elsewhere, with the days that it covers.
    """
    said = _counts(topic, "access-review", every_days, now)
    if said.status is Status.NOT_APPLICABLE:
        return said
    proofs = sorted(
        [*_closed(evidence, every_days), *_given(topic, every_days)], key=lambda one: one.until
    )
    current = [one for one in proofs if now < one.until]
    if not current:
        return said
    systems = [one for one in evidence.everywhere(System) if not one.among(except_systems)]
    if not systems:
        last = current[-1]
        return passed(last.what, until=last.until, on=last.on)
    missing: list[str] = []
    deciding: dict[str, _Proof] = {}
    for system in systems:
        best = max(
            (one for one in current if system.among(one.systems)),
            key=lambda one: one.until,
            default=None,
        )
        if best is None:
            missing.append(system.name)
        else:
            deciding[best.what] = best
    if missing:
        named = ", ".join(sorted(missing)[:_SHOWN])
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        unnamed = [one.what for one in current if not one.systems]
        hint = f"; {unnamed[-1]}, and names no systems" if unnamed else ""
        return failed(
            f"{len(missing)} of {len(systems)} systems were not reviewed in time: {named}{more}{hint}"
        )
    first = min(deciding.values(), key=lambda one: one.until)
    what = "; ".join(one.what for one in sorted(deciding.values(), key=lambda one: one.until))
    return passed(
        f"all of {len(systems)} systems: {what}",
        until=first.until,
        on=[document for one in deciding.values() for document in one.on],
    )


class _Proof(NamedTuple):
    """A review, or the record of one, and for how long it counts."""

    systems: tuple[str, ...]
    until: datetime
    what: str
    on: list[Review]


def _closed(evidence: Evidence, every_days: int) -> Iterator[_Proof]:
    for one in evidence.everywhere(Review):
        if one.state == "closed" and one.closed_at is not None and not one.partial:
            until = one.closed_at + timedelta(days=every_days)
            what = (
                f"{one.id} over {', '.join(one.systems)}, closed on {one.closed_at:%Y-%m-%d}, "
                f"counts until {until:%Y-%m-%d}"
            )
            yield _Proof(tuple(one.systems), until, what, [one])


def _given(topic: Attestation, every_days: int) -> Iterator[_Proof]:
    for one in topic.handed_in:
        if one.revoked is None:
            day = one.last_day(every_days)
            what = f"{one.id}, handed in for {one.control}, covers up to {one.covers_to} and counts until {day}"
            yield _Proof(tuple(one.systems), over(day), what, [])


@rule(criteria=["CC1.4"], severity=Severity.MEDIUM)
def company_background_checks(
    topic: Attestation, now: datetime, *, every_days: int = _YEAR
) -> Verdict:
    """New people are checked before they start, and a record of each year shows it.

    Why: whoever is given access on the first day was known by a resume alone.
    Fix: have new people checked as the law allows, and hand in a list of those who joined with the day of
        the check; the results themselves do not belong here.
    """
    return _counts(topic, "background-checks", every_days, now)


@rule(criteria=["CC1.2"], severity=Severity.MEDIUM)
def company_board_review(topic: Attestation, now: datetime, *, every_days: int = _YEAR) -> Verdict:
    """The board, or who oversees management, reviews security and control each year.

    Why: management cannot be the only one that judges whether management does enough.
    Fix: put security on the agenda once a year, and hand in the minutes or the part that speaks of it.
    """
    return _counts(topic, "board-review", every_days, now)


@rule(criteria=["CC7.4"], severity=Severity.MEDIUM)
def company_incident_response_test(
    topic: Attestation, now: datetime, *, every_days: int = _YEAR
) -> Verdict:
    """The plan for incidents is rehearsed each year.

    Why: numbers that ring nowhere and rights that are missing are found in a rehearsal or in an incident.
    Fix: play through an incident, write down what went wrong and who changes what, and hand the record in.
    """
    return _counts(topic, "incident-response-test", every_days, now)


@rule(criteria=["CC4.1", "CC7.1"], severity=Severity.MEDIUM)
def company_penetration_test(
    topic: Attestation, now: datetime, *, every_days: int = _YEAR
) -> Verdict:
    """Somebody independent tries to break in each year.

    Why: rules find what is known to be wrong; a person finds how small faults lead from one to the next.
    Fix: have the system tested by somebody who does not run it, and hand in the report with what was fixed.
    """
    return _counts(topic, "penetration-test", every_days, now)


@rule(criteria=["CC2.2", "CC5.3"], severity=Severity.MEDIUM)
def company_policy_acknowledgement(
    topic: Attestation, now: datetime, *, every_days: int = _YEAR
) -> Verdict:
    """People confirm each year that they read the policies.

    Why: a policy that nobody read binds nobody, and nobody can say later that they knew.
    Fix: have everybody confirm the policies in force, and hand in the list of who did when.
    """
    return _counts(topic, "policy-acknowledgement", every_days, now)


@rule(criteria=["A1.3", "CC7.5"], severity=Severity.MEDIUM)
def company_restore_test(topic: Attestation, now: datetime, *, every_days: int = _HALF) -> Verdict:
    """Restoring from backups is tested by people, each half-year.

    Why: a backup that was never restored is a hope; what is missing in it shows when it is needed.
    Fix: restore a system from its backup, check what came back and how long it took, and hand the record
        in.
    """
    return _counts(topic, "restore-test", every_days, now)


@rule(criteria=["CC3.2"], severity=Severity.MEDIUM)
def company_risk_assessment(
    topic: Attestation, now: datetime, *, every_days: int = _YEAR
) -> Verdict:
    """Risks are assessed each year.

    Why: controls answer to risks; where nobody looks for new ones, controls answer to those of long since.
    Fix: assess the risks, each with an owner and a decision, and hand in the register.
    """
    return _counts(topic, "risk-assessment", every_days, now)


@rule(criteria=["CC1.4", "CC2.2"], severity=Severity.MEDIUM)
def company_security_training(
    topic: Attestation, now: datetime, *, every_days: int = _YEAR
) -> Verdict:
    """People are trained in security each year.

    Why: most attacks begin with a person who was never shown one.
    Fix: train everybody, and hand in the list of who completed it when, and of who did not.
    """
    return _counts(topic, "security-training", every_days, now)


@rule(criteria=["CC9.2"], severity=Severity.MEDIUM)
def company_vendor_review(topic: Attestation, now: datetime, *, every_days: int = _YEAR) -> Verdict:
    """Vendors are reviewed each year, with their own reports.

    Why: what a vendor loses, we lose; their reports name the duties that they leave to us.
    Fix: list the vendors that hold our data or run our service, read the report of each, and hand in the
        list with what was decided.
    """
    return _counts(topic, "vendor-review", every_days, now)
