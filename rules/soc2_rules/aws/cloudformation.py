"""CloudFormation: drift, protection against deletion, and notifications."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase

from soc2_collectors.aws.models.cloudformation import Stack
from soc2_collectors.aws.models.redacted import recognised
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:cloudformation_stack_drift_detection_check"],
)
def aws_cfn_drift(stack: Stack, now: datetime, *, max_age_days: int = 30) -> Verdict:
    """Stacks are as their templates say, as far as CloudFormation compares them, and somebody looked lately.

    It compares what templates say of resources whose type it can compare. AWS tells one time, that of the last look
    at the stack or at one of its resources. What is new has ``max_age_days`` for its first look.

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
        return _not_looked_at(stack, now, max_age_days)
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


def _not_looked_at(stack: Stack, now: datetime, max_age_days: int) -> Verdict:
    made = stack.creation_time
    if made is None or now >= (due := days_after(made, max_age_days)):
        return failed("nobody has looked for drift")
    told = f"made on {made:%Y-%m-%d}, not looked at yet; due {due:%Y-%m-%d}"
    return not_applicable(told, until=due)


@rule(
    criteria=["CC8.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:cloudformation_stacks_termination_protection_enabled",
        "prowler:cloudformation_stack_outputs_find_secrets",
        "powerpipe:cloudformation_stack_termination_protection_enabled",
    ],
)
def aws_cfn_termination_protection(
    stack: Stack,
    *,
    production: tuple[str, ...] = (),
    secret_names: tuple[str, ...] = (
        "*password",
        "*passwd",
        "*passphrase",
        "*token",
        "*apikey",
        "*clientsecret",
        "*secretaccesskey",
        "*secretkey",
        "*privatekey",
        "*connectionstring",
    ),
    allowed_outputs: tuple[str, ...] = (),
) -> Verdict:
    """Stacks are protected from deletion, and their outputs hold no credentials.

    ``production`` holds patterns (``*prod*``) for the names of stacks whose protection matters; while there
    are none, that of every stack does. Outputs are looked at whatever the stack is called.

    Why: deleting a stack deletes what it made; and everybody who may look at a stack reads its outputs.
    Fix: aws cloudformation update-termination-protection --enable-termination-protection --stack-name ...;
        let an output name a secret in Secrets Manager instead of holding it.
    """
    if stack.not_there:
        return not_applicable(f"it has no resources: {stack.stack_status}")
    found, unread = [], []
    for output in sorted(stack.outputs, key=lambda o: o.output_key):
        seen = recognised(output.output_value)
        sounds = _named(output.output_key, secret_names)
        if not seen.readable:
            unread.append(output.output_key)
        elif seen.labels:
            found.append(f"the output {output.output_key} looks like {seen.labels}")
        elif seen.there and sounds and output.output_key not in allowed_outputs:
            found.append(f"the output {output.output_key} is called like a credential")
    counts = stack.root_id is None and (not production or _named(stack.stack_name, production))
    if counts and not stack.enable_termination_protection:
        found.append("it is not protected from deletion")
    if found:
        return failed("; ".join(found))
    if unread:
        return inconclusive(f"could not be looked into: {', '.join(unread)}")
    if counts:
        return passed("protected from deletion, and no output looks like a credential")
    why = "it is nested: its root's protection counts" if stack.root_id else "not production"
    return passed(f"no output looks like a credential; {why}")


def _named(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)
