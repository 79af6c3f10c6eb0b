"""An HTTP server that answers every AWS call with what a test wants: a fault, a page, or nothing."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Answer:
    """One answer. ``status`` and ``body`` may be functions of how many requests came, this one included."""

    status: Any = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False
    """Send half of the body and close the connection."""


class FaultyAws:
    """Use as a context manager; ``url`` is where it is."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[str] = []
        self.regions: list[str] = []
        """The region that each request is signed for."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: two would wait for an acknowledgement

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                sent = self.rfile.read(length).decode("utf-8", "replace")
                outer.requests.append(f"{self.command} {self.path} {sent}")
                signed_for = self.headers.get("Authorization", "").split("/")
                outer.regions.append(signed_for[2] if len(signed_for) > 2 else "")
                reply = outer.answer
                time.sleep(reply.delay)
                body = reply.body(len(outer.requests)) if callable(reply.body) else reply.body
                raw = body.encode()
                status = reply.status
                self.send_response(status(len(outer.requests)) if callable(status) else status)
                for name, value in {"Content-Type": "text/xml", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw[: len(raw) // 2] if reply.cut else raw)
                if reply.cut:
                    self.close_connection = True

            do_GET = do_POST = do_HEAD = do_PUT = _serve  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def ec2_error(code: str) -> str:
    """An error as EC2 writes it."""
    return (
        f"<Response><Errors><Error><Code>{code}</Code><Message>secret-looking text 7f3a</Message></Error>"
        "</Errors><RequestID>11111111-2222-3333-4444-555555555555</RequestID></Response>"
    )


def s3_error(code: str) -> str:
    """An error as S3 writes it."""
    return f"<Error><Code>{code}</Code><Message>no</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>"
