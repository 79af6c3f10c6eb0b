"""Kinds and collectors: how a document becomes a typed view, and how a generator becomes a collector.

One struct and one generator make a kind::

    class Bucket(Resource, frozen=True, kw_only=True, rename="pascal"):
        \"\"\"An S3 bucket and its protections.\"\"\"

        kind = "aws.s3.bucket"
        name: str
        public_access_block: PublicAccessBlock | None = fact("GetPublicAccessBlock")

    @collects(Bucket, calls=["s3:ListAllMyBuckets", "s3:GetBucketPublicAccessBlock"], per="account")
    def buckets(aws: Aws) -> Iterator[Document]: ...

A view is derived from a stored document and never stored itself, so that tomorrow's view can read
yesterday's evidence.
"""

from __future__ import annotations

import contextlib
import json
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import msgspec

from soc2_pac import clock
from soc2_pac.errors import DeclarationError, FactUnavailable
from soc2_pac.model import Period

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from soc2_pac.identity import Access, Deed, Identity
    from soc2_pac.model import Document, Scope

GAPS = "$gaps"
"""The document key of the gaps: ``{fact: {status, operation, reason, permission}}``."""


def fact(operation: str) -> Any:  # noqa: ANN401 - stands for a field of any type
    """A field that a call of its own fills; ``operation`` is its key in the document.

    In the document: a value, ``null`` where the provider says there is none, or a gap. Reading the field
    when the call was denied, failed, or was never made raises
    :class:`~soc2_pac.errors.FactUnavailable`, which the engine reports as ``inconclusive``.
    """
    return msgspec.field(default=msgspec.UNSET, name=operation)


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every typed view.

    Subclass with ``frozen=True, kw_only=True`` and a ``rename`` as the provider writes its names.

    Declare only the fields that rules read, each with a default where the provider leaves it out. A field
    without a default that the document lacks makes the verdicts on it inconclusive, never a pass.
    """

    kind: ClassVar[str] = ""
    """Dotted and singular, provider first: ``aws.iam.user``."""
    volatile: ClassVar[tuple[str, ...]] = ()
    """Dotted paths left out before hashing: values that change at every read and that no rule reads."""
    secret: ClassVar[tuple[str, ...]] = ()
    """Dotted paths (``*`` for every key or index, ``**`` for every way) whose values are redacted before
    hashing. ``tests/test_secrets.py`` asks for those that the provider's specification speaks of."""
    lists_accounts: ClassVar[bool] = False
    """Whether its documents are the accounts of a system: without the listing some of them are not known."""
    names_people: ClassVar[bool] = False
    """Whether its documents say who works here, or whose accounts in other systems are: every access review
    needs them."""

    gaps: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict, name=GAPS)
    """Facts that could not be read; see :data:`GAPS`. For the engine: rules just read the field."""

    def identities(self, scope: Scope) -> Iterable[Identity]:  # noqa: ARG002 - for those who override it
        """What the document says of persons, accounts and who owns which; nothing, for most kinds.

        Views override it. A part that could not be read is unknown (``None``), so that one gap does not
        hide everybody; a fact that was not asked for yet is read, and raises.

        Args:
            scope: where the document was seen. A system is called ``provider:account``.
        """
        return ()

    def access_grants(self, scope: Scope) -> Iterable[Access]:  # noqa: ARG002 - for those who override it
        """What the document says of who may use or do what; nothing, for most kinds.

        Views override it. What could not be read is yielded as :class:`~soc2_pac.identity.Hidden`, and a group
        whose members were not read says so: neither is left out.

        Args:
            scope: where the document was seen. A system is called ``provider:account``.
        """
        return ()

    def deeds(self, scope: Scope) -> Iterable[Deed]:  # noqa: ARG002 - for those who override it
        """What an event of the provider's own log says was done to an account, and by whom.

        Views of populations override it. An event that says that nothing was done is none.

        Args:
            scope: where the event was seen. A system is called ``provider:account``.
        """
        return ()

    def event_columns(self) -> Mapping[str, object]:
        """What an event's row shows beside its plain values: who did it, who approved it; nothing, for most.

        Views of populations override it, and name things alike: ``author``, ``author_id``, ``author_kind``
        (``person``, ``app``, ``bot``, ``unknown``), ``approvers``, ``labels``. Values are texts, numbers, booleans,
        or lists of texts.
        """
        return {}


R = TypeVar("R", bound=Resource)


def view(resource_type: type[R], body: bytes | str) -> R:
    """The typed view of a stored document (canonical JSON).

    Raises:
        FactUnavailable: the document lacks a required field or holds a value of another type, or its text was
            archived or erased.
    """
    shape = _shape(resource_type)
    if not body:
        msg = f"the text of this {resource_type.kind} left the store: it was archived or erased"
        raise FactUnavailable(msg, kind=resource_type.kind)
    try:
        seen = shape.decode(body)
        if seen.gaps or any(getattr(seen, name) is msgspec.UNSET for name in shape.facts):
            seen = shape.decode_guarded(body)
    except msgspec.ValidationError as error:
        msg = f"the document of a {resource_type.kind} is not as expected: {error}"
        raise FactUnavailable(msg, kind=resource_type.kind) from error
    except msgspec.DecodeError:
        # Lone surrogates are legal in JSON text and refused by msgspec; the standard library reads them.
        return _convert(resource_type, json.loads(body))
    return seen


def prepare(resource_type: type[Resource]) -> None:
    """Work out now what reading the first document of a kind would: whoever watches reads sees every class."""
    _shape(resource_type)


def _convert(resource_type: type[R], document: object) -> R:
    try:
        return msgspec.convert(document, _shape(resource_type).guarded, strict=True)
    except msgspec.ValidationError as error:
        msg = f"the document of a {resource_type.kind} is not as expected: {error}"
        raise FactUnavailable(msg, kind=resource_type.kind) from error


class _Shape(Generic[R]):
    """What is worked out once for each resource type: its decoders and the names of its facts."""

    def __init__(self, resource_type: type[R]) -> None:
        fields = msgspec.structs.fields(resource_type)
        self.facts = tuple(f.name for f in fields if f.default is msgspec.UNSET)
        keys = {f.name: f.encode_name for f in fields}
        self.decode = msgspec.json.Decoder(resource_type).decode
        self.guarded = _guarded(resource_type, keys)
        self.decode_guarded = msgspec.json.Decoder(self.guarded).decode


_shapes: dict[type[Resource], _Shape[Any]] = {}
_shaping = threading.Lock()


def _shape(resource_type: type[R]) -> _Shape[R]:
    # One at a time: two threads that have msgspec describe the same types at once end the process.
    found = _shapes.get(resource_type)
    if found is None:
        with _shaping:
            found = _shapes.get(resource_type)
            if found is None:
                found = _shapes[resource_type] = _Shape(resource_type)
    return found


_missed: ContextVar[list[FactUnavailable] | None] = ContextVar("missed", default=None)


@contextlib.contextmanager
def noting_missed() -> Iterator[list[FactUnavailable]]:
    """The facts that this thread reads and that are not there, those too whose error somebody catches."""
    found: list[FactUnavailable] = []
    before = _missed.set(found)
    try:
        yield found
    finally:
        _missed.reset(before)


def _guarded(resource_type: type[R], keys: dict[str, str]) -> type[R]:
    """A subclass whose unavailable fields raise when read, so that rules need no code for it."""

    def __getattribute__(self: R, name: str) -> object:  # noqa: N807
        value = msgspec.Struct.__getattribute__(self, name)
        key = keys.get(name)
        if key is None or name == "gaps":
            return value
        gap = msgspec.Struct.__getattribute__(self, "gaps").get(key)
        if gap is None and value is not msgspec.UNSET:
            return value
        if gap is None:
            msg, permission = f"{key} was not collected for this resource", None
        else:
            permission = gap.get("permission")
            grant = f"; grant {permission}" if permission else ""
            said = f"{gap.get('status', 'unknown')}: {gap.get('reason', 'no reason was kept')}"
            msg = f"{key} could not be read ({said}){grant}"
        error = FactUnavailable(
            msg, kind=resource_type.kind, field=key, permission=permission, document=self
        )
        if (missed := _missed.get()) is not None:
            missed.append(error)
        raise error

    return type(
        resource_type.__name__,
        (resource_type,),
        {"__getattribute__": __getattribute__, "__module__": resource_type.__module__},
        frozen=True,
        kw_only=True,
    )


@dataclass(frozen=True, slots=True)
class Collector:
    """A declared collector: which kind it lists, with which calls, in which scopes."""

    resource: type[Resource]
    """The typed view of the documents that it yields."""
    function: Callable[..., Iterator[Document]]
    """Takes the provider's client in one scope, and of a population its period; yields as it reads."""
    calls: tuple[str, ...]
    """Every API call that it may make, in the provider's permission language (``s3:ListAllMyBuckets``,
    ``GET /orgs/{org}/members``). The guard refuses others; ``permissions`` is generated from these."""
    per: str
    """Which of the provider's scopes it runs in: ``account``, ``region``, ``organization``, ..."""
    cost: str
    """How many requests a listing takes, as a function of N resources: ``pages of 100``, ``pages + 2 N``.
    Empty: not said."""
    version: str
    """Changes when the shape of the documents does; recorded with each collection."""
    instant: str = ""
    """Of a population: the dotted path to the instant of the event in its document. Otherwise empty."""

    @property
    def population(self) -> bool:
        """Whether the documents are events: a look adds some, and none is ever gone."""
        return bool(self.instant)

    def documents(self, client: Any, period: Period | None = None) -> Iterator[Document]:  # noqa: ANN401
        """The listing. Of a population without a period: its whole window, up to now."""
        if not self.population:
            return self.function(client)
        return self.function(client, period or Period(clock.now()))

    @property
    def kind(self) -> str:
        """E.g. ``aws.s3.bucket``."""
        return self.resource.kind

    @property
    def provider(self) -> str:
        """The first part of the kind."""
        return self.kind.partition(".")[0]


def collects(
    resource: type[Resource],
    *,
    calls: Sequence[str],
    per: str,
    cost: str = "",
    version: str = "1",
    population: bool = False,
    instant: str = "",
) -> Callable[[Callable[..., Iterator[Document]]], Collector]:
    """Declare a generator function as the collector of one kind.

    The function never catches provider errors: the client classifies them and the engine records them.

    A population is a kind whose documents are events of a period: what happened happened, so a look adds
    events and ends none. Its function takes a :class:`~soc2_pac.model.Period` after the client::

        @collects(PullRequest, calls=[...], per="organization", population=True, instant="mergedAt")
        def pull_requests(github: Github, period: Period) -> Iterator[Document]: ...

    Args:
        resource: the typed view.
        calls: all that the collector may do.
        per: which of the provider's scopes it runs in.
        cost: how many requests a listing takes.
        version: another one makes a population's next look read everything again.
        population: whether the documents are events.
        instant: of a population, the path to an event's instant in its document (``mergedAt``).

    Raises:
        DeclarationError: the resource has no dotted kind, no call is declared, or ``population`` and
            ``instant`` do not come together.
    """
    if "." not in resource.kind:
        msg = f"{resource.__name__}.kind is '{resource.kind}': give it a dotted kind such as aws.s3.bucket"
        raise DeclarationError(msg)
    if not calls:
        msg = f"the collector of {resource.kind} declares no calls: the guard would refuse all it does"
        raise DeclarationError(msg)

    if population != bool(instant):
        msg = f"the collector of {resource.kind}: population=True and instant='PATH' go together"
        raise DeclarationError(msg)

    def declare(function: Callable[..., Iterator[Document]]) -> Collector:
        return Collector(resource, function, tuple(calls), per, cost, version, instant)

    return declare
