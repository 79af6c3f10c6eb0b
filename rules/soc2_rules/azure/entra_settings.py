"""Settings of the tenant: what users may do of themselves, guests, passwords and methods."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.azure.models.arm import same
from soc2_collectors.azure.models.entra import (
    P1,
    PASSWORD_RULES,
    UNIFIED_GROUPS,
    AuthenticationMethodsPolicy,
    AuthorizationPolicy,
    Tenant,
    User,
)
from soc2_collectors.azure.models.entra_reviews import AccessReview
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.entra_reviews import counted

_NO_POLICY = inconclusive("Graph did not show the authorization policy")
_VERIFIED = ("microsoft-user-default-low",)
"""Apps of verified publishers, or of the tenant itself, for permissions that are classified as low.

Not ``microsoft-user-default-recommended``: what that allows, Microsoft changes.
"""
_EVERY_APP = ("microsoft-user-default-legacy",)


@rule(
    criteria=["CC6.3", "CC6.7"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:entra_policy_restricts_user_consent_for_apps",
        "prowler:entra_policy_user_consent_for_verified_apps",
        "powerpipe:ad_authorization_policy_user_consent_disallowed",
        "powerpipe:ad_authorization_policy_user_consent_verified_publishers_selected_permissions",
    ],
    empty=_NO_POLICY,
)
def azure_app_consent(
    policy: AuthorizationPolicy, *, allowed: tuple[str, ...] = _VERIFIED
) -> Verdict:
    """Users let apps at their data only of verified publishers, and can ask an administrator otherwise.

    ``allowed`` names the consent policies that may be there; none at all is stricter. Consent to apps that
    Microsoft takes for risky must be off. What owners of groups, teams and chats may let apps at is not asked.

    Why: an app that somebody consents to reads their mail without any password, and stays.
    Fix: Enterprise applications, Consent and permissions: do not allow user consent, or only for verified
        publishers; then turn on admin consent requests.
    """
    if policy.allow_user_consent_for_risky_apps:
        return failed("users may consent to risky apps")
    given = policy.consent
    allowed = tuple(one.lower() for one in allowed)
    wide = [one for one in given if one in _EVERY_APP and one not in allowed]
    if wide:
        return failed(f"users may consent to every app: {listed(wide)}")
    requests = policy.admin_consent_request_policy
    if requests is None or not requests.is_enabled:
        return failed("nobody can ask an administrator for consent: admin consent requests are off")
    if requests.reviewers == []:
        return failed("requests for consent reach nobody: there is no reviewer")
    unknown = [one for one in (*given, *policy.other_grants) if one not in allowed]
    if unknown:
        return inconclusive(
            f"users may consent by {listed(unknown)}: name it in `allowed` where that is narrow"
        )
    return passed(
        f"users may consent by: {listed(given)}, and to no risky app; admin consent requests are on"
    )


@rule(
    criteria=["CC6.3"],
    severity=Severity.MEDIUM,
    needs=[Tenant],
    known_as=[
        "prowler:entra_policy_ensure_default_user_cannot_create_apps",
        "prowler:entra_policy_ensure_default_user_cannot_create_tenants",
        "prowler:entra_policy_default_users_cannot_create_security_groups",
        "prowler:entra_users_cannot_create_microsoft_365_groups",
        "powerpipe:iam_user_not_allowed_to_register_application",
        "powerpipe:iam_user_not_allowed_to_create_tenants",
        "powerpipe:iam_user_not_allowed_to_create_security_group",
        "powerpipe:ad_m365_group_creation_disabled",
    ],
    empty=_NO_POLICY,
)
def azure_default_user_rights(policy: AuthorizationPolicy, evidence: Evidence) -> Verdict:
    """Ordinary users make neither apps nor tenants nor groups.

    Why: apps, tenants and groups that anybody makes are seen and looked after by nobody.
    Fix: Users, User settings: no to registering applications, creating security groups and creating
        tenants; for Microsoft 365 groups set EnableGroupCreation to false in Group.Unified.
    """
    rights = policy.default_user_role_permissions
    may = []
    if rights.allowed_to_create_apps:
        may.append("apps")
    if rights.allowed_to_create_security_groups:
        may.append("security groups")
    if rights.allowed_to_create_tenants:
        may.append("tenants")
    if may:
        return failed(f"ordinary users may create {listed(may)}")
    tenants = evidence.account(Tenant)
    if not tenants:
        return inconclusive("Graph did not show the tenant")
    if any(
        one.setting(UNIFIED_GROUPS, "EnableGroupCreation", "true").lower() != "false"
        for one in tenants
    ):
        return failed("ordinary users may create Microsoft 365 groups", on=tenants)
    if rights.allowed_to_create_tenants is None:
        return inconclusive("Graph does not say whether users may create tenants")
    return passed("ordinary users create neither apps nor tenants nor groups")


_RESTRICTED = "2af84b1e-32c8-42b7-82bc-daa82404023b"
_INVITERS = ("none", "adminsAndGuestInviters")


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.MEDIUM,
    needs=[User, AccessReview],
    known_as=[
        "prowler:entra_policy_guest_invite_only_for_admin_roles",
        "prowler:entra_policy_guest_users_access_restrictions",
        "powerpipe:ad_authorization_policy_guest_invite_restricted",
        "powerpipe:ad_authorization_policy_guest_user_access_restricted",
        "powerpipe:ad_guest_user_reviewed_monthly",
    ],
    empty=_NO_POLICY,
)
def azure_guests_controlled(
    policy: AuthorizationPolicy, now: datetime, evidence: Evidence, *, review_days: int = 31
) -> Verdict:
    """Few may invite guests, guests see only what is theirs, and all guests are reviewed each month.

    The review is asked about where there are guests. It counts where its series goes on, and where the last
    round was completed in time, each access decided by a person or taken away. It must be about all guests:
    their access to all groups, or to every Microsoft 365 group.

    Why: a guest is somebody whom another company manages, and nobody tells when they leave it.
    Fix: External Identities, External collaboration settings: the most restrictive guest access, and
        invitations by the Guest Inviter role only; then a monthly access review of guest users.
    """
    wrong = []
    if policy.allow_invites_from not in _INVITERS:
        wrong.append(f"guests are invited by {policy.allow_invites_from}")
    if policy.guest_user_role_id is not None and not same(policy.guest_user_role_id, _RESTRICTED):
        wrong.append("guests see more than their own objects")
    if wrong:
        return failed("; ".join(wrong))
    guests = [one for one in evidence.account(User) if one.guest]
    reviews = [one for one in evidence.account(AccessReview) if one.touches_guests]
    found = counted(reviews, now, review_days)
    whole = [(one, until) for one, until in found.good if one.all_guests]
    turns = min(found.turns, default=None) if guests else None
    if guests and not found.good and not found.unsure:
        return failed(
            f"guests: {len(guests)}; no review of them counts ({found.why})",
            until=turns,
            on=[policy, *reviews],
        )
    if policy.guest_user_role_id is None:
        return inconclusive("Graph does not say what guests see", until=turns)
    if not guests:
        return passed("invitations and access of guests are restricted; there is no guest")
    if not whole:
        partial = "only guests of single groups, or who are inactive, are reviewed"
        return inconclusive(
            f"guests: {len(guests)}; {partial if found.good else found.why}",
            until=turns,
            on=[policy, *reviews],
        )
    names = listed(one.display_name for one, _ in whole)
    return passed(
        f"guests: {len(guests)}; restricted, and reviewed by {names}",
        until=max(until for _, until in whole),
        on=[policy, *(one for one, _ in whole)],
    )


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "powerpipe:ad_account_lockout_threshold_max_10",
        "powerpipe:ad_account_duration_min_60_seconds",
        "powerpipe:ad_custom_banned_password_enforced",
    ],
    empty=inconclusive("Graph did not show the tenant"),
)
def azure_password_protection(
    tenant: Tenant, *, max_attempts: int = 10, min_lockout_seconds: int = 60
) -> Verdict:
    """Guessing locks an account out, and the company's own words are no passwords.

    Where nobody has set them, Microsoft's defaults hold: ten attempts, sixty seconds, and no list of the
    company's own.

    Why: passwords made of the company's name and a year are the first that anybody tries.
    Fix: Authentication methods, Password protection: at most 10 attempts, at least 60 seconds, enforce
        the custom list, and fill it.
    """
    asked = (("LockoutThreshold", "10"), ("LockoutDurationInSeconds", "60"))
    numbers = [tenant.setting(PASSWORD_RULES, name, default) for name, default in asked]
    if not all(text.isdecimal() for text in numbers):
        return inconclusive(f"the lockout settings are no numbers: {', '.join(numbers)}")
    attempts, seconds = (int(text) for text in numbers)
    wrong = []
    if attempts > max_attempts:
        wrong.append(f"locked out after {attempts} attempts")
    if seconds < min_lockout_seconds:
        wrong.append(f"locked out for {seconds} seconds")
    if wrong:
        return failed("; ".join(wrong))
    enforced = tenant.setting(PASSWORD_RULES, "EnableBannedPasswordCheck", "false")
    words = tenant.setting(PASSWORD_RULES, "BannedPasswordList", "")
    if enforced.lower() != "true" or not words.strip():
        if P1 not in tenant.licences:
            return inconclusive(f"no list of banned passwords is enforced, which needs {P1}")
        return failed("no list of the company's own banned passwords is enforced")
    if P1 not in tenant.licences:
        return inconclusive(f"an own list of banned passwords is set, which needs {P1} to work")
    return passed(f"{attempts} attempts, {seconds} seconds, and an own list of banned passwords")


_PHISHING_RESISTANT = frozenset({"Fido2", "X509Certificate"})


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=["prowler:entra_authentication_methods_policy_strong_auth_enforced"],
    empty=inconclusive("Graph did not show the policy of authentication methods"),
)
def azure_weak_methods_off(
    policy: AuthenticationMethodsPolicy, *, weak: tuple[str, ...] = ("Sms", "Voice", "Email")
) -> Verdict:
    """Codes by text message, call and mail are off, and everybody may use a phishing-resistant method.

    ``weak`` names the methods that must be off, for everybody. Whether guests may sign in by a code to their
    own mail is a setting of its own, and not asked about.

    Why: a text message goes to whoever talks the carrier into a new SIM, and a code to whoever asks for
        it on a false page.
    Fix: Authentication methods, Policies: disable SMS, voice call and email OTP; enable passkeys (FIDO2)
        or certificates for all users.
    """
    found = {name: policy.method(name) for name in weak}
    bad = [name for name, method in found.items() if method is not None and method.on]
    if bad:
        return failed(f"weak methods are on: {listed(bad)}")
    strong = [one for name in _PHISHING_RESISTANT if (one := policy.method(name)) and one.on]
    if not strong:
        return failed(f"no method resists phishing; asked for were {listed(_PHISHING_RESISTANT)}")
    if not any(one.for_all for one in strong):
        return failed(f"not for everybody: {listed(one.id for one in strong)}")
    missing = [name for name, method in found.items() if method is None]
    if missing:
        return inconclusive(f"Graph does not show whether these are on: {listed(missing)}")
    if not policy.alone:
        return inconclusive(
            "the older settings of methods may still count, and Graph does not show them "
            f"(migration: {policy.policy_migration_state})"
        )
    return passed(f"off: {listed(weak)}; on: {listed(one.id for one in strong)}")
