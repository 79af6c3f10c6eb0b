"""Locks: whether production can be deleted by one wrong command."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from soc2_collectors.azure.models.arm import last_part
from soc2_collectors.azure.models.authorization import Lock, ResourceGroup
from soc2_collectors.environments import names_other, without_others
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed


@rule(criteria=["CC8.1"], severity=Severity.LOW, needs=[Lock])
def azure_resource_locks(
    group: ResourceGroup,
    evidence: Evidence,
    *,
    tag: str = "environment",
    values: tuple[str, ...] = ("production", "prod"),
    names: tuple[str, ...] = ("*prod*",),
    other_names: tuple[str, ...] = (
        "*non-prod*",
        "*nonprod*",
        "*pre-prod*",
        "*preprod*",
        "*product*",
    ),
) -> Verdict:
    """Resource groups of production carry locks against deletion.

    ``tag`` with ``values``, or ``names`` (patterns), say which groups are production; a name of
    ``other_names`` is none of them. Where one of these is a word that ``names`` takes for production (``*product*``),
    the word alone counts for nothing: ``products-prod`` is production. Nor is it what its tag gives to development,
    tests and the like, whatever its name. A lock on the subscription counts for all
    of its groups. Groups that a resource manages, as that of the nodes of a Kubernetes cluster, need none: the
    resource must be able to delete what is in them.

    Why: a lock turns the deletion of a whole service into two steps, of which one needs another right.
    Fix: az lock create --name keep --lock-type CanNotDelete --resource-group GROUP.
    """
    said = {key.casefold(): (value or "").casefold() for key, value in (group.tags or {}).items()}
    wanted = {value.casefold() for value in values}
    tagged = said.get(tag.casefold(), "")
    if tagged not in wanted:
        if not _named(group.name, names, other_names):
            return not_applicable("neither tagged nor named as production")
        if tagged in _OTHER_ENVIRONMENTS or names_other(tagged):
            return not_applicable(f"its tag says that it is of another environment: {tagged}")
    if group.managed_by:
        return not_applicable(
            f"managed by {last_part(group.managed_by)}, which a lock would hinder"
        )
    number = group.id.casefold()
    above = number.partition("/resourcegroups/")[0]
    locks = [
        lock for lock in evidence.here(Lock) if lock.locked_id in (number, above) and lock.keeps
    ]
    if locks:
        return passed(f"locked by {listed(lock.name for lock in locks)}", on=locks)
    return failed("no lock against deletion")


_OTHER_ENVIRONMENTS = frozenset(
    {
        *("demo", "dev", "development", "lab", "poc", "qa", "sandbox", "sbx", "stage", "staging"),
        *("test", "testing", "tst", "uat"),
    }
)
"""Words by which a tag says that something is not production. Source: Cloud Adoption Framework, "Define your tagging
strategy" and "Abbreviation recommendations"."""


def _named(name: str, names: tuple[str, ...], other_names: tuple[str, ...]) -> bool:
    """Whether a name says production, and nothing in it says otherwise."""
    shown = name.casefold().replace("production", "prod")
    kept = name
    for pattern in (one.casefold() for one in other_names):
        word = pattern.strip("*")
        looks = any(fnmatchcase(word, wanted.casefold()) for wanted in names)
        if looks and pattern == f"*{word}*":
            # ``product`` is no part of ``production``.
            kept = re.sub(
                f"{re.escape(word)}(?!(?<=product)ion)", "other", kept, flags=re.IGNORECASE
            )
        elif fnmatchcase(shown, pattern):
            return False
    return any(_like(kept, pattern) for pattern in names)


def _like(name: str, pattern: str) -> bool:
    """Whether a name is of a form; that of what is not production only where the form says so itself."""
    said = name if names_other(pattern) else without_others(name)
    return fnmatchcase(said.casefold(), pattern.casefold())
