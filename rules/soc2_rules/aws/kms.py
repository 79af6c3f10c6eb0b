"""KMS: who may use keys, and how long they last."""

from __future__ import annotations

from soc2_collectors.aws.models.kms import Key
from soc2_collectors.aws.models.policy import EVERYONE
from soc2_pac.model import Scope, Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule

_AWS_OWNED = "AWS manages this key"


@rule(
    criteria=["CC6.1", "CC6.5"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:kms_cmk_not_deleted_unintentionally",
        "powerpipe:kms_key_not_pending_deletion",
    ],
)
def aws_kms_not_pending_delete(key: Key, *, approved_keys: tuple[str, ...] = ()) -> Verdict:
    """No key is scheduled for deletion without approval.

    Why: what a key encrypted cannot be read again once the key is gone.
    Fix: aws kms cancel-key-deletion, or list the key in approved_keys with the record of the
        approval.
    """
    if not key.metadata.customer:
        return not_applicable(_AWS_OWNED)
    if key.metadata.key_state not in ("PendingDeletion", "PendingReplicaDeletion"):
        return passed(f"the key is {key.metadata.key_state or 'in use'}".lower())
    if key.key_id in approved_keys:
        return passed("its deletion is approved")
    when = f" on {key.metadata.deletion_date:%Y-%m-%d}" if key.metadata.deletion_date else ""
    return failed(f"scheduled for deletion{when}, and not on the approved list")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:kms_key_not_publicly_accessible",
    ],
)
def aws_kms_policy_not_public(
    key: Key, scope: Scope, *, known_accounts: tuple[str, ...] = ()
) -> Verdict:
    """Key policies trust neither everyone nor unknown accounts.

    Why: whoever may use the key can read what it protects.
    Fix: aws kms put-key-policy without the principal, or list the account in known_accounts.
    """
    if not key.metadata.customer:
        return not_applicable(_AWS_OWNED)
    trusted = {party for statement in key.statements for party in statement.trusted()}
    if EVERYONE in trusted:
        return failed("the key policy trusts everyone")
    unknown = sorted(trusted - {scope.account, *known_accounts})
    if unknown:
        return failed(f"the key policy trusts unknown accounts: {', '.join(unknown)}")
    return passed("the key policy trusts known accounts only")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:kms_cmk_rotation_enabled",
    ],
)
def aws_kms_rotation(key: Key) -> Verdict:
    """Customer-managed symmetric keys rotate by themselves.

    Why: it limits how much one key's material protects.
    Fix: aws kms enable-key-rotation.
    """
    about = key.metadata
    if not about.customer:
        return not_applicable(_AWS_OWNED)
    if about.spec != "SYMMETRIC_DEFAULT" or about.origin != "AWS_KMS":
        return not_applicable(f"AWS cannot rotate {about.spec} keys of origin {about.origin}")
    if about.key_state not in ("Enabled", "Disabled"):
        return not_applicable(f"the key is {about.key_state}")
    return passed("rotation is on") if key.rotation_enabled else failed("rotation is off")
