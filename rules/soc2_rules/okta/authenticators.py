"""With what people may prove who they are, and what they must enrol."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.okta.models.authenticator import Authenticator
from soc2_collectors.okta.models.organization import Organization
from soc2_collectors.okta.models.policy import EnrollmentPolicy, effective
from soc2_collectors.okta.models.role import Group
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.okta_policies import in_force, is_hidden, unless_hidden

_NO_AUTHENTICATOR = inconclusive(
    "Okta showed no authenticator: the Classic Engine has factors instead, the Identity Engine a password"
)
_SIGN_IN = ("any", "sso")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    needs=[EnrollmentPolicy, Group],
    empty=_NO_AUTHENTICATOR,
)
def okta_weak_authenticators_off(
    authenticator: Authenticator,
    evidence: Evidence,
    *,
    weak: tuple[str, ...] = ("phone_number", "okta_email", "security_question"),
) -> Verdict:
    """Text messages, calls, emails and security questions do not serve to sign in.

    For recovery they are judged by okta-recovery-strong. One that is disabled in every enrolment policy that can
    decide serves nobody to sign in, enrolled before or not.

    Why: phone numbers are taken over, mailboxes are shared with the password that was stolen, and
        answers are found.
    Fix: Security, Authenticators: switch the authenticator off, or let it be used for recovery only; or
        disable it in every policy: Enrollment.
    """
    said = _serves(authenticator, weak)
    if said.status is not Status.FAIL:
        return said
    shown = [one for one in evidence.account(EnrollmentPolicy) if one.active]
    if not shown:
        return inconclusive("Okta showed no enrolment policy, though each org has a default one")
    key = authenticator.key
    refusing = [one for one in shown if (one.settings.enrolled or {}).get(key) == "NOT_ALLOWED"]
    if all(one in refusing or is_hidden(one, evidence) for one in shown):
        return passed(
            f"{authenticator.name} is disabled in every enrolment policy that can decide: "
            f"{listed(one.name for one in refusing)}",
            on=refusing,
        )
    return said


def _serves(authenticator: Authenticator, weak: tuple[str, ...]) -> Verdict:
    """Whether it serves to sign in, as far as the authenticator itself says."""
    if authenticator.key not in weak:
        return not_applicable(f"{authenticator.key} is not among the weak ones")
    if not authenticator.active:
        return passed(f"{authenticator.name} is off")
    allowed = authenticator.settings.allowed_for if authenticator.settings else None
    if allowed is None:
        return inconclusive(f"Okta does not say what {authenticator.name} may be used for")
    if allowed in ("recovery", "none"):
        return passed(f"{authenticator.name} does not serve to sign in")
    if allowed not in _SIGN_IN:
        return inconclusive(f"{authenticator.name} is allowed for '{allowed}'")
    if authenticator.key == "phone_number":
        on = authenticator.active_methods
        if not authenticator.methods:
            return inconclusive(f"Okta does not say which methods of {authenticator.name} are on")
        if not on:
            return passed(f"{authenticator.name} has no active method")
        return failed(f"{authenticator.name} serves to sign in by {listed(on)}")
    return failed(f"{authenticator.name} serves to sign in")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    needs=[Authenticator, EnrollmentPolicy, Group],
    empty=inconclusive("Okta did not show the org"),
)
def okta_webauthn_available(
    organization: Organization,
    evidence: Evidence,
    *,
    accepted: tuple[str, ...] = ("webauthn", "signed_nonce", "cert"),
) -> Verdict:
    """A factor that a false site cannot relay is active, and an enrolment policy lets people enrol it.

    ``accepted`` methods: WebAuthn, Okta FastPass (``signed_nonce``) and smart cards (``cert``); leave
    ``cert`` alone where a government asks for its own cards. Policies count that are active, have an active
    rule, and that none for the same people hides.

    Why: nobody can demand a phishing-resistant factor before people can enrol one.
    Fix: Security, Authenticators: add "Security Key or Biometric" or switch on FastPass in Okta
        Verify; Enrollment: set it to optional or required in a policy.
    """
    if organization.classic:
        return inconclusive("the Classic Engine does not show its factors as authenticators")
    found = evidence.account(Authenticator)
    if not found:
        return inconclusive(_NO_AUTHENTICATOR.message)
    able = {
        one.key: f"{one.name} ({method})"
        for one in found
        if one.status == "ACTIVE"
        for method in sorted(one.certain_methods & set(accepted))
    }
    if not able:
        return failed(f"no active authenticator offers {' or '.join(accepted)}")
    policies = in_force(evidence, EnrollmentPolicy)
    admitted = [
        (one, key)
        for one in policies
        for key in able
        if (one.settings.enrolled or {}).get(key) in ("REQUIRED", "OPTIONAL")
    ]
    if admitted:
        names = listed({able[key] for _, key in admitted})
        by = listed({one.name for one, _ in admitted})
        return passed(
            f"active: {names}; enrolment is open by {by}", on=[one for one, _ in admitted]
        )
    silent = [one.name for one in policies if not one.settings.enrolled]
    if not policies or silent:
        return inconclusive(
            f"what may be enrolled is not known of {listed(silent) or 'any policy'}"
        )
    return failed(f"active, but no enrolment policy admits it: {listed(able.values())}")


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    empty=_NO_AUTHENTICATOR,
)
def okta_okta_verify_hardening(
    authenticator: Authenticator,
    *,
    number_challenge: tuple[str, ...] = ("ALWAYS", "HIGH_RISK_ONLY"),
    fips: bool = False,
) -> Verdict:
    """Okta Verify demands a PIN or biometric, and a number in push prompts where it sends any.

    ``number_challenge``: when the number must be typed. ``fips`` also demands devices with validated
    cryptography.

    Why: a stolen phone alone must not be enough, nor a thumb that approves whatever prompt comes.
    Fix: Security, Authenticators, Okta Verify: require user verification, and set number challenge
        for push to all or to high-risk prompts.
    """
    if authenticator.key != "okta_verify":
        return not_applicable(f"{authenticator.key} is not Okta Verify")
    if not authenticator.active:
        return not_applicable("Okta Verify is off")
    settings = authenticator.settings
    if settings is None:
        return inconclusive("Okta does not show the settings of Okta Verify")
    binding, compliance = settings.channel_binding, settings.compliance
    asked: list[tuple[str, str | None, tuple[str, ...]]] = [
        ("user verification", settings.user_verification, ("REQUIRED",))
    ]
    if fips:
        asked.append(("FIPS", compliance.fips if compliance else None, ("REQUIRED",)))
    # The methods are asked for last: they may not be readable, and what is wrong is wrong without them.
    if all(said in good for _, said, good in asked) and authenticator.pushes:
        asked += [
            (
                "what push prompts ask for",
                binding.style if binding else None,
                ("NUMBER_CHALLENGE",),
            ),
            ("number challenge", binding.required if binding else None, number_challenge),
        ]
    wrong = [f"{what} is {said}" for what, said, good in asked if said and said not in good]
    if wrong:
        return failed("; ".join(wrong))
    silent = [what for what, said, _ in asked if not said]
    if silent:
        return inconclusive(f"Okta does not say what is set: {listed(silent)}")
    number = f"a number in push prompts is {binding.required}" if binding else "no number"
    pushes = number if authenticator.pushes else "push prompts are off"
    also = "; FIPS is REQUIRED" if fips else ""
    return passed(f"user verification is REQUIRED; {pushes}{also}")


@rule(
    criteria=["CC6.1", "CC6.2"],
    severity=Severity.HIGH,
    needs=[EnrollmentPolicy, Group],
    empty=inconclusive("Okta showed no enrolment policy, though each org has a default one"),
)
def okta_mfa_enrollment_required(
    policy: EnrollmentPolicy,
    now: datetime,
    evidence: Evidence,
    *,
    strong: tuple[str, ...] = (
        "custom_app",
        "custom_otp",
        "duo",
        "fido_u2f",
        "fido_webauthn",
        "google_otp",
        "hotp",
        "okta_otp",
        "okta_push",
        "okta_verify",
        "onprem_mfa",
        "rsa_token",
        "smart_card_idp",
        "symantec_vip",
        "webauthn",
        "yubikey_token",
    ),
) -> Verdict:
    """Everybody must enrol a strong factor.

    ``strong`` holds authenticators by their keys, and factors of the Classic Engine by theirs. Where
    enrolment may be put off, it is demanded from the day on which that ends. A policy that another one comes
    before for everybody decides nothing, and is not asked.

    Why: a rule that demands two factors locks out, or lets in by a weak one, whoever has none.
    Fix: Security, Authenticators, Enrollment: set Okta Verify or WebAuthn to "Required" in each
        policy, and have its rules ask for enrolment.
    """
    return unless_hidden(policy, _enrolment(policy, now, strong), evidence)


def _enrolment(policy: EnrollmentPolicy, now: datetime, strong: tuple[str, ...]) -> Verdict:
    """Whether a policy has everybody whom it is for enrol one of these."""
    if not policy.active:
        return not_applicable("the policy is inactive")
    rules = effective(policy.rules)
    never = [one.name for one in rules if one.actions.enroll.by_themselves == "NEVER"]
    if never:
        return failed(f"nobody is asked to enrol by {listed(never)}")
    if not rules:
        return inconclusive("no rule of the policy is active")
    odd = [
        one.name for one in rules if one.actions.enroll.by_themselves not in ("LOGIN", "CHALLENGE")
    ]
    if odd:
        return inconclusive(f"when people are asked to enrol is not known of {listed(odd)}")
    everything = policy.settings.required
    if everything is None:
        return inconclusive("Okta does not say what must be enrolled")
    required = {key: grace for key, grace in everything.items() if key in strong}
    at_once = [key for key, grace in required.items() if grace is None]
    if at_once:
        return passed(f"must be enrolled: {listed(at_once)}")
    if not required:
        return failed("no strong factor must be enrolled")
    ends = [grace.expiry for grace in required.values() if grace and grace.expiry]
    dated = [end for end in ends if end.tzinfo is not None]
    if not dated:
        return inconclusive(f"how long enrolment may be put off is not known: {listed(required)}")
    first = min(dated)
    if now >= first:
        return passed(f"must be enrolled since {first:%Y-%m-%d}: {listed(required)}")
    return failed(f"need not be enrolled before {first:%Y-%m-%d}: {listed(required)}", until=first)
