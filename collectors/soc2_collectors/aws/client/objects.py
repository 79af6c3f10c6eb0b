"""Objects of S3, put if absent and read by parts. Signed by boto3, sent by the one exchange of all clients.

This client is not the one that collects: another session, another credential, and two operations that it may do.
"""

from __future__ import annotations

import math
import threading
import time
from typing import IO, TYPE_CHECKING, Any

from soc2_collectors.aws.client.accounts import rejected_profile
from soc2_collectors.aws.client.meaning import meaning
from soc2_collectors.aws.client.sending import sent, wire
from soc2_collectors.exchange.address import on_loopback
from soc2_collectors.exchange.keeping import PART_BYTES
from soc2_pac.config import SecretRef
from soc2_pac.errors import CallRefused, Gone, Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.aws.objects import S3Settings

_MAY = {"s3": frozenset({"PutObject", "GetObject"}), "sts": frozenset({"AssumeRole"})}
"""Service -> operations of botocore's; all others are refused before a request exists."""
_TAKEN = frozenset({"PreconditionFailed", "412"})
_ATTEMPTS = 3
_NO_SUCH_PART = "InvalidRange"
_ROLE_SECONDS = 2700.0
"""The keys of a role last for an hour."""


class S3Objects:
    """:class:`soc2_pac.hookspecs.ObjectStore` in a bucket."""

    def __init__(self, bucket: str, prefix: str, settings: S3Settings) -> None:
        """Load the SDK; make no call. Raises CredentialsRejected for a profile that is not there."""
        import boto3  # noqa: PLC0415
        from botocore.exceptions import ProfileNotFound  # noqa: PLC0415

        self._bucket = bucket
        self._prefix = prefix.strip("/")
        self._settings = settings
        self._lock = threading.Lock()
        self._made: Any = None
        self._ends = 0.0
        """When the keys of the client are too old to begin with."""
        try:
            self._session: Any = boto3.Session(
                profile_name=settings.profile,
                region_name=settings.region,
                aws_access_key_id=_secret(settings.access_key_id),
                aws_secret_access_key=_secret(settings.secret_access_key),
                aws_session_token=_secret(settings.session_token),
            )
        except ProfileNotFound as error:
            raise rejected_profile(error) from error
        self._wire = wire(settings, self._session._session)  # noqa: SLF001 - boto3 hides it

    def put(self, name: str, content: IO[bytes], size: int) -> bool:
        """Keep an object under a name that nothing has yet; False where something has it."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            self._client().put_object(
                Bucket=self._bucket,
                Key=self._key(name),
                Body=content,
                ContentLength=size,
                ContentType="application/octet-stream",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if str(error.response.get("Error", {}).get("Code")) in _TAKEN:
                return False
            raise self._meaning(error, "s3:PutObject") from error
        except BotoCoreError as error:
            raise self._meaning(error, "s3:PutObject") from error
        return True

    def get(self, name: str) -> Iterator[bytes]:
        """The object of a name, in parts. Raises Gone where there is none."""
        at, total = 0, 1
        while at < total:
            part, total = self._part(name, at)
            at += len(part)
            yield part

    def _part(self, name: str, at: int) -> tuple[bytes, int]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            answer = self._client().get_object(
                Bucket=self._bucket,
                Key=self._key(name),
                Range=f"bytes={at}-{at + PART_BYTES - 1}",
            )
            part = answer["Body"].read()
        except ClientError as error:
            if at == 0 and error.response.get("Error", {}).get("Code") == _NO_SUCH_PART:
                return b"", 0  # an empty object has no first byte
            raise self._meaning(error, "s3:GetObject", name) from error
        except BotoCoreError as error:
            raise self._meaning(error, "s3:GetObject") from error
        total = str(answer.get("ContentRange", "")).rpartition("/")[2]
        if not total.isdigit() or not part:
            msg = "S3 answered another part of an object than was asked for"
            raise Unexpected(msg, operation="s3:GetObject")
        return part, int(total)

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _meaning(self, error: Exception, needed: str, name: str = "") -> Exception:
        found = meaning(error, needed, self._session.region_name or "")
        if isinstance(found, Gone) and not name:
            # Of a PUT nothing but the bucket can be missing.
            return Unexpected(f"there is no bucket {self._bucket}", operation=needed)
        return found

    def _client(self) -> Any:  # noqa: ANN401 - made at run time by boto3
        with self._lock:
            if self._made is None or time.monotonic() > self._ends:
                keys = self._assumed() if self._settings.role_arn else {}
                self._made = self._make("s3", **keys)
                self._ends = time.monotonic() + _ROLE_SECONDS if keys else math.inf
            return self._made

    def _assumed(self) -> dict[str, str]:
        """The keys of the role, which end with the hour."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        external = self._settings.external_id
        more = {"ExternalId": _secret(external)} if external else {}
        try:
            given = self._make("sts").assume_role(
                RoleArn=self._settings.role_arn, RoleSessionName="soc2-pac-keeps", **more
            )["Credentials"]
        except (ClientError, BotoCoreError) as error:
            raise self._meaning(error, "sts:AssumeRole", "role") from error
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def _make(self, service: str, **keys: str) -> Any:  # noqa: ANN401
        from botocore.config import Config  # noqa: PLC0415

        endpoint = self._settings.endpoint_url
        if service != "s3" and endpoint and not on_loopback(endpoint):
            endpoint = None  # it is that of S3 alone; an emulator answers for all
        config = Config(
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            s3={"addressing_style": "path"} if endpoint else None,
            # Otherwise a sum is sent after the body, in chunks that the exchange does not know.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        client = self._session.client(service, endpoint_url=endpoint, config=config, **keys)
        events = client.meta.events
        events.register_first("before-parameter-build", _guard(service))
        events.register_first("before-send", self._send)
        return client

    def _send(self, request: Any, **_: Any) -> Any:  # noqa: ANN401
        # The exchange does not wait for the server's word before it sends the body.
        request.headers.pop("Expect", None)
        return sent(self._wire, request)


def _guard(service: str) -> Callable[..., None]:
    def guard(model: Any, **_: Any) -> None:  # noqa: ANN401 - of botocore
        if model.name not in _MAY[service]:
            msg = (
                f"{service}:{model.name} neither keeps nor reads a file: refused before it was sent"
            )
            raise CallRefused(msg, operation=f"{service}:{model.name}")

    return guard


def _secret(value: str | SecretRef | None) -> str | None:
    return value.resolve() if isinstance(value, SecretRef) else value
