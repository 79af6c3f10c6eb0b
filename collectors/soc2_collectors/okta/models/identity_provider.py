"""Identity providers whose word the org takes for who signs in.

Source: Okta Management API, "Identity Providers".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource

AUTO = "AUTO"
DISABLED = "DISABLED"
SMART_CARD = "X509"
FILTERED = frozenset({"OIDC", "OKTA_INTEGRATION", "SAML2"})
"""Types of providers whose names Okta filters. Those of others come in whatever the filter says."""


class Action(msgspec.Struct, frozen=True):
    """What is done with somebody."""

    action: str | None = None


class Comeback(msgspec.Struct, frozen=True):
    """What happens with somebody who left and comes again."""

    deprovisioned: Action | None = None
    """``NONE``, or ``REACTIVATE``: the account is opened again."""
    suspended: Action | None = None
    """``NONE``, or ``UNSUSPEND``."""


class GroupProvisioning(msgspec.Struct, frozen=True):
    """Into which groups people come."""

    action: str | None = None
    """``NONE``; ``ASSIGN``: into some; ``APPEND`` and ``SYNC``: into those that the provider names."""
    assignments: list[str] | None = None
    """Ids, of ``ASSIGN``."""
    filter: list[str] | None = None
    """Ids of those that the provider may name."""

    @property
    def chosen(self) -> tuple[str, ...] | None:
        """Ids of the groups that people may come into; ``None``: that is not known."""
        if self.action == "NONE":
            return ()
        if self.action == "ASSIGN":
            return tuple(self.assignments or ()) or None
        return tuple(self.filter or ()) or None if self.action in ("APPEND", "SYNC") else None


class Provisioning(msgspec.Struct, frozen=True, rename="camel"):
    """What happens with somebody whom Okta does not know yet."""

    action: str
    """``AUTO``: an account is made on the spot; ``DISABLED``: nobody gets in."""
    profile_master: bool | None = None
    conditions: Comeback | None = None
    groups: GroupProvisioning | None = None


class LinkGroups(msgspec.Struct, frozen=True):
    """Groups of which somebody must be a member to be linked."""

    include: list[str] | None = None


class LinkUsers(msgspec.Struct, frozen=True, rename="camel"):
    """Users who are never linked."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "excludeAdmins": "false by Okta's description: administrators may be linked",
    }

    exclude_admins: bool = False
    """Whether administrators are left out; Okta documents ``false``."""


class LinkFilter(msgspec.Struct, frozen=True):
    """Whom an account may be linked to. Users that it only leaves out limit nothing."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "users": "without it nobody is left out, administrators neither (Identity Providers API)",
    }

    groups: LinkGroups | None = None
    users: LinkUsers | None = None


class AccountLink(msgspec.Struct, frozen=True):
    """How somebody from outside becomes a user who is there already."""

    action: str
    """``AUTO``: whoever matches is linked; ``DISABLED``."""
    filter: LinkFilter | None = None
    """``None``: anybody."""

    @property
    def spares_administrators(self) -> bool:
        """Whether nobody who administers the org is ever linked."""
        users = self.filter.users if self.filter else None
        return users is not None and users.exclude_admins

    @property
    def groups(self) -> tuple[str, ...]:
        """Ids of the groups that linking is limited to; empty: it is not."""
        chosen = self.filter.groups if self.filter else None
        return tuple(chosen.include or ()) if chosen else ()


class NameTemplate(msgspec.Struct, frozen=True):
    """How a name is made of what the provider says."""

    template: str | None = None
    """``idpuser.email``: the attribute as it comes; or an expression that makes another name of it."""

    @property
    def plain(self) -> bool:
        """Whether the name is what the provider says, and nothing is made of it."""
        return bool(_ATTRIBUTE.fullmatch(self.template or ""))


_ATTRIBUTE = re.compile(r"\s*[A-Za-z]\w*\.[A-Za-z]\w*\s*")


class Subject(msgspec.Struct, frozen=True, rename="camel"):
    """How the name from outside is read."""

    user_name_template: NameTemplate | None = None
    filter: str | None = None
    """A regular expression that names must match; ``None``: any name."""
    match_type: str | None = None

    @property
    def names_a_domain(self) -> bool | None:
        """Whether only names of stated domains match; ``None``: this view cannot say."""
        if not self.filter:
            return False
        try:
            pattern = re.compile(self.filter)
        except (re.error, OverflowError, RecursionError):
            return None
        if any(pattern.search(name) for name in STRANGERS):
            return False
        if self.user_name_template is None or not self.user_name_template.plain:
            return None  # the filter meets the name that is made: "x" of anybody may become x@acme.example
        return all(_domain_stated(one) for one in _alternatives(self.filter)) or None


STRANGERS = (
    "eve",
    "EVE",
    "e.v@e.io",
    "eve@evil.com",
    "EVE@EVIL.ORG",
    "eve@e.co.uk",
    "1@2.net",
    "@",
    "",
)
"""Names of nobody's domain. They are short, so that no expression takes long over them."""
_DOMAIN = re.compile(r"(?:[A-Za-z0-9-]|\\?\.|\||\(\?:|[()])+(?:\$|\\[bZz]|\))*")
"""The form of stated domains: no part of them stands for anything else."""


def _alternatives(pattern: str) -> list[str]:
    """The alternatives of a regular expression that no group holds together."""
    found, depth, start, place = [], 0, 0, 0
    while place < len(pattern):
        letter = pattern[place]
        if letter == "\\":
            place += 1
        elif letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif letter == "|" and not depth:
            found.append(pattern[start:place])
            start = place + 1
        place += 1
    found.append(pattern[start:])
    if (
        len(found) == 1
        and pattern.startswith("(")
        and pattern.endswith(")")
        and _one_group(pattern)
    ):
        return _alternatives(pattern[3:-1] if pattern.startswith("(?:") else pattern[1:-1])
    return found


def _one_group(pattern: str) -> bool:
    depth = 0
    for place, letter in enumerate(re.sub(r"\\.", "__", pattern)):
        depth += (letter == "(") - (letter == ")")
        if not depth:
            return place == len(pattern) - 1
    return False


def _domain_stated(alternative: str) -> bool:
    name, at, domain = alternative.rpartition("@")
    return bool(name and at and "." in domain and _DOMAIN.fullmatch(domain))


class IdpPolicy(msgspec.Struct, frozen=True, rename="camel"):
    """What Okta does with people who come from the provider."""

    provisioning: Provisioning | None = None
    account_link: AccountLink | None = None
    """Left out by kinds of providers that link nobody (smart cards)."""
    subject: Subject | None = None


class IdentityProvider(Resource, frozen=True, kw_only=True, rename="camel"):
    """An inbound identity provider (``GET /api/v1/idps``)."""

    kind = "okta.identity_provider"
    volatile = ("_links",)
    secret = (
        "protocol.credentials.client.client_secret",
        "protocol.credentials.client.clientSecret",
    )

    id: str
    name: str
    type: str
    """``SAML2``, ``OIDC``, ``OKTA_INTEGRATION`` (another Okta org), ``X509``, ``GOOGLE``, ``IDV_...``, ..."""
    status: str
    """``ACTIVE`` or ``INACTIVE``."""
    policy: IdpPolicy

    @property
    def verifies_identity_only(self) -> bool:
        """Whether it checks documents of people and signs nobody in."""
        return self.type.startswith("IDV_")

    @property
    def by_name(self) -> bool | None:
        """Whether only names of stated domains count; ``None``: this view cannot say."""
        subject = self.policy.subject
        limited = subject.names_a_domain if subject else False
        return None if limited and self.type not in FILTERED else limited

    @property
    def names(self) -> str:
        """Which names count, for a message."""
        pattern = self.policy.subject.filter if self.policy.subject else None
        return f"names like {pattern}" if pattern else "any name"
