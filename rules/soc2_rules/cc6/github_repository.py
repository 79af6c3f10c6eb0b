"""Who sees and reaches a repository, and whether secrets in it are found."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.github.models.organization import Member
from soc2_collectors.github.models.repository import Repository
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

_ARCHIVED = "the repository is archived: nobody can change it"
_SHOWN = 5


@rule(criteria=["CC6.1", "CC6.6", "CC6.7"], severity=Severity.HIGH)
def github_visibility_expected(
    repository: Repository, *, approved_public: tuple[str, ...] = ()
) -> Verdict:
    """Only repositories that are meant to be public are.

    ``approved_public`` holds names of repositories, without the organisation.

    Why: what was public once was copied. Code and its history hold more than anyone remembers.
    Fix: make the repository private in its settings, or approve it in the configuration of this
        rule.
    """
    if repository.visibility != "public":
        return passed(f"{repository.full_name} is {repository.visibility}")
    if repository.name in approved_public:
        return passed(f"{repository.full_name} is public and approved")
    return failed(f"{repository.full_name} is public and not on the approved list")


@rule(criteria=["CC6.2", "CC6.3"], severity=Severity.HIGH)
def github_outside_collaborators(
    repository: Repository, *, approved: tuple[str, ...] = ()
) -> Verdict:
    """Outside collaborators are known, and none administers a repository.

    ``approved`` holds the logins of outside collaborators that somebody answers for. An administrator from
    outside fails even then.

    Why: nobody's leaving process removes people who never joined.
    Fix: gh api -X DELETE /repos/ORG/REPO/collaborators/LOGIN for those whose work is done; approve
        the
        others in the configuration of this rule, with write access at most.
    """
    if repository.archived:
        return not_applicable(_ARCHIVED)
    people = repository.outside_collaborators
    admins = sorted(person.login for person in people if person.admin)
    if admins:
        return failed(f"{repository.full_name} is administered from outside by {', '.join(admins)}")
    unknown = sorted({person.login for person in people} - set(approved))
    if unknown:
        return failed(
            f"{repository.full_name} is open to outside collaborators not approved: {', '.join(unknown)}"
        )
    return passed(f"{repository.full_name} has {len(people)} outside collaborators, all approved")


@rule(
    criteria=["CC6.1", "CC7.1"],
    severity=Severity.HIGH,
    known_as=["prowler:repository_secret_scanning_enabled"],
)
def github_secret_scanning(repository: Repository, *, push_protection: bool = True) -> Verdict:
    """Secrets in the code are found, and kept from being pushed.

    Why: a credential in a repository is read by everyone who can clone it, and stays in the
        history.
    Fix: gh api -X PATCH /repos/ORG/REPO with security_and_analysis.secret_scanning and
        secret_scanning_push_protection enabled; private repositories need Secret Protection.
    """
    found = repository.security_and_analysis
    off = []
    if not (found.secret_scanning and found.secret_scanning.on):
        off.append("secret scanning")
    if push_protection and not (
        found.secret_scanning_push_protection and found.secret_scanning_push_protection.on
    ):
        off.append("push protection")
    if off:
        return failed(f"{' and '.join(off)} off for {repository.full_name}")
    return passed(f"secret scanning is on for {repository.full_name}")


@rule(
    criteria=["CC6.3"],
    severity=Severity.MEDIUM,
    needs=[Member],
    known_as=["powerpipe:cis_supply_chain_v100_1_3_7"],
)
def github_repo_admins(
    repository: Repository,
    evidence: Evidence,
    *,
    min_admins: int = 2,
    allowed_direct: tuple[str, ...] = ("READ", "TRIAGE"),
    approved: tuple[str, ...] = (),
) -> Verdict:
    """Members reach a repository through teams, and more than one person administers it.

    Owners of the organisation administer every repository. ``allowed_direct`` holds permissions that a member
    may have on a repository without a team, ``approved`` logins for which that does not matter. People from
    outside are judged by github-outside-collaborators.

    Why: what is given to a person one repository at a time is what nobody takes away when they change their
        team. A repository with one administrator is stuck when that person is away.
    Fix: in the repository, Settings, Collaborators and teams: add the team, remove the person.
    """
    if repository.archived:
        return not_applicable(_ARCHIVED)
    people = repository.direct_collaborators
    members = {member.login: member for member in evidence.account(Member)}
    if not members or any(member.role is None for member in members.values()):
        return inconclusive("GitHub does not show the roles of all members: it does to owners")
    owners = {login for login, member in members.items() if member.owner}
    # An owner who made a repository stands among its people, and loses nothing by being removed.
    loose = sorted(
        person.login
        for person in people
        if person.login in members.keys() - owners - {*approved}
        and person.level not in allowed_direct
    )
    if loose:
        more = ", ..." if len(loose) > _SHOWN else ""
        return failed(
            f"{len(loose)} member(s) write to {repository.full_name} without a team: "
            f"{', '.join(loose[:_SHOWN])}{more}"
        )
    admins = owners | {person.login for person in people if person.admin}
    if len(admins) < min_admins:
        return inconclusive(
            f"owners and direct administrators of {repository.full_name} are {len(admins)}, fewer than "
            f"{min_admins}; administrators by team are not read"
        )
    return passed(f"members write to {repository.full_name} through teams")


@rule(
    criteria=["CC6.5", "CC8.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:repository_inactive_not_archived",
        "prowler:repository_branch_delete_on_merge_enabled",
        "powerpipe:cis_supply_chain_v100_1_2_7",
        "scorecard:Maintained",
    ],
)
def github_inactive_repos(
    repository: Repository,
    now: datetime,
    *,
    max_idle_days: int = 365,
    delete_merged_branches: bool = True,
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Repositories that nobody works on are archived, and merged branches are deleted.

    ``max_idle_days`` counts from the last push, and must be 30 or more. ``exempt`` names repositories that
    are finished and in use.

    Why: code that nobody looks at keeps its access, its secrets and its flaws. Branches that were merged
        long ago are where old code is taken from by mistake.
    Fix: archive the repository (gh repo archive ORG/REPO); turn on "Automatically delete head branches" in
        its settings.
    """
    if repository.archived:
        return not_applicable(_ARCHIVED)
    if repository.name in exempt:
        return not_applicable(f"{repository.full_name} is exempt")
    if repository.dormant_since is not None:
        due = repository.dormant_since + timedelta(days=max(30, max_idle_days))
        if now >= due:
            return failed(
                f"nobody pushed to {repository.full_name} since {repository.dormant_since:%Y-%m-%d}: "
                "it is neither in use nor archived"
            )
    else:
        due = None
    if delete_merged_branches and not repository.settings.delete_branch_on_merge:
        return failed(f"branches of {repository.full_name} stay when they are merged", until=due)
    return passed(f"{repository.full_name} is in use, and merged branches go", until=due)
