"""Whom the org believes about who somebody is."""

from __future__ import annotations

from soc2_collectors.okta.models.identity_provider import AUTO, IdentityProvider
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    empty=not_applicable("the org takes nobody else's word: it has no inbound identity provider"),
)
def okta_inbound_idps(
    provider: IdentityProvider,
    *,
    known: tuple[str, ...] = (),
    may_create: tuple[str, ...] = (),
) -> Verdict:
    """Inbound identity providers were reviewed, and reach only the accounts that they are meant to.

    ``known`` names the providers (name or id) that somebody reviewed, other Okta orgs among them; without it
    the question stays open. ``may_create`` names those whose people may get accounts on the spot under any
    name. Linking to accounts that are there must be limited by a filter on groups, users or names.

    Why: whoever controls the provider signs in as anybody whom it may name; that is how an org is
        taken over without one stolen password.
    Fix: Security, Identity Providers: deactivate what nobody needs; limit account linking to groups
        and just-in-time accounts to names of your domain.
    """
    if provider.status != "ACTIVE":
        return not_applicable(f"{provider.name} is {provider.status}")
    if provider.verifies_identity_only:
        return not_applicable(f"{provider.name} checks documents and signs nobody in")
    wrong = []
    if known and not {provider.name, provider.id} & set(known):
        wrong.append("is not among those that are known")
    policy = provider.policy
    by_name = policy.subject is not None and bool(policy.subject.filter)
    created = policy.provisioning is not None and policy.provisioning.action == AUTO
    if created and not by_name and not {provider.name, provider.id} & set(may_create):
        wrong.append("makes accounts for whoever comes")
    link = policy.account_link
    if link is not None and link.action == AUTO and not (link.filter or by_name):
        wrong.append("is linked to any account whose name it gives")
    said = f"{provider.name} ({provider.type})"
    if wrong:
        return failed(f"{said} {' and '.join(wrong)}")
    if not known:
        return inconclusive(
            f"{said} is limited in whom it makes and links; who is known is not stated"
        )
    return passed(f"{said} is known, and limited in whom it makes and links")
