"""Which of several policies of Okta can decide anything.

Of a policy that never does nothing is asked: another one comes before it for everybody whom it is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from soc2_collectors.okta.models.policy import (
    EnrollmentPolicy,
    PasswordPolicy,
    SignOnPolicy,
    before,
    deciding,
)
from soc2_collectors.okta.models.role import Group
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Status, Verdict, not_applicable

if TYPE_CHECKING:
    from soc2_pac.rules import Evidence

P = TypeVar("P", SignOnPolicy, EnrollmentPolicy)
Q = TypeVar("Q", SignOnPolicy, EnrollmentPolicy, PasswordPolicy)


def in_force(evidence: Evidence, kind: type[P]) -> list[P]:
    """The policies of a type that are active and hidden behind none. Raises FactUnavailable.

    The rule that asks names :class:`Group` among its needs: groups tell which one holds everyone.
    """
    return deciding(evidence.account(kind), lambda: _everyone(evidence))


def unless_hidden(policy: Q, said: Verdict, evidence: Evidence) -> Verdict:
    """What is said of a policy; of one that never decides, that nothing is asked of it. Raises FactUnavailable.

    A policy that is good may stand: it hides nobody. The rule names its own kind and :class:`Group` among its needs.
    """
    if said.status not in (Status.FAIL, Status.INCONCLUSIVE):
        return said
    first = _before(policy, evidence)
    if first is None:
        return said
    return not_applicable(
        f"{policy.name} decides for nobody: {first.name} comes before it for everybody whom it is for",
        on=[first],
    )


def is_hidden(policy: Q, evidence: Evidence) -> bool:
    """Whether a policy certainly never decides, as another one comes before it. Raises FactUnavailable."""
    return _before(policy, evidence) is not None


def _before(policy: Q, evidence: Evidence) -> Q | None:
    return before(policy, evidence.account(type(policy)), lambda: _everyone(evidence))


def _everyone(evidence: Evidence) -> frozenset[str]:
    found = evidence.index(Group, "everyone").get(True, ())
    if not found:
        msg = "Okta does not list the group Everyone, and every org has it"
        raise FactUnavailable(msg, kind=Group.kind)
    return frozenset(group.id for group in found)
