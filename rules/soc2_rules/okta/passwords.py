"""Passwords that Okta keeps, and how a forgotten one is replaced."""

from __future__ import annotations

from soc2_collectors.okta.models.policy import PasswordPolicy, PasswordRule, SelfService, effective
from soc2_collectors.okta.models.role import Group
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.okta_policies import unless_hidden

_NONE = inconclusive("Okta showed no password policy, though each org has a default one")


@rule(
    criteria=["CC6.1"],
    severity=Severity.HIGH,
    needs=[PasswordPolicy, Group],
    empty=_NONE,
)
def okta_password_length(
    policy: PasswordPolicy, evidence: Evidence, *, min_length: int = 12
) -> Verdict:
    """Passwords have a minimum length that withstands guessing.

    ``min_length`` in characters; 15 where a government's guide binds.

    Why: each further character multiplies the time that guessing takes.
    Fix: Security, Authenticators, Password: raise the minimum length in the policy.
    """
    said = _length(policy, min_length)
    return unless_hidden(policy, said, evidence)


def _length(policy: PasswordPolicy, min_length: int) -> Verdict:
    """Whether passwords are long enough."""
    aside = _aside(policy)
    if aside:
        return aside
    length = policy.settings.password.complexity.min_length
    if length >= min_length:
        return passed(f"at least {length} characters")
    return failed(f"{length} characters are enough; {min_length} are expected")


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:authenticator_password_complexity_uppercase",
        "prowler:authenticator_password_complexity_lowercase",
        "prowler:authenticator_password_complexity_number",
        "prowler:authenticator_password_complexity_symbol",
    ],
    needs=[PasswordPolicy, Group],
    empty=_NONE,
)
def okta_password_complexity(
    policy: PasswordPolicy,
    evidence: Evidence,
    *,
    expected: tuple[str, ...] = ("lower", "upper", "number", "symbol"),
) -> Verdict:
    """Passwords hold the sorts of characters that are expected.

    ``expected`` of ``lower``, ``upper``, ``number`` and ``symbol``; leave out what your own standard does
    not ask for (NIST advises length instead).

    Why: contracts and standards ask for it, and it keeps out single words.
    Fix: Security, Authenticators, Password: tick the sorts of characters in the policy.
    """
    said = _complexity(policy, expected)
    return unless_hidden(policy, said, evidence)


def _complexity(policy: PasswordPolicy, expected: tuple[str, ...]) -> Verdict:
    """Whether passwords hold the sorts of characters that are expected."""
    aside = _aside(policy)
    if aside:
        return aside
    complexity = policy.settings.password.complexity
    asked = {
        "lower": complexity.min_lower_case,
        "upper": complexity.min_upper_case,
        "number": complexity.min_number,
        "symbol": complexity.min_symbol,
    }
    missing = [name for name in expected if not asked.get(name)]
    if missing:
        return failed(f"not asked for: {listed(missing)}")
    return passed(f"asks for {listed(expected)}")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=["prowler:authenticator_password_common_password_check"],
    needs=[PasswordPolicy, Group],
    empty=_NONE,
)
def okta_password_common_block(
    policy: PasswordPolicy, evidence: Evidence, *, breached: bool = False
) -> Verdict:
    """Common passwords are refused.

    ``breached`` also demands that a password found in a breach expires.

    Why: lists of common passwords are what guessing begins with.
    Fix: Security, Authenticators, Password: tick "Common password check" in the policy, and set an
        expiry for breached passwords.
    """
    said = _common(policy, breached=breached)
    return unless_hidden(policy, said, evidence)


def _common(policy: PasswordPolicy, *, breached: bool) -> Verdict:
    """Whether common passwords are refused."""
    aside = _aside(policy)
    if aside:
        return aside
    demands = policy.settings.password
    dictionary = demands.complexity.dictionary
    if not (dictionary and dictionary.common and dictionary.common.exclude):
        return failed("common passwords are not refused")
    protection = demands.breached_protection
    if breached and (protection is None or protection.expire_after_days is None):
        return failed("a password found in a breach does not expire")
    return passed("common passwords are refused")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:authenticator_password_history_5",
        "prowler:authenticator_password_minimum_age_24h",
    ],
    needs=[PasswordPolicy, Group],
    empty=_NONE,
)
def okta_password_history_age(
    policy: PasswordPolicy,
    evidence: Evidence,
    *,
    min_history: int = 5,
    min_age_hours: int = 24,
    max_age_days: int = 0,
) -> Verdict:
    """Former passwords are not used again.

    ``min_history`` former passwords are refused, and none may be changed within ``min_age_hours``, or the
    history is walked through in a minute. ``max_age_days``: 0 asks for no expiry; 60 where a government's
    guide binds.

    Why: a password that leaked once would be good again.
    Fix: Security, Authenticators, Password: set history and minimum age in the policy.
    """
    said = _history(policy, min_history, min_age_hours, max_age_days)
    return unless_hidden(policy, said, evidence)


def _history(
    policy: PasswordPolicy, min_history: int, min_age_hours: int, max_age_days: int
) -> Verdict:
    """Whether former passwords are refused."""
    aside = _aside(policy)
    if aside:
        return aside
    age = policy.settings.password.age
    wrong = []
    if age.history_count < min_history:
        wrong.append(
            f"{age.history_count} former passwords are refused, {min_history} are expected"
        )
    if age.min_age_minutes < 60 * min_age_hours:
        wrong.append(
            f"a new one may be changed after {age.min_age_minutes} minutes, not {60 * min_age_hours}"
        )
    if max_age_days and not 0 < age.max_age_days <= max_age_days:
        wrong.append(f"expires after {age.max_age_days or 'no'} days, {max_age_days} are expected")
    if wrong:
        return failed("; ".join(wrong))
    return passed(
        f"{age.history_count} former passwords are refused, changes {age.min_age_minutes} minutes apart"
    )


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    needs=[PasswordPolicy, Group],
    empty=_NONE,
)
def okta_lockout(
    policy: PasswordPolicy,
    evidence: Evidence,
    *,
    max_attempts: int = 10,
    min_locked_minutes: int = 15,
    notify: bool = True,
) -> Verdict:
    """An account is locked for a while after a few wrong passwords, and its owner is notified.

    ``max_attempts``: 10 is Okta's own default; 3 where a government's guide binds. ``min_locked_minutes``: how
    long it stays locked at least, where it opens by itself; 30 where PCI DSS binds, 0 asks nothing.

    Why: without an end to the attempts a password can be guessed; whoever is notified can say "that
        was not me".
    Fix: Security, Authenticators, Password: set the lockout and its length in the policy, and send a lockout
        email.
    """
    said = _locking(policy, max_attempts, min_locked_minutes, notify=notify)
    return unless_hidden(policy, said, evidence)


def _locking(
    policy: PasswordPolicy, max_attempts: int, min_locked_minutes: int, *, notify: bool
) -> Verdict:
    """Whether accounts are locked, and their owners notified."""
    if not policy.active:
        return not_applicable("the policy is inactive")
    lockout = policy.settings.password.lockout
    if lockout.max_attempts <= 0:
        return failed("an account is never locked")
    if lockout.max_attempts > max_attempts:
        return failed(f"locked after {lockout.max_attempts} attempts, {max_attempts} are expected")
    opens = lockout.auto_unlock_minutes
    if opens and opens < min_locked_minutes:
        return failed(
            f"a locked account opens by itself after {opens} minutes, {min_locked_minutes} are expected"
        )
    channels = lockout.user_lockout_notification_channels
    told = lockout.show_lockout_failures or "EMAIL" in (channels or ())
    said = f"locked after {lockout.max_attempts} attempts"
    if notify and not told and channels == []:
        return failed(f"{said}, but its owner is not notified")
    if opens is None:
        return inconclusive(f"{said}; Okta does not say for how long")
    said += f", for {opens} minutes" if opens else ", until somebody unlocks it"
    if told:
        how = "at the sign-in" if lockout.show_lockout_failures else "by mail"
        return passed(f"{said}; its owner is notified {how}")
    if not notify:
        return passed(said)
    if channels is None:
        return inconclusive(f"{said}; Okta does not say whether its owner is notified")
    return inconclusive(f"{said}; a way to notify that is not known here: {listed(channels)}")


@rule(criteria=["CC6.1"], severity=Severity.HIGH, needs=[PasswordPolicy, Group], empty=_NONE)
def okta_recovery_strong(
    policy: PasswordPolicy,
    evidence: Evidence,
    *,
    weak: tuple[str, ...] = ("sms", "voice", "security_question"),
) -> Verdict:
    """Nobody gets a new password for a text message, a call or the answer to a question alone.

    Where a rule asks for a second proof that can sign somebody in, the first may be weak.

    Why: recovery is a second front door: phone numbers are taken over, and answers are found.
    Fix: Security, Authenticators, Password, the policy's rules: offer Okta Verify or email for
        recovery instead of SMS and voice, and require additional verification by any authenticator.
    """
    said = _ways(policy, weak)
    return unless_hidden(policy, said, evidence)


def _ways(policy: PasswordPolicy, weak: tuple[str, ...]) -> Verdict:
    """Whether no weak proof alone gets somebody a new password."""
    if not policy.active:
        return not_applicable("the policy is inactive")
    offered = [(one, one.reset) for one in effective(policy.rules)]
    ways = [_recovery(policy, one, reset, set(weak)) for one, reset in offered if reset]
    ways += [
        inconclusive(f"{one.name} does not say whether people reset passwords themselves")
        for one, _ in offered
        if one.actions.self_service_password_reset is None
    ]
    for status in ("fail", "inconclusive"):
        for said in ways:
            if said.status == status:
                return said
    if not offered:
        return inconclusive("no rule of the policy is active")
    if not ways:
        return passed("nobody resets a password by themselves")
    return passed("; ".join(said.message for said in ways))


def _recovery(
    policy: PasswordPolicy, one: PasswordRule, reset: SelfService, weak: set[str]
) -> Verdict:
    asked = reset.requirement
    if asked is None:
        return _recovery_classic(policy, one, weak)
    if asked.access_control not in (None, "LEGACY"):
        return inconclusive(f"{one.name} leaves it to the account management policy")
    if asked.primary is None or not asked.primary.methods:
        return inconclusive(f"{one.name} does not say what is asked for")
    second = asked.step_up.methods or [] if asked.step_up and asked.step_up.required else None
    if second == []:
        return passed(f"{one.name} asks for an authenticator besides")
    methods = {method.lower() for method in asked.primary.methods}
    found = sorted(methods & weak)
    if found:
        beside = f" and {listed(second)}" if second else ""
        return failed(f"{one.name} is content with {' or '.join(found)}{beside}")
    if methods - _METHODS:
        return inconclusive(
            f"{one.name} offers what is not known here: {listed(methods - _METHODS)}"
        )
    return passed(f"{one.name} offers {listed(methods)}")


_METHODS = frozenset(
    {
        "email",
        "otp",
        "push",
        "security_question",
        "signed_nonce",
        "sms",
        "totp",
        "voice",
        "webauthn",
    }
)
"""Ways to recover a password that Okta documents."""


_CLASSIC = {"okta_sms": "sms", "okta_call": "voice", "okta_email": "email"}


def _recovery_classic(policy: PasswordPolicy, one: PasswordRule, weak: set[str]) -> Verdict:
    recovery = policy.settings.recovery
    if recovery is None:
        return inconclusive(f"{one.name} does not say what is asked for")
    on = recovery.factors.active
    if on is None:
        return inconclusive(f"{policy.name} does not say by which ways passwords are recovered")
    first = {_CLASSIC[name] for name in on if name in _CLASSIC}
    if not first:
        first = {"security_question"} if "recovery_question" in on else set()
    if first & weak:
        return failed(f"{one.name} is content with {' or '.join(sorted(first & weak))}")
    if not first:
        return inconclusive(f"{one.name} lets people reset a password, by no way that Okta shows")
    return passed(f"{one.name} offers {listed(first)}")


_DIRECTORIES = ("ACTIVE_DIRECTORY", "LDAP")


def _aside(policy: PasswordPolicy) -> Verdict | None:
    if not policy.active:
        return not_applicable("the policy is inactive")
    if policy.directory and policy.directory not in _DIRECTORIES:
        return inconclusive(
            f"passwords are kept in a directory that is not known here: {policy.directory}"
        )
    if policy.directory:
        return not_applicable(
            f"the passwords are kept in {policy.directory}, and made by its rules"
        )
    return None
