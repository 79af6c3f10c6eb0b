"""The default branch with all that protects it: classic protection and rulesets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import msgspec

from soc2_collectors.github.models.protection import ClassicProtection, Protection
from soc2_collectors.github.models.repository import RepositoryNode
from soc2_collectors.github.models.ruleset import Demand, Ruleset
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


class RulesetInForce(msgspec.Struct, frozen=True, rename="camel"):
    """The ruleset that a rule in force comes from."""

    database_id: int


class RuleInForce(msgspec.Struct, frozen=True, rename="camel"):
    """One rule that GitHub applies to the branch (GraphQL ``RepositoryRule``).

    GitHub works out which rules apply: of active rulesets of the repository, the organisation and the
    enterprise, whose conditions (``~DEFAULT_BRANCH``, ``~ALL``, names and properties of repositories) hold.
    One in evaluate mode enforces nothing and is not here.
    """

    type: str
    """In capitals: ``PULL_REQUEST``."""
    repository_ruleset: RulesetInForce | None = None
    """``None``: GitHub does not show the ruleset to this identity."""


class RulesInForce(msgspec.Struct, frozen=True):
    """Rules that GitHub applies to the branch."""

    nodes: list[RuleInForce | None]


class Found(NamedTuple):
    """Rules in force that demand something, by whether they bind everyone with write access."""

    binding: list[Demand]
    loose: list[str]
    """Why others do not count."""
    unclear: list[str]
    """Why nobody knows of others."""

    @property
    def names(self) -> str:
        """``ruleset 'main'``."""
        named = sorted({one.ruleset.name for one in self.binding if one.ruleset is not None})
        return f"ruleset {', '.join(repr(name) for name in named)}"


class CodeownersError(msgspec.Struct, frozen=True):
    """What GitHub cannot read in a CODEOWNERS file."""

    kind: str
    line: int
    path: str


class Codeowners(msgspec.Struct, frozen=True):
    """GraphQL ``RepositoryCodeowners``."""

    errors: list[CodeownersError]


class Branch(Resource, frozen=True):
    """The default branch of a repository with what protects it (GraphQL ``defaultBranchRef``)."""

    kind = "github.branch"
    volatile = ("rulesets.*.updated_at", "rulesets.*.current_user_can_bypass")
    may_lack: ClassVar[Mapping[str, str]] = {
        "rules": "rulesets only add demands: a pass that rests on classic protection does without",
        "rulesets": "rulesets only add demands: a pass that rests on classic protection does without",
    }

    name: str | None
    """``None``: nobody pushed to the repository yet."""
    repository: RepositoryNode
    rules_in_force: RulesInForce | None = msgspec.field(name="rules")
    """Of the repository's rulesets and the organisation's; ``None`` with a branch that is not there."""
    protection_rule: Protection | None = msgspec.field(name="branchProtectionRule")
    """Classic protection as GraphQL shows it: to administrators of the repository."""
    codeowners: Codeowners | None = fact("codeowners")
    """``None``: GitHub finds no CODEOWNERS file on the branch."""
    branch_protection: ClassicProtection | None = fact("branch_protection")
    """Classic protection by REST, asked where GraphQL shows none to an identity that does not administer the
    repository. ``None``: GitHub says that there is none."""
    rulesets: list[Ruleset] = fact("rulesets")
    """The rulesets in force with their parameters and who may bypass them."""

    @property
    def label(self) -> str:
        """``acme/api:main``."""
        return f"{self.repository.name_with_owner}:{self.name}"

    @property
    def classic(self) -> Protection | None:
        """Classic protection; ``None``: there is none. Raises FactUnavailable where GitHub hides it."""
        if self.protection_rule is not None:
            return self.protection_rule
        if self.name is None or self.repository.viewer_can_administer:
            return None
        return self.branch_protection.protection() if self.branch_protection else None

    @property
    def in_force(self) -> list[RuleInForce]:
        """Rules that GitHub applies to the branch. Raises FactUnavailable where it does not show them."""
        if self.rules_in_force is None:
            msg = f"GitHub does not show which rules apply to {self.label}"
            raise FactUnavailable(msg, kind=self.kind, field="rules")
        return [rule for rule in self.rules_in_force.nodes if rule is not None]

    @property
    def queued_by_classic(self) -> bool:
        """Whether a merge queue is in force that no ruleset demands: classic protection does, and says it nowhere."""
        if not self.repository.merge_queue or self.rules_in_force is None:
            return False
        rules = self.rules_in_force.nodes
        return all(rule is not None and rule.type != "MERGE_QUEUE" for rule in rules)

    @property
    def queued(self) -> bool | None:
        """Whether changes go through a merge queue, which merges in a way of its own; ``None``: not said."""
        rules = self.rules_in_force.nodes if self.rules_in_force else []
        if self.repository.merge_queue or any(r and r.type == "MERGE_QUEUE" for r in rules):
            return True
        return None if None in rules or self.repository.merge_queue is not None else False

    @property
    def without_merges(self) -> bool:
        """Whether pull requests are squashed or rebased only, by the repository's settings, and not queued."""
        return self.repository.merge_commit_allowed is False and self.queued is False

    def demands(self, *types: str) -> list[Demand]:
        """The rules of these types (``non_fast_forward``) in force. Raises FactUnavailable."""
        found: list[Demand] = []
        for rule in self.in_force:
            type_ = rule.type.lower()
            if type_ not in types:
                continue
            source = rule.repository_ruleset
            known = [] if source is None else self.rulesets
            ruleset = next((r for r in known if source and r.id == source.database_id), None)
            same = [one for one in (ruleset.rules if ruleset else ()) if one.type == type_]
            found += [Demand(type_, ruleset, one.parameters) for one in same]
            if not same:
                found.append(Demand(type_, ruleset, None))
        return [one for one in found if one.lists != {}]  # an empty list demands nothing

    def binding(
        self,
        types: Collection[str],
        asks: Callable[[Demand], bool | None],
        *,
        merging: bool = True,
    ) -> Found:
        """Rules of these types in force that demand what is asked for, by whom they bind.

        Args:
            types: ``pull_request`` ...
            asks: whether a rule demands it; ``None`` where GitHub does not show what it demands.
            merging: whether a bypass on pull requests is one; a force push is no merge.
        """
        found = Found([], [], [])
        try:
            demands = self.demands(*types)
        except FactUnavailable as error:
            return Found([], [], [str(error)])
        if self.rules_in_force is not None and None in self.rules_in_force.nodes:
            found.unclear.append(f"GitHub does not show every rule that applies to {self.label}")
        for demand in demands:
            wanted, ruleset = asks(demand), demand.ruleset
            if ruleset is None:
                found.unclear.append(f"GitHub does not show the ruleset that demands {demand.type}")
            elif wanted is not False and (loose := ruleset.loose(merging=merging)):
                found.loose.append(loose)
            elif wanted is None:
                found.unclear.append(
                    f"GitHub does not show what {demand.type} of '{ruleset.name}' demands"
                )
            elif wanted and (why := ruleset.unclear(merging=merging)):
                found.unclear.append(why)
            elif wanted:
                found.binding.append(demand)
        return found

    def classic_or_why(self) -> tuple[Protection | None, str]:
        """Classic protection, and why GitHub does not show it; an empty text where it does."""
        try:
            return self.classic, ""
        except FactUnavailable as error:
            return None, str(error)
