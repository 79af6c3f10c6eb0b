"""CloudFormation: whether anybody changed by hand what a template made."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.cloudformation import Stack
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:cloudformation_stack_drift_detection_check"],
)
def aws_cfn_drift(stack: Stack, now: datetime, *, max_age_days: int = 30) -> Verdict:
    """Stacks are as their templates say, and somebody looked lately.

    Why: what was changed by hand went past review, and the next deployment undoes it without a word.
    Fix: aws cloudformation detect-stack-drift regularly (a schedule, or the AWS Config rule
        cloudformation-stack-drift-detection-check); bring the change into the template, or take it back.
    """
    if stack.not_there:
        return not_applicable(f"the stack has no resources to compare: {stack.stack_status}")
    drift = stack.drift_information
    if drift is None:
        return inconclusive("AWS does not say whether it drifted")
    if drift.stack_drift_status == "NOT_CHECKED":
        return failed("nobody has looked for drift")
    looked = drift.last_check_timestamp
    when = f"when looked at on {looked:%Y-%m-%d}" if looked else "at a time that is not known"
    if drift.stack_drift_status == "DRIFTED":
        return failed(f"differs from its template {when}")
    if drift.stack_drift_status != "IN_SYNC" or looked is None:
        return inconclusive(f"{drift.stack_drift_status} {when}")
    due = days_after(looked, max_age_days)
    if now < due:
        return passed(f"in sync {when}", until=due)
    return failed(f"in sync {when}, and nobody has looked for over {max_age_days} days")
