"""What a ``[sources.NAME]`` table with ``provider = "gcp"`` may say."""

from __future__ import annotations

import re
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from soc2_pac.config import SecretRef

if TYPE_CHECKING:
    from typing import Self

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_NUMBER = re.compile(r"[0-9]{1,19}")
_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_MAIL = re.compile(r"[^@\s/]+@[^@\s/]+")


class GcpSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An organisation, some folders, or some projects, read by one identity.

    Without ``key`` and ``federation`` the identity is that of Application Default Credentials: ``gcloud auth
    application-default login``, the variable GOOGLE_APPLICATION_CREDENTIALS, the service account of the
    machine.
    """

    organization: str = ""
    """The organisation's number: everything in it is read."""
    folders: tuple[str, ...] = ()
    """Numbers of folders, where the organisation is not to be read whole."""
    projects: tuple[str, ...] = ()
    """Ids of projects, where there is no organisation, or only these are to be read."""
    key: SecretRef | None = None
    """A service account's key (JSON)."""
    federation: str = ""
    """The path of a workload identity federation configuration (JSON of type ``external_account``)."""
    impersonate: str = ""
    """The service account to act as; the identity above is a Service Account Token Creator of it."""
    workspace_admin: str = ""
    """An administrator of Google Workspace or Cloud Identity in whose name users are read; takes ``key`` with
    domain-wide delegation. Empty: users are not read."""
    quota_project: str = ""
    """The project whose quota is used, and in which the APIs must be enabled; empty: the identity's own."""
    endpoint: str = ""
    """An emulator's address on this machine, ``http://127.0.0.1:8080``, in place of Google's; it is asked
    without credentials."""
    timeout_seconds: int = 60
    """Of one exchange, the reading of its answer included."""
    max_attempts: int = 8
    """Attempts of one call, the first included, with back-off and jitter between them: over a minute
    together, since Google's quotas are by the minute."""

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be honoured."""
        boundaries = [bool(self.organization), bool(self.folders), bool(self.projects)]
        if sum(boundaries) != 1:
            msg = "name what is read by exactly one of organization, folders and projects"
            raise ValueError(msg)
        _demand(
            _NUMBER, [self.organization] if self.organization else [], "organization", "a number"
        )
        _demand(_NUMBER, self.folders, "folders", "the number of a folder")
        _demand(_PROJECT, self.projects, "projects", "the id of a project")
        _demand(_PROJECT, _given(self.quota_project), "quota_project", "the id of a project")
        _demand(_MAIL, _given(self.impersonate), "impersonate", "the address of a service account")
        _demand(_MAIL, _given(self.workspace_admin), "workspace_admin", "the address of a user")
        if self.key is not None and self.federation:
            msg = "name one way to sign in: key or federation, or none of them"
            raise ValueError(msg)
        if self.workspace_admin and (self.key is None or self.impersonate):
            msg = "workspace_admin takes a key, without impersonate"
            raise ValueError(msg)
        if self.timeout_seconds < 1 or self.max_attempts < 1:
            msg = "timeout_seconds and max_attempts must be at least 1"
            raise ValueError(msg)
        if self.endpoint:
            check_endpoint(self.endpoint)
            if self.key is not None or self.federation or self.impersonate:
                msg = "endpoint is an emulator's: it is asked without credentials, leave them out"
                raise ValueError(msg)

    def beside(self, folder: Path) -> Self:
        """The settings with paths counted from the configuration's folder."""
        if not self.federation:
            return self
        return msgspec.structs.replace(
            self, federation=str(folder / Path(self.federation).expanduser())
        )


def _given(value: str) -> list[str]:
    return [value] if value else []


def _demand(
    form: re.Pattern[str], values: tuple[str, ...] | list[str], key: str, what: str
) -> None:
    for value in values:
        if not form.fullmatch(value):
            msg = f"{key}: '{value}' is not {what}"
            raise ValueError(msg)


def check_endpoint(url: str) -> None:
    """Raises ValueError for what is no emulator's address on this machine."""
    try:
        parts = urllib.parse.urlsplit(url)
        _ = parts.port
    except ValueError:
        msg = f"endpoint: '{url}' is no address"
        raise ValueError(msg) from None
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or parts.username is not None:
        msg = f"endpoint: '{url}' is not of the form http://127.0.0.1:8080"
        raise ValueError(msg)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        msg = f"endpoint: '{url}' has more than a host and a port"
        raise ValueError(msg)
