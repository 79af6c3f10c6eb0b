"""Cloud KMS: who may use keys, and how long they last."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.gcp.models.grants import first_end, held
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.kms import CryptoKey
from soc2_collectors.gcp.models.members import Sort
from soc2_collectors.gcp.models.values import days_before, seconds
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.google_grants import NO_MEMBERS, beside, everyone

_DAY = 86_400
_EXTERNAL = ("EXTERNAL", "EXTERNAL_VPC")


@rule(
    criteria=["CC6.1"],
    severity=Severity.CRITICAL,
    needs=[IamPolicy],
    known_as=[
        "prowler:kms_key_not_publicly_accessible",
        "powerpipe:kms_key_not_publicly_accessible",
        "powerpipe:kms_key_users_limited_to_3",
    ],
)
def gcp_kms_not_public(
    key: CryptoKey, evidence: Evidence, now: datetime, scope: Scope, *, max_members: int = 0
) -> Verdict:
    """Keys are not granted to everyone, nor to more members than were agreed.

    Policies of the key ring, the project and what is above it count. ``max_members`` says how many members
    the policies of the key and its ring may name, a group counted as one; 0: any number. Who is in a group,
    and deny policies, are not read.

    Why: whoever may use the key can read what it protects.
    Fix: gcloud kms keys remove-iam-policy-binding KEY --keyring RING --location LOCATION --member allUsers
        --role ROLE.
    """
    granted = everyone(key, evidence, key.ring, services=("cloudkms",))
    if granted.roles:
        return failed(granted.said, on=granted.on)
    found = {one.member for policy in granted.on for one in held(policy, now)}
    members = {one.spelled for one in found}
    if max_members and len(members) > max_members:
        many = f"granted to {len(members)} members, over {max_members}"
        return failed(many, until=first_end(granted.on, now), on=granted.on)
    said = f"not granted to everyone; {len(members)} members by its own policies"
    said += f"; {NO_MEMBERS}" if any(one.is_a is Sort.GROUP for one in found) else ""
    until = first_end(granted.on, now)
    return passed(f"{said}{beside(scope, key)}", until=until, on=granted.on)


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:kms_key_rotation_enabled",
        "prowler:kms_key_rotation_max_90_days",
        "powerpipe:kms_key_rotated_within_90_day",
    ],
)
def gcp_kms_rotation(key: CryptoKey, now: datetime, *, max_age_days: int = 90) -> Verdict:
    """Symmetric keys rotate by themselves, at least every 90 days, and the next time is set.

    Why: it limits how much one key's material protects.
    Fix: gcloud kms keys update KEY --keyring RING --location LOCATION --rotation-period 90d
        --next-rotation-time TIME.
    """
    about = key.key
    if about.purpose != "ENCRYPT_DECRYPT":
        return not_applicable(f"Google cannot rotate keys for {about.purpose}")
    template = about.version_template or about.primary
    if about.import_only or (template and template.protection_level in _EXTERNAL):
        return not_applicable("its material is kept elsewhere, or is imported only")
    if about.primary is None or about.primary.state not in ("ENABLED", "PENDING_GENERATION"):
        state = about.primary.state if about.primary else "missing"
        return not_applicable(f"no version is in use: the primary is {state or 'of no state'}")
    if about.rotation_period is None:
        return failed("rotation is off")
    period = seconds(about.rotation_period)
    if period is None:
        return inconclusive(f"the rotation period is not understood: {about.rotation_period}")
    days = int(period // _DAY)
    if period > max_age_days * _DAY:
        return failed(f"rotates every {days} days, over {max_age_days}")
    coming = about.next_rotation_time
    if coming is None:
        return failed(f"rotates every {days} days, and no next time is set")
    soon = days_before(coming, max_age_days)
    if now < soon:
        said = f"the next rotation is on {coming:%Y-%m-%d}, more than {max_age_days} days ahead"
        return failed(said, until=soon)
    if coming <= now:
        return inconclusive(
            f"that it rotated on {coming:%Y-%m-%d}, when it was due, is not seen yet"
        )
    return passed(f"rotates every {days} days, next on {coming:%Y-%m-%d}", until=coming)
