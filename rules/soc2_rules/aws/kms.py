"""KMS: who may use keys, and how long they last."""

from __future__ import annotations

from soc2_collectors.aws.models.kms import Key
from soc2_collectors.aws.models.trust import outsiders
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_AWS_OWNED = "AWS manages this key"
_STATES = ("Creating", "Enabled", "Disabled", "PendingImport", "Unavailable", "Updating")
"""States of keys that nobody has scheduled for deletion."""


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

    Imported key material that expires is not asked: whoever imported it can do so again.

    Why: what a key encrypted cannot be read again once the key is gone.
    Fix: aws kms cancel-key-deletion, or list the key, its id or its ARN, in approved_keys with the record of
        the approval.
    """
    if not key.metadata.customer:
        return not_applicable(_AWS_OWNED)
    state = key.metadata.key_state
    if state in _STATES:
        return passed(f"the key is {state}")
    if state not in ("PendingDeletion", "PendingReplicaDeletion"):
        return inconclusive(f"what the state {state} is is not known")
    if key.key_id in approved_keys or key.key_arn in approved_keys:
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

    ``known_accounts`` holds accounts, organisations (``o-...``), and networks from which everyone may come. A service
    of AWS counts as the account or organisation for whose resources a condition lets it in (``aws:SourceAccount``,
    ``aws:SourceArn``); without such a condition whom it acts for is not asked. Grants are not read, nor is to whom
    Resource Access Manager shares a key.

    Why: whoever may use the key can read what it protects.
    Fix: aws kms put-key-policy without the principal, or list the account in known_accounts.
    """
    if not key.metadata.customer:
        return not_applicable(_AWS_OWNED)
    found = outsiders(key.statements, scope.account, known_accounts, served=True)
    if found.everyone:
        return failed("the key policy trusts everyone")
    if found.strangers:
        return failed(f"the key policy trusts unknown accounts: {', '.join(found.strangers)}")
    if found.unclear:
        return inconclusive(f"nobody can tell whose these are: {', '.join(found.unclear)}")
    more = f" and {', '.join(found.known)}" if found.known else ""
    return passed(f"the key policy trusts the account{more}, services of AWS apart")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:kms_cmk_rotation_enabled",
    ],
)
def aws_kms_rotation(key: Key, *, max_days: int = 365) -> Verdict:
    """Customer-managed symmetric keys rotate by themselves, often enough.

    AWS rotates each year unless it is told another period.

    Why: it limits how much one key's material protects.
    Fix: aws kms enable-key-rotation --key-id KEY --rotation-period-in-days 365.
    """
    about = key.metadata
    if not about.customer:
        return not_applicable(_AWS_OWNED)
    if about.spec != "SYMMETRIC_DEFAULT" or about.origin in _FOREIGN:
        return not_applicable(f"AWS rotates no {about.spec} key of origin {about.origin} by itself")
    if about.key_state in ("PendingDeletion", "PendingReplicaDeletion"):
        return not_applicable(f"the key is {about.key_state}")
    if about.origin != "AWS_KMS" or about.key_state not in _STATES:
        return inconclusive(
            f"what a {about.key_state} key of origin {about.origin} is is not known"
        )
    rotation = key.rotation
    if rotation is None or rotation is False:
        return failed("rotation is off")
    if rotation is True:
        return inconclusive("rotation is on; how often was not kept")
    if not rotation.key_rotation_enabled:
        return failed("rotation is off")
    if rotation.days > max_days:
        return failed(f"rotates every {rotation.days} days, more than {max_days}")
    if about.key_state == "Disabled":
        return not_applicable(
            "rotation is on; AWS rotates no key that is Disabled until it is enabled"
        )
    return passed(f"rotates every {rotation.days} days")


_FOREIGN = ("EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")
"""Where key material comes from that AWS cannot make anew: imported material is rotated by hand."""
