"""How a function becomes a rule.

::

    @rule(criteria=["CC6.1"], severity=Severity.HIGH)
    def aws_access_key_age(key: AccessKey, now: datetime, *, max_age_days: int = 90) -> Verdict:
        \"\"\"Active access keys are replaced regularly.

        Why: a key that is never replaced stays useful to whoever copied it.
        Fix: create a second key, move the workload to it, delete the first.
        \"\"\"

- the first parameter's type says which kind is judged;
- ``now: datetime``, ``scope: Scope`` and ``evidence: Evidence`` are injected when asked for by name;
- keyword-only parameters with defaults are thresholds: settable in the configuration, shown in the
  docs, recorded with each finding;
- the rule id is the function's name with hyphens.
"""

from __future__ import annotations

import inspect
import re
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from soc2_pac.criteria import CRITERIA
from soc2_pac.errors import ConfigError, DeclarationError
from soc2_pac.model import Scope, Severity, Status, Verdict, not_applicable
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

R = TypeVar("R", bound=Resource)
T = TypeVar("T")


class Placed(NamedTuple, Generic[R]):
    """All documents of a kind, each with the scope that it was seen in."""

    resources: Sequence[tuple[Scope, R]]
    unreadable: Sequence[tuple[Scope, str]]
    """Documents that the view cannot read, with the reason: a page may hold one malformed record."""


class Whole(Protocol):
    """All evidence that a rule declared, seen from nowhere: what :meth:`Evidence.derived` builds from."""

    def sourced(self, kind: type[Resource]) -> bool:
        """Whether a source of the kind's provider is configured; see :meth:`Evidence.sourced`."""

    def everywhere(self, kind: type[R]) -> Sequence[R]:
        """All resources of a kind in all sources. Raises as :class:`Evidence` does."""

    def placed(self, kind: type[R]) -> Placed[R]:
        """The same with their scopes, and with what cannot be read told apart instead of raised."""


class Evidence(Protocol):
    """What a rule that joins may read. Every kind must stand in its ``needs`` or ``where_sourced``.

    Reading raises :class:`~soc2_pac.errors.EvidenceIncomplete` when the last collection of that kind is
    not complete in any scope asked for, and :class:`~soc2_pac.errors.UndeclaredRead` for a kind that is
    not declared. The engine turns the first into ``inconclusive``, the second into ``error``.
    """

    def here(self, kind: type[R]) -> Sequence[R]:
        """All resources of a kind in the very scope of the judged one (same account and region)."""

    def account(self, kind: type[R]) -> Sequence[R]:
        """All resources of a kind in the judged one's account, whatever the region."""

    def everywhere(self, kind: type[R]) -> Sequence[R]:
        """All resources of a kind in all sources."""

    def index(
        self, kind: type[R], key: str, *, within: str = "account"
    ) -> Mapping[Any, Sequence[R]]:
        """The resources of a kind by the value of one attribute; built once, so that joins stay linear.

        ``within`` is ``here``, ``account`` or ``everywhere``.
        """

    def sourced(self, kind: type[Resource]) -> bool:
        """Whether a source of the kind's provider is configured.

        Always so for ``needs``. Of a kind in ``where_sourced`` that has no source, every reading gives
        nothing; one that has a source is a need like any other.
        """

    def derived(self, build: Callable[[Whole], T]) -> T:
        """What a function makes of the evidence, made once and shared by all judged resources.

        ``build`` is the key under which it is kept: pass a function of the module, not one that is made
        anew at each call. What it raises is raised for every resource.
        """


class Joined(NamedTuple):
    """The names of the kinds that a rule joins; see :func:`rule`."""

    needs: tuple[str, ...]
    where_sourced: tuple[str, ...]
    one_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A keyword-only parameter of a rule."""

    name: str
    type: Any
    """The annotation: ``int``, ``bool``, ``str``, ``tuple[str, ...]``."""
    default: Any


class KnownDigest(NamedTuple):
    """A digest that somebody else worked out."""

    digest: str
    mistaken: Callable[[], Exception]
    """The error where it turns out to be another one."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A declared rule. Everything a page, a plan or a finding needs to know of it."""

    id: str
    """What is tested, not which criterion: ``aws-access-key-age``."""
    function: Callable[..., Verdict]
    resource: type[Resource]
    criteria: tuple[str, ...]
    severity: Severity
    needs: tuple[type[Resource], ...]
    """Further kinds that the rule joins."""
    where_sourced: tuple[type[Resource], ...]
    """Kinds that it joins where a source of their provider is configured, and does without elsewhere."""
    one_of: tuple[type[Resource], ...]
    """Of these at least one must have a source, or there is nothing to judge by. Empty: none need."""
    empty: Verdict | None
    """The verdict for a complete collection that found nothing; ``None``: not applicable."""
    max_evidence_age_days: int | None
    """Evidence older than this many days is ``stale``; ``None``: the configured default."""
    known_as: tuple[str, ...]
    """The same question elsewhere, e.g. ``prowler:iam_rotate_access_key_90_days``."""
    injected: tuple[str, ...]
    """Which of ``now``, ``scope``, ``evidence`` the function asks for."""
    thresholds: tuple[Threshold, ...]
    title: str
    """The first line of the docstring: what must be true."""
    notes: tuple[str, ...]
    """The paragraphs between title and Why: what it does not ask, which exceptions hold, what thresholds mean."""
    why: str
    fix: str

    @property
    def kind(self) -> str:
        """The kind that it judges."""
        return self.resource.kind

    @property
    def known_source(self) -> KnownDigest | None:
        """Digest of the text that decides, where it is known without reading that text."""
        return None

    @property
    def joined(self) -> Joined:
        """The names of the kinds that it joins."""
        return Joined(_names(self.needs), _names(self.where_sourced), _names(self.one_of))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind that it may read, the judged one first."""
        joined = self.joined
        return tuple(dict.fromkeys((self.kind, *joined.needs, *joined.where_sourced)))

    @property
    def joins(self) -> tuple[type[Resource], ...]:
        """The kinds that it reads through ``evidence``."""
        return (*self.needs, *self.where_sourced)

    def sourced_by(self, providers: Collection[str]) -> frozenset[str]:
        """Of the kinds in ``where_sourced``, those that are read where these providers have a source."""
        return frozenset(kind for kind in self.joined.where_sourced if _provider(kind) in providers)

    def lacks(self, providers: Collection[str]) -> str | None:
        """What it cannot be judged without, where only these providers have a source; else ``None``.

        ``roster``, or ``okta or roster`` where one of them would do.
        """
        joined = self.joined
        for kind in (self.kind, *joined.needs):
            if _provider(kind) not in providers:
                return _provider(kind)
        wanted = sorted({_provider(kind) for kind in joined.one_of})
        return " or ".join(wanted) if wanted and not set(wanted) & set(providers) else None

    @property
    def provider(self) -> str:
        """The provider of the judged kind."""
        return _provider(self.kind)

    def when_empty(self) -> Verdict:
        """The verdict where a complete collection found no resource of the kind."""
        return self.empty or not_applicable(f"there is no {self.kind} here")

    def settle(self, overrides: Mapping[str, object]) -> dict[str, Any]:
        """Defaults with ``overrides`` laid over them, validated against the annotations.

        Raises:
            ConfigError: an unknown threshold or a value of another type.
        """
        values = {threshold.name: threshold.default for threshold in self.thresholds}
        types = {threshold.name: threshold.type for threshold in self.thresholds}
        for name, value in overrides.items():
            if name not in values:
                known = ", ".join(sorted(values)) or "none"
                msg = f"rule {self.id} has no threshold '{name}' (it has: {known})"
                raise ConfigError(msg)
            try:
                values[name] = msgspec.convert(value, types[name])
            except msgspec.ValidationError as error:
                msg = f"rule {self.id}, threshold '{name}': {error}"
                raise ConfigError(msg) from error
        return values


_INJECTABLE = ("now", "scope", "evidence")


def rule(
    *,
    criteria: Sequence[str],
    severity: Severity,
    needs: Sequence[type[Resource]] = (),
    where_sourced: Sequence[type[Resource]] = (),
    one_of: Sequence[type[Resource]] = (),
    empty: Verdict | None = None,
    max_evidence_age_days: int | None = None,
    known_as: Sequence[str] = (),
) -> Callable[[Callable[..., Verdict]], Rule]:
    """Declare a function as a rule; see the module's docstring.

    Args:
        criteria: Trust Services Criteria ids that the question supports, the closest first.
        severity: of a failure.
        needs: further kinds read through ``evidence``.
        where_sourced: kinds that are read where a source of their provider is configured, and are nothing
            where none is: a rule over several systems does not ask for all of them.
        one_of: of these, which stand in ``where_sourced``, at least one must have a source; the rule is not
            in force otherwise, and every run says so.
        empty: the verdict where there is provably no resource of the kind; not applicable by default.
            Say ``failed(...)`` where having none is the deficiency (no trail, no detector).
        max_evidence_age_days: when evidence becomes ``stale``; the configured default when left out.
        known_as: ids of the same question in other tools.

    Raises:
        DeclarationError: something that a rule must have is missing or wrong. The message says what.
    """

    def declare(function: Callable[..., Verdict]) -> Rule:
        rule_id = function.__name__.replace("_", "-")

        def wrong(what: str) -> DeclarationError:
            return DeclarationError(f"rule {rule_id} ({function.__module__}): {what}")

        unknown = [c for c in criteria if c not in CRITERIA]
        if unknown or not criteria:
            raise wrong(f"unknown criteria {unknown}" if unknown else "names no criterion")
        title, notes, why, fix = _docstring(function, wrong)
        judged, injected, thresholds = _signature(function, wrong)
        if ("evidence" in injected) != bool(needs or where_sourced):
            raise wrong("'needs' and the parameter 'evidence: Evidence' go together")
        both = sorted({k.kind for k in needs} & {k.kind for k in where_sourced})
        if both:
            raise wrong(f"{both[0]} stands in 'needs' and in 'where_sourced'")
        if not {k.kind for k in one_of} <= {k.kind for k in where_sourced}:
            raise wrong("what stands in 'one_of' stands in 'where_sourced', too")
        if empty is not None and empty.status in (Status.PASS, Status.ERROR, Status.STALE):
            raise wrong(f"empty={empty.status}: an empty population is never a silent pass")
        return Rule(
            id=rule_id,
            function=function,
            resource=judged,
            criteria=tuple(criteria),
            severity=severity,
            needs=tuple(needs),
            where_sourced=tuple(where_sourced),
            one_of=tuple(one_of),
            empty=empty,
            max_evidence_age_days=max_evidence_age_days,
            known_as=tuple(known_as),
            injected=injected,
            thresholds=thresholds,
            title=title,
            notes=notes,
            why=why,
            fix=fix,
        )

    return declare


def _provider(kind: str) -> str:
    return kind.partition(".")[0]


def _names(kinds: Sequence[type[Resource]]) -> tuple[str, ...]:
    return tuple(kind.kind for kind in kinds)


def _docstring(
    function: Callable[..., Verdict], wrong: Callable[[str], DeclarationError]
) -> tuple[str, tuple[str, ...], str, str]:
    text = inspect.getdoc(function) or ""
    parts = re.split(r"^(Why|Fix):", text, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], (" ".join(p.split()) for p in parts[2::2]), strict=False))
    first, _, rest = parts[0].strip().partition("\n")
    title = first.rstrip(".")
    # Code is marked as reStructuredText has it; people read it in Markdown and on a terminal.
    paragraphs = (" ".join(part.split()).replace("``", "`") for part in rest.split("\n\n"))
    notes = tuple(filter(None, paragraphs))
    for name, content in (
        ("a title", title),
        ("Why:", sections.get("Why")),
        ("Fix:", sections.get("Fix")),
    ):
        if not content:
            raise wrong(f"its docstring lacks {name}")
    return title, notes, sections["Why"], sections["Fix"]


def _signature(
    function: Callable[..., Verdict], wrong: Callable[[str], DeclarationError]
) -> tuple[type[Resource], tuple[str, ...], tuple[Threshold, ...]]:
    try:
        hints = typing.get_type_hints(function)
    except NameError as error:
        raise wrong(f"{error}: import the types of a rule's signature at run time") from error
    parameters = list(inspect.signature(function).parameters.values())
    judged = hints.get(parameters[0].name) if parameters else None
    if not (isinstance(judged, type) and issubclass(judged, Resource) and judged.kind):
        raise wrong("the first parameter's type must be a Resource with a kind")
    injected: list[str] = []
    thresholds: list[Threshold] = []
    for parameter in parameters[1:]:
        if parameter.kind is parameter.KEYWORD_ONLY:
            if parameter.default is parameter.empty:
                raise wrong(f"threshold '{parameter.name}' needs a default")
            thresholds.append(Threshold(parameter.name, hints[parameter.name], parameter.default))
        elif parameter.name in _INJECTABLE:
            injected.append(parameter.name)
        else:
            raise wrong(f"'{parameter.name}' is neither {', '.join(_INJECTABLE)} nor keyword-only")
    if hints.get("return") is not Verdict:
        raise wrong("it must return Verdict")
    return judged, tuple(injected), tuple(thresholds)
