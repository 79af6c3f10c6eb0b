"""Secret Manager and API keys: secrets that are renewed, and nobody else's."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.gcp.models.apikeys import ApiKey
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.secretmanager import Rotation, Secret
from soc2_collectors.gcp.models.values import days_after, days_before, matches, seconds
from soc2_pac.model import (
    Scope,
    Severity,
    Status,
    Verdict,
    failed,
    inconclusive,
    not_applicable,
    passed,
)
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.google_grants import beside, everyone

_DAY = 86_400


@rule(
    criteria=["CC6.1"],
    severity=Severity.HIGH,
    needs=[IamPolicy],
    known_as=[
        "prowler:secretmanager_secret_not_publicly_accessible",
        "prowler:secretmanager_secret_rotation_enabled",
    ],
)
def gcp_secrets(
    secret: Secret,
    evidence: Evidence,
    now: datetime,
    scope: Scope,
    *,
    max_age_days: int = 90,
    not_rotated: tuple[str, ...] = (),
) -> Verdict:
    """Secrets are not open to everyone, and a schedule asks for new versions of them.

    The schedule sends a message; whether something makes a new version then is not seen here. Deny policies
    are not read.
    ``not_rotated`` takes names or patterns of secrets that cannot be.

    Why: a password that is never replaced stays useful to whoever once read it.
    Fix: gcloud secrets remove-iam-policy-binding SECRET --member allUsers --role ROLE; gcloud secrets update
        SECRET --add-topics TOPIC --rotation-period 2592000s --next-rotation-time TIME.
    """
    excused = matches(secret.short_name, not_rotated)
    schedule = _schedule(secret.about.rotation, now, max_age_days)
    late = not excused and schedule.status is Status.FAIL
    granted = everyone(secret, evidence, services=("secretmanager",), proven=late)
    if granted.roles:
        return failed(granted.said, on=granted.on)
    if late:
        return schedule
    private = f"not open to everyone{beside(scope, secret)}"
    if excused:
        return passed(f"{private}; on the list of those that cannot be rotated", on=granted.on)
    if schedule.status is not Status.PASS:
        return schedule
    said = f"{private}; {schedule.message}"
    return passed(said, until=schedule.until, on=granted.on)


def _schedule(rotation: Rotation | None, now: datetime, max_age_days: int) -> Verdict:
    """Whether a schedule asks for new versions often enough, and soon."""
    if rotation is None or rotation.rotation_period is None:
        return failed("no rotation schedule")
    period = seconds(rotation.rotation_period)
    if period is None:
        return inconclusive(f"the rotation period is not understood: {rotation.rotation_period}")
    days = int(period // _DAY)
    if period > max_age_days * _DAY:
        return failed(f"asked for every {days} days, over {max_age_days}")
    coming = rotation.next_rotation_time
    if coming is None:
        return failed(f"asked for every {days} days, and no next time is set")
    soon = days_before(coming, max_age_days)
    if now < soon:
        said = f"the next time is {coming:%Y-%m-%d}, more than {max_age_days} days ahead"
        return failed(said, until=soon)
    if coming <= now:
        return inconclusive(
            f"what came after {coming:%Y-%m-%d}, when the next was due, is not seen yet"
        )
    return passed(f"asked for every {days} days, next on {coming:%Y-%m-%d}", until=coming)


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:apikeys_api_restrictions_configured",
        "prowler:apikeys_key_rotated_in_90_days",
        "powerpipe:iam_api_key_restricts_apis",
        "powerpipe:iam_api_key_restricts_websites_hosts_apps",
        "powerpipe:iam_api_key_age_90",
    ],
)
def gcp_api_keys_absent_or_restricted(
    key: ApiKey, now: datetime, *, allowed: bool = True, max_age_days: int = 90
) -> Verdict:
    """API keys say for which APIs and for whom they are, and are replaced regularly.

    Each API by its name, and sites, addresses or apps that somebody chose: ``*.com/*`` and half of all
    addresses are no choice. ``allowed = false`` fails every key.

    Why: an API key names no person and stands readable in whatever calls with it.
    Fix: gcloud services api-keys update KEY --api-target service=SERVICE --allowed-referrers SITE (or
        --allowed-ips, --allowed-application); better, delete it and sign in with a service account.
    """
    about = key.key
    if about.delete_time is not None:
        return not_applicable("the key is deleted")
    if not allowed:
        return failed("there is an API key")
    wrong, limits = [], about.restrictions
    if not limits or not limits.api_targets:
        wrong.append("opens every API of the project")
    elif limits.wide_targets:
        wrong.append(f"opens more than one API by {listed(limits.wide_targets)}")
    if not limits or not limits.callers:
        wrong.append("may be used from anywhere")
    elif limits.wide_callers:
        wrong.append(f"may be used by whom nobody chose: {listed(limits.wide_callers)}")
    made = about.create_time
    due = days_after(made, max_age_days)
    if now >= due:
        wrong.append(f"made on {made:%Y-%m-%d}, over {max_age_days} days since {due:%Y-%m-%d}")
    if wrong:
        return failed("; ".join(wrong), until=None if now >= due else due)
    apis = listed({one.service for one in limits.api_targets} if limits else ())
    acts = f"; acts as {about.service_account_email}" if about.service_account_email else ""
    callers = limits.callers if limits else 0
    said = f"for {apis} and {callers} callers{acts}; made on {made:%Y-%m-%d}"
    return passed(said, until=due)
