"""One identity as the engine knows it: which organisation, folders and projects it reads, and a client of each."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from soc2_collectors.exchange.outside import Outside
from soc2_collectors.gcp.client.call import Gcp
from soc2_collectors.gcp.client.door import Door
from soc2_collectors.gcp.client.hierarchy import DELETED, Hierarchy
from soc2_collectors.gcp.client.identity import principal
from soc2_pac.errors import Denied, Gone, NotEnabled, ProviderError, Unexpected
from soc2_pac.model import EVERYWHERE, CollectionStatus, Identity, Scope, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from soc2_collectors.gcp.settings import GcpSettings
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection

_PROVIDER = "gcp"


class GcpConnection:
    """:class:`soc2_pac.hookspecs.Connection`: one identity. Safe to use from threads."""

    def __init__(self, settings: GcpSettings) -> None:
        """Find the credentials; make no call. Raises ConfigError, CredentialsRejected."""
        self.settings = settings
        self._door = Door(settings)
        self._listing = threading.Lock()
        self._projects: list[Scope | Unread] | None = None

    # -- the engine's side ------------------------------------------------------------------------------

    def whoami(self) -> Identity:
        """The identity behind the credentials, and what it reads.

        Raises CredentialsRejected, Denied, Unreachable.
        """
        settings, details = self.settings, dict[str, str]()
        hierarchy = Hierarchy(self._door, Outside(self._door.spend))
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
        who = "anonymous (an emulator)" if settings.endpoint else principal(self._door.credentials)
        return Identity(who, ", ".join(scope.boundary for scope in self._whole()), details)

    @property
    def spent(self) -> dict[str, int]:
        """Fetching tokens, ``whoami`` and discovery."""
        return self._door.spent

    def discover(
        self, per: str, only: Selection = EVERYWHERE, meter: Meter | None = None
    ) -> Iterable[Scope | Unread]:
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
                for one in self._each_project(meter)
                if only.takes(one.scope if isinstance(one, Unread) else one)
            ]
        msg = f"Google Cloud has no scopes of the sort '{per}'"
        raise Unexpected(msg)

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Gcp:
        """A client bound to ``scope`` that makes the allowed calls only."""
        return Gcp(self._door, scope, meter, allowed)

    # -- projects -------------------------------------------------------------------------------------------

    def _whole(self) -> list[Scope]:
        settings = self.settings
        if settings.organization:
            return [Scope(_PROVIDER, f"organizations/{settings.organization}")]
        return [
            *(Scope(_PROVIDER, f"folders/{number}") for number in settings.folders),
            *(Scope(_PROVIDER, project) for project in settings.projects),
        ]

    def _each_project(self, meter: Meter | None) -> list[Scope | Unread]:
        with self._listing:
            if self._projects is None:
                self._projects = list(self._discovered(meter))
            return self._projects

    def _discovered(self, meter: Meter | None) -> Iterator[Scope | Unread]:
        hierarchy = Hierarchy(self._door, Outside(self._door.spend, meter))
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
