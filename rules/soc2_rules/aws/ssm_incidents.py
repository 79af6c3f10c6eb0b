"""Incident Manager: what happens when an incident is declared."""

from __future__ import annotations

from soc2_collectors.aws.models.iam import AccountSummary
from soc2_collectors.aws.models.ssm_incidents import ResponsePlan
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.undecided import undecided


@rule(
    criteria=["CC7.4"],
    severity=Severity.LOW,
    needs=[ResponsePlan],
    known_as=["prowler:ssmincidents_enabled_with_plans"],
)
def aws_ir_response_plan(account: AccountSummary, evidence: Evidence) -> Verdict:
    """A response plan of Incident Manager names whom an incident engages.

    Whether these contacts have confirmed their channels is not asked.

    Why: at three in the morning nobody should look for telephone numbers.
    Fix: aws ssm-incidents create-response-plan --name NAME --incident-template title=TITLE,impact=1
        --engagements CONTACT; waive it where incidents are handled in another system, and name that system. AWS
        takes no new customers for Incident Manager since November 2025.
    """
    del account  # one verdict an account
    plans = evidence.account(ResponsePlan)
    if not plans:
        return failed("no response plan")
    engaging: dict[str, ResponsePlan] = {}
    missing: dict[str, FactUnavailable] = {}
    for plan in plans:
        try:
            if plan.engages:
                engaging.setdefault(plan.name, plan)
        except FactUnavailable as error:
            missing[f"{plan.name}: {error}"] = error
    if engaging:
        whom = sorted(
            {one.rpartition(":")[2] for plan in engaging.values() for one in plan.engages}
        )
        return passed(
            f"{', '.join(sorted(engaging))} engages {', '.join(whom)}", on=engaging.values()
        )
    if missing:
        return undecided("; ".join(sorted(missing)), missing.values())
    return failed(f"{', '.join(sorted({plan.name for plan in plans}))} engages nobody", on=plans)
