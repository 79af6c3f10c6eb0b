"""One HTTP exchange by urllib3: so long, so large, to these hosts, and nowhere else.

urllib3 bounds each wait for bytes, not all of them together: a server that sends a byte now and then is
never late. So the sockets here know when the exchange must end, and how much may still come; whoever reads
from them, the parser of headers and the reader of chunks included, is held to both.
"""

from __future__ import annotations

import functools
import io
import os
import re
import threading
import time
import urllib.parse
import urllib.request
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

from soc2_collectors.exchange import address
from soc2_collectors.exchange.answer import Answer
from soc2_pac.errors import CallRefused, ProviderError, Unexpected, Unreachable
from soc2_pac.model import Exchange

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Collection, Mapping

    import urllib3

    from soc2_pac.hookspecs import Meter

LARGEST_ANSWER_BYTES = 32 * 1024 * 1024
"""No page that a provider documents comes near it; an answer beyond it is refused while it is read."""
_PART_BYTES = 64 * 1024
_CONNECTIONS = 32
"""To one host, kept for the next exchange."""
_HOSTS = 1024
_AGENT = "soc2-pac"


A = TypeVar("A", bound=Answer)


class NotReached(Unreachable):
    """Nobody answers there, or the name is nobody's."""


class Late(Unreachable):
    """The exchange took longer than it may."""


class _TooLarge(Exception):
    """More came than may."""


class _Bounds(threading.local):
    """Of the exchange that this thread makes."""

    ends: float = 0.0
    room: int = 0

    def left(self) -> float:
        """Seconds until the exchange must have ended. Raises TimeoutError."""
        seconds = self.ends - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def check(self, size: int) -> None:
        """Raises _TooLarge for a body of that size, TimeoutError where the time is spent."""
        if size > LARGEST_ANSWER_BYTES:
            raise _TooLarge
        self.left()


_bounds = _Bounds()


class _Reader(io.RawIOBase):
    """Reads from a socket within the bounds of the exchange."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        # The socket's own file: it keeps the socket open as long as somebody reads.
        self._file: Any = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        self._sock.settimeout(_bounds.left())
        size: int = self._file.readinto(buffer)
        _bounds.room -= size
        if _bounds.room < 0:
            raise _TooLarge
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


class _Socket:
    """A socket whose every operation ends when the exchange must."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a socket has
        return getattr(self._sock, name)

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:  # noqa: ANN401
        return io.BufferedReader(_Reader(self._sock))

    def sendall(self, data: Any) -> None:  # noqa: ANN401
        self._sock.settimeout(_bounds.left())
        self._sock.sendall(data)


@functools.cache
def _pools() -> dict[str, Any]:
    """urllib3's pools, with connections whose sockets are bounded."""
    from urllib3.connection import HTTPConnection, HTTPSConnection  # noqa: PLC0415
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool  # noqa: PLC0415

    class Plain(HTTPConnection):
        def _new_conn(self) -> Any:  # noqa: ANN401
            self.timeout = _bounds.left()
            return _Socket(super()._new_conn())  # a proxy's answer to CONNECT is bounded, too

    class Secure(HTTPSConnection):
        def _new_conn(self) -> Any:  # noqa: ANN401
            self.timeout = _bounds.left()
            sock = super()._new_conn()
            sock.settimeout(_bounds.left())  # of the handshake
            return _Socket(sock)

        def connect(self) -> None:
            super().connect()
            self.sock: Any = _Socket(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class Wire(Generic[A]):
    """Exchanges over connections that are kept. Safe to use from threads."""

    def __init__(
        self,
        name: str,
        timeout_seconds: float,
        homes: Collection[str] | None,
        answer: type[A],
        *,
        posts: str = "",
        certificates: str | None = None,
    ) -> None:
        """Load the library; make no call.

        Args:
            name: of the provider, as errors name it.
            timeout_seconds: of one exchange: connecting, headers and body together.
            homes: addresses that may be asked; ``None``: a sign-in service, any that has TLS.
            answer: as what answers are given.
            posts: an expression for the paths that are read by POST; no other method but GET, and no other POST,
                leaves the process. Of a sign-in service any may be.
            certificates: a file of authorities to trust; ``None``: what the environment names (as the SDKs
                do, by ``REQUESTS_CA_BUNDLE``), or the usual ones.
        """
        import urllib3  # noqa: F401, PLC0415 - so that its absence is told at once

        self.name = name
        self._timeout = timeout_seconds
        self._homes = None if homes is None else set(map(address.origin, homes))
        self._answer = answer
        self._posts = re.compile(posts) if posts else None
        self._certificates = certificates
        self._managers: dict[str | None, urllib3.PoolManager] = {}
        self._making = threading.Lock()

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | str | IO[bytes] | None = None,
        *,
        seconds: float | None = None,
        meter: Meter | None = None,
        call: str = "",
    ) -> A:
        """One HTTP exchange: no redirection, no second attempt, no cookie, nothing of a ``.netrc``.

        Args:
            method: ``GET``, or ``POST`` where that reads.
            url: the whole address.
            headers: beside those of HTTP itself.
            body: what is sent; of a file, as much as its header Content-Length says.
            seconds: that the unit of work has left, where these are fewer than the exchange may take.
            meter: of the unit of work: says how many seconds it has left, and learns what was answered. Not of
                signing in.
            call: the declared call, for ``meter``.

        Raises:
            Unreachable: no answer, not in time, or a part of one. Unexpected: one that is too large or cannot be
                decompressed; before anything is sent: an address that may not be asked. CallRefused: before
                anything is sent: what may not only read.
        """
        self._check(method, url)
        if meter is None:
            return self._bounded(method, url, headers, body, seconds)
        try:
            answer = self._bounded(method, url, headers, body, meter.left())
        except ProviderError as error:
            meter.answered(Exchange(call, method, url, problem=str(error)))
            raise
        meter.answered(Exchange(call, method, url, answer.status, answer.headers, answer.body))
        return answer

    def _bounded(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | str | IO[bytes] | None,
        seconds: float | None,
    ) -> A:
        allowed = self._timeout if seconds is None else max(0.0, min(self._timeout, seconds))
        if allowed <= 0:
            msg = f"there is no time left to ask {self.name}: it did not answer in time"
            raise Late(msg)
        before = _bounds.ends, _bounds.room  # signing in may happen within an exchange
        _bounds.ends, _bounds.room = time.monotonic() + allowed, LARGEST_ANSWER_BYTES
        try:
            return self._exchange(method, url, headers, body, allowed)
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001 - those of several libraries come through
            raise self._meaning(error) from None
        finally:
            _bounds.ends, _bounds.room = before

    def allow(self, home: str) -> None:
        """Let a further address be asked, which this program itself names."""
        if self._homes is not None:
            self._homes.add(address.origin(home))

    def _check(self, method: str, url: str) -> None:
        address.check(url, self._homes)
        path = urllib.parse.urlsplit(url).path
        read = self._posts is not None and self._posts.fullmatch(path) is not None
        if method != "GET" and self._homes is not None and not (method == "POST" and read):
            msg = f"{method} {path} may not only read: refused before it was sent"
            raise CallRefused(msg)

    def close(self) -> None:
        """End the connections."""
        for manager in self._managers.values():
            manager.clear()

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | str | IO[bytes] | None,
        allowed: float,
    ) -> A:
        usual = {"Accept-Encoding": "gzip", "User-Agent": _AGENT}
        given = {name.lower() for name in headers}
        response = self._manager(url).request(
            method,
            url,
            headers={**{n: v for n, v in usual.items() if n.lower() not in given}, **headers},
            body=body,
            timeout=allowed,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        # Parts, since a buffer that grows is copied as it does: an answer without end costs twice its bound.
        parts: list[bytes] = []
        size = 0
        try:
            for part in response.stream(_PART_BYTES, decode_content=True):
                parts.append(part)
                size += len(part)
                _bounds.check(size)
        except BaseException:
            response.close()  # what is left of the answer is not read for the sake of the connection
            parts.clear()  # whoever keeps the error keeps this frame
            raise
        response.release_conn()
        headers_ = {name.lower(): value for name, value in response.headers.itermerged()}
        return self._answer(response.status, headers_, b"".join(parts))

    def _manager(self, url: str) -> urllib3.PoolManager:
        proxy = _proxy(url)
        with self._making:
            if proxy not in self._managers:
                self._managers[proxy] = self._made(proxy)
            return self._managers[proxy]

    def _made(self, proxy: str | None) -> urllib3.PoolManager:
        import urllib3  # noqa: PLC0415

        options: dict[str, Any] = {
            "num_pools": _HOSTS,
            "maxsize": _CONNECTIONS,
            "ssl_context": _trust(self._certificates or _authorities()),
        }
        if proxy is None:
            manager = urllib3.PoolManager(**options)
        else:
            user = urllib3.util.parse_url(proxy).auth
            asks = (
                urllib3.make_headers(proxy_basic_auth=urllib.parse.unquote(user or ""))
                if user
                else None
            )
            manager = urllib3.ProxyManager(proxy, proxy_headers=asks, **options)
        manager.pool_classes_by_scheme = _pools()
        return manager

    def _meaning(self, error: Exception) -> ProviderError:
        """What a failed exchange means."""
        from urllib3 import exceptions as of  # noqa: PLC0415

        inner = getattr(error, "original_error", None) or error
        if _caused(error, _TooLarge):
            most = LARGEST_ANSWER_BYTES / 1024 / 1024
            return Unexpected(f"the answer has more than {most:g} MiB")
        if isinstance(inner, of.NewConnectionError | of.NameResolutionError):
            cause = type(inner.__cause__ or inner).__name__
            return NotReached(f"{self.name} could not be reached ({cause})")
        if isinstance(inner, of.TimeoutError | TimeoutError):
            return Late(f"{self.name} did not answer in time")
        if isinstance(inner, of.SSLError):
            return Unreachable("the TLS certificate was not accepted")
        if isinstance(inner, of.DecodeError):
            return Unexpected("the answer cannot be decompressed")
        if isinstance(inner, of.ProtocolError):
            return Unreachable("the answer broke off")
        if isinstance(inner, of.HTTPError | OSError):
            return Unreachable(f"{self.name} could not be reached ({type(inner).__name__})")
        return Unexpected(f"the exchange with {self.name} failed ({type(error).__name__})")


def _caused(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind) or any(isinstance(one, kind) for one in error.args):
            return True
        error = error.__cause__ or error.__context__
    return False


def _trust(authorities: str | None) -> ssl.SSLContext:
    """What is trusted, one for all hosts and sources: reading the authorities takes longer than an exchange.

    Raises OSError where they cannot be read.
    """
    if authorities is None:
        context = _context()
        context.load_default_certs()  # of files that only OpenSSL knows: read anew each time
        return context
    return _trusting(authorities, os.stat(authorities).st_mtime_ns)  # noqa: PTH116 - as it was named


@functools.lru_cache(maxsize=8)
def _trusting(authorities: str, changed: int) -> ssl.SSLContext:  # noqa: ARG001 - changed: read anew then
    context = _context()
    if os.path.isdir(authorities):  # noqa: PTH112 - as it was named
        context.load_verify_locations(capath=authorities)
    else:
        context.load_verify_locations(cafile=authorities)
    return context


def _context() -> ssl.SSLContext:
    import urllib3  # noqa: PLC0415

    return urllib3.util.ssl_.create_urllib3_context()


def _authorities() -> str | None:
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if named:
        return named
    try:
        import certifi  # noqa: PLC0415 - where an SDK brought it
    except ImportError:
        return None
    return certifi.where()


def _proxy(url: str) -> str | None:
    """The proxy of this machine's settings for an address."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    if host in address.LOOPBACK or urllib.request.proxy_bypass(host):
        return None
    found = urllib.request.getproxies()
    return found.get(parts.scheme) or found.get("all")
