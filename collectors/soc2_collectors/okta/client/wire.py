"""HTTP through the SDK's request executor.

The SDK is asynchronous: one thread for each connection runs its event loop, and whoever asks waits. The
executor's client for HTTP is replaced by one that reads answers up to a bound, follows no redirection, and
logs nothing: the SDK's own logs headers, and these hold the token.
"""

from __future__ import annotations

import asyncio
import threading
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from soc2_collectors.okta.answers import Answer
from soc2_pac.errors import ProviderError, Unexpected, Unreachable

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from aiohttp import ClientSession
    from okta.request_executor import RequestExecutor

LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
"""No page of Okta comes near it; an answer beyond it is refused while it is read."""
_CONNECTIONS = 16
"""At a time, to one org: Okta limits the requests under way of all clients of an org."""


class Wire:
    """The SDK's executor on an event loop in a thread of its own, which starts with the first exchange."""

    def __init__(self, origin: str, timeout_seconds: int) -> None:
        """Load the SDK; make no call."""
        import okta.request_executor  # noqa: F401, PLC0415 - so that its absence is told at once

        self._origin = origin
        self._timeout_seconds = timeout_seconds
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._executor: RequestExecutor | None = None
        self._session: ClientSession | None = None

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        """One HTTP exchange. Raises Unreachable, Unexpected."""
        return self._run(self._exchange(method, url, dict(headers), form))

    def close(self) -> None:
        """End the connections and the thread. May be called by any thread, the loop's own included."""
        with self._starting:
            loop, thread, self._loop = self._loop, self._thread, None
        if loop is None or thread is None or not thread.is_alive():
            return

        async def end() -> None:
            if self._session is not None:
                await self._session.close()
            loop.stop()

        ending = asyncio.run_coroutine_threadsafe(end(), loop)
        if threading.current_thread() is not thread:
            thread.join(timeout=5)
        del ending

    def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        with self._starting:
            loop, thread = self._loop, self._thread
            if loop is None or thread is None or not thread.is_alive():  # a fork has no threads
                self._executor = self._session = None
                self._loop = loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_serve, args=(loop,), name="okta", daemon=True
                )
                self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    async def _exchange(
        self, method: str, url: str, headers: dict[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        executor = self._executor or self._start()
        # ``oauth``: the executor adds no credentials of its own, they are in the headers.
        request, error = await executor.create_request(
            method, url, headers=headers, form=dict(form or {}), oauth=True
        )
        if error is None:
            _, details, body, error = await executor.fire_request(request)
        if error is not None:
            if isinstance(error, ProviderError):
                raise error
            msg = f"the exchange with Okta failed ({type(error).__name__})"
            raise Unexpected(msg)
        answered: dict[str, str] = {}
        for name, value in details.headers.items():
            lower = name.lower()
            answered[lower] = f"{answered[lower]}, {value}" if lower in answered else value
        return Answer(details.status, answered, body)

    def _start(self) -> RequestExecutor:
        """The executor with a session that all exchanges share; called in the loop."""
        import aiohttp  # noqa: PLC0415
        from okta.cache.no_op_cache import NoOpCache  # noqa: PLC0415
        from okta.request_executor import RequestExecutor  # noqa: PLC0415

        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),  # a session is nothing that a reader needs
            timeout=aiohttp.ClientTimeout(total=self._timeout_seconds),
        )
        client = {
            "orgUrl": self._origin,
            "authorizationMode": "PrivateKey",
            "rateLimit": {"maxRetries": 0},
            "userAgent": "soc2-pac",
        }
        executor = RequestExecutor(  # type: ignore[no-untyped-call]
            {"client": client},
            NoOpCache(),  # type: ignore[no-untyped-call]
            _http_client(self._session),
        )
        self._executor = executor
        return executor


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def _http_client(session: ClientSession) -> type:
    """The SDK's client for HTTP, made fit: bounded, without redirections, and silent."""
    import aiohttp  # noqa: PLC0415
    import yarl  # noqa: PLC0415
    from okta.http_client import HTTPClient  # noqa: PLC0415

    class Bounded(HTTPClient):
        """Sends one request; errors are values, as the executor takes them."""

        async def send_request(self, request: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
            """(info, response, body, error)."""
            try:
                async with session.request(
                    request["method"],
                    yarl.URL(request["url"], encoded=True),  # cursors go back as they came
                    headers={**self._default_headers, **request["headers"]},
                    data=request["form"] or None,
                    allow_redirects=False,
                    proxy=_proxy(request["url"]),
                ) as response:
                    body = bytearray()
                    async for part in response.content.iter_any():
                        body += part
                        if len(body) > LARGEST_ANSWER_BYTES:
                            most = LARGEST_ANSWER_BYTES // 1024 // 1024
                            msg = f"the answer has more than {most} MiB"
                            return None, None, None, Unexpected(msg)
                    return response.request_info, response, bytes(body), None
            except Exception as error:  # noqa: BLE001 - the caller takes errors as values
                return None, None, None, _unreachable(error, aiohttp)

    return Bounded


def _unreachable(error: Exception, aiohttp: Any) -> ProviderError:  # noqa: ANN401 - the module
    if isinstance(error, TimeoutError):
        return Unreachable("Okta did not answer in time")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return Unreachable("the TLS certificate was not accepted")
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return Unreachable("the answer broke off")
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return Unreachable(f"Okta could not be reached ({type(error).__name__})")
    return Unexpected(f"the exchange with Okta failed ({type(error).__name__})")


def _proxy(url: str) -> str | None:
    """The proxy of this machine's settings; the SDK would not leave out what they leave out."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    if urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(parts.scheme)
