"""Objects of Google Cloud Storage by its XML API: put if absent, and read by parts.

``x-goog-if-generation-match: 0`` lets a PUT succeed only where nothing has the name; otherwise it answers 412
(https://docs.cloud.google.com/storage/docs/request-preconditions).
"""

from __future__ import annotations

import threading
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from soc2_collectors.exchange.answer import Answer
from soc2_collectors.exchange.keeping import KeepingWire, Objects
from soc2_collectors.exchange.session import session
from soc2_collectors.exchange.wire import Wire
from soc2_collectors.gcp.client.identity import from_key
from soc2_pac.errors import CredentialsRejected, ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soc2_collectors.gcp.objects import GcsSettings

_HOST = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_TAKEN = 412
_SIGN_IN = "sign-in"
_ASK_SECONDS = 60


class Bucket:
    """:class:`soc2_collectors.exchange.keeping.Store`: a bucket, and who may write there."""

    name = "Google Cloud Storage"
    put_only_new: Mapping[str, str] = MappingProxyType({"x-goog-if-generation-match": "0"})
    needs: Mapping[str, str] = MappingProxyType(
        {"PUT": "storage.objects.create", "GET": "storage.objects.get"}
    )

    def __init__(self, place: str, settings: GcsSettings) -> None:
        """``place``: bucket and prefix. Raises CredentialsRejected, ConfigError."""
        self.base = f"{settings.endpoint.rstrip('/') or _HOST}/{place}"
        self._credentials = None if settings.endpoint else _credentials(settings)
        self._wire = Wire("Google", _ASK_SECONDS, None, Answer)
        self._lock = threading.Lock()
        self._ends = 0.0

    def headers(self) -> dict[str, str]:
        """The token. Raises CredentialsRejected, Unreachable."""
        if self._credentials is None:
            return {}
        import google.auth.transport.requests  # noqa: PLC0415

        given: dict[str, str] = {}
        with self._lock:
            self._ends = time.monotonic() + _ASK_SECONDS
            asks = session(self._wire, lambda: self._ends - time.monotonic())
            try:
                request = google.auth.transport.requests.Request(asks)
                self._credentials.before_request(request, "GET", self.base, given)
            except ProviderError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a malformed key or answer makes the library raise
                msg = f"Google gives no token for the credentials ({type(error).__name__})"
                raise CredentialsRejected(msg, operation=_SIGN_IN) from None
        return given

    def taken(self, answer: Answer) -> bool:
        """Whether something has the name."""
        return answer.status == _TAKEN


def objects(place: str, settings: GcsSettings) -> Objects:
    """The objects below a bucket and prefix. Raises CredentialsRejected, ConfigError."""
    bucket = Bucket(place, settings)
    return Objects(bucket, KeepingWire("Google", settings.timeout_seconds, bucket.base))


def _credentials(settings: GcsSettings) -> Any:  # noqa: ANN401 - any of the SDK's classes
    if settings.key is not None:
        return from_key(settings.key.resolve(), [_SCOPE])
    import google.auth  # noqa: PLC0415
    from google.auth import impersonated_credentials  # noqa: PLC0415
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415

    try:
        found, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    except GoogleAuthError as error:
        msg = "there are no Application Default Credentials to act as another service account by"
        raise CredentialsRejected(msg, operation=_SIGN_IN) from error
    return impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
        source_credentials=found,
        target_principal=settings.impersonate,
        target_scopes=[_SCOPE],
    )
