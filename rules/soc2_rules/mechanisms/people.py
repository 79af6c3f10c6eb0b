"""Populations of people over all systems: which kinds they are read from, and what rules ask of them.

A rule that reads ``population`` names kinds of :data:`SYSTEMS` and :data:`TRUTH` in ``where_sourced``. The
truth on people is the roster; without a source of one it is Okta, by the status of its users; without
either there is none, and nothing is judged.
"""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from soc2_collectors.aws.models.iam import AwsPolicy, Credential, Policy
from soc2_collectors.aws.models.iam import Group as IamGroup
from soc2_collectors.aws.models.iam import Role as IamRole
from soc2_collectors.aws.models.iam import User as IamUser
from soc2_collectors.aws.models.identity_center import PermissionSet
from soc2_collectors.aws.models.identity_center import User as IdentityCenterUser
from soc2_collectors.azure.models.entra import Registration as EntraRegistration
from soc2_collectors.azure.models.entra import User as EntraUser
from soc2_collectors.azure.models.entra_roles import HARMLESS
from soc2_collectors.azure.models.entra_roles import RoleAssignment as EntraRole
from soc2_collectors.azure.models.entra_roles import RoleEligibility as EntraEligibility
from soc2_collectors.gcp.models.workspace import WorkspaceUser
from soc2_collectors.github.models.organization import (
    ExternalIdentity,
    Member,
    Organization,
    OutsideCollaborator,
    VerifiedMails,
)
from soc2_collectors.okta.models.log import LogEvent, closed_since
from soc2_collectors.okta.models.role import Admin as OktaAdmin
from soc2_collectors.okta.models.role import Group as OktaGroup
from soc2_collectors.okta.models.user import DEPROVISIONED
from soc2_collectors.okta.models.user import User as OktaUser
from soc2_collectors.roster.models.person import RosterAccount, RosterPerson
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable, UndeclaredRead
from soc2_pac.identity import Account, IdentityGraph, Owned, Person, Strength
from soc2_pac.model import (
    Status,
    Verdict,
    failed,
    inconclusive,
    not_applicable,
    passed,
    utc_text,
)
from soc2_rules.mechanisms import aws_administrators

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from soc2_pac.identity import Identity
    from soc2_pac.model import Scope
    from soc2_pac.resources import Resource
    from soc2_pac.rules import Evidence, Whole

TRUTH: tuple[type[Resource], ...] = (RosterPerson, RosterAccount, OktaUser)
"""Who works here, and what was written down of their accounts."""
WHO: tuple[type[Resource], ...] = (RosterPerson, OktaUser)
"""What says who works here; one of them must be there."""
WHERE: tuple[type[Resource], ...] = (Member, IamUser, OktaUser, EntraUser, WorkspaceUser)
"""Where people have accounts; without a source of one of them there is nothing to compare."""
GITHUB: tuple[type[Resource], ...] = (Member, OutsideCollaborator)
GITHUB_LINKS: tuple[type[Resource], ...] = (ExternalIdentity, VerifiedMails, Organization)
"""What ties members to people. The organisation says whether there is single sign-on at all."""
AWS: tuple[type[Resource], ...] = (IamUser, Credential, IamGroup, IdentityCenterUser)
OKTA: tuple[type[Resource], ...] = (OktaAdmin, OktaGroup)
AZURE: tuple[type[Resource], ...] = (EntraUser, EntraRegistration, EntraRole, EntraEligibility)
GOOGLE: tuple[type[Resource], ...] = (WorkspaceUser,)
SYSTEMS: tuple[type[Resource], ...] = (*GITHUB, *GITHUB_LINKS, *AWS, *OKTA, *AZURE, *GOOGLE)
"""Where people have accounts, and what ties these to them."""
EVERYTHING: tuple[type[Resource], ...] = (*TRUTH, *SYSTEMS)
LOG: tuple[type[Resource], ...] = (LogEvent,)
"""What says when somebody lost access first; read where a rule asks that."""
AWS_RIGHTS: tuple[type[Resource], ...] = (IamRole, Policy, AwsPolicy, PermissionSet)
"""What says, beside :data:`EVERYTHING`, who administers an account of AWS; read where a rule asks that."""
_NO_ACCOUNTS: tuple[type[Resource], ...] = (
    *GITHUB_LINKS,
    RosterAccount,
    RosterPerson,
    IamGroup,
    *AWS_RIGHTS,
    OktaAdmin,
    OktaGroup,
    EntraRegistration,
    EntraRole,
    EntraEligibility,
)
"""Kinds that hold no account, or not every one."""
_ROLES_OF_ENTRA = (EntraRole, EntraEligibility)
"""What accounts of Entra may do, at once and once they activate it."""
_SAY_RIGHTS: tuple[type[Resource], ...] = (
    IamGroup,
    *AWS_RIGHTS,
    OktaAdmin,
    OktaGroup,
    EntraRegistration,
    *_ROLES_OF_ENTRA,
)
_RIGHTS = frozenset(kind.kind for kind in _SAY_RIGHTS)
"""Kinds that only say what accounts may do, or by which factors: without them that is unknown, and no
account is missing."""
_APART = (
    IamUser,
    IamGroup,
    Organization,
    OktaAdmin,
    OktaGroup,
    EntraRegistration,
    *_ROLES_OF_ENTRA,
)
"""Kinds that are read with others."""


class Population(NamedTuple):
    """Everybody, their accounts, and what is not known of either."""

    graph: IdentityGraph
    truth: str | None
    """What says who works here: ``roster``, ``okta``; ``None``: nothing does."""
    problems: Mapping[str, str]
    """Kind -> why it is not known whole. What is known may fail; nothing passes by what may be missing."""
    missing: frozenset[str]
    """Those of the kinds with a problem of which nothing is known, or not to the end."""
    systems: frozenset[str]
    """Providers with accounts that were collected."""
    later: Mapping[tuple[str, str], Person] = MappingProxyType({})
    """Rows of earlier employments, by source and id -> the person as the latest one says."""

    def unknown(self, kinds: Iterable[str] = ()) -> str | None:
        """Why an answer that hangs on these kinds is not known; else ``None``.

        Where none is named: on all that hold accounts or tie them to people.
        """
        wanted = set(kinds) or set(self.problems) - _RIGHTS
        reasons = [why for kind, why in sorted(self.problems.items()) if kind in wanted]
        return "; ".join(reasons) or None

    def blind(self, *, mapping: bool = True) -> Verdict | None:
        """Where the truth on people or the mapping is not known, which overrules all else, nothing is.

        ``mapping``: whether the answer hangs on whose an account is.
        """
        if self.truth is None:
            return NO_TRUTH
        truth = OktaUser.kind if self.truth == "okta" else RosterPerson.kind
        lost = sorted({truth, *([RosterAccount.kind] if mapping else [])} & self.missing)
        return inconclusive("; ".join(self.problems[kind] for kind in lost)) if lost else None


def population(whole: Whole) -> Population:
    """Join what the evidence says of people. For :meth:`soc2_pac.rules.Evidence.derived`."""
    found = _Reading(whole)
    truth = "roster" if found.has(RosterPerson) else "okta" if found.has(OktaUser) else None
    for kind in EVERYTHING:
        if kind not in _APART:
            found.read(kind)
    found.without_sso()
    found.rights()
    persons_of = f"{truth}:" if truth else ""
    identities = [
        item
        for item in found.identities
        if not isinstance(item, Person) or (truth and item.source.startswith(persons_of))
    ]
    persons, later = _employments([one for one in identities if isinstance(one, Person)])
    graph = IdentityGraph([*persons, *(i for i in identities if not isinstance(i, Person))])
    if truth and not graph.persons:
        said = "okta.user" if truth == "okta" else "roster.person"
        found.problems.setdefault(said, f"{said} names nobody, and somebody works here")
    systems = frozenset(owned.account.system.partition(":")[0] for owned in graph.accounts)
    missing = frozenset(found.missing & set(found.problems))
    return Population(graph, truth, found.problems, missing, systems | found.systems, later)


def _employments(
    rows: Iterable[Person],
) -> tuple[list[Person], dict[tuple[str, str], Person]]:
    """Everybody once, where the roster has a row for each employment; and who the earlier rows are by now.

    Rows of one name and one mail address are one person, who came back or was taken over from a supplier under
    another number: the latest employment counts, and goes by the earlier numbers, too. A mail address that a person
    of another name has by now stays in dispute.
    """
    persons = {one.key: one for one in sorted(rows, key=lambda one: one.key)}
    same: dict[tuple[str, str, str], list[Person]] = {}
    for one in persons.values():
        if one.source.startswith("roster:") and one.name.strip():
            for mail in {mail.strip().casefold() for mail in one.mails}:
                same.setdefault((one.source, one.name.strip().casefold(), mail), []).append(one)
    later: dict[tuple[str, str], tuple[str, str]] = {}
    for group in same.values():
        latest = _latest(group)
        if latest is not None:
            later |= {one.key: latest.key for one in group if one is not latest}
    for old in later:
        new = later[old] = _end(later, old)
        one, current = persons.pop(old), persons[new]
        persons[new] = msgspec.structs.replace(
            current,
            mails=tuple(dict.fromkeys((*current.mails, *one.mails))),
            logins=tuple(dict.fromkeys((*current.logins, *one.logins, one.id))),
        )
    return list(persons.values()), {old: persons[new] for old, new in later.items()}


def _end(later: Mapping[tuple[str, str], tuple[str, str]], key: tuple[str, str]) -> tuple[str, str]:
    while key in later:
        key = later[key]
    return key


def _latest(group: list[Person]) -> Person | None:
    """The latest employment of one person; ``None``: there is one row, or nobody can tell which is the latest."""
    lasting = [one for one in group if one.active and one.left_at is None]
    if len(group) == 1 or len(lasting) > 1:
        return None
    if lasting:
        return lasting[0]
    ends = [one.left_at for one in group if one.left_at is not None]
    if len(set(ends)) < len(group):
        return None
    return next(one for one in group if one.left_at == max(ends))


def rights(whole: Whole) -> tuple[list[Identity], Mapping[str, str]]:
    """What is known of who administers AWS, Okta and Entra, and what of that is not known whole.

    Kind -> why. For ``soc2-pac people list``; rules have the same by :func:`population`.
    """
    found = _Reading(whole)
    for kind in (OktaUser, EntraUser, IdentityCenterUser):
        found.read(kind)
    found.rights()
    return found.identities, found.problems


class _Reading:
    """Reads kinds one by one, and remembers what could not be read."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole
        self.identities: list[Identity] = []
        self.problems: dict[str, str] = {}
        self.missing: set[str] = set()
        self.systems: set[str] = set()

    def has(self, kind: type[Resource]) -> bool:
        """Whether the rule reads the kind, and a source of it is configured."""
        try:
            return self._whole.sourced(kind)
        except UndeclaredRead:
            return False  # this rule does without it

    def placed(self, kind: type[Any]) -> list[tuple[Any, Any]]:
        """The documents of a kind with their scopes; none, and a problem, where it is not known whole."""
        if not self.has(kind):
            return []
        try:
            found = self._whole.placed(kind)
        except EvidenceIncomplete as error:
            self.problems[kind.kind] = str(error)
            self.missing.add(kind.kind)
            return []
        if found.unreadable:
            scope, reason = found.unreadable[0]
            self.problems[kind.kind] = (
                f"{len(found.unreadable)} documents of {kind.kind} cannot be read ({scope}: {reason})"
            )
        if kind not in _NO_ACCOUNTS:
            self.systems.add(kind.kind.partition(".")[0])
        return list(found.resources)

    def read(self, kind: type[Any]) -> list[tuple[Any, Any]]:
        """Take what the documents of a kind say of identities."""
        found = self.placed(kind)
        # Where accounts in Okta are not asked about, neither are their factors: each is a call of its own.
        persons_alone = kind is OktaUser and not self.has(OktaAdmin)
        malformed = 0
        for scope, seen in found:
            malformed += getattr(seen, "malformed", None) is not None
            if persons_alone:
                self.identities.append(
                    next(i for i in seen.identities(scope) if isinstance(i, Person))
                )
            else:
                self.identities.extend(_graded(seen, item) for item in seen.identities(scope))
        if malformed:
            self.problems[kind.kind] = f"{malformed} rows of {kind.kind} cannot be read"
        return found

    def without_sso(self) -> None:
        """Where an organisation provably has no single sign-on, there are no identities to miss."""
        if ExternalIdentity.kind not in self.problems or not self.has(Organization):
            return
        seen = self.placed(Organization)
        self.problems.pop(Organization.kind, None)
        if seen and all(_no_sso(organization) for _, organization in seen):
            del self.problems[ExternalIdentity.kind]

    def rights(self) -> None:
        """Who administers."""
        self.iam_users()
        self.identity_center()
        self.okta_admins()
        self.entra()

    def iam_users(self) -> None:
        """IAM users; whether one administers is known where all is read that may make it."""
        users = self.placed(IamUser)
        self.identities += (item for scope, user in users for item in user.identities(scope))
        if not self.has(IamRole):
            return
        standings = aws_administrators.Standings(self._whole)
        self.problems.update(standings.missing)
        for scope, user in users:
            administers = standings.of(user, scope).administrator
            if administers is None:
                continue
            for item in user.identities(scope):
                if isinstance(item, Account):
                    self._grade(item, privileged=administers)

    def identity_center(self) -> None:
        """Users of Identity Center, by the permission sets that are theirs or their groups'.

        A set that nobody can tell of makes an administrator of none, and lets nobody be known as none who has it.
        """
        strong: set[tuple[str, str]] = set()
        perhaps: set[tuple[str, str]] = set()
        stores: set[str] = set()
        for scope, one in self.placed(PermissionSet):
            stores.add(scope.account)
            try:
                administers = one.administers
                if administers is not False:
                    users, unknown = one.users
                    (strong if administers else perhaps).update((scope.account, u) for u in users)
                    if unknown:
                        self.problems[PermissionSet.kind] = unknown
            except FactUnavailable as error:
                if error.document is not None and error.field not in one.gaps:
                    raise  # nobody asked for it yet: a live check does then
                self.problems[PermissionSet.kind] = str(error)
        known = stores if PermissionSet.kind not in self.problems else set()
        for item in list(self.identities):
            if not (isinstance(item, Account) and item.system.startswith("aws-identity-center:")):
                continue
            place = item.system.partition(":")[2], item.uid
            if place in strong:
                self._grade(item, privileged=True)
            elif place not in perhaps and place[0] in known:
                self._grade(item, privileged=False)

    def okta_admins(self) -> None:
        """Who is not among the administrators, by a group or not, is none, where these are known.

        Every org has administrators: where a listing names none of an org, it shows them to nobody here.
        """
        orgs = {scope.account for scope, _ in self.read(OktaAdmin)}
        hidden = any(group.hides_administrators for _, group in self.read(OktaGroup))
        unknown = {OktaAdmin.kind, OktaGroup.kind} & self.problems.keys()
        if hidden or unknown or not self.has(OktaAdmin):
            return
        # What the listing of administrators says has no login.
        known = {
            item.key for item in self.identities if isinstance(item, Account) and not item.login
        }
        for item in list(self.identities):
            if (
                isinstance(item, Account)
                and item.system.startswith("okta:")
                and item.key not in known
                and item.login
                and item.system.partition(":")[2] in orgs
            ):
                self._grade(item, privileged=False)

    def entra(self) -> None:
        """Factors and roles of Entra's users; who holds no role has none, where these are known.

        A report may name somebody who was deleted: what it says of no user makes none. Every tenant has a global
        administrator: where a listing names no holder in a tenant, it shows them to nobody here.
        """
        users = {
            item.key: item
            for item in self.identities
            if isinstance(item, Account) and item.system.startswith("azure:")
        }
        for scope, seen in self.placed(EntraRegistration):
            self.identities += (
                _capable(seen, item)
                for item in seen.identities(scope)
                if isinstance(item, Account) and item.key in users
            )
        held: dict[tuple[str, str], set[str]] = {}
        hidden = False
        tenants = set()
        for kind in _ROLES_OF_ENTRA:
            for scope, role in self.placed(kind):
                if kind is EntraRole:
                    tenants.add(scope.account)
                gives = role.role_definition_id.casefold()
                hidden = hidden or (role.hides_holders and gives not in HARMLESS)
                for item in role.identities(scope):
                    if item.key in users:
                        self.identities.append(item)
                        held.setdefault(item.key, set()).add(gives)
        unknown = {kind.kind for kind in _ROLES_OF_ENTRA} & self.problems.keys()
        if hidden or unknown or not all(self.has(kind) for kind in _ROLES_OF_ENTRA):
            return
        for key, item in users.items():
            if held.get(key, set()) <= HARMLESS and item.system.partition(":")[2] in tenants:
                self._grade(item, privileged=False)

    def _grade(self, item: Account, *, privileged: bool) -> None:
        self.identities.append(
            Account(item.system, item.uid, item.login, "", (), None, privileged, None)
        )


def _graded(seen: Resource, item: Identity) -> Identity:
    """What is said, less a privilege that is read of a role which nobody knows."""
    if isinstance(seen, Member) and isinstance(item, Account) and seen.role not in _ROLES:
        return msgspec.structs.replace(item, privileged=None)
    return item


_ROLES = ("ADMIN", "MEMBER")
"""Of members of an organisation of GitHub."""


def _capable(seen: EntraRegistration, item: Account) -> Account:
    """The account with a second factor that the tenant lets it use: being registered is not enough."""
    return msgspec.structs.replace(item, mfa=seen.has_factor)


def _no_sso(organization: Organization) -> bool:
    if "saml" in organization.gaps:
        return False
    saml = organization.saml
    return saml.viewer_can_administer and saml.saml_identity_provider is None


# -- what rules ask -----------------------------------------------------------------------------------------


def of(evidence: Evidence) -> Population:
    """The population, built once."""
    return evidence.derived(population)


NO_TRUTH = inconclusive("no source says who works here: configure a roster, or Okta")


def listed(accounts: Iterable[Owned]) -> str:
    """``ann-b in github:acme (SAML NameID ann@acme.example), ...``, five at most."""
    texts = [f"{owned.account} ({owned.reason})" for owned in accounts]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


_SHOWN = 5


def matches(text: str, patterns: Iterable[str]) -> bool:
    """Whether a text is one of these, or of their form, in any case."""
    lower = text.lower()
    return any(fnmatchcase(lower, pattern.lower()) for pattern in patterns)


def in_systems(owned: Owned, systems: Iterable[str]) -> bool:
    """Whether an account is in one of the systems, each named in full or by its provider."""
    system = owned.account.system
    return matches(system, systems) or matches(system.partition(":")[0], systems)


def accounts_of(seen: Resource, scope: Scope, people: Population) -> list[Account]:
    """The records of the account that a document is of: its own, and what others say of it."""
    records = [item for item in seen.identities(scope) if isinstance(item, Account)]
    known = {record.key for record in records}
    others = [people.graph.account(*key) for key in sorted(known)]
    return [*records, *(other.account for other in others if other is not None)]


def contested(owned: Owned) -> bool:
    """Whether an account is nobody's because more than one person may own it."""
    return owned.person is None and " persons" in owned.reason


def speaks_of(line: RosterAccount, owned: Owned) -> bool:
    """Whether a line of the mapping speaks of an account."""
    system = owned.account.system.lower()
    return line.login.lower() == owned.account.login.lower() and line.system.lower() in (
        system,
        system.partition(":")[0],
    )


def matched(
    people: Population,
    owned: Owned,
    now: datetime,
    exempt: tuple[str, ...],
    hanging_on: tuple[str, ...],
) -> Verdict:
    """Whether an account maps to somebody who works here.

    Args:
        people: everybody.
        owned: the account, and whose it is.
        now: the instant of judgement.
        exempt: logins, or patterns, that are nobody's on purpose.
        hanging_on: kinds that could tie it to somebody.
    """
    account = owned.account
    if matches(account.login, exempt):
        return not_applicable(f"{account.login} is exempt")
    if account.active is False:
        return not_applicable(f"{account.login} cannot be used")
    blind = people.blind()
    if blind is not None:
        return blind
    if owned.person is not None:
        said = _of_somebody(owned, owned.person, now)
        overruling = [kind for kind in hanging_on if kind == ExternalIdentity.kind]
        stronger = people.unknown(overruling) if overruling else None
        if said.status is Status.PASS and stronger and _may_be_overruled(owned):
            return inconclusive(
                f"{said.message}; a stronger statement may say otherwise: {stronger}",
                until=said.until,
            )
        return said
    truth = "okta.user" if people.truth == "okta" else "roster.person"
    unknown = people.unknown((truth, RosterAccount.kind, *hanging_on))
    if unknown:
        return inconclusive(f"whose {account.login} is, is not known: {owned.reason}; {unknown}")
    if account.sort in ("service", "shared"):
        return failed(f"{account.login} is a {account.sort} account, and {owned.reason}")
    return failed(f"{account.login} is nobody's who is known: {owned.reason}")


def _may_be_overruled(owned: Owned) -> bool:
    return owned.strength is not None and owned.strength < Strength.IDENTITY


def _of_somebody(owned: Owned, person: Person, now: datetime) -> Verdict:
    account, until = owned.account, None
    if not person.gone(now):
        until = person.left_at
        what = f"{account.login} is of {person}, by {owned.reason}"
        if account.sort != "person":
            what = f"{account.login} is a {account.sort} account that {person} answers for, by {owned.reason}"
        return passed(what, until=until)
    when = f" on {person.left_at:%Y-%m-%d}" if person.left_at else ""
    return failed(f"{account.login} is of {person}, who left{when}; by {owned.reason}")


# -- one person over all systems ----------------------------------------------------------------------------


def own(people: Population, source: str, person_id: str) -> list[Owned]:
    """Somebody's own accounts: what they answer for besides, or share, is judged for itself."""
    return [o for o in people.graph.of(source, person_id) if o.account.sort == "person"]


def unseen(
    people: Population, source: str, person_id: str, elsewhere: Iterable[str] = ()
) -> list[str]:
    """Accounts that the mapping says somebody has, in systems that are no source and not ``elsewhere``."""
    found = []
    for link in people.graph.unused:
        named = people.graph.person(link.person_key) if link.person_key else None
        provider = link.system.strip().lower().partition(":")[0]
        if (
            named is not None
            and named.key == (source, person_id)
            and link.sort in (None, "person")
            and provider not in people.systems
            and not matches(link.system, elsewhere)
        ):
            found.append(f"{link.login} in {link.system} ({link.reason})")
    return found


def nothing_to_compare(people: Population) -> Verdict | None:
    """Where no system with accounts is a source, nobody's accounts are known."""
    if not people.systems:
        return inconclusive("no source has accounts: configure GitHub, AWS, Azure, Google or Okta")
    return None


class OktaLog(NamedTuple):
    """Who lost access in one org, and when, by its system log."""

    begins: datetime
    """When the first event that was read happened."""
    closed: Mapping[str, datetime]
    """Id of a user without access -> since when."""


def okta_logs(whole: Whole) -> dict[str, OktaLog]:
    """By org. For :meth:`soc2_pac.rules.Evidence.derived`. Raises EvidenceIncomplete."""
    events: dict[str, list[LogEvent]] = {}
    for scope, event in whole.placed(LogEvent).resources if whole.sourced(LogEvent) else ():
        events.setdefault(scope.account, []).append(event)
    found = {}
    for org, seen in events.items():
        of_user: dict[str, list[LogEvent]] = {}
        for event in seen:
            if event.access_of is not None:
                of_user.setdefault(event.access_of, []).append(event)
        since = {user: at for user, own in of_user.items() if (at := closed_since(own))}
        found[org] = OktaLog(min(event.published for event in seen), since)
    return found


def suspended(person: Person, evidence: Evidence) -> tuple[Person, str]:
    """Somebody who left by Okta's word, since the suspension that came first; and why that is not known.

    The log that was read may begin later: then they left when the status changed last.
    """
    if person.left_at is None:
        return person, ""
    try:
        log = evidence.derived(okta_logs).get(person.source.partition(":")[2])
    except (EvidenceIncomplete, FactUnavailable) as error:
        return person, str(error)
    first = log.closed.get(person.id, person.left_at) if log else person.left_at
    return msgspec.structs.replace(person, left_at=min(first, person.left_at)), ""


class Closing(NamedTuple):
    """Since when an account cannot be used."""

    at: datetime | None
    """At the latest; ``None``: not known."""
    doubt: str = ""
    """Why it may have been earlier; an empty text where that is known."""


def closing(account: Account, left: datetime, evidence: Evidence) -> Closing:
    """Since when an account that cannot be used is closed.

    Okta keeps when the status of a user changed last. Who was suspended before the user was deactivated had no
    access from then on, which the system log alone says: a suspension that nobody undid counts.
    """
    at = account.closed_at
    if at is None or at <= left or not account.system.startswith("okta:"):
        return Closing(at)
    org = account.system.partition(":")[2]
    try:
        log = evidence.derived(okta_logs).get(org)
        users = evidence.index(OktaUser, "id", within="everywhere").get(account.uid, ())
    except (EvidenceIncomplete, FactUnavailable) as error:
        return Closing(at, str(error))
    at = min(at, log.closed.get(account.uid, at)) if log else at
    if users and all(user.status != DEPROVISIONED for user in users):
        return Closing(at)
    if log is None or log.begins > left:
        return Closing(at, "the system log that was read begins later")
    return Closing(at)


def closed(
    person: Person,
    people: Population,
    now: datetime,
    evidence: Evidence,
    *,
    max_hours: int,
    period_days: int,
) -> Verdict:
    """Whether the accounts of somebody who left were closed in time."""
    blind = people.blind()
    if blind is not None:
        return blind
    left = person.left_at
    when = f"left on {left:%Y-%m-%d}" if left else "left, on a day that is not said"
    due = left + timedelta(hours=max_hours) if left else None
    accounts = own(people, person.source, person.id)
    usable = [o for o in accounts if o.account.active]
    if usable and (due is None or due <= now):
        return failed(f"{when}, and can still use {listed(usable)}")
    used = [
        (o.account.last_used, o)
        for o in accounts
        if due and o.account.last_used and o.account.last_used > due
    ]
    last = max((at for at, _ in used), default=None)
    if last and now < (forgotten := last + timedelta(days=period_days)):
        return failed(
            f"{when}; used as late as {last:%Y-%m-%d}: {listed(o for _, o in used)}",
            until=forgotten,
        )
    shut = [
        (o, closing(o.account, left, evidence))
        for o in accounts
        if left and o.account.active is False and o.account.closed_at
    ]
    late = _outlived(when, shut, now, left, due, timedelta(days=period_days))
    if late is not None:
        return late
    until = due if usable else None
    disputed = people.graph.disputed(person.source, person.id)
    if disputed:
        said = f"{when}; these may be theirs or another's: {', '.join(disputed)}"
        return inconclusive(said, until=until)
    perhaps = [str(o.account) for o in accounts if o.account.active is None]
    if perhaps:
        said = f"{when}; whether it can be used is not known: {', '.join(perhaps)}"
        return inconclusive(said, until=until)
    unknown = people.unknown()
    if unknown:
        return inconclusive(f"{when}; accounts may be missing: {unknown}", until=until)
    lacking = nothing_to_compare(people)
    if lacking:
        return lacking
    if usable:
        return passed(
            f"{when}; to be closed by {utc_text(due or now)}: {listed(usable)}", until=due
        )
    untied = _untied(person, people, when, accounts)
    if untied is not None:
        return untied
    if left and (times := [(o, one.at) for o, one in shut if one.at]):
        said = ", ".join(f"{o.account} after {_hours(at - left)} hours" for o, at in times)
        return passed(f"{when}; no account is open; closed {said}")
    return passed(f"{when}; no account is open")


def _outlived(
    when: str,
    shut: list[tuple[Owned, Closing]],
    now: datetime,
    left: datetime | None,
    due: datetime | None,
    period: timedelta,
) -> Verdict | None:
    """Where accounts of somebody were closed too late in the period, or may have been; else ``None``."""
    if left is None or due is None:
        return None
    late = [
        (one.at, one.doubt, o)
        for o, one in shut
        if one.at and one.at > due and now < one.at + period
    ]
    proven = [(at, o) for at, doubt, o in late if not doubt]
    if proven:
        by = "; ".join(f"{o.account} by {_hours(at - left)} hours" for at, o in proven[:_SHOWN])
        return failed(
            f"{when}, and was outlived, over {_hours(due - left)} hours, by {by}",
            until=max(at for at, _ in proven) + period,
        )
    for at, doubt, o in late:
        return Verdict(
            Status.INCONCLUSIVE,
            f"{when}; {o.account} is closed since {utc_text(at)}, and whether suspended before is not known: {doubt}",
            at + period,
        )
    return None


def _untied(person: Person, people: Population, when: str, accounts: list[Owned]) -> Verdict | None:
    """Where accounts of somebody may be that nobody could see, nothing is closed for certain."""
    elsewhere = unseen(people, person.source, person.id)
    if elsewhere:
        return inconclusive(f"{when}; not collected: {', '.join(elsewhere)}")
    if not accounts and not (person.mails or person.logins):
        return inconclusive(f"{when}; neither a mail address nor a login ties accounts to them")
    return None


def _hours(span: timedelta) -> str:
    return f"{max(span.total_seconds(), 0) / 3600:.0f}"
