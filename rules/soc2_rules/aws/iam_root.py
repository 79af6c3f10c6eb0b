"""The root identity of an account."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.iam import AccountSummary, Credential, VirtualMfaDevice
from soc2_collectors.aws.models.times import days_after
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:iam_root_mfa_enabled",
        "powerpipe:iam_root_user_mfa_enabled",
    ],
)
def aws_root_mfa(summary: AccountSummary) -> Verdict:
    """The root identity has an MFA device, or no credentials at all.

    Why: root can do everything and no policy limits it.
    Fix: sign in as root, Security credentials, assign MFA; or remove root credentials centrally.
    """
    if summary.counter("AccountMFAEnabled") == 1:
        return passed("root has MFA")
    credentials = ("AccountPasswordPresent", "AccountAccessKeysPresent")
    if any(summary.counters.get(name) for name in credentials):
        return failed("root has no MFA")
    certificates = summary.counter("AccountSigningCertificatesPresent")
    if certificates or any(summary.counter(name) for name in credentials):
        return failed("root has no MFA")
    return passed("root has neither password nor keys nor certificates")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:iam_no_root_access_key",
        "powerpipe:iam_root_user_no_access_keys",
    ],
)
def aws_root_no_access_keys(summary: AccountSummary) -> Verdict:
    """The root identity has no access keys and no signing certificates.

    Why: a root key works everywhere, cannot be limited and leaves no person to ask.
    Fix: sign in as root, Security credentials, delete the access keys and certificates.
    """
    keys = summary.counter("AccountAccessKeysPresent")
    certificates = summary.counter("AccountSigningCertificatesPresent")
    if keys or certificates:
        return failed(f"root has {keys} access keys and {certificates} signing certificates")
    return passed("root has neither access keys nor signing certificates")


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    needs=[VirtualMfaDevice],
    known_as=[
        "prowler:iam_root_hardware_mfa_enabled",
        "powerpipe:iam_root_user_hardware_mfa_enabled",
    ],
)
def aws_root_mfa_phishing_resistant(summary: AccountSummary, evidence: Evidence) -> Verdict:
    """Root's MFA is no virtual device: no app shows the codes.

    Hardware tokens that show codes are not told apart from security keys and passkeys.

    Why: a code can be typed into a false page; a passkey cannot.
    Fix: register a passkey or hardware key for root, then remove the virtual device.
    """
    if summary.counter("AccountMFAEnabled") != 1:
        if summary.counters.get("AccountPasswordPresent") == 0:
            return not_applicable("root has no password")
        return failed("root has no MFA at all")
    devices = evidence.account(VirtualMfaDevice)
    if own := [device for device in devices if device.of_root]:
        return failed("root's MFA is a virtual device", on=own)
    if unknown := [device.serial_number for device in devices if device.of_root is None]:
        return inconclusive(f"whose the virtual devices {', '.join(unknown)} are is not known")
    return passed("root has MFA, and no virtual device is its")


@rule(
    criteria=["CC6.1", "CC7.2"],
    severity=Severity.HIGH,
    needs=[Credential],
    known_as=[
        "prowler:iam_avoid_root_usage",
        "powerpipe:iam_root_last_used",
    ],
)
def aws_root_unused_recently(
    account: AccountSummary, now: datetime, evidence: Evidence, *, quiet_days: int = 90
) -> Verdict:
    """Root's password and keys have not been used within the review window.

    Keys that were deleted meanwhile, and sessions that the organisation's management account takes on as root
    (sts:AssumeRoot), are not in the credential report.

    Why: daily work does not need root; its use is an event to explain.
    Fix: use roles for the work, and record why root was used. AWS's list of tasks that need root is
        short.
    """
    del account  # one verdict an account: a report that lacks the row must not go unnoticed
    rows = [row for row in evidence.account(Credential) if row.is_root]
    if not rows:
        return inconclusive("the credential report has no row for root")
    used: list[datetime] = []
    unread: FactUnavailable | None = None
    for name in _USES:
        for row in rows:
            try:
                used += [moment] if (moment := row.moment(name)) else []
            except FactUnavailable as error:
                unread = error
    if used and now < (quiet := days_after(max(used), quiet_days)):
        told = f"root was used on {max(used):%Y-%m-%d}, within {quiet_days} days"
        return failed(told, until=quiet, on=rows)
    if unread is not None:
        raise unread
    if not used:
        return passed("no use of root's password or keys is known", on=rows)
    told = f"root's password or keys were last used on {max(used):%Y-%m-%d}"
    return passed(told, on=rows)


_USES = ("password_last_used", "access_key_1_last_used_date", "access_key_2_last_used_date")
