"""One identity, signed in, and which organisation, folders and projects it reads."""

from __future__ import annotations

import threading
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from soc2_collectors.gcp.client.call import Gcp
from soc2_collectors.gcp.client.discovery import Discovery
from soc2_collectors.gcp.client.hierarchy import DELETED, Hierarchy
from soc2_collectors.gcp.client.identity import credentials, delegated, principal
from soc2_collectors.gcp.client.wire import Wire, bound, unreachable
from soc2_pac.errors import (
    CredentialsRejected,
    Denied,
    Gone,
    NotEnabled,
    ProviderError,
    Unexpected,
)
from soc2_pac.model import EVERYWHERE, CollectionStatus, Identity, Scope, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from soc2_collectors.gcp.answers import Answer
    from soc2_collectors.gcp.client.discovery import Request
    from soc2_collectors.gcp.settings import GcpSettings
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection

TOKEN_CALL = "oauth2.token"  # noqa: S105 - a call
_UNAUTHORIZED = 401
_DIRECTORY = "auth/admin."
_PROVIDER = "gcp"


class _Unmetered:
    """Stands for a meter where no unit of work is counted: ``whoami``, ``discover``."""

    def __init__(self, connection: GcpConnection) -> None:
        self._connection = connection

    def request(self, operation: str) -> None:
        """Count among what the connection spent."""
        self._connection.spend(operation)

    def page(self) -> None:
        """Nothing is counted."""

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class GcpConnection:
    """:class:`soc2_pac.hookspecs.Connection`: one identity. Safe to use from threads."""

    def __init__(self, settings: GcpSettings) -> None:
        """Find the credentials; make no call. Raises ConfigError, CredentialsRejected."""
        self.settings = settings
        self.discovery = Discovery(settings.endpoint)
        self.credentials: Any = credentials(settings)
        self._wire = Wire(settings.timeout_seconds)
        self._delegated: dict[tuple[str, ...], Any] = {}
        self._signing_in = threading.Lock()
        self._spent: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._listing = threading.Lock()
        self._projects: list[Scope | Unread] | None = None

    # -- the engine's side ------------------------------------------------------------------------------

    def whoami(self) -> Identity:
        """The identity behind the credentials, and what it reads.

        Raises CredentialsRejected, Denied, Unreachable.
        """
        settings, details = self.settings, dict[str, str]()
        hierarchy = Hierarchy(self, _Unmetered(self))
        if settings.organization:
            found = hierarchy.organization(f"organizations/{settings.organization}")
        elif settings.projects:
            found = hierarchy.project(settings.projects[0])
        else:
            found = {}
            next(iter(hierarchy.projects(f"folders/{settings.folders[0]}")), None)
        for name in ("displayName", "projectId"):
            if isinstance(found.get(name), str):
                details[name] = found[name]
        if settings.quota_project:
            details["quota_project"] = settings.quota_project
        who = "anonymous (an emulator)" if settings.endpoint else principal(self.credentials)
        return Identity(who, ", ".join(scope.boundary for scope in self._whole()), details)

    @property
    def spent(self) -> dict[str, int]:
        """Fetching tokens, ``whoami`` and discovery."""
        with self._counting:
            return dict(self._spent)

    def spend(self, operation: str) -> None:
        """Count a request that belongs to no unit of work."""
        with self._counting:
            self._spent[operation] += 1

    def discover(self, per: str, only: Selection = EVERYWHERE) -> Iterable[Scope | Unread]:
        """Scopes of one sort.

        ``organization``: what Cloud Asset Inventory is asked for as a whole: the organisation; where the
        settings name none, each folder or project. ``project``: every project therein, asked once.

        Raises:
            ProviderError: not even the projects are known; Unexpected for another sort.
        """
        if per == "organization":
            return [scope for scope in self._whole() if only.takes(scope)]
        if per == "project":
            return [
                one
                for one in self._each_project()
                if only.takes(one.scope if isinstance(one, Unread) else one)
            ]
        msg = f"Google Cloud has no scopes of the sort '{per}'"
        raise Unexpected(msg)

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Gcp:
        """A client bound to ``scope`` that makes the allowed calls only."""
        return Gcp(self, scope, meter, allowed)

    # -- projects -------------------------------------------------------------------------------------------

    def _whole(self) -> list[Scope]:
        settings = self.settings
        if settings.organization:
            return [Scope(_PROVIDER, f"organizations/{settings.organization}")]
        return [
            *(Scope(_PROVIDER, f"folders/{number}") for number in settings.folders),
            *(Scope(_PROVIDER, project) for project in settings.projects),
        ]

    def _each_project(self) -> list[Scope | Unread]:
        with self._listing:
            if self._projects is None:
                self._projects = list(self._discovered())
            return self._projects

    def _discovered(self) -> Iterator[Scope | Unread]:
        hierarchy = Hierarchy(self, _Unmetered(self))
        if self.settings.projects:
            for project in self.settings.projects:
                yield self._named(hierarchy, project)
            return
        waiting = [scope.boundary for scope in self._whole()]
        tops, seen = set(waiting), set[str]()
        while waiting:
            parent = waiting.pop(0)
            if parent in seen:
                continue
            seen.add(parent)
            try:
                projects = list(hierarchy.projects(parent))
                folders = list(hierarchy.folders(parent))
            except (Denied, Gone, NotEnabled) as error:
                if parent in tops and len(tops) == 1:
                    raise
                yield _unread(Scope(_PROVIDER, parent), error)
                continue
            for listed in projects:
                yield _place(listed, str(listed.get("projectId", "")))
            waiting += [str(folder["name"]) for folder in folders if folder.get("name")]

    def _named(self, hierarchy: Hierarchy, project: str) -> Scope | Unread:
        try:
            return _place(hierarchy.project(project), project)
        except (Denied, NotEnabled):
            # Whether it is marked for deletion is not known; whatever is asked in it will tell.
            return Scope(_PROVIDER, project)
        except Gone as error:
            return _unread(Scope(_PROVIDER, project), error)

    # -- exchanges ------------------------------------------------------------------------------------------

    def exchange(self, request: Request, meter: Meter) -> Answer:
        """One request in the identity's name; a token that is no longer accepted is renewed once.

        Raises ProviderError.
        """
        found = self._identity(request)
        answer = self._sent(request, found)
        if answer.status == _UNAUTHORIZED and self._renewed(found):
            meter.request(TOKEN_CALL)
            answer = self._sent(request, found)
        return answer

    def tame(self, session: Any) -> None:  # noqa: ANN401 - the session of google.auth
        """Bound the answers of a library that sends by itself, count its tokens, let nothing go twice."""
        bound(session)
        session._refresh_status_codes = ()  # noqa: SLF001 - a parameter that the library does not hand on
        session._auth_request = self._asks_tokens  # noqa: SLF001 - likewise

    def refused(self, error: Exception) -> ProviderError | None:
        """What an error of signing in means; ``None`` for another error."""
        from google.auth.exceptions import GoogleAuthError, TransportError  # noqa: PLC0415

        if isinstance(error, TransportError):
            return unreachable(error.__cause__ if isinstance(error.__cause__, Exception) else error)
        if isinstance(error, GoogleAuthError):
            said = str(error.args[0])[:160] if error.args else type(error).__name__
            msg = f"Google gives no token for the credentials ({said})"
            return CredentialsRejected(msg, operation=TOKEN_CALL)
        return None

    def _sent(self, request: Request, found: Any) -> Answer:  # noqa: ANN401 - credentials
        headers = {**request.headers, "user-agent": "soc2-pac (gzip)"}
        self._signed(partial(self._sign, found, request, headers))
        return self._wire.exchange(request.method, request.url, headers, request.body)

    @staticmethod
    def _sign(found: Any, request: Request, headers: dict[str, str], auth: Any) -> None:  # noqa: ANN401
        found.before_request(auth, request.method, request.url, headers)

    def _renewed(self, found: Any) -> bool:  # noqa: ANN401
        if self.settings.endpoint:
            return False
        self._signed(found.refresh)
        return True

    def _signed(self, act: Callable[[Any], None]) -> None:
        """Do something with the credentials that may ask for a token; one thread at a time."""
        with self._signing_in:
            try:
                act(self._asks_tokens)
            except ProviderError:
                raise
            except Exception as error:
                raise self.refused(error) or unreachable(error) from error

    def _asks_tokens(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - google.auth's interface
        import google.auth.transport.requests  # noqa: PLC0415

        self.spend(TOKEN_CALL)
        ask = google.auth.transport.requests.Request(self._wire.session())
        return ask(*args, **{"timeout": self.settings.timeout_seconds, **kwargs})

    def _identity(self, request: Request) -> Any:  # noqa: ANN401
        """The identity; for Workspace's directory, in its administrator's name."""
        scopes = tuple(s for s in request.scopes if _DIRECTORY in s and s.endswith(".readonly"))
        if not scopes or self.settings.endpoint:
            return self.credentials
        if not self.settings.workspace_admin:
            msg = "users of Workspace are read only where the settings name workspace_admin"
            raise NotEnabled(msg, permission="workspace_admin in the settings of the source")
        with self._signing_in:
            if scopes not in self._delegated:
                self._delegated[scopes] = delegated(self.settings, scopes[:1])
            return self._delegated[scopes]


def _place(project: dict[str, Any], project_id: str) -> Scope | Unread:
    if not project_id:
        msg = "a project is listed without an id"
        raise Unexpected(msg, operation="cloudresourcemanager.projects.list")
    scope = Scope(_PROVIDER, project_id)
    if project.get("state") == DELETED:
        why = f"the project is marked for deletion (lifecycle state {DELETED}): nothing in it serves anybody"
        # Whatever is asked of it, one answer: there is nothing of it to judge.
        return Unread(scope, CollectionStatus.COMPLETE, why)
    return scope


def _unread(scope: Scope, error: ProviderError) -> Unread:
    status = {Denied: CollectionStatus.DENIED, NotEnabled: CollectionStatus.SKIPPED}.get(
        type(error), CollectionStatus.FAILED
    )
    return Unread(scope, status, str(error), error.permission)
