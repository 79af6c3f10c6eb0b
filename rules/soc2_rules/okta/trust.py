"""Whom the org believes about who somebody is."""

from __future__ import annotations

from soc2_collectors.okta.models.identity_provider import (
    AUTO,
    DISABLED,
    SMART_CARD,
    AccountLink,
    IdentityProvider,
)
from soc2_collectors.okta.models.role import Group
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    needs=[Group],
    empty=not_applicable("the org takes nobody else's word: it has no inbound identity provider"),
)
def okta_inbound_idps(
    provider: IdentityProvider,
    evidence: Evidence,
    *,
    known: tuple[str, ...] = (),
    may_create: tuple[str, ...] = (),
) -> Verdict:
    """Inbound identity providers were reviewed, and reach only the accounts that they are meant to.

    ``known`` names the providers (name or id) that somebody reviewed, other Okta orgs among them; without it
    the question stays open. ``may_create`` names those whose people may get accounts on the spot under any
    name. Linking to accounts that are there must be limited to members of a group other than Everyone, or to
    names of stated domains. Nobody who left may be let in again by the provider's word.

    Why: whoever controls the provider signs in as anybody whom it may name; that is how an org is
        taken over without one stolen password.
    Fix: Security, Identity Providers: deactivate what nobody needs; limit account linking to groups
        and just-in-time accounts to names of your domain.
    """
    if provider.status == "INACTIVE":
        return not_applicable(f"{provider.name} is {provider.status}")
    if provider.verifies_identity_only:
        return not_applicable(f"{provider.name} checks documents and signs nobody in")
    own = {provider.name, provider.id}
    policy = provider.policy
    by_name = policy.subject.names_a_domain if policy.subject else False
    wrong, open_ = [], []
    if known and not own & set(known):
        wrong.append("is not among those that are known")
    made = policy.provisioning
    if made is None or made.action not in (AUTO, DISABLED):
        open_.append("whether it makes accounts")
    elif made.action == AUTO and not own & set(may_create):
        if by_name is None:
            open_.append(f"for which names it makes accounts ({_pattern(provider)})")
        elif not by_name:
            wrong.append(f"makes accounts for whoever comes ({_pattern(provider)})")
    back = made.conditions if made else None
    for who, how, opens in (
        ("deactivated", back.deprovisioned if back else None, "REACTIVATE"),
        ("suspended", back.suspended if back else None, "UNSUSPEND"),
    ):
        if how is not None and how.action == opens:
            wrong.append(f"lets in again who is {who}")
        elif provider.type != SMART_CARD and (how is None or how.action != "NONE"):
            open_.append(f"what it does with who is {who}")
    link = policy.account_link
    if link is None and provider.type != SMART_CARD:
        open_.append("whether it is linked to accounts that are there")
    elif link is not None and link.action == AUTO:
        limited = _limited(link, by_name, evidence)
        if limited is None:
            open_.append("to which accounts it is linked")
        elif not limited:
            wrong.append(f"is linked to any account whose name it gives ({_pattern(provider)})")
    elif link is not None and link.action != DISABLED:
        open_.append("whether it is linked to accounts that are there")
    said = f"{provider.name} ({provider.type})"
    if wrong:
        return failed(f"{said} {' and '.join(wrong)}")
    if provider.status != "ACTIVE":
        open_.append(f"its status, {provider.status}")
    if open_:
        return inconclusive(f"{said}: not known is {' and '.join(open_)}")
    if not known:
        return inconclusive(
            f"{said} is limited in whom it makes and links; who is known is not stated"
        )
    return passed(f"{said} is known, and limited in whom it makes and links")


def _limited(link: AccountLink, by_name: bool | None, evidence: Evidence) -> bool | None:  # noqa: FBT001
    """Whether linking is limited; ``None``: that is not known."""
    if by_name or not link.groups:
        return by_name
    groups = evidence.index(Group, "id")
    if any(group.everyone for key in link.groups for group in groups.get(key, ())):
        return by_name
    return True if set(link.groups) <= set(groups) else None


def _pattern(provider: IdentityProvider) -> str:
    subject = provider.policy.subject
    return f"names like {subject.filter}" if subject and subject.filter else "any name"
