"""Controls: each has the evidence that it expects."""

from __future__ import annotations

from datetime import date, datetime

from soc2_collectors.company.models.attestation import over
from soc2_collectors.company.models.control import Control
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(criteria=["CC4.1"], severity=Severity.MEDIUM)
def company_control_evidence(control: Control, now: datetime) -> Verdict:
    """Each control has the evidence of people that it expects.

    Evidence counts until the day that it says itself. Of a control that is performed at set times it counts
    until the next one is due at most, with the control's days of grace.

    Why: a control that nobody can show was not operated, as far as an auditor can tell; and evidence that
        stopped coming is the first sign that somebody stopped doing it.
    Fix: hand the evidence in (`soc2-pac attest CONTROL --file FILE ...`), or change the control to what is
        really done. `soc2-pac attestations list --due` says what is missing.
    """
    if not control.expected:
        if control.rules or control.populations:
            return not_applicable(
                "rules and populations show it, and it expects no evidence of people"
            )
        return failed("it names no rule, no evidence of people and no population")
    if not control.known_frequency:
        return inconclusive(f"how often it is performed, '{control.frequency}', is unknown")
    days: list[date] = []
    problems = []
    for expected in control.expected:
        last = expected.last_day(control.every_days)
        if last is None:
            problems.append(f"{expected.topic}: nothing that counts was handed in")
        elif over(last) <= now:
            problems.append(f"{expected.topic}: what was handed in counted until {last}")
        else:
            days.append(last)
    # A pass of one topic does not end while another fails: what fails does not change by itself.
    if problems:
        return failed("; ".join(problems))
    first = min(days)
    return passed(f"all that it expects was handed in, and counts until {first}", until=over(first))
