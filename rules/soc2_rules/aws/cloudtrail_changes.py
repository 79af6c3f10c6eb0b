"""Changes that somebody made in the console, past the pipeline."""

from __future__ import annotations

from fnmatch import fnmatchcase

from soc2_collectors.aws.models.cloudtrail import ConsoleChange
from soc2_pac.model import Scope, Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule

_NAMED = 3
"""How many resources a message names."""


@rule(
    criteria=["CC8.1", "CC7.2"],
    severity=Severity.MEDIUM,
    empty=not_applicable("the last seven days of event history name no change in the console"),
)
def aws_console_changes_outside_pipeline(
    change: ConsoleChange,
    scope: Scope,
    *,
    deploy_roles: tuple[str, ...] = (),
    accounts: tuple[str, ...] = (),
    ignored: tuple[str, ...] = (
        "athena:StartQueryExecution",
        "cloudshell:*",
        "cloudtrail:StartQuery",
        "codepipeline:PutApprovalResult",
        "codepipeline:RetryStageExecution",
        "codepipeline:StartPipelineExecution",
        "logs:StartQuery",
        "q:*",
        "signin:*",
        "support:*",
    ),
) -> Verdict:
    """Nobody changes production in the console, past the pipeline.

    ``deploy_roles`` holds patterns for the names of roles that may; ``accounts`` the ids of the production
    accounts, every account while it is empty; ``ignored`` patterns for actions that change nothing, or by which
    somebody starts the pipeline itself and approves what it does. Changes by a person's own keys or command line
    look like those of a program, and are not found by this.

    Why: what is changed by hand was neither reviewed nor tested, and the next deployment may undo it.
    Fix: look into the change, bring it into the pipeline or take it back; give people roles that only read
        (aws sso-admin attach-managed-policy-to-permission-set with ReadOnlyAccess).
    """
    if accounts and scope.account not in accounts:
        return not_applicable("not a production account")
    if any(fnmatchcase(change.action, pattern) for pattern in ignored):
        return not_applicable(
            f"{change.action} is on the list of what is no change past the pipeline"
        )
    if change.error_code:
        return not_applicable(f"{change.action} was refused: {change.error_code}")
    who = change.user_identity
    when = f"{change.event_time:%Y-%m-%d %H:%M} UTC"
    if who.role and any(fnmatchcase(who.role, pattern) for pattern in deploy_roles):
        return passed(f"{who.role} may: {change.action} on {when}")
    names = sorted({one.resource_name for one in change.resources if one.resource_name})[:_NAMED]
    about = f" ({', '.join(names)})" if names else ""
    return failed(f"{who.arn or who.type} called {change.action}{about} in the console on {when}")
