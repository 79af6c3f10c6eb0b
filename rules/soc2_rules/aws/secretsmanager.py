"""Secrets Manager: secrets that are renewed, used, and nobody else's."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.secretsmanager import Secret
from soc2_collectors.aws.models.times import days_after
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Scope, Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.known import holding


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:secretsmanager_automatic_rotation_enabled",
        "prowler:secretsmanager_secret_rotated_periodically",
        "powerpipe:secretsmanager_secret_automatic_rotation_enabled",
        "powerpipe:secretsmanager_secret_rotated_as_scheduled",
    ],
)
def aws_secret_rotation(
    secret: Secret, now: datetime, scope: Scope, *, max_age_days: int = 90
) -> Verdict:
    """Secrets are rotated automatically, and were rotated when they should have been.

    A copy of a secret of another Region or account follows its origin, which is asked there.

    Why: a password that is never replaced stays useful to whoever once read it.
    Fix: aws secretsmanager rotate-secret --rotation-rules AutomaticallyAfterDays=30 with a rotation function;
        where rotation is on and late, read the function's log.
    """
    if secret.owning_service is not None:
        return not_applicable(f"managed by {secret.owning_service}")
    if secret.primary_region not in (None, scope.region):
        return not_applicable(f"a copy; it is rotated in {secret.primary_region}")
    if not secret.rotation_enabled:
        if (primary := secret.follows) is not None:
            return not_applicable(f"a copy; {primary} is rotated where it is")
        return failed("automatic rotation is off")
    since = secret.last_rotated_date or secret.created_date
    due = days_after(since, max_age_days)
    told = "rotated" if secret.last_rotated_date else "created, and never rotated,"
    if now >= due:
        return failed(f"{told} on {since:%Y-%m-%d}, over {max_age_days} days before {due:%Y-%m-%d}")
    # AWS: the date of the next rotation lies in the past where one failed.
    if secret.next_rotation_date is not None:
        late = days_after(secret.next_rotation_date, _GRACE_DAYS)
        if now >= late:
            return failed(f"{told} on {since:%Y-%m-%d}; due {secret.next_rotation_date:%Y-%m-%d}")
        due = min(due, late)
    elif secret.rotation_rules is not None and secret.rotation_rules.automatically_after_days:
        own = secret.rotation_rules.automatically_after_days
        late = days_after(since, own + _GRACE_DAYS)
        if now >= late:
            return failed(f"{told} on {since:%Y-%m-%d}, and is to be rotated every {own} days")
        due = min(due, late)
    return passed(f"automatic; {told} on {since:%Y-%m-%d}", until=due)


_GRACE_DAYS = 2
"""AWS rotates within the window of a schedule, a day when none is set."""


@rule(
    criteria=["CC6.1", "CC6.2"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:secretsmanager_secret_unused",
        "prowler:secretsmanager_not_publicly_accessible",
    ],
)
def aws_secret_stale_or_public(
    secret: Secret, now: datetime, scope: Scope, *, max_unused_days: int = 90
) -> Verdict:
    """Secrets are in use, and no policy lets everyone read them.

    Of secrets that a service of AWS made and manages, the policy alone is judged: who uses them is its affair, and
    none can be deleted by itself. So it is of copies in further Regions, which wait for the day that the first is
    down.

    Why: a secret that nobody uses any more opens something that nobody watches any more.
    Fix: aws secretsmanager delete-secret for what is unused; aws secretsmanager put-resource-policy
        --block-public-policy with the principals that need it.
    """
    copied = secret.primary_region not in (None, scope.region)
    if secret.owning_service is not None or copied:
        if secret.public_statements:
            return failed("its policy lets everyone in")
        if copied:
            return not_applicable(f"not public; a copy of the one in {secret.primary_region}")
        return passed(f"not public; managed by {secret.owning_service}")
    since = secret.last_accessed_date or secret.created_date
    due = days_after(since, max_unused_days)
    told = "last read" if secret.last_accessed_date else "created, and never read,"
    if now >= due:
        return failed(
            f"{told} on {since:%Y-%m-%d}, over {max_unused_days} days before {due:%Y-%m-%d}"
        )
    try:
        public = secret.public_statements
    except FactUnavailable as error:
        raise holding(error, due) from None
    if public:
        return failed("its policy lets everyone in")
    return passed(f"not public; {told} on {since:%Y-%m-%d}", until=due)
