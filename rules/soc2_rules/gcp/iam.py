"""IAM of Google Cloud: basic roles, roles that must not meet, and who the members are."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.gcp.models.grants import Held, ends, held, own_agent
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.members import PEOPLE, Member, Sort
from soc2_collectors.gcp.models.privileges import (
    ACTING,
    ADMINISTERS_ACCOUNTS,
    ADMINISTERS_KEYS,
    BASIC_CHANGING,
    BASIC_READING,
    MAKES_KEYS,
    USES_KEYS,
)
from soc2_collectors.gcp.models.project import Project
from soc2_collectors.gcp.models.roles import Role
from soc2_collectors.gcp.models.values import matches, unread_above
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.google_grants import NO_DENIALS, NO_MEMBERS, Definitions, until_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NOBODY = inconclusive("the inventory shows no IAM policy, and every project has one")
_MACHINES = (Sort.ACCOUNT, Sort.ACCOUNTS)
_BASIC = BASIC_CHANGING | BASIC_READING
_CONSUMER = ("gmail.com", "googlemail.com")
_LISTS = ("googlegroups.com",)
_KEY = "/cryptoKeys/"


def _exempted(exempt: Iterable[str]) -> str:
    named = sorted(set(exempt))
    return f"; exempt: {listed(named)}" if named else ""


@rule(criteria=["CC6.3"], severity=Severity.HIGH, needs=[Project], empty=_NOBODY)
def gcp_no_primitive_roles(
    policy: IamPolicy,
    evidence: Evidence,
    now: datetime,
    scope: Scope,
    *,
    not_production: tuple[str, ...] = (),
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """No person, group or outside workload holds a basic role that changes things.

    Those are Owner and Editor, and the newer Admin and Writer. Service accounts of the organisation are
    judged by gcp-sa-no-admin; those of others are outside workloads, service agents of their projects too.
    Policies of projects, folders and the organisation are judged. Deny policies are not read: a basic role
    counts that one of them narrows. Nor is it read who may have one for a time on request (Privileged Access
    Manager). ``not_production`` names projects and folders where it is allowed, as the
    inventory does (``projects/123``); ``exempt`` takes members or patterns (``group:gcp-break-glass@*``).

    Why: these roles reach every service that there is and every one that is still to come.
    Fix: grant the roles that the work needs, then gcloud projects remove-iam-policy-binding PROJECT
        --member MEMBER --role roles/editor.
    """
    if not policy.node:
        return not_applicable("basic roles are given on projects, folders and the organisation")
    if matches(policy.node, not_production):
        return not_applicable(f"{policy.node} is not production")
    holders = [
        one
        for one in held(policy, now)
        if one.role in BASIC_CHANGING and not own_agent(one.member, policy)
    ]
    judged = [one for one in holders if not matches(one.member.text, exempt)]
    machines = [one.member for one in judged if one.member.is_a in _MACHINES]
    people = [one for one in judged if one.member.is_a not in _MACHINES]
    outside = {m for m in machines if not m.home}
    try:
        outside.update(_outside(policy, evidence, machines, ()))
    except (EvidenceIncomplete, FactUnavailable):
        if not people:
            raise
    strangers = [one for one in judged if one.member in outside]
    unread = unread_above(scope.boundary, policy.above) if strangers else ""
    found = people if unread else [*people, *strangers]
    if found:
        said = f"basic roles: {listed(_said(found))}"
        return failed(f"{said}; {NO_DENIALS}", until=ends(found))
    if unread:
        said = listed(_said(strangers))
        return inconclusive(
            f"whether these are of this organisation is not known: {said}; {unread}"
        )
    holders = [one for one in holders if one.member.is_a not in _MACHINES or one not in judged]
    left = _exempted(one.member.text for one in holders)
    return passed(
        f"no person, group or outside workload holds Owner, Editor, Admin or Writer{left}"
    )


def _said(found: Iterable[Held]) -> set[str]:
    return {f"{one.member.text} ({one.role.removeprefix('roles/')})" for one in found}


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.HIGH,
    needs=[Role],
    known_as=[
        "prowler:iam_no_service_roles_at_project_level",
        "powerpipe:iam_user_not_assigned_service_account_user_role_project_level",
    ],
    empty=_NOBODY,
)
def gcp_no_sa_user_at_project(
    policy: IamPolicy, evidence: Evidence, now: datetime, *, exempt: tuple[str, ...] = ()
) -> Verdict:
    """No role gives anybody all service accounts of a project, folder or organisation to act as.

    Roles with actAs, or with which tokens or keys are made: Service Account User, Token Creator, Key Admin,
    Workload Identity User and every other one that holds such a permission, custom ones too. Basic roles are
    judged by gcp-no-primitive-roles and gcp-sa-no-admin. Google's own service agents are left out, of the
    project itself and of what is above it: Google grants them what they need. A condition that names one
    service account is a grant on that account. Deny policies are not read: a role counts that one of them
    makes useless. ``exempt`` takes members or patterns.

    Why: on a project they open every service account in it, those of tomorrow too, with all their rights.
    Fix: grant the role on the one account (gcloud iam service-accounts add-iam-policy-binding), and
        take it from the project (gcloud projects remove-iam-policy-binding).
    """
    if not policy.node:
        return not_applicable("the policy of a single resource")
    roles = Definitions(evidence)
    holders = [
        one
        for one in held(policy, now)
        if not one.narrow and one.role not in _BASIC and not own_agent(one.member, policy)
    ]
    acting = [one for one in holders if roles.certain(one.role) & (ACTING | MAKES_KEYS)]
    found = [one for one in acting if not matches(one.member.text, exempt)]
    if found:
        said = listed(_said(found))
        said = f"may act as all service accounts below: {said}; {NO_DENIALS}"
        return failed(said, until=ends(found))
    judged = [one.role for one in holders if not matches(one.member.text, exempt)]
    if unknown := roles.unknown(judged):
        return unknown
    left = _exempted(one.member.text for one in acting)
    return passed(f"no role gives all service accounts below to act as{left}")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.MEDIUM,
    needs=[IamPolicy, Role],
    known_as=[
        "prowler:iam_role_kms_enforce_separation_of_duties",
        "powerpipe:kms_key_separation_of_duties_enforced",
        "powerpipe:iam_user_kms_separation_of_duty_enforced",
    ],
    empty=_NOBODY,
)
def gcp_sod_kms_roles(
    policy: IamPolicy,
    evidence: Evidence,
    now: datetime,
    scope: Scope,
    *,
    exempt: tuple[str, ...] = (),
    apart: tuple[str, ...] = (),
) -> Verdict:
    """No member of IAM policies both administers keys and encrypts or decrypts with them.

    Roles count by their permissions, custom ones too, and those that are inherited count where one of the two
    is set here. Who holds both by a basic role alone is judged by gcp-no-primitive-roles and gcp-sa-no-admin.
    Who is in a group is not read: where one holds one side and somebody else the other, ``apart`` must name
    it, by its name or a pattern, as one whose members hold nothing of the other side. Deny policies are not
    read: a role counts that one of them makes useless. ``exempt`` takes members or patterns.

    Why: who rules a key and reads with it leaves no second person who would notice.
    Fix: take one of the roles away: gcloud kms keys remove-iam-policy-binding, or gcloud projects
        remove-iam-policy-binding.
    """
    if not policy.node and not policy.name.startswith("//cloudkms.googleapis.com/"):
        return not_applicable("the policy of another sort of resource")
    return _judged(policy, evidence, now, scope, (ADMINISTERS_KEYS, USES_KEYS), exempt, apart)


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.MEDIUM,
    needs=[IamPolicy, Role],
    known_as=[
        "prowler:iam_role_sa_enforce_separation_of_duties",
        "powerpipe:iam_user_separation_of_duty_enforced",
    ],
    empty=_NOBODY,
)
def gcp_sod_sa_roles(
    policy: IamPolicy,
    evidence: Evidence,
    now: datetime,
    scope: Scope,
    *,
    exempt: tuple[str, ...] = (),
    apart: tuple[str, ...] = (),
) -> Verdict:
    """No member of IAM policies both administers service accounts and acts as them.

    Roles count by their permissions, custom ones too, and those that are inherited count where one of the two
    is set here. Who holds both by a basic role alone is judged by gcp-no-primitive-roles and gcp-sa-no-admin.
    Who is in a group is not read: where one holds one side and somebody else the other, ``apart`` must name
    it, by its name or a pattern, as one whose members hold nothing of the other side. Deny policies are not
    read: a role counts that one of them makes useless. ``exempt`` takes members or patterns.

    Why: who makes a service account and acts as it gives the rights to themselves.
    Fix: take one of the roles away: gcloud projects remove-iam-policy-binding PROJECT --member MEMBER
        --role roles/iam.serviceAccountUser.
    """
    if not policy.node and not policy.name.startswith("//iam.googleapis.com/"):
        return not_applicable("the policy of another sort of resource")
    return _judged(policy, evidence, now, scope, (ADMINISTERS_ACCOUNTS, ACTING), exempt, apart)


def _judged(
    policy: IamPolicy,
    evidence: Evidence,
    now: datetime,
    scope: Scope,
    sides: tuple[frozenset[str], frozenset[str]],
    exempt: tuple[str, ...],
    apart: tuple[str, ...],
) -> Verdict:
    """What :func:`_apart` says, until one of the grants is over."""
    said = _apart(policy, evidence, now, scope, sides, exempt, apart)
    try:
        above = _inherited(policy, evidence)
    except (EvidenceIncomplete, FactUnavailable):
        above = []
    return until_over(said, (policy, *above), now)


def _apart(
    policy: IamPolicy,
    evidence: Evidence,
    now: datetime,
    scope: Scope,
    sides: tuple[frozenset[str], frozenset[str]],
    exempt: tuple[str, ...],
    apart: tuple[str, ...],
) -> Verdict:
    """Whether nobody holds permissions of both sides here, one of them at least by this very policy."""
    roles = Definitions(evidence)
    here = _by_member(held(policy, now))
    above, missing = _held_above(policy, evidence, now)
    _spread(here, above, exempt)
    one, other = sides
    both, some, exempted, basic = set[str](), False, set[str](), set[str]()
    for member, names in here.items():
        mine = {role: roles.certain(role) for role in names | above.get(member, set())}
        some = some or any(mine[role] & (one | other) for role in names)
        pairs = [
            {first, second}
            for first in mine
            for second in mine
            if mine[first] & one and mine[second] & other and {first, second} & names
        ]
        if any(not pair <= _BASIC for pair in pairs):
            (exempted if matches(member, exempt) else both).add(member)
        elif pairs:
            basic.add(member)
    if both:
        return failed(f"hold both: {listed(both)}; {NO_DENIALS}")
    if missing is not None:
        raise missing
    judged = {m: names for m, names in here.items() if not matches(m, exempt)}
    asked = {role for names in judged.values() for role in names}
    if unknown := roles.unknown(asked - _BASIC):
        return unknown
    if not some:
        return not_applicable("grants none of these roles")
    inherited = {role for member in judged for role in above.get(member, ())}
    if unknown := roles.unknown(inherited - _BASIC):
        return unknown
    if unread := unread_above(scope.boundary, policy.above):
        return inconclusive(f"no member holds both by what was read; {unread}")
    blurred = _blurred(here, above, roles, sides, (*exempt, *apart))
    if blurred.members:
        said = f"who is in these is not read, and others hold the other side: {listed(blurred.members)}"
        return inconclusive(f"{said}; name in apart those whose members do not")
    if unknown := roles.unknown(blurred.asked):
        return unknown
    said = "no member holds both" + (f" but by a basic role: {listed(basic)}" if basic else "")
    return passed(f"{said}{_taken_apart({*here, *above}, apart)}{_exempted(exempted)}")


def _taken_apart(members: Iterable[str], apart: tuple[str, ...]) -> str:
    many = [one for one in members if _of_many(Member(one)) and matches(one, apart)]
    return f"; by configuration apart, who is in them is not read: {listed(many)}" if many else ""


def _held_above(
    policy: IamPolicy, evidence: Evidence, now: datetime
) -> tuple[dict[str, set[str]], EvidenceIncomplete | FactUnavailable | None]:
    """Roles of each member by the policies above, and what kept these from being read.

    Who holds both by the policy itself does so whatever is above: that is judged before it is raised.
    """
    above: dict[str, set[str]] = {}
    try:
        for parent in _inherited(policy, evidence):
            for member, names in _by_member(held(parent, now)).items():
                above.setdefault(member, set()).update(names)
    except (EvidenceIncomplete, FactUnavailable) as error:
        return {}, error
    return above, None


class _Blurred(NamedTuple):
    """Members that stand for many, and may share some with who holds the other side."""

    members: set[str]
    asked: set[str]
    """Roles of such members above, of which it must be known what they grant."""


def _blurred(
    here: Mapping[str, set[str]],
    above: Mapping[str, set[str]],
    roles: Definitions,
    sides: tuple[frozenset[str], frozenset[str]],
    known: tuple[str, ...],
) -> _Blurred:
    """Groups and the like of one side where somebody else is of the other, one of them by this very policy."""
    one, other = sides
    grants = [
        (member, role, names is here.get(member))
        for source in (here, above)
        for member, names in source.items()
        for role in names - _BASIC
        if not matches(member, known)
    ]
    first = {(member, by_it) for member, role, by_it in grants if roles.certain(role) & one}
    second = {(member, by_it) for member, role, by_it in grants if roles.certain(role) & other}
    found = _beside(first, second) | _beside(second, first)
    return _Blurred(found, {role for member, role, _ in grants if _of_many(Member(member))})


def _beside(side: set[tuple[str, bool]], other: set[tuple[str, bool]]) -> set[str]:
    """Those of one side who stand for many, where somebody else is of the other; one by this policy."""
    anyhow = {member for member, _ in other}
    by_it = {member for member, so in other if so}
    return {
        member
        for member, so in side
        if _of_many(Member(member)) and (anyhow if so else by_it) - {member}
    }


def _of_many(member: Member) -> bool:
    """Whether a member stands for several, who are not named, or may do so: its form is not known."""
    if member.is_a is Sort.UNKNOWN:
        return member.sort != "principal"
    return member.is_a in (Sort.GROUP, Sort.DOMAIN, Sort.HOLDERS) or member.sort == "principalSet"


def _spread(here: dict[str, set[str]], above: dict[str, set[str]], exempt: tuple[str, ...]) -> None:
    """Give each member what everyone holds: who is named is among them."""
    for source in (here, above):
        for member, names in [*source.items()]:
            if not Member(member).public or matches(member, exempt):
                continue
            for other in {*here, *above}:
                if Member(other).among(member):
                    source.setdefault(other, set()).update(names)


def _by_member(found: Iterable[Held]) -> dict[str, set[str]]:
    """Roles of each member; Google's own service agents left out."""
    roles: dict[str, set[str]] = {}
    for one in found:
        if not one.member.service_agent:
            roles.setdefault(one.member.spelled, set()).add(one.role)
    return roles


def _inherited(policy: IamPolicy, evidence: Evidence) -> list[IamPolicy]:
    """Policies that reach what this one is set on: of the key ring, and of what is above."""
    by_node = evidence.index(IamPolicy, "node", within="here")
    by_name = evidence.index(IamPolicy, "name", within="here")
    ring = policy.name.partition(_KEY)[0] if _KEY in policy.name else ""
    return [
        *(by_name.get(ring, ()) if ring else ()),
        *(one for node in policy.ancestors if node != policy.node for one in by_node.get(node, ())),
    ]


@rule(
    criteria=["CC6.1", "CC6.2"],
    severity=Severity.HIGH,
    needs=[Project],
    known_as=["powerpipe:only_my_domain"],
    empty=_NOBODY,
)
def gcp_corporate_identities_only(
    policy: IamPolicy,
    evidence: Evidence,
    now: datetime,
    scope: Scope,
    *,
    domains: tuple[str, ...] = (),
    workforce_pools: tuple[str, ...] = (),
    projects: tuple[str, ...] = (),
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Members that IAM policies name are people, groups, service accounts and workloads of the company.

    Who is in a group is not read, nor is it whether an account with an address of the company is a consumer
    account that somebody made with it. ``domains`` names those of the company and of partners that it trusts:
    without it only consumer accounts can be told apart. ``workforce_pools`` names the pools by which its people
    sign in. Service accounts and workload pools are the company's where their project is in the
    organisation; ``projects`` takes ids, numbers (``projects/123``) or patterns of further ones that it
    trusts. ``exempt`` takes members or patterns.

    Why: an account that the company does not manage has no second factor that it demands, and stays when
        the person leaves; a service account of another organisation works for whoever rules that.
    Fix: gcloud projects remove-iam-policy-binding for the member, and the constraint
        iam.allowedPolicyMemberDomains so that it does not come back.
    """
    said = _of_the_company(
        policy, evidence, now, scope, _Company(domains, workforce_pools, projects, exempt)
    )
    return until_over(said, [policy], now)


class _Company(NamedTuple):
    """What the configuration says of whose members are."""

    domains: tuple[str, ...]
    workforce_pools: tuple[str, ...]
    projects: tuple[str, ...]
    exempt: tuple[str, ...]


def _of_the_company(
    policy: IamPolicy, evidence: Evidence, now: datetime, scope: Scope, company: _Company
) -> Verdict:
    domains, workforce_pools, projects, exempt = company
    members = {one.member for one in held(policy, now)}
    judged = sorted((m for m in members if not matches(m.text, exempt)), key=lambda m: m.text)
    if not judged:
        return not_applicable(f"no member{_exempted(m.text for m in members)}")
    mine = {domain.lower() for domain in domains}
    consumer = [
        m.text for m in judged if m.domain in (*_CONSUMER, *_LISTS) and m.domain not in mine
    ]
    public = [m.text for m in judged if m.public]
    if consumer or public:
        named = _named(everyone=public, consumer=consumer)
        return failed("; ".join(f"{name}: {listed(who)}" for name, who in named))
    people = [m for m in judged if m.is_a in PEOPLE and not m.of_google]
    foreign = [
        m.text
        for m in people
        if (m.pool not in workforce_pools if m.pool else m.domain not in mine)
        and (workforce_pools if m.pool else mine)
    ]
    if foreign:
        return failed(f"of other domains or pools: {listed(foreign)}")
    machines = [m for m in judged if m.is_a not in PEOPLE]
    outside = _outside(policy, evidence, machines, projects) if machines else []
    unread = unread_above(scope.boundary, policy.above)
    if outside and not unread:
        return failed(f"of other organisations: {listed(m.text for m in outside)}")
    if outside:
        said = listed(m.text for m in outside)
        return inconclusive(
            f"whether these are of this organisation is not known: {said}; {unread}"
        )
    untold = [m.text for m in machines if not m.home and not m.service_agent]
    if untold:
        return inconclusive(f"whose these are is not known: {listed(untold)}")
    if unsettled := _unsettled(people, mine, workforce_pools):
        return unsettled
    left = _exempted(m.text for m in members if matches(m.text, exempt))
    homes = {m.pool or m.domain for m in people}
    whose = listed({_whose(m, projects) for m in machines})
    also = f"; {len(machines)} machines, of {whose}" if machines else ""
    written = [m.text for m in judged if m.of_google]
    also += f"; groups by which Google writes logs: {listed(written)}" if written else ""
    also += f"; {NO_MEMBERS}" if any(m.is_a is Sort.GROUP for m in people) else ""
    return passed(f"people and groups are of {listed(homes)}{also}{left}")


def _whose(member: Member, trusted: tuple[str, ...]) -> str:
    if not member.home:
        return "Google itself"
    return "trusted projects" if matches(member.home, trusted) else "the company"


def _named(**found: list[str]) -> list[tuple[str, list[str]]]:
    names = {"everyone": "everyone", "consumer": "consumer accounts"}
    return [(names[key], who) for key, who in found.items() if who]


def _outside(
    policy: IamPolicy, evidence: Evidence, machines: list[Member], trusted: tuple[str, ...]
) -> list[Member]:
    """Machines whose project, folder or organisation is another's; projects are read where needed."""
    near = {*policy.ancestors}
    asked = [m for m in machines if m.home and m.home not in near and not matches(m.home, trusted)]
    if not asked:
        return []
    own = set(near)
    for project in evidence.here(Project):
        own |= {project.id, *project.ancestors}
    return [m for m in asked if m.home not in own]


def _unsettled(people: list[Member], domains: set[str], pools: tuple[str, ...]) -> Verdict | None:
    """What the configuration does not say, and the verdict needs."""
    if not domains and (said := {m.domain for m in people if not m.pool}):
        return inconclusive(
            f"set domains: which of these are the company's is not known: {listed(said)}"
        )
    if not pools and (said := {m.pool for m in people if m.pool}):
        return inconclusive(
            f"set workforce_pools: which of these are the company's is not known: {listed(said)}"
        )
    return None
