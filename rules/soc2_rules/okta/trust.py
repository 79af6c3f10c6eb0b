"""Whom the org believes about who somebody is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.okta.models.identity_provider import (
    AUTO,
    DISABLED,
    SMART_CARD,
    AccountLink,
    IdentityProvider,
)
from soc2_collectors.okta.models.role import Group
from soc2_pac.errors import EvidenceIncomplete
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    names of stated domains, as the provider gives them and in a type of provider whose names Okta filters.
    Nobody who left may be let in again by the provider's word. It must put nobody into a group that
    administers the org, nor be linked to the members of one, unless administrators are excluded.

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
    said = [
        *_making(provider, exempt=bool(own & set(may_create))),
        *_coming_back(provider),
        *_linking(provider, evidence),
        *_grouping(provider, evidence),
    ]
    wrong = [one.text for one in said if not one.open]
    if known and not own & set(known):
        wrong.insert(0, "is not among those that are known")
    called = f"{provider.name} ({provider.type})"
    if wrong:
        return failed(f"{called} {' and '.join(wrong)}")
    unclear = [one.text for one in said if one.open]
    if provider.status != "ACTIVE":
        unclear.append(f"its status, {provider.status}")
    if unclear:
        return inconclusive(f"{called}: not known is {' and '.join(unclear)}")
    if not known:
        return inconclusive(
            f"{called} is limited in whom it makes and links; who is known is not stated"
        )
    link = provider.policy.account_link
    reached = link is not None and link.action == AUTO and not link.spares_administrators
    also = "; administrators are not excluded from linking" if reached else ""
    return passed(f"{called} is known, and limited in whom it makes and links{also}")


class _Said(NamedTuple):
    """What is wrong, or what is not known where ``open`` is set."""

    text: str
    open: bool = False


def _making(provider: IdentityProvider, *, exempt: bool) -> Iterator[_Said]:
    """What it does with people whom Okta does not know."""
    made = provider.policy.provisioning
    if made is None or made.action not in (AUTO, DISABLED):
        yield _Said("whether it makes accounts", open=True)
    elif made.action == AUTO and not exempt and not provider.by_name:
        if provider.by_name is None:
            yield _Said(f"for which names it makes accounts ({provider.names})", open=True)
        else:
            yield _Said(f"makes accounts for whoever comes ({provider.names})")


def _coming_back(provider: IdentityProvider) -> Iterator[_Said]:
    """What it does with people who left."""
    made = provider.policy.provisioning
    back = made.conditions if made else None
    for who, how, opens in (
        ("deactivated", back.deprovisioned if back else None, "REACTIVATE"),
        ("suspended", back.suspended if back else None, "UNSUSPEND"),
    ):
        if how is not None and how.action == opens:
            yield _Said(f"lets in again who is {who}")
        elif provider.type != SMART_CARD and (how is None or how.action != "NONE"):
            yield _Said(f"what it does with who is {who}", open=True)


def _linking(provider: IdentityProvider, evidence: Evidence) -> Iterator[_Said]:
    """To which accounts it is linked that are there already."""
    link = provider.policy.account_link
    if link is None:
        if provider.type != SMART_CARD:
            yield _Said("whether it is linked to accounts that are there", open=True)
    elif link.action == AUTO:
        try:
            limited = _limited(link, provider, evidence)
        except EvidenceIncomplete as error:
            yield _Said(f"to which accounts it is linked ({error})", open=True)
            return
        if limited is None:
            yield _Said("to which accounts it is linked", open=True)
        elif not limited:
            yield _Said(f"is linked to any account whose name it gives ({provider.names})")
        if limited is not False:
            yield from _linked_administrators(link, evidence)
    elif link.action != DISABLED:
        yield _Said("whether it is linked to accounts that are there", open=True)


def _grouping(provider: IdentityProvider, evidence: Evidence) -> Iterator[_Said]:
    """Into which groups it puts people."""
    made = provider.policy.provisioning
    if made is None or made.groups is None:
        if provider.type != SMART_CARD:
            yield _Said("into which groups it puts people", open=True)
        return
    chosen = made.groups.chosen
    if chosen is None:
        yield _Said("into which groups it puts people", open=True)
        return
    try:
        groups = evidence.index(Group, "id") if chosen else {}
    except EvidenceIncomplete as error:
        yield _Said(
            f"whether the groups that it puts people into administer the org ({error})", open=True
        )
        return
    for key in chosen:
        for group in groups.get(key, ()):
            if group.hides_administrators:
                yield _Said(
                    f"whether the group {group.profile.name} administers the org", open=True
                )
            elif group.held:
                yield _Said(f"puts people into {group.profile.name}, which administers the org")
        if key not in groups:
            yield _Said(f"what the group {key} is, into which it puts people", open=True)


def _linked_administrators(link: AccountLink, evidence: Evidence) -> Iterator[_Said]:
    """Whether administrators are among the members of the groups that linking is limited to."""
    if link.spares_administrators:
        return
    try:
        groups = evidence.index(Group, "id") if link.groups else {}
    except EvidenceIncomplete as error:
        yield _Said(f"whether it is linked to administrators ({error})", open=True)
        return
    for group in (one for key in link.groups for one in groups.get(key, ())):
        if group.hides_administrators:
            yield _Said(f"whether the group {group.profile.name} administers the org", open=True)
        elif group.held:
            yield _Said(f"is linked to members of {group.profile.name}, which administers the org")


def _limited(link: AccountLink, provider: IdentityProvider, evidence: Evidence) -> bool | None:
    """Whether linking is limited; ``None``: that is not known."""
    if provider.by_name or not link.groups:
        return provider.by_name
    groups = evidence.index(Group, "id")
    if any(group.everyone for key in link.groups for group in groups.get(key, ())):
        return provider.by_name
    return True if set(link.groups) <= set(groups) else None
