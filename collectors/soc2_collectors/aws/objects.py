"""S3 as a place for files of people, checkpoints and bundles: ``s3://BUCKET/PREFIX``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from soc2_pac.config import SecretRef

if TYPE_CHECKING:
    from soc2_pac.hookspecs import ObjectStore

_URL = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/(?!\.{1,2}(/|$))[A-Za-z0-9._-]+)*/?")


class S3Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A credential that may put and get objects there; it is never the one that collects."""

    profile: str | None = None
    role_arn: str | None = None
    """A role to assume, by the profile or by what this machine is."""
    external_id: str | SecretRef | None = None
    access_key_id: SecretRef | None = None
    secret_access_key: SecretRef | None = None
    session_token: SecretRef | None = None
    region: str | None = None
    """Of the bucket; the profile's own when left out."""
    endpoint_url: str | None = None
    """Another address: a private endpoint, an emulator, another provider's S3."""
    timeout_seconds: int = 900
    """Of one exchange: a file goes in one."""

    def __post_init__(self) -> None:
        """Raises ValueError where no credential of its own is named, or settings do not go together."""
        if not (self.profile or self.role_arn or self.access_key_id):
            msg = "name a credential that may write there: profile, role_arn or access_key_id"
            raise ValueError(msg)
        if (self.access_key_id is None) != (self.secret_access_key is None):
            msg = "access_key_id and secret_access_key go together"
            raise ValueError(msg)
        if self.profile and self.access_key_id:
            msg = "profile and access_key_id exclude each other"
            raise ValueError(msg)
        if self.timeout_seconds < 1:
            msg = "timeout_seconds must be at least 1"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class S3:
    """:class:`soc2_pac.hookspecs.ObjectStores` for S3."""

    name: str = "aws"
    settings: type[S3Settings] = S3Settings

    def takes(self, url: str) -> bool:
        """Whether it names a bucket."""
        return _URL.fullmatch(url) is not None

    def connect(self, url: str, settings: S3Settings) -> ObjectStore:
        """A place; makes no call."""
        from soc2_collectors.aws.client.objects import S3Objects  # noqa: PLC0415

        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        return S3Objects(bucket, prefix, settings)
