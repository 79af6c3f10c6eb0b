"""Incident Manager: what happens when an incident is declared."""

from __future__ import annotations

from soc2_collectors.aws.models.iam import AccountSummary
from soc2_collectors.aws.models.ssm_incidents import ResponsePlan
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC7.4"],
    severity=Severity.LOW,
    needs=[ResponsePlan],
    known_as=["prowler:ssmincidents_enabled_with_plans"],
)
def aws_ir_response_plan(account: AccountSummary, evidence: Evidence) -> Verdict:
    """A response plan of Incident Manager says whom an incident engages.

    Why: at three in the morning nobody should look for telephone numbers.
    Fix: aws ssm-incidents create-response-plan --engagements with the on-call contact; waive it where
        incidents are handled in another system, and name that system.
    """
    del account  # one verdict an account
    plans = evidence.account(ResponsePlan)
    if not plans:
        return failed("no response plan")
    engaging = sorted({plan.name for plan in plans if plan.engagements})
    if engaging:
        return passed(f"{', '.join(engaging)} engages people")
    return failed(f"{', '.join(sorted({plan.name for plan in plans}))} engages nobody")
