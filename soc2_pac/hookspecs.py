"""What a plugin may add. Hooks return declarations; nothing is registered by side effect.

A plugin is a module named by an entry point in the group ``soc2_pac``. The built-in providers and rules
enter by that same door.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import msgspec

    from soc2_pac.model import Exchange, Identity, Scope, Selection, Unread

GROUP = "soc2_pac"
"""The entry-point group and pluggy project name."""

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Meter(Protocol):
    """What a client reports its traffic to. One meter serves one unit of work."""

    def request(self, operation: str) -> None:
        """Count one HTTP request, retries included, *before* it is sent.

        Raises Unreachable when the unit's time budget is spent: every client call ends in bounded time.
        """

    def left(self) -> float:
        """Seconds of work that the unit may still do: no exchange may take longer."""

    def pause(self, seconds: float, *, working: bool = False) -> None:
        """Wait before the next request, as a rate limit asks.

        ``working``: the wait is for a server in trouble, and spends the unit's time. Raises Unreachable when
        the unit must end first.
        """

    def answered(self, exchange: Exchange) -> None:
        """Learn what a request was answered, for a recording. Raises nothing."""

    def page(self) -> None:
        """Count one page of a listing. Raises Unexpected beyond the page limit (a page that never ends)."""


class Connection(Protocol):
    """One source, connected. Lives in one process; cached there; must be safe to use from threads.

    A connection may have a method ``expecting(calls)``: it is told once, before anything is asked, which calls the
    collectors of its provider declare.
    """

    def whoami(self) -> Identity:
        """The identity behind the credentials. Raises CredentialsRejected, Unreachable."""

    def discover(self, per: str, only: Selection, meter: Meter) -> Iterable[Scope | Unread]:
        """Scopes of this source of one sort (``account``, ``region``, ...). Raises ProviderError.

        ``only``: what is wanted; the engine drops the rest itself, and a provider saves calls by it.
        ``meter``: counts and bounds the requests, as that of a unit of work does.
        """

    @property
    def spent(self) -> Mapping[str, int]:
        """Requests made so far outside of any unit (who am I, which scopes), by operation."""

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Any:  # noqa: ANN401
        """What a collector function takes: a client bound to one scope.

        ``allowed`` are the calls that the collector declared; the client refuses others with CallRefused
        before they leave the process.
        """


class Provider(Protocol):
    """A provider as the engine knows it. Built-in: ``soc2_collectors.aws`` and its neighbours."""

    @property
    def name(self) -> str:
        """First part of its kinds and its name in the configuration: ``aws``."""

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The keys of a ``[sources.NAME]`` table beyond ``provider``; secrets are ``SecretRef`` fields.

        Settings that name files may have a method ``beside(folder)``, which returns them with relative
        paths counted from the configuration's own folder.

        A provider with an attribute ``of_the_store`` that is true reads what people did, from the store itself.
        Its settings have a method ``knowing(acts, failures)``, which returns them with the store's acts
        (:class:`soc2_pac.acts.Act`, in the order of recording) and the failures that are open
        (:class:`soc2_pac.acts.due.OpenFailures`, by severity and day; ``None`` where nothing was evaluated
        yet); none of them may be required, since a source of it is implied where there are controls or acts. It
        is collected last, so that it knows what else the run found. The settings that ``knowing`` returns may
        have a method ``expecting(systems)``, which returns them with the systems of which an access review is
        expected (:class:`soc2_pac.acts.systems.ReviewedSystem`), and
        a method ``deriving(history)``, which returns them with a function ``(start, end, since, kept)``:
        it reads the privileged grants between two instants (UTC) out of the store's history
        (:class:`HistoryEvents`), those before ``since`` from the documents of the kind ``kept``. It is called
        only if a collector asks.
        """

    @property
    def modules(self) -> Sequence[str]:
        """Modules with ``@collects`` functions. Imported when a plan needs them; they import no SDK."""

    def connect(self, settings: Any) -> Connection:  # noqa: ANN401 - an instance of ``settings``
        """Settings -> Connection. Imports the SDK, makes no call. Raises CredentialsRejected, ConfigError."""

    def permissions(self, calls: Sequence[str], form: str) -> str:
        """(declared calls, format) -> the least-privilege policy as text for an administrator to apply.

        Format ``text`` is for reading; others (``json``, ``terraform``) as the provider offers. Raises
        UsageError for an unknown one.
        """


class HistoryEvent(NamedTuple):
    """Something that the store's history shows, and that no provider lists."""

    uid: str
    """The same in every run."""
    name: str
    document: Mapping[str, Any]
    """JSON-like; times are UTC texts."""


class HistoryEvents(NamedTuple):
    """What the store's history shows of a stretch of time."""

    events: tuple[HistoryEvent, ...]
    incomplete_because: tuple[str, ...]
    """Why there may be more; empty: these are known to be all."""


class ObjectStore(Protocol):
    """A place for files that grows only: what is there is neither overwritten nor deleted."""

    def put(self, name: str, content: IO[bytes], size: int) -> bool:
        """Keep a file under a name that nothing has yet.

        Args:
            name: a path below the place, of letters, digits, ``/``, ``-``, ``.`` and ``_``.
            content: read from where it stands to its end.
            size: how many bytes that are.

        Returns:
            False where something has that name already: it stays as it is.

        Raises:
            ProviderError: it could not be kept.
        """

    def get(self, name: str) -> Iterator[bytes]:
        """The file of a name, in parts. Raises Gone where there is none, ProviderError otherwise."""


class ObjectStores(Protocol):
    """Object stores of one provider, for files of people, checkpoints and bundles."""

    @property
    def name(self) -> str:
        """Of the provider: ``aws``."""

    @property
    def settings(self) -> type[msgspec.Struct]:
        """How they are reached, by a credential that may write there and is never a collector's."""

    def takes(self, url: str) -> bool:
        """Whether a URL is one of theirs: ``s3://bucket/prefix``."""

    def connect(self, url: str, settings: Any) -> ObjectStore:  # noqa: ANN401 - an instance of ``settings``
        """URL and settings -> a place. Makes no call. Raises ConfigError, CredentialsRejected."""


@hookspec
def soc2_object_stores() -> Iterable[ObjectStores]:  # type: ignore[empty-body]
    """Object stores that this plugin can reach."""


class JoinedIdentities(NamedTuple):
    """What several kinds together say of accounts, for ``soc2-pac people list``."""

    provider: str
    """Of all the kinds; the function is called once for each account that was collected of it."""
    read: Callable[[Any], tuple[Iterable[Any], Mapping[str, str]]]
    """Evidence of one account (a ``soc2_pac.rules.Whole``) -> values of ``soc2_pac.identity``, and kind -> why
    it is not known whole."""


@hookspec
def soc2_providers() -> Iterable[Provider]:  # type: ignore[empty-body]
    """Providers that this plugin adds."""


@hookspec
def soc2_collector_modules() -> Iterable[str]:  # type: ignore[empty-body]
    """Names of modules with further ``@collects`` functions, for providers that exist already."""


@hookspec
def soc2_starter_controls() -> Iterable[str]:  # type: ignore[empty-body]
    """Files of controls (TOML texts) that ``soc2-pac controls init`` writes one after the other."""


@hookspec
def soc2_rule_packages() -> Iterable[str]:  # type: ignore[empty-body]
    """Names of packages whose modules (all, recursively) hold ``@rule`` functions."""


@hookspec
def soc2_joined_identities() -> Iterable[JoinedIdentities]:  # type: ignore[empty-body]
    """Functions that say of accounts what no document says alone: who administers by a group."""
