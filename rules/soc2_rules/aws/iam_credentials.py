"""IAM users and their credentials, from the credential report."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.aws.models.iam import Credential, User
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.aws_administrators import KINDS, standing
from soc2_rules.mechanisms.aws_credentials import unseen
from soc2_rules.mechanisms.known import asked, holding


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_user_mfa_enabled_console_access",
        "powerpipe:iam_user_console_access_mfa_enabled",
        "powerpipe:iam_user_mfa_enabled",
    ],
)
def aws_console_user_mfa(credential: Credential) -> Verdict:
    """Every IAM user with a console password has an MFA device.

    Why: a password alone is guessed, phished or reused.
    Fix: aws iam enable-mfa-device for the user, or remove the password with delete-login-profile.
    """
    if credential.is_root:
        return not_applicable("root is judged by rules of its own")
    if not credential.has_password:
        return not_applicable("no console password")
    if credential.flag("mfa_active"):
        return passed("console password with MFA")
    return failed("console password without MFA")


@rule(
    criteria=["CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_rotate_access_key_90_days",
        "powerpipe:iam_user_access_key_age_90",
    ],
)
def aws_access_key_age(credential: Credential, now: datetime, *, max_age_days: int = 90) -> Verdict:
    """Active access keys are replaced regularly.

    Why: a key that is never replaced stays useful to whoever once copied it.
    Fix: create a second key, move the workload to it, then delete the old one with aws iam
        delete-access-key.
    """
    keys = credential.keys
    if not keys:
        return unseen(credential) or not_applicable("no active access key")
    known, unread = asked(keys, lambda key: key.rotated)
    made = [moment for _, moment in known if moment is not None]
    oldest = min(made, default=now)
    due = days_after(oldest, max_age_days)
    if made and now >= due:
        return failed(
            f"an active key is of {oldest:%Y-%m-%d}, over {max_age_days} days since {due:%Y-%m-%d}"
        )
    turns = due if made else None
    if unread is not None:
        raise holding(unread, turns)
    if len(made) < len(keys):
        return inconclusive("AWS does not say when an active key was created", until=turns)
    return unseen(credential, until=turns) or passed(
        f"the oldest active key is of {oldest:%Y-%m-%d}, due {due:%Y-%m-%d}", until=due
    )


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_user_accesskey_unused",
        "powerpipe:iam_user_access_key_unused_45",
        "powerpipe:iam_user_unused_credentials_90",
    ],
)
def aws_access_key_inactive(
    credential: Credential, now: datetime, *, max_unused_days: int = 45
) -> Verdict:
    """Active access keys that nobody uses are deactivated.

    Why: an unused key serves only somebody who should not have it.
    Fix: aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive, then delete it once
        nothing has broken.
    """
    keys = credential.keys
    if not keys:
        return unseen(credential) or not_applicable("no active access key")
    known, unread = asked(keys, lambda key: key.used or key.rotated)
    last = [moment for _, moment in known if moment is not None]
    quiet = min(last, default=now)
    due = days_after(quiet, max_unused_days)
    if last and now >= due:
        return failed(
            f"an active key has not been used since {quiet:%Y-%m-%d}, over {max_unused_days} days"
        )
    turns = due if last else None
    if unread is not None:
        raise holding(unread, turns)
    if len(last) < len(keys):
        return inconclusive(
            "AWS says neither when an active key was used nor when it was created", until=turns
        )
    return unseen(credential, until=turns) or passed(
        f"every active key was used or made since {quiet:%Y-%m-%d}", until=due
    )


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_user_console_access_unused",
        "powerpipe:iam_user_console_access_unused_45",
        "powerpipe:iam_user_unused_credentials_90",
        "powerpipe:iam_user_unused_credentials_45",
    ],
)
def aws_console_user_inactive(
    credential: Credential, now: datetime, *, max_unused_days: int = 45
) -> Verdict:
    """Console passwords that nobody uses are removed.

    Why: a forgotten login is a door that nobody watches, often of somebody who has left.
    Fix: aws iam delete-login-profile for the user.
    """
    if credential.is_root or not credential.has_password:
        return not_applicable(
            "root is judged by a rule of its own" if credential.is_root else "no console password"
        )
    last = credential.moment("password_last_used") or credential.moment("password_last_changed")
    if last is None:
        return inconclusive("AWS says neither when the password was used nor when it was set")
    due = days_after(last, max_unused_days)
    if now < due:
        return passed(f"the password was last used or set on {last:%Y-%m-%d}", until=due)
    return failed(
        f"the password has not been used since {last:%Y-%m-%d}, over {max_unused_days} days"
    )


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:iam_user_two_active_access_key",
        "powerpipe:iam_user_one_active_key",
    ],
)
def aws_single_active_key(credential: Credential) -> Verdict:
    """No user carries two active access keys.

    Why: the second key is for the days of a rotation; left active it doubles what can leak.
    Fix: finish the rotation: aws iam update-access-key --user-name USER --access-key-id OLD --status Inactive.
    """
    count = len(credential.keys)
    if count > 1:
        return failed("two active access keys")
    return unseen(credential) or passed(f"{count} active access keys")


@rule(
    criteria=["CC6.1", "CC6.2"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:iam_user_no_setup_initial_access_key",
        "powerpipe:iam_user_access_keys_and_password_at_setup",
    ],
)
def aws_no_key_at_creation(credential: Credential, *, setup_hours: int = 1) -> Verdict:
    """Console users were not given an access key at creation that was never used.

    Why: keys handed out just in case are kept nowhere in particular and missed by nobody.
    Fix: delete the key; make one when a workload needs it, or better a role.
    """
    if credential.is_root or not credential.has_password:
        return not_applicable("no user with a console password")
    created = credential.moment("user_creation_time")
    if created is None:
        return inconclusive("AWS does not say when the user was created")
    unknown = []
    for key in credential.keys:
        if key.used is not None:
            continue
        if key.rotated is None:
            unknown.append(key.slot)
        elif key.rotated - created <= timedelta(hours=setup_hours):
            return failed(
                f"key {key.slot} was made with the user on {created:%Y-%m-%d} and never used"
            )
    if unknown:
        return inconclusive(
            f"AWS does not say when key {unknown[0]} was made, which was never used"
        )
    return unseen(credential) or passed("no key that was made with the user lies unused")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.CRITICAL,
    needs=[Credential, *KINDS],
    known_as=[
        "prowler:iam_administrator_access_with_mfa",
        "powerpipe:iam_user_with_administrator_access_mfa_enabled",
    ],
)
def aws_admin_user_mfa(user: User, evidence: Evidence, scope: Scope) -> Verdict:
    """Users who administer the account, by themselves, by a group or by a role, have MFA.

    Enough to get everything is enough: the right to write policies, or to use a role that administers.

    Why: whoever gets into an administrator's account owns everything in it.
    Fix: aws iam enable-mfa-device for the user, or take the rights away.
    """
    found = standing(evidence, user, scope)
    if found.administrator is False:
        return not_applicable("does not administer")
    if found.administrator is None:
        return inconclusive(found.how)
    rows = evidence.index(Credential, "arn").get(user.arn, ())
    if not rows:
        return inconclusive("the credential report does not have this user yet")
    if rows[0].flag("mfa_active"):
        return passed(f"administrator {found.told}, with MFA", on=(*rows, *found.on))
    return failed(f"administrator {found.told}, without MFA", on=(*rows, *found.on))
