"""What the emulated companies' web servers share: loopback, faults on demand, a record of what was asked.

Nothing here is used outside the demo and the tests.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

OK = 200


@dataclass
class Fault:
    """Something that goes wrong for the next ``times`` requests whose path matches."""

    pattern: re.Pattern[str]
    status: int = OK
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int | None = None
    """``None``: for ever."""
    delay: float = 0
    """Seconds before the answer."""
    body: str | None = None
    """Sent as it is; ``None``: what would be answered otherwise, or a message for an error status."""
    truncate: bool = False
    """Announce more bytes than are sent."""
    drop: bool = False
    """Close the connection instead of answering."""


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it is to be sent, in place of one that an emulator makes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Faults:
    """The faults of an emulator, the oldest first. Safe to use from threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(
        self,
        path_regex: str,
        *,
        status: int = OK,
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
        delay: float = 0,
        body: str | None = None,
        truncate: bool = False,
        drop: bool = False,
    ) -> None:
        """Make requests fail whose path (with its query) the expression is found in."""
        pattern = re.compile(path_regex)
        fault = Fault(pattern, status, headers or {}, times, delay, body, truncate, drop)
        with self._lock:
            self._faults.append(fault)

    def take(self, path: str) -> Fault | None:
        """The fault of this request; one use of it is spent."""
        with self._lock:
            for fault in self._faults:
                if fault.times != 0 and fault.pattern.search(path):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def clear(self) -> None:
        """No faults from now on."""
        with self._lock:
            self._faults.clear()


def _as_it_is(body: object) -> object:
    return body


class Server:
    """An emulator on a free port of 127.0.0.1. Subclasses name a handler of theirs."""

    def __init__(self, handler: type[Handler], name: str) -> None:
        self.faults = Faults()
        self.seen: Callable[[object], object] = _as_it_is
        """What becomes of a body before it is sent."""
        self.requests: list[tuple[str, str]] = []
        """Method and path (with its query) of every request."""
        self._handler = type(handler.__name__, (handler,), {"emulator": self})
        self._name = name
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Begin to serve; returns the base URL."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name=self._name, daemon=True
        )
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Stop serving; what was recorded stays."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None

    def __enter__(self) -> str:
        """The base URL of a server that runs until the end of the ``with``."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class Handler(BaseHTTPRequestHandler):
    """Answers over one connection; subclasses say what."""

    protocol_version = "HTTP/1.1"
    timeout = 10
    wbufsize = -1  # head and body in one packet: two would wait for each other's acknowledgement
    emulator: Server

    def do_GET(self) -> None:
        """Called by the standard library."""
        self.get()

    def do_POST(self) -> None:
        """Called by the standard library."""
        self.post()

    def get(self) -> None:
        """Answer a GET."""
        self.send(HTTPStatus.METHOD_NOT_ALLOWED, (), b"", None)

    def post(self) -> None:
        """Answer a POST."""
        self.send(HTTPStatus.METHOD_NOT_ALLOWED, (), b"", None)

    def posted(self) -> bytes:
        """The body of the request."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(
        self,
        status: int,
        headers: Iterable[tuple[str, str]],
        body: object,
        fault: Fault | None,
        refusal: Callable[[int], object],
    ) -> None:
        """Answer in JSON (bytes as they are, ``None`` as none), or with the fault's status and body.

        ``refusal``: what the provider writes with the status of an error.
        """
        if fault is not None and fault.status != OK:
            status, body = fault.status, refusal(fault.status)
        sent = (
            body or b""
            if body is None or isinstance(body, bytes)
            else json.dumps(self.emulator.seen(body)).encode()
        )
        if fault is not None and fault.body is not None:
            status, sent = fault.status, fault.body.encode("utf-8", "surrogateescape")
        said = list(headers)
        if not any(name.lower() == "content-type" for name, _ in said):
            said.insert(0, ("Content-Type", "application/json; charset=utf-8"))
        self.send(status, said, sent, fault)

    def send(
        self, status: int, headers: Iterable[tuple[str, str]], body: bytes, fault: Fault | None
    ) -> None:
        """Answer, with the fault's delay, headers (in place of those of that name) and cut."""
        if fault is not None:
            time.sleep(fault.delay)
            if fault.drop:
                self.close_connection = True
                return
        instead = dict(fault.headers) if fault else {}
        replaced = {name.lower() for name in instead}
        said = [("Date", formatdate(usegmt=True)), *headers]
        if any(name == "Date" for name, _ in said[1:]):
            said = said[1:]
        length = len(body) + (1000 if fault and fault.truncate else 0)
        self.send_response_only(status)
        for name, value in [
            *((n, v) for n, v in said if n.lower() not in replaced),
            *instead.items(),
        ]:
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = bool(fault and fault.truncate)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parameter's inherited name
        """One line a request on standard error would drown the demo."""
