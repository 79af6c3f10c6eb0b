"""Policies: what Okta demands at a sign-in, of a password, of an enrolment, and of whom.

Source: Okta Management API, "Policies". Okta takes the active policies of a type by priority; of the first
whose conditions are met it takes the active rules by priority, and the first that matches decides. The rule
that Okta made (catch-all, default) comes last. App sign-in policies exist in the Identity Engine only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import msgspec

from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"
ALLOW = "ALLOW"
DENY = "DENY"
REQUIRED = "REQUIRED"
REMEMBERED = timedelta(hours=12)
"""How long a device may stand for a second factor that was given on it: NIST SP 800-63B asks for both again
after 12 hours (AAL2)."""

_NEUTRAL = ("ANY", "ANYWHERE")
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


_STATUS = (
    "what is not known counts as active where all are asked; where one is enough only ACTIVE counts"
)
_ACCESS = "whatever is not DENY counts as a way in, and is asked"


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rule of a policy (``GET /api/v1/policies/{policyId}/rules``)."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "status": _STATUS,
        "priority": "without an order no rule hides another, and each is asked (Okta Policies API, rule)",
        "system": "false by Okta's description; the priority orders the rule then",
        "conditions": "null is Okta's own word for a rule that always matches; a rule that lacks the field "
        "counts as one that may not match, and hides none",
    }
    any_value: ClassVar[Mapping[str, str]] = {"status": _STATUS}

    name: str
    status: str
    """``ACTIVE`` or ``INACTIVE``: an inactive one is not considered."""
    priority: int | None = None
    system: bool = False
    """Whether Okta made it: then it comes last, and cannot be removed."""
    conditions: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET
    """When it matches; ``None``: always."""

    @property
    def unconditional(self) -> bool:
        """Whether it certainly matches whatever reaches it; a condition that is not understood is one."""
        return self.conditions is not msgspec.UNSET and _neutral(self.conditions)

    @property
    def zones(self) -> tuple[str, ...]:
        """Ids of the network zones that it is bound to or that it leaves out; empty: anywhere."""
        network = _inner(self.conditions, "network")
        if not isinstance(network, dict) or network.get("connection") != "ZONE":
            return ()
        return (*_texts(network.get("include")), *_texts(network.get("exclude")))

    @property
    def behaviors(self) -> tuple[str, ...]:
        """Ids of the behaviours that it asks about."""
        return _texts(_inner(self.conditions, "risk", "behaviors"))

    @property
    def risk_level(self) -> str | None:
        """``LOW``, ``MEDIUM`` or ``HIGH``: the risk of the sign-in that it asks for; ``None``: any."""
        level = _inner(self.conditions, "riskScore", "level")
        return level if isinstance(level, str) and level not in _NEUTRAL else None

    @property
    def expression(self) -> str:
        """Its condition in Okta's expression language; empty: none."""
        said = _inner(self.conditions, "elCondition", "condition")
        return said if isinstance(said, str) else ""

    @property
    def assurances(self) -> tuple[str, ...]:
        """Ids of the device assurance policies of which the device must satisfy one."""
        return _texts(_inner(self.conditions, "device", "assurance", "include"))

    def admits(self, platform: str) -> bool:
        """Whether a device of a platform (``MACOS``, ``IOS``, ...) may match; unknown ones may."""
        chosen = _inner(self.conditions, "platform", "include")
        if not isinstance(chosen, list) or not chosen:
            return True
        systems = {_inner(one, "os", "type") for one in chosen}
        return not systems <= PLATFORMS or platform in systems


PLATFORMS = frozenset({"ANDROID", "CHROMEOS", "IOS", "MACOS", "WINDOWS"})
"""Systems that the condition of a rule, and a device assurance policy, may name."""
R = TypeVar("R", bound=Rule)


def effective(rules: Sequence[R]) -> list[R]:
    """The rules that can decide anything, in the order in which Okta takes them.

    Inactive rules are left out, and so is what stands behind an active rule that always matches. Where
    an order is not known nothing is left out for it.
    """
    live = [rule for rule in rules if rule.status != INACTIVE]
    if any(rule.priority is None for rule in live):
        return live
    taken: list[R] = []
    for rule in sorted(live, key=lambda r: (r.system, r.priority or 0)):
        taken.append(rule)
        if rule.status == ACTIVE and rule.unconditional:
            break
    return taken


def certain(rules: Sequence[R]) -> list[R]:
    """The rules that certainly can decide: active, and behind no rule that may match all that comes."""
    return [
        rule
        for rule in rules
        if rule.status == ACTIVE
        and not any(
            other.unconditional and other.status != INACTIVE and not _after(other, rule)
            for other in rules
            if other is not rule
        )
    ]


def _after(one: Rule | Policy, other: Rule | Policy) -> bool:
    if one.system != other.system:
        return one.system  # what Okta made comes last, whatever the numbers say
    if one.priority is None or other.priority is None:
        return False
    return one.priority > other.priority


class Policy(Resource, frozen=True, kw_only=True, rename="camel"):
    """What all policies have (``GET /api/v1/policies?type=...``)."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "status": _STATUS,
        "conditions": "whom it is for; of a password policy without it the passwords count as Okta's own",
        "priority": "without an order a policy may be taken before any other; it matters where there are several",
        "system": "false by Okta's description; the priority orders the policy then",
    }
    any_value: ClassVar[Mapping[str, str]] = {"status": _STATUS}

    id: str
    name: str
    status: str
    priority: int | None = None
    """1 is taken first."""
    system: bool = False
    """Whether Okta made it: then it is for everyone, and comes last."""
    conditions: dict[str, Any] | None = None

    @property
    def groups(self) -> frozenset[str]:
        """Ids of the groups that it is for; empty: for everyone."""
        return frozenset(_texts(_inner(self.conditions, "people", "groups", "include")))

    @property
    def by_groups_alone(self) -> bool:
        """Whether nothing but the groups that are included says whom it is for."""
        people = _inner(self.conditions, "people")
        rest = {k: v for k, v in (self.conditions or {}).items() if k != "people"}
        own = {k: v for k, v in people.items() if k != "groups"} if isinstance(people, dict) else {}
        left_out = _inner(people, "groups", "exclude")
        return _neutral(rest) and _neutral(own) and _neutral(left_out)

    def chooses_people_like(self, other: Policy) -> bool:
        """Whether it asks for nothing but groups, or else for what the other one asks for as well."""
        people = _inner(self.conditions, "people")
        own = {k: v for k, v in people.items() if k != "groups"} if isinstance(people, dict) else {}
        left_out = _inner(people, "groups", "exclude")
        asked = {k: v for k, v in (self.conditions or {}).items() if k != "people"}
        wanted = other.conditions or {}
        return (
            _neutral(own)
            and _neutral(left_out)
            and all(_neutral(v) or v == wanted.get(k) for k, v in asked.items())
        )

    @property
    def active(self) -> bool:
        """Whether Okta considers it; a status that is not known counts."""
        return self.status != INACTIVE

    @property
    def certainly_active(self) -> bool:
        """Whether Okta says that it considers it."""
        return self.status == ACTIVE


# -- global session policies ---------------------------------------------------------------------------


class Session(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How long a session lasts, in minutes."""

    max_session_idle_minutes: int
    max_session_lifetime_minutes: int
    """0: no limit."""
    use_persistent_cookie: bool
    """Whether the session outlives the browser's."""


class SignOn(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a matching rule does."""

    any_value: ClassVar[Mapping[str, str]] = {
        "access": _ACCESS,
        "primaryFactor": "only PASSWORD_IDP_ANY_FACTOR leaves the factors to the apps; with any other the "
        "rule itself must ask for the second",
    }
    may_lack: ClassVar[Mapping[str, str]] = {
        "access": _ACCESS,
        "primaryFactor": "the Classic Engine has none: the password is first, and requireFactor decides",
        "rememberDeviceByDefault": "false by Okta's description",
        "requireFactor": "false by Okta's description: the factors are left to the apps, which are asked",
    }

    access: str
    """``ALLOW`` or ``DENY``."""
    require_factor: bool = False
    """Whether a second factor is asked for; Okta documents ``false``."""
    factor_prompt_mode: str | None = None
    """When it is asked for: ``ALWAYS``, ``DEVICE`` (on a device that is new) or ``SESSION`` (when its
    lifetime on the device is over). Always there where a factor is required."""
    factor_lifetime: int | None = None
    """Of ``SESSION``, in minutes."""
    remember_device_by_default: bool = False
    """Whether devices are remembered without anybody's choice; Okta documents ``false``."""
    primary_factor: str | None = None
    """``PASSWORD_IDP``; ``PASSWORD_IDP_ANY_FACTOR`` (Identity Engine): whatever the app's policy demands."""
    session: Session | None = None

    def remembers(self, longest: timedelta) -> bool | None:
        """Whether a device on which the second factor was given stands for it any longer than that.

        ``None``: Okta does not say. With ``ALWAYS`` no device is remembered, whatever
        ``rememberDeviceByDefault`` says; with the other two it says that people do not even choose it.
        """
        if self.factor_prompt_mode == "ALWAYS":
            return False
        if self.factor_prompt_mode == "DEVICE":
            return True
        if self.factor_prompt_mode == "SESSION" and self.factor_lifetime is not None:
            return (
                self.remember_device_by_default or timedelta(minutes=self.factor_lifetime) > longest
            )
        return None


class SignOnActions(msgspec.Struct, frozen=True):
    """Actions of a rule of a global session policy."""

    signon: SignOn


class SignOnRule(Rule, frozen=True, kw_only=True):
    """A rule of a global session policy."""

    actions: SignOnActions

    @property
    def allows(self) -> bool:
        """Whether anybody comes in by it."""
        return self.actions.signon.access != DENY

    @property
    def is_careful(self) -> bool:
        """Whether it refuses whoever it matches, or asks for a second factor."""
        return not self.allows or self.actions.signon.require_factor


class SignOnPolicy(Policy, frozen=True, kw_only=True):
    """A global session policy (``type=OKTA_SIGN_ON``): how a session of Okta begins and how long it lasts."""

    kind = "okta.sign_on_policy"

    rules: list[SignOnRule] = fact("rules")

    @property
    def entries(self) -> list[SignOnRule]:
        """Rules that can decide and that let somebody in."""
        return [rule for rule in effective(self.rules) if rule.allows]


# -- app sign-in policies -------------------------------------------------------------------------------

KNOWLEDGE = frozenset({"password", "security_question"})
"""Methods of what somebody knows."""
POSSESSION = frozenset(
    {"sms", "voice", "email", "push", "signed_nonce", "otp", "totp", "webauthn", "duo", "cert"}
)
"""Methods of what somebody has."""
PHISHING_RESISTANT = frozenset({"webauthn", "cert"})
"""Methods that a false site cannot relay, whatever else is demanded."""


_CODE = frozenset({"otp"})
METHODS_OF: Mapping[str, frozenset[str]] = {
    "custom_otp": _CODE,
    "duo": frozenset({"duo"}),
    "google_otp": _CODE,
    "okta_email": frozenset({"email"}),
    "okta_password": frozenset({"password"}),
    "okta_verify": frozenset({"push", "signed_nonce", "totp"}),
    "onprem_mfa": _CODE,
    "phone_number": frozenset({"sms", "voice"}),
    "rsa_token": _CODE,
    "security_question": frozenset({"security_question"}),
    "smart_card_idp": frozenset({"cert"}),
    "symantec_vip": _CODE,
    "webauthn": frozenset({"webauthn"}),
    "yubikey_token": _CODE,
}
"""By its key, every method that an authenticator has."""


class Method(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An authenticator with one of its methods. Okta writes methods in both letter cases."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "key": "the method is asked, where it is named",
        "method": "Okta need not name one (Policies API, authenticationMethods): then each of the authenticator "
        "is asked",
        "phishingResistant": "OPTIONAL by Okta's description, and the method itself is asked",
        "userVerification": "OPTIONAL by Okta's description, and the other steps are asked",
    }

    key: str | None = None
    method: str | None = None
    phishing_resistant: str = "OPTIONAL"
    user_verification: str = "OPTIONAL"

    @property
    def resists_phishing(self) -> bool:
        """Whether a false site cannot relay it."""
        return self.phishing_resistant == REQUIRED or self.among(PHISHING_RESISTANT)

    def among(self, methods: frozenset[str]) -> bool:
        """Whether it is one of these; where no method is named, whether each of the authenticator is."""
        own = {self.method.lower()} if self.method else METHODS_OF.get(self.key or "", frozenset())
        return bool(own) and own <= methods


class Constraint(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a factor of one class must be; left out, Okta documents ``OPTIONAL``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "required": "true by Okta's description of constraints",
        "reauthenticateIn": "without it the interval of the verification method counts (Policies API)",
        "methods": "an empty list narrows nothing; what is demanded is read of the other fields then",
        "phishingResistant": "OPTIONAL by Okta's description, and the methods are asked",
    }

    required: bool | None = None
    """Whether the factor is demanded at all; left out, it is."""
    methods: list[str] | None = None
    authentication_methods: list[Method] | Method | None = None
    phishing_resistant: str = "OPTIONAL"
    user_verification: str = "OPTIONAL"
    reauthenticate_in: str | None = None
    """How long this factor counts; it goes before the interval of the verification method."""

    @property
    def resists_phishing(self) -> bool:
        """Whether every method that it admits is one that a false site cannot relay."""
        if self.phishing_resistant == REQUIRED:
            return True
        if self.authentication_methods:
            return all(method.resists_phishing for method in _several(self.authentication_methods))
        return bool(self.methods) and {m.lower() for m in self.methods or ()} <= PHISHING_RESISTANT


class Constraints(msgspec.Struct, frozen=True, kw_only=True):
    """One way to satisfy a rule: every class that is named must be satisfied."""

    knowledge: Constraint | None = None
    possession: Constraint | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A step of a chain of methods: one of these, then the next step."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "next": "the last step of a chain has none",
        "reauthenticateIn": "without it the interval of the verification method counts (Policies API)",
    }

    authentication_methods: list[Method] = []
    reauthenticate_in: str | None = None
    """How long this step counts; the verification method has no interval then."""
    next: list[Step] | None = None

    @property
    def ways(self) -> Iterator[list[Step]]:
        """Every sequence of steps from here to an end."""
        if not self.next:
            yield [self]
        for follower in self.next or ():
            for rest in follower.ways:
                yield [self, *rest]


class VerificationMethod(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What somebody must prove."""

    type: str
    """``ASSURANCE``, ``AUTH_METHOD_CHAIN``, ``ID_PROOFING``, ..."""
    factor_mode: str | None = None
    """``1FA`` or ``2FA``, of ``ASSURANCE``."""
    constraints: list[Constraints] | Constraints | None = None
    """One of these must be satisfied."""
    chains: list[Step] | None = None
    """One of these must be followed, of ``AUTH_METHOD_CHAIN``."""
    reauthenticate_in: str | None = None
    """How long what was proven counts: ``PT12H``; ``PT0S``: never again without a proof."""

    @property
    def forgets_within(self) -> timedelta | None:
        """How long what was proven counts at most; ``None``: Okta does not say, or not as a length of time.

        An interval of a constraint or of a step goes before that of the method. Of two the longer one counts:
        until it is over, one of the factors is asked for alone.
        """
        own = [one.reauthenticate_in for one in self._parts]
        said = [duration(text or self.reauthenticate_in) for text in own or [None]]
        return None if None in said else max(one for one in said if one is not None)

    @property
    def _parts(self) -> list[Constraint | Step]:
        """The constraints and steps, each of which may have an interval of its own."""
        factors = [
            one
            for way in _several(self.constraints)
            for one in (way.knowledge, way.possession)
            if one is not None
        ]
        return [*factors, *(s for chain in self.chains or () for way in chain.ways for s in way)]

    @property
    def two_factors(self) -> bool | None:
        """Whether two factors are needed whichever way is taken; ``None``: this view cannot say.

        A device that itself demands a PIN or a biometric is two: what one has, and what one knows or is.
        """
        if self.type == "ASSURANCE":
            if self.factor_mode == "2FA":
                return True
            return _verified_by_device(self.constraints) if self.factor_mode == "1FA" else None
        if self.type == "AUTH_METHOD_CHAIN":
            return _all_of(
                [_chain_of_two(way) for chain in self.chains or () for way in chain.ways]
            )
        return None

    @property
    def resists_phishing(self) -> bool | None:
        """Whether a factor that a false site cannot relay is needed whichever way is taken.

        ``None``: this view cannot say.
        """
        if self.type == "ASSURANCE":
            ways = _several(self.constraints)
            return _all_of([_possession_resists(way.possession) for way in ways]) if ways else False
        if self.type == "AUTH_METHOD_CHAIN":
            return _all_of(
                [
                    any(_each(step, lambda method: method.resists_phishing) for step in way)
                    for chain in self.chains or ()
                    for way in chain.ways
                ]
            )
        return None


class KeepMeSignedIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether people are offered to stay signed in: who accepts is not asked for factors on the device."""

    post_auth: str | None = None
    """``ALLOWED`` or ``NOT_ALLOWED``."""


class AppSignOn(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a matching rule does."""

    any_value: ClassVar[Mapping[str, str]] = {
        "access": _ACCESS,
    }
    may_lack: ClassVar[Mapping[str, str]] = {
        "access": _ACCESS,
        "keepMeSignedIn": "Okta leaves it out of rules by which nobody is offered to stay signed in "
        "(guide: Keep me signed in)",
    }

    access: str
    """``ALLOW`` or ``DENY``."""
    verification_method: VerificationMethod | None = None
    keep_me_signed_in: KeepMeSignedIn | None = None

    @property
    def stays_signed_in(self) -> bool | None:
        """Whether people may choose to stay signed in; ``None``: a word that is not known."""
        if self.keep_me_signed_in is None:
            return False
        said = self.keep_me_signed_in.post_auth
        return {"ALLOWED": True, "NOT_ALLOWED": False}.get(said or "")

    @property
    def remembers(self) -> bool | None:
        """Whether a device stands for the second factor longer than :data:`REMEMBERED`."""
        if not self.stays_signed_in:
            return self.stays_signed_in
        asked = self.verification_method
        within = asked.forgets_within if asked else None
        return within is None or within > REMEMBERED


class AccessActions(msgspec.Struct, frozen=True, rename="camel"):
    """Actions of a rule of an app sign-in policy."""

    app_sign_on: AppSignOn


class AccessRule(Rule, frozen=True, kw_only=True):
    """A rule of an app sign-in policy."""

    actions: AccessActions

    @property
    def allows(self) -> bool:
        """Whether anybody comes in by it."""
        return self.actions.app_sign_on.access != DENY

    @property
    def is_careful(self) -> bool | None:
        """Whether it refuses whoever it matches, or asks for two factors; ``None``: this view cannot say."""
        return self.two_factors if self.allows else True

    @property
    def two_factors(self) -> bool | None:
        """Whether it demands two factors of whoever comes; ``None``: this view cannot say."""
        asked = self.actions.app_sign_on.verification_method
        remembers = self.actions.app_sign_on.remembers
        return _all_of(
            [asked.two_factors if asked else None, None if remembers is None else not remembers]
        )

    @property
    def stays_signed_in(self) -> bool | None:
        """Whether people may choose to stay signed in; ``None``: a word that is not known."""
        return self.actions.app_sign_on.stays_signed_in

    @property
    def called(self) -> str:
        """The name, with what makes one factor enough where that is not the rule's own demand."""
        asked = self.actions.app_sign_on.verification_method
        on_device = asked and asked.two_factors and self.actions.app_sign_on.remembers
        return f"{self.name} (on a device that stays signed in)" if on_device else self.name

    @property
    def resists_phishing(self) -> bool | None:
        """Whether it demands a factor that a false site cannot relay; ``None``: this view cannot say."""
        asked = self.actions.app_sign_on.verification_method
        return asked.resists_phishing if asked else None


class AccessPolicy(Policy, frozen=True, kw_only=True):
    """An app sign-in policy (``type=ACCESS_POLICY``): what an app demands. Identity Engine only."""

    kind = "okta.access_policy"

    rules: list[AccessRule] = fact("rules")

    @property
    def entries(self) -> list[AccessRule]:
        """Rules that can decide and that let somebody in."""
        return [rule for rule in effective(self.rules) if rule.allows]

    @property
    def single_factor(self) -> list[str]:
        """Names of the entries by which one factor is enough."""
        return [rule.called for rule in self.entries if rule.two_factors is False]

    @property
    def unclear(self) -> list[str]:
        """Names of the entries of which this view cannot say whether one factor is enough."""
        return [rule.name for rule in self.entries if rule.two_factors is None]


def _verified_by_device(constraints: list[Constraints] | Constraints | None) -> bool:
    ways = _several(constraints)
    return bool(ways) and all(
        way.possession is not None
        and way.possession.required is not False
        and way.possession.user_verification == REQUIRED
        for way in ways
    )


def _possession_resists(possession: Constraint | None) -> bool | None:
    if possession is None or not possession.resists_phishing:
        return False
    # Okta says "not required" where methods are excluded: whether a possession factor comes at all is open.
    return None if possession.required is False else True


def _chain_of_two(way: list[Step]) -> bool | None:
    if any(_each(step, lambda method: method.user_verification == REQUIRED) for step in way):
        return True
    known = any(_each(step, lambda method: method.among(KNOWLEDGE)) for step in way)
    had = any(_each(step, lambda method: method.among(POSSESSION)) for step in way)
    if known and had:
        return True
    if all(_each(step, lambda method: method.among(KNOWLEDGE)) for step in way):
        return False
    return False if len(way) == 1 and way[0].authentication_methods else None


def _each(step: Step, test: Any) -> bool:  # noqa: ANN401 - a predicate
    return bool(step.authentication_methods) and all(map(test, step.authentication_methods))


def _all_of(answers: Sequence[bool | None]) -> bool | None:
    if not answers:
        return None
    if False in answers:
        return False
    return None if None in answers else True


# -- enrolment policies ---------------------------------------------------------------------------------


class GracePeriod(msgspec.Struct, frozen=True, kw_only=True):
    """How long somebody may put the enrolment off."""

    type: str
    """``BY_DATE_TIME``, or ``BY_SKIP_COUNT``: so many times."""
    expiry: datetime | None = None


class Enroll(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether people enrol."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "gracePeriod": "enrolment may not be put off where none is given (guide: Policies, grace periods)",
    }

    by_themselves: str = msgspec.field(name="self")
    """``REQUIRED``, ``OPTIONAL`` or ``NOT_ALLOWED``; of a rule ``LOGIN``, ``CHALLENGE`` or ``NEVER``."""
    grace_period: GracePeriod | None = None


class Enrollable(msgspec.Struct, frozen=True, kw_only=True):
    """An authenticator, or a factor of the Classic Engine, in an enrolment policy."""

    key: str | None = None
    enroll: Enroll | None = None


class EnrollmentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What people enrol: ``authenticators`` in the Identity Engine, ``factors`` from the Classic Engine."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "type": "FACTORS by Okta's description; it matters where there are both",
        "authenticators": "the Classic Engine has factors instead; without both the question is open",
        "factors": "the Identity Engine has authenticators instead",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "type": "it matters where there are both authenticators and factors: the question is open then",
    }

    type: str | None = None
    """``AUTHENTICATORS`` or ``FACTORS``, which Okta documents for a policy that leaves it out."""
    authenticators: list[Enrollable] | None = None
    factors: dict[str, Enrollable] | None = None

    @property
    def required(self) -> dict[str, GracePeriod | None] | None:
        """Keys of what must be enrolled, with how long it may be put off; ``None``: Okta does not say."""
        known = self._known
        if known is None:
            return None
        found: dict[str, GracePeriod | None] = {}
        for key, enroll in known:
            if enroll.by_themselves == REQUIRED and (key not in found or found[key] is not None):
                # Several may have one key: what one of them does not let people put off counts.
                found[key] = enroll.grace_period
        return found

    @property
    def enrolled(self) -> dict[str, str] | None:
        """By key whether people enrol it: ``REQUIRED``, ``OPTIONAL``, ``NOT_ALLOWED``; ``None``: not said.

        Of several with one key (apps of the company's own for push) the most that one of them asks.
        """
        known = self._known
        if known is None:
            return None
        found: dict[str, str] = {}
        for key, enroll in known:
            before_it = found.get(key)
            if before_it is None or _asks(before_it) < _asks(enroll.by_themselves):
                found[key] = enroll.by_themselves
        return found

    @property
    def _known(self) -> list[tuple[str, Enroll]] | None:
        sort, found = self.type or "FACTORS", self.authenticators
        offered = None if found is None else [(one.key, one) for one in found if one.key]
        factors = None if self.factors is None else list(self.factors.items())
        if offered is None or factors is None:
            counted = factors if offered is None else offered
        else:
            counted = {"AUTHENTICATORS": offered, "FACTORS": factors}.get(sort)
        if counted is None:
            return None
        return [(key, one.enroll) for key, one in counted if one.enroll]


def _asks(word: str) -> int:
    return ("NOT_ALLOWED", "OPTIONAL", REQUIRED).index(word) if word in _ENROLLED else 0


_ENROLLED = frozenset({"NOT_ALLOWED", "OPTIONAL", REQUIRED})


class EnrollmentActions(msgspec.Struct, frozen=True):
    """Actions of a rule of an enrolment policy."""

    enroll: Enroll


class EnrollmentRule(Rule, frozen=True, kw_only=True):
    """A rule of an enrolment policy: when people are asked to enrol."""

    actions: EnrollmentActions


class EnrollmentPolicy(Policy, frozen=True, kw_only=True):
    """An enrolment policy (``type=MFA_ENROLL``): which authenticators people must or may have."""

    kind = "okta.enrollment_policy"

    settings: EnrollmentSettings
    rules: list[EnrollmentRule] = fact("rules")


# -- which of several policies decides ------------------------------------------------------------------

P = TypeVar("P", SignOnPolicy, EnrollmentPolicy)


def deciding(policies: Sequence[P], everyone: Callable[[], frozenset[str]]) -> list[P]:
    """The policies that certainly can decide for somebody: active, with rules, and behind none that takes all.

    Okta goes on to the next policy where none of the rules of one matches. So a policy hides those behind it
    that are for the same people, where one of its rules always matches.

    Args:
        policies: all of one type.
        everyone: gives the ids of the groups that hold every user; asked where it matters.
    """
    return [
        policy
        for policy in policies
        if policy.certainly_active
        and any(one.status == ACTIVE for one in policy.rules)
        and not any(_hides(other, policy, everyone) for other in policies if other is not policy)
    ]


def _hides(one: P, other: P, everyone: Callable[[], frozenset[str]]) -> bool:
    if not one.active or not one.by_groups_alone or _after(one, other):
        return False
    if not any(rule.unconditional and rule.status != INACTIVE for rule in one.rules):
        return False
    if not one.groups or (other.groups and other.groups <= one.groups):
        return True
    return not one.groups.isdisjoint(everyone())


# -- password policies ----------------------------------------------------------------------------------


class Common(msgspec.Struct, frozen=True):
    """Whether common passwords are refused; Okta documents ``false``."""

    exclude: bool = False


class Dictionary(msgspec.Struct, frozen=True):
    """Lists of words that are refused."""

    common: Common | None = None


class Complexity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a password must hold; 0 or ``None``: nothing of the sort."""

    min_length: int
    min_lower_case: int | None
    min_upper_case: int | None
    min_number: int | None
    min_symbol: int | None
    dictionary: Dictionary | None = None


class Age(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How long a password lives; 0: no limit."""

    max_age_days: int
    min_age_minutes: int
    history_count: int
    """How many former ones may not be used again."""


class Lockout(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When an account is locked."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "showLockoutFailures": "false by Okta's description: the mail is asked for then",
    }

    max_attempts: int
    """0: never."""
    auto_unlock_minutes: int | None = None
    """After how long a locked account opens by itself; 0: never; ``None``: Okta does not say."""
    show_lockout_failures: bool = False
    """Whether the sign-in page says so; Okta documents ``false``."""
    user_lockout_notification_channels: list[str] | None = None
    """``["EMAIL"]``: the person gets a mail."""


class BreachedProtection(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What happens when a password is found in a breach."""

    expire_after_days: int | None = None
    """0 to 10; ``None``: nothing expires."""


class PasswordDemands(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``settings.password``."""

    complexity: Complexity
    age: Age
    lockout: Lockout
    breached_protection: BreachedProtection | None = None


class RecoveryFactor(msgspec.Struct, frozen=True):
    """A way to recover a password."""

    status: str


class RecoveryFactors(msgspec.Struct, frozen=True):
    """Ways to recover a password; what is left out is not offered."""

    okta_email: RecoveryFactor | None = None
    okta_sms: RecoveryFactor | None = None
    okta_call: RecoveryFactor | None = None
    recovery_question: RecoveryFactor | None = None

    @property
    def active(self) -> set[str] | None:
        """Names of those that are on; ``None``: Okta says nothing of any."""
        offered = {name: getattr(self, name) for name in self.__struct_fields__}
        if not any(offered.values()):
            return None
        return {name for name, one in offered.items() if one and one.status != INACTIVE}


class Recovery(msgspec.Struct, frozen=True):
    """``settings.recovery``: what counts where a rule states no requirement (Classic Engine)."""

    factors: RecoveryFactors


class PasswordSettings(msgspec.Struct, frozen=True):
    """Settings of a password policy."""

    password: PasswordDemands
    recovery: Recovery | None = None


class Primary(msgspec.Struct, frozen=True):
    """What is asked for first."""

    methods: list[str] = []
    """``push``, ``sms``, ``voice``, ``email``, ``otp``: any one of them."""


class StepUp(msgspec.Struct, frozen=True):
    """What is asked for besides."""

    required: bool = False
    methods: list[str] | None = None
    """``["security_question"]``; left out: any authenticator that serves to sign in."""


class Requirement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What somebody must prove to reset a password."""

    access_control: str | None = None
    """``AUTH_POLICY``: the account management policy decides instead; ``LEGACY`` or left out: this."""
    primary: Primary | None = None
    step_up: StepUp | None = None


class SelfService(msgspec.Struct, frozen=True):
    """Whether people may do something without help."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "access": "whatever is not DENY counts as offered, and is asked"
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "access": "whatever is not DENY counts as offered, and is asked"
    }

    access: str
    requirement: Requirement | None = None


class PasswordActions(msgspec.Struct, frozen=True, rename="camel"):
    """Actions of a rule of a password policy."""

    self_service_password_reset: SelfService | None = None
    """Left out: Okta does not say."""


class PasswordRule(Rule, frozen=True, kw_only=True):
    """A rule of a password policy."""

    actions: PasswordActions

    @property
    def reset(self) -> SelfService | None:
        """How somebody resets a password; ``None``: not by themselves, or Okta does not say."""
        offered = self.actions.self_service_password_reset
        return offered if offered and offered.access != DENY else None


class PasswordPolicy(Policy, frozen=True, kw_only=True):
    """A password policy (``type=PASSWORD``)."""

    kind = "okta.password_policy"

    settings: PasswordSettings
    rules: list[PasswordRule] = fact("rules")

    @property
    def directory(self) -> str | None:
        """Where passwords are made and kept, other than in Okta: ``ACTIVE_DIRECTORY``, ``LDAP``."""
        provider = _inner(self.conditions, "authProvider", "provider")
        return None if provider in (None, "OKTA", "ANY") else str(provider)


# -- which policy comes before another for everybody ----------------------------------------------------

Q = TypeVar("Q", SignOnPolicy, EnrollmentPolicy, PasswordPolicy)


def before(policy: Q, policies: Sequence[Q], everyone: Callable[[], frozenset[str]]) -> Q | None:
    """A policy that decides for everybody whom this one is for, so that this one never does.

    Okta takes the policies of a type by priority and stops at the first that is for the user and has a rule that
    matches (Policies API, "Policy evaluation"). So one that certainly comes before, is for the same people or for
    the group of everyone, and has an active rule that always matches, leaves nothing to this one.

    Args:
        policy: the one that may never decide.
        policies: all of its type.
        everyone: gives the ids of the groups that hold every user; asked where it matters.
    """
    ahead = [one for one in policies if one.id != policy.id and _takes_all_before(one, policy)]
    for one in ahead:
        if policy.groups and policy.groups <= one.groups:
            return one
    if not ahead:
        return None
    all_users = everyone()
    return next((one for one in ahead if not one.groups.isdisjoint(all_users)), None)


def _takes_all_before(one: Q, other: Q) -> bool:
    return (
        one.certainly_active
        and bool(one.groups)
        and _certainly_first(one, other)
        and one.chooses_people_like(other)
        and any(rule.status == ACTIVE and rule.unconditional for rule in one.rules)
    )


def _certainly_first(one: Policy, other: Policy) -> bool:
    if one.system != other.system:
        return other.system
    return one.priority is not None and other.priority is not None and one.priority < other.priority


# -- reading ---------------------------------------------------------------------------------------------

T = TypeVar("T")


def _several(one_or_more: list[T] | T | None) -> list[T]:
    # Some of Okta's own examples hold the one object where the description has a list.
    if one_or_more is None:
        return []
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


def _neutral(value: object) -> bool:
    if isinstance(value, dict):
        return all(_neutral(part) for part in value.values())
    return value is None or value in _NEUTRAL or value == []


def duration(text: str | None) -> timedelta | None:
    """A length of time as in ISO 8601, ``PT12H``; ``None`` for what is none, or has no fixed length."""
    found = _DURATION.fullmatch(text or "")
    if found is None or not any(found.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return timedelta.max


def _inner(value: object, *way: str) -> object:
    for key in way:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()
