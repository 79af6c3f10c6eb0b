"""Who can see and change a repository, and whether secrets and vulnerabilities are looked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.github.models.organization import Member, Organization
from soc2_collectors.github.models.repository import LEVELS, Analysis, Repository, weaker
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.github_logins import among
from soc2_rules.mechanisms.known import Unread

_ANALYSERS = (
    "CodeQL", "Semgrep", "SonarQube", "SonarCloud", "Snyk Code", "SnykCode", "Checkmarx", "Cx", "Veracode",
    "Coverity", "Fortify", "Klocwork", "Contrast Scan", "Datadog Static Analysis", "Bearer", "Horusec",
    "Qodana", "gosec", "Bandit", "Brakeman", "SpotBugs", "Find Security Bugs", "Psalm", "MobSF", "mobsfscan",
    "njsscan", "Infer", "DevSkim", "Security Code Scan", "Flawfinder", "Xanitizer", "PMD", "ESLint",
)  # fmt: skip
_JAVASCRIPT = frozenset({"javascript", "typescript", "javascript-typescript"})
_JAVA = frozenset({"java", "kotlin", "java-kotlin"})
_C = frozenset({"c", "cpp", "c-cpp"})
_CODEQL = {
    "JavaScript": _JAVASCRIPT,
    "TypeScript": _JAVASCRIPT,
    **dict.fromkeys(("Vue", "Svelte", "Astro", "MDX"), _JAVASCRIPT),
    "Jupyter Notebook": frozenset({"python"}),
    "Java": _JAVA,
    "Kotlin": _JAVA,
    "C": _C,
    "C++": _C,
    "C#": frozenset({"csharp"}),
    "Go": frozenset({"go"}),
    "Python": frozenset({"python"}),
    "Ruby": frozenset({"ruby"}),
    "Rust": frozenset({"rust"}),
    "Swift": frozenset({"swift"}),
}
"""Main language of a repository -> what CodeQL calls it."""
_MARKUP = frozenset({"CSS", "HTML", "Handlebars", "Less", "Pug", "SCSS", "Sass", "Stylus"})
"""What Linguist counts like languages, templates and styles: the program beside them may be in any language."""
_WORKFLOWS = frozenset({"actions"})
"""What CodeQL calls the files of GitHub Actions, which every repository may have."""
_ARCHIVED = "the repository is archived: nobody can change it"
_SHOWN = 5


@rule(criteria=["CC6.1", "CC6.6", "CC6.7"], severity=Severity.HIGH)
def github_visibility_expected(
    repository: Repository, *, approved_public: tuple[str, ...] = ()
) -> Verdict:
    """Only repositories that are meant to be public are.

    ``approved_public`` holds names of repositories, with the organisation or without.

    Why: what was public once was copied. Code and its history hold more than anyone remembers.
    Fix: make the repository private in its settings, or approve it in the configuration of this
        rule.
    """
    if repository.visibility in ("private", "internal"):
        return passed(f"{repository.full_name} is {repository.visibility}")
    if repository.visibility != "public":
        return inconclusive(f"{repository.full_name} is {repository.visibility}: unknown")
    if repository.named_in(approved_public):
        return passed(f"{repository.full_name} is public and approved")
    return failed(f"{repository.full_name} is public and not on the approved list")


@rule(criteria=["CC6.2", "CC6.3"], severity=Severity.HIGH)
def github_outside_collaborators(
    repository: Repository, *, approved: tuple[str, ...] = ()
) -> Verdict:
    """Outside collaborators are known, and none administers a repository.

    ``approved`` holds the logins of outside collaborators that somebody answers for. An administrator from
    outside fails even then. An archived repository counts: who had access can still read it.

    Why: nobody's leaving process removes people who never joined.
    Fix: gh api -X DELETE /repos/ORG/REPO/collaborators/LOGIN for those whose work is done (unarchive an
        archived repository before); approve the others in the configuration of this rule, with write access
        at most.
    """
    people = repository.outside_collaborators
    admins = sorted(person.login for person in people if person.admin)
    if admins:
        return failed(f"{repository.full_name} is administered from outside by {', '.join(admins)}")
    names = {login.lower() for login in approved}
    unknown = sorted(person.login for person in people if person.login.lower() not in names)
    if unknown:
        return failed(
            f"{repository.full_name} is open to outside collaborators not approved: {', '.join(unknown)}"
        )
    unclear = sorted(person.login for person in people if not person.known)
    if unclear:
        return inconclusive(f"GitHub says of {unclear[0]} that the permission is an unknown one")
    return passed(f"{repository.full_name} has {len(people)} outside collaborators, all approved")


@rule(
    criteria=["CC6.1", "CC7.1"],
    severity=Severity.HIGH,
    known_as=["prowler:repository_secret_scanning_enabled"],
)
def github_secret_scanning(repository: Repository, *, push_protection: bool = True) -> Verdict:
    """Secret scanning is on, and keeps known secrets from being pushed.

    Known are the patterns of issuers. Whether generic patterns and passwords are looked for, and who may push a
    secret all the same, is not asked. To an archived repository nobody pushes, and its settings cannot be
    changed: its open alerts are judged by github-secret-alerts-sla.

    Why: a credential in a repository is read by everyone who can clone it, and stays in the
        history.
    Fix: gh api -X PATCH /repos/ORG/REPO -f 'security_and_analysis[secret_scanning][status]=enabled'
        -f 'security_and_analysis[secret_scanning_push_protection][status]=enabled'; private repositories need
        Secret Protection.
    """
    if repository.archived:
        return not_applicable(_ARCHIVED)
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
    also = " with push protection" if push_protection else ""
    return passed(f"secret scanning{also} is on for {repository.full_name}")


@rule(
    criteria=["CC6.3"],
    severity=Severity.MEDIUM,
    needs=[Member, Organization],
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
    may have on a repository without a team, by name or by the organisation's base permission; ``approved``
    logins for which that does not matter. Where GitHub says nothing of the single grants (to an App, by REST) the
    strongest permission of who was given access by name counts, whichever grant it comes by. People from outside are
    judged by github-outside-collaborators.

    Why: what is given to a person one repository at a time is what nobody takes away when they change their
        team. A repository with one administrator is stuck when that person is away.
    Fix: in the repository, Settings, Collaborators and teams: add the team, remove the person.
    """
    if repository.archived:
        return not_applicable(_ARCHIVED)
    people = repository.direct_collaborators
    members = {member.login: member for member in evidence.account(Member)}
    if not members or any(not member.role_known for member in members.values()):
        return inconclusive("GitHub does not show the roles of all members: it does to owners")
    owners = {login for login, member in members.items() if member.owner}
    unread = Unread()
    organizations = unread.of(lambda: evidence.account(Organization))
    base = next((one.default_repository_permission.upper() for one in organizations), "hidden")
    wide = base in LEVELS and all(weaker(one, base) for one in (*allowed_direct, "NONE"))
    if wide:
        return failed(
            f"every member has {base} on {repository.full_name} without a team: the base permission",
            on=organizations,
        )
    # An owner who made a repository stands among its people, and loses nothing by being removed.
    loose = sorted(
        person.login
        for person in people
        if person.login in members.keys() - owners
        and not among(person.login, approved)
        and person.by_name not in allowed_direct
    )
    if loose:
        more = ", ..." if len(loose) > _SHOWN else ""
        return failed(
            f"{len(loose)} member(s) were given access to {repository.full_name} one by one, and write to it: "
            f"{', '.join(loose[:_SHOWN])}{more}",
            on=[members[login] for login in loose],
        )
    unread.demand_all()
    admins = owners | {person.login for person in people if person.admin}
    if base not in LEVELS:
        return inconclusive(f"what every member may by the base permission is {base}: unknown")
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
    if repository.named_in(exempt):
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


@rule(
    criteria=["CC7.1", "CC6.8"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:repository_dependency_scanning_enabled",
        "powerpipe:cis_supply_chain_v100_3_2_2",
        "scorecard:Dependency-Update-Tool",
        "scorecard:Vulnerabilities",
    ],
)
def github_dependabot_on(repository: Repository, *, security_updates: bool = True) -> Verdict:
    """Vulnerable dependencies are reported, and security updates are on.

    Why: most of a program is other people's code, and its flaws are published with instructions.
    Fix: gh api -X PUT /repos/ORG/REPO/vulnerability-alerts; gh api -X PUT
        /repos/ORG/REPO/automated-security-fixes.
    """
    if repository.archived:
        return not_applicable(_ARCHIVED)
    alerts = repository.vulnerability_alerts
    if alerts is None or alerts.get("hasVulnerabilityAlertsEnabled") is False:
        return failed(f"dependency alerts are off for {repository.full_name}")
    if security_updates:
        fixes = repository.automated_security_fixes
        if fixes is None or not fixes.enabled:
            return failed(f"security updates are off for {repository.full_name}")
        if fixes.paused:
            return failed(f"security updates are paused for {repository.full_name}")
    also = " and security updates" if security_updates else ""
    return passed(f"dependency alerts{also} are on for {repository.full_name}")


@rule(
    criteria=["CC7.1", "CC6.8", "CC8.1"],
    severity=Severity.HIGH,
    known_as=["powerpipe:cis_supply_chain_v100_2_3_7", "scorecard:SAST"],
)
def github_code_scanning(
    repository: Repository,
    now: datetime,
    *,
    max_age_days: int = 14,
    tools: tuple[str, ...] = _ANALYSERS,
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """The default branch is analysed for vulnerable code.

    An analysis counts that ran rules without an error, by a tool that reads the code: its name begins with
    one of ``tools``, in any case. What Scorecard, or a scanner of dependencies or images, uploads is none.
    One of CodeQL must cover the repository's main language, where it says which it covers; any language but that
    of workflows where the main one is HTML, or styles. A repository in which GitHub finds no code, as in an empty
    one, needs none. ``exempt`` names others that hold nothing to analyse.

    Why: an analysis that nobody notices to have stopped finds nothing, and looks like clean code.
    Fix: gh api -X PATCH /repos/ORG/REPO/code-scanning/default-setup -f state=configured, or repair the
        workflow that uploads the analysis.
    """
    if repository.archived:
        return not_applicable(_ARCHIVED)
    if repository.named_in(exempt):
        return not_applicable(f"{repository.full_name} is exempt")
    analyses = repository.analyses
    if not analyses and repository.language is None:
        return not_applicable(
            f"GitHub finds no code in {repository.full_name}, and nothing analysed it"
        )
    if not analyses:
        return failed(f"the default branch of {repository.full_name} was never analysed")
    problems: list[str] = []
    doubts: list[tuple[str, datetime]] = []
    for one in sorted(analyses, key=lambda analysis: analysis.created_at, reverse=True):
        when = f"{one.tool.name} analysed {repository.full_name} on {one.created_at:%Y-%m-%d}"
        due = one.created_at + timedelta(days=max_age_days)
        wrong = _useless(one, repository, tools)
        if wrong or now >= due:
            problems.append(f"{when}{wrong or f'; another analysis was due on {due:%Y-%m-%d}'}")
        elif doubt := _doubtful(one, repository):
            doubts.append((f"{when}{doubt}", due))
        else:
            return passed(f"{when} with {one.rules_count} rules", until=due)
    if doubts:
        newest, due = doubts[0]
        return inconclusive(newest, until=due)
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return failed(f"{'; '.join(problems[:_SHOWN])}{more}")


def _useless(analysis: Analysis, repository: Repository, tools: tuple[str, ...]) -> str:
    """Why an analysis finds no vulnerable code in the repository; an empty text where it may."""
    if not analysis.tool.name.lower().startswith(tuple(tool.lower() for tool in tools)):
        return ", which is no tool that analyses code"
    if analysis.ref != f"refs/heads/{repository.default_branch}":
        return f" at {analysis.ref}, which is not the default branch"
    if analysis.error:
        return " with an error"
    if analysis.rules_count == 0:
        return " with no rules"
    covered, language = analysis.languages, repository.language
    wanted = _CODEQL.get(language or "")
    if covered and ((wanted and not covered & wanted) or covered == _WORKFLOWS):
        return f" for {', '.join(sorted(covered))}, and it is written in {language}"
    return ""


def _doubtful(analysis: Analysis, repository: Repository) -> str:
    """Why nobody knows what an analysis is worth; an empty text where it is known."""
    if analysis.rules_count is None or analysis.error is None:
        return ", and GitHub does not say with how many rules, or whether it broke"
    covered, language = analysis.languages, repository.language
    if covered and language is not None and language not in _CODEQL.keys() | _MARKUP:
        return f" for {', '.join(sorted(covered))}, and it is written in {language}"
    return ""


@rule(
    criteria=["CC7.3", "CC7.4"],
    severity=Severity.LOW,
    known_as=[
        "prowler:repository_public_has_securitymd_file",
        "powerpipe:cis_supply_chain_v100_1_2_1",
        "scorecard:Security-Policy",
    ],
)
def github_security_policy(repository: Repository, *, private_reporting: bool = True) -> Verdict:
    """Public repositories say how to report a vulnerability, and take reports in private.

    Why: who finds a flaw and nobody to tell in private tells everybody, or nobody.
    Fix: add SECURITY.md to the organisation's .github repository, which holds for all, and turn on private
        vulnerability reporting: gh api -X PUT /repos/ORG/REPO/private-vulnerability-reporting.
    """
    if repository.archived:
        return not_applicable(_ARCHIVED)
    if repository.visibility != "public":
        return not_applicable(f"{repository.full_name} is {repository.visibility}")
    policy = repository.settings.is_security_policy_enabled
    if policy is None:
        return inconclusive(f"GitHub does not say whether {repository.full_name} has a SECURITY.md")
    missing = [] if policy else ["no SECURITY.md"]
    if private_reporting:
        reporting = repository.private_vulnerability_reporting
        if reporting is None or not reporting.enabled:
            missing.append("no private vulnerability reporting")
    if missing:
        return failed(f"{repository.full_name} has {' and '.join(missing)}")
    return passed(f"{repository.full_name} says how to report a vulnerability")
