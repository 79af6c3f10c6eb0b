"""Prefix lists: the ranges of addresses that entries of security groups and routes name by id.

Source: EC2 API reference, "DescribeManagedPrefixLists" and "GetManagedPrefixListEntries".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, TypeAlias

import msgspec

from soc2_collectors.reach import EVERYBODY, Sources, networks, unread
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource, fact

Resolve: TypeAlias = Callable[[str], Sources]
"""The addresses of a prefix list, by its id."""

_SETTLED = frozenset(
    {
        "create-complete",
        "modify-complete",
        "modify-failed",
        "restore-complete",
        "restore-failed",
        "delete-failed",
    }
)
"""States in which the entries of the current version are the ones in force."""


class PrefixListEntry(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A range of a prefix list."""

    cidr: str


class ManagedPrefixList(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A prefix list of this account, shared with it, or of AWS, with its entries."""

    kind = "aws.ec2.managed_prefix_list"
    may_lack: ClassVar[Mapping[str, str]] = {
        "GetManagedPrefixListEntries": "a list may have no entries; left out it is unreadable",
        "State": "left out for the lists of AWS, which are never being changed; EC2 API, ManagedPrefixList",
        "OwnerId": "without it a list counts as a customer's, which is stricter",
    }

    prefix_list_id: str
    owner_id: str = ""
    """The account whose it is; ``AWS`` for the addresses of a service of AWS."""
    state: str | None = None
    entries: list[PrefixListEntry] = fact("GetManagedPrefixListEntries")

    @property
    def of_aws(self) -> bool:
        """Whether it holds the addresses of a service of AWS, as CloudFront's servers, and no customer's machines.

        Source: VPC user guide, "AWS-managed prefix lists".
        """
        return self.owner_id == "AWS"

    @property
    def settled(self) -> bool:
        """Whether its entries are in force, and none is being changed."""
        return self.state is None or self.state in _SETTLED

    @property
    def sources(self) -> Sources:
        """Its addresses; unknown while it is being changed."""
        if not self.settled:
            return unread(f"{self.prefix_list_id}, whose state is {self.state or 'not said'}")
        return networks(entry.cidr for entry in self.entries)


def unresolved(number: str) -> Sources:
    """The addresses of a prefix list that was not looked up: anybody's."""
    return unread(f"the prefix list {number}")


def resolved(number: str, known: Mapping[str, ManagedPrefixList]) -> Sources:
    """The addresses of a prefix list, as far as it was collected."""
    found = known.get(number)
    if found is None:
        return unread(f"the prefix list {number}, which is not among those collected")
    try:
        return found.sources
    except FactUnavailable as error:
        return Sources(possible=EVERYBODY, unknown=(f"the prefix list {number} ({error})",))
