"""Google Cloud Storage as a place for files of people, checkpoints and bundles: ``gs://BUCKET/PREFIX``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from soc2_collectors.gcp.settings import check_endpoint
from soc2_pac.config import SecretRef

if TYPE_CHECKING:
    from soc2_pac.hookspecs import ObjectStore

_URL = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/(?!\.{1,2}(/|$))[A-Za-z0-9._-]+)*/?")


class GcsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service account that may create and get objects there; it is never the one that collects."""

    key: SecretRef | None = None
    """The service account's key (JSON)."""
    impersonate: str = ""
    """The service account to act as, by Application Default Credentials."""
    endpoint: str = ""
    """An emulator's address on this machine, asked without credentials."""
    timeout_seconds: int = 900
    """Of one exchange: a file goes in one."""

    def __post_init__(self) -> None:
        """Raises ValueError unless exactly one identity of its own is named."""
        named = [bool(self.key), bool(self.impersonate), bool(self.endpoint)]
        if sum(named) != 1:
            msg = "name exactly one service account that may write there: key or impersonate"
            raise ValueError(msg)
        if self.endpoint:
            check_endpoint(self.endpoint)
        if self.timeout_seconds < 1:
            msg = "timeout_seconds must be at least 1"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Gcs:
    """:class:`soc2_pac.hookspecs.ObjectStores` for Google Cloud Storage."""

    name: str = "gcp"
    settings: type[GcsSettings] = GcsSettings

    def takes(self, url: str) -> bool:
        """Whether it names a bucket."""
        return _URL.fullmatch(url) is not None

    def connect(self, url: str, settings: GcsSettings) -> ObjectStore:
        """A place; makes no call."""
        from soc2_collectors.gcp.client.objects import objects  # noqa: PLC0415

        return objects(url.removeprefix("gs://").rstrip("/"), settings)
