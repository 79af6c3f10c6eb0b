"""How the people behind the accounts sign in."""

from __future__ import annotations

from soc2_collectors.github.models.organization import Member, OutsideCollaborator
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.github_logins import among


@rule(
    criteria=["CC6.1", "CC6.2"],
    severity=Severity.CRITICAL,
    empty=inconclusive("GitHub shows no members to this identity, and every organisation has some"),
)
def github_members_without_2fa(
    member: Member, *, exempt: tuple[str, ...] = (), enterprise_managed: bool = False
) -> Verdict:
    """Every member signs in with two factors.

    Where the enterprise's identity provider makes the accounts and signs people in, GitHub asks them for no second
    factor, and what the provider asks for is not read here. On GitHub.com the logins of such accounts tell them
    (``ann_acme``); elsewhere set ``enterprise_managed``.

    Why: one account with nothing but a password is the way in, whatever the others do.
    Fix: have the member turn on two-factor authentication, or require it for the organisation,
        which
        removes accounts without it.
    """
    if among(member.login, exempt):
        return not_applicable(f"{member.login} is exempt")
    if member.has_two_factor_enabled is None:
        return inconclusive(
            f"GitHub does not show whether {member.login} has two-factor authentication: it does to owners"
        )
    if member.has_two_factor_enabled:
        return passed(f"{member.login} has two-factor authentication")
    if enterprise_managed or member.managed:
        return inconclusive(
            f"the identity provider of the enterprise signs in {member.login}: whether it asks for a second "
            "factor is not read"
        )
    return failed(f"{member.login} has no two-factor authentication")


@rule(
    criteria=["CC6.1", "CC6.2"],
    severity=Severity.CRITICAL,
    empty=not_applicable("the organisation has no outside collaborators"),
)
def github_outside_collaborators_without_2fa(
    person: OutsideCollaborator, *, enterprise_managed: bool = False
) -> Verdict:
    """Every outside collaborator signs in with two factors.

    Those whom the identity provider of an enterprise signs in have none at GitHub, and what the provider asks for
    is not read here. On GitHub.com their logins tell them (``ann_acme``); elsewhere, as on a server with SAML or
    CAS, set ``enterprise_managed``.

    Why: they reach the same code as members do, and nobody manages their accounts.
    Fix: have them turn on two-factor authentication, or remove them: organisation settings, People,
        Outside collaborators.
    """
    if person.two_factor_disabled and (enterprise_managed or person.managed):
        return inconclusive(
            f"the identity provider of an enterprise signs in {person.login}: whether it asks for a second "
            "factor is not read"
        )
    if person.two_factor_disabled:
        return failed(f"{person.login} has no two-factor authentication")
    return passed(f"{person.login} has two-factor authentication")
