"""HTTP through azure-core's pipeline: bounded answers, no redirections, no retries of its own, no logs."""

from __future__ import annotations

import json
import logging
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import Answer
from soc2_pac.errors import CallRefused, ProviderError, Unexpected, Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
"""No page comes near it; an answer beyond it is refused while it is read."""
RESOURCES = "/providers/Microsoft.ResourceGraph/resources"
"""The one path that is read by POST: the query is in the body."""
_CONNECTIONS = 32


class Wire:
    """Exchanges over connections that are kept. Safe to use from threads."""

    def __init__(self, arm: str, timeout_seconds: int) -> None:
        """Load the SDK; make no call."""
        from azure.core import PipelineClient  # noqa: PLC0415
        from azure.core.pipeline.policies import UserAgentPolicy  # noqa: PLC0415
        from azure.core.pipeline.transport import RequestsTransport  # noqa: PLC0415

        # What goes wrong is told by errors; without a handler its log would go to standard error, too.
        logging.getLogger("azure").addHandler(logging.NullHandler())
        self._timeout = timeout_seconds
        self._arm = arm
        self._session = _session()
        transport = RequestsTransport(session=self._session, session_owner=False)
        self._client: PipelineClient[Any, Any] = PipelineClient(
            arm,
            policies=[UserAgentPolicy("soc2-pac", user_agent_overwrite=True)],
            transport=transport,
        )

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: object = None
    ) -> Answer:
        """One HTTP exchange. Raises Unreachable, Unexpected; CallRefused for what does not only read."""
        from azure.core.rest import HttpRequest  # noqa: PLC0415

        parts = urllib.parse.urlsplit(url)
        query = method == "POST" and f"{parts.scheme}://{parts.netloc}{parts.path}" == (
            self._arm + RESOURCES
        )
        if method != "GET" and not query:
            msg = f"{method} {parts.path} may not only read: refused before it was sent"
            raise CallRefused(msg)
        content = json.dumps(body).encode() if query else None
        extra = {"Content-Type": "application/json"} if query else {}
        request = HttpRequest(
            method, url, headers={"Accept": "application/json", **headers, **extra}, content=content
        )
        try:
            return self._read(request)
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001 - the SDK lets errors of several libraries through
            raise _unreachable(error) from None

    def close(self) -> None:
        """End the connections."""
        self._session.close()

    def _read(self, request: Any) -> Answer:  # noqa: ANN401 - of the SDK
        ends = time.monotonic() + self._timeout
        with self._client.send_request(
            request, stream=True, connection_timeout=self._timeout, read_timeout=self._timeout
        ) as response:
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER_BYTES:
                    most = LARGEST_ANSWER_BYTES // 1024 // 1024
                    msg = f"the answer has more than {most} MiB"
                    raise Unexpected(msg)
                if time.monotonic() > ends:
                    msg = "Azure did not answer in time"
                    raise Unreachable(msg)
            headers = {name.lower(): value for name, value in response.headers.items()}
            told = headers.get("content-length", "")
            if told.isdigit() and "content-encoding" not in headers and len(body) < int(told):
                msg = "the answer broke off"
                raise Unreachable(msg)
            return Answer(response.status_code, headers, bytes(body))


def _session() -> requests.Session:
    import requests  # noqa: PLC0415
    from requests.adapters import HTTPAdapter  # noqa: PLC0415

    session = requests.Session()
    adapter = HTTPAdapter(pool_maxsize=_CONNECTIONS, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # Credentials of a .netrc would take the place of the token; a session is nothing that a reader needs.
    session.auth = lambda prepared: prepared
    session.cookies.set_policy(_no_cookies())
    return session


def _no_cookies() -> Any:  # noqa: ANN401
    from http.cookiejar import DefaultCookiePolicy  # noqa: PLC0415

    return DefaultCookiePolicy(allowed_domains=[])


def _unreachable(error: Exception) -> ProviderError:
    from azure.core import exceptions  # noqa: PLC0415
    from requests.exceptions import ChunkedEncodingError, SSLError, Timeout  # noqa: PLC0415

    inner = getattr(error, "inner_exception", None) or error.__cause__ or error
    timeouts = (exceptions.ServiceRequestTimeoutError, exceptions.ServiceResponseTimeoutError)
    if isinstance(error, timeouts) or isinstance(inner, Timeout | TimeoutError):
        return Unreachable("Azure did not answer in time")
    if isinstance(inner, SSLError):
        return Unreachable("the TLS certificate was not accepted")
    broken = (exceptions.IncompleteReadError, exceptions.ServiceResponseError)
    if isinstance(error, broken) or isinstance(inner, ChunkedEncodingError):
        return Unreachable("the answer broke off")
    if isinstance(error, exceptions.AzureError | OSError):
        return Unreachable(f"Azure could not be reached ({type(inner).__name__})")
    return Unexpected(f"the exchange with Azure failed ({type(error).__name__})")
