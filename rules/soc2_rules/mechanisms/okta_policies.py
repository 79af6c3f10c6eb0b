"""Which of several policies of Okta can decide anything, for rules to which one that does is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from soc2_collectors.okta.models.policy import EnrollmentPolicy, SignOnPolicy, deciding
from soc2_collectors.okta.models.role import Group
from soc2_pac.errors import FactUnavailable

if TYPE_CHECKING:
    from soc2_pac.rules import Evidence

P = TypeVar("P", SignOnPolicy, EnrollmentPolicy)


def in_force(evidence: Evidence, kind: type[P]) -> list[P]:
    """The policies of a type that are active and hidden behind none. Raises FactUnavailable.

    The rule that asks names :class:`Group` among its needs: groups tell which one holds everyone.
    """

    def everyone() -> frozenset[str]:
        found = evidence.index(Group, "everyone").get(True, ())
        if not found:
            msg = "Okta does not list the group Everyone, and every org has it"
            raise FactUnavailable(msg, kind=Group.kind)
        return frozenset(group.id for group in found)

    return deciding(evidence.account(kind), everyone)
