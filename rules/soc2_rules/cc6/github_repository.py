"""Who sees and reaches a repository, and whether secrets in it are found."""

from __future__ import annotations

from soc2_collectors.github.models.repository import Repository
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule


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
        return not_applicable("the repository is archived: nobody can change it")
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
