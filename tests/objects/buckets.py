"""Google Cloud Storage and Azure Blob Storage over loopback: what their pages say of PUT, GET and preconditions."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TOKEN = "loopback-token"


class Buckets:
    """A server with one container; remembers each request."""

    def __init__(self, kind: str, container: str) -> None:
        self.kind = kind
        self.container = container
        self.held: dict[str, bytes] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        """To be given before anything else, in order."""
        buckets = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: two would wait for an acknowledgement

            def log_message(self, *_: Any) -> None:
                """Nothing is logged."""

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(*buckets.put(self.path, dict(self.headers), body))

            def do_GET(self) -> None:
                self._answer(*buckets.get(self.path, dict(self.headers)))

            def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _refused(
        self, method: str, path: str, headers: dict[str, str]
    ) -> tuple[int, dict[str, str]] | None:
        self.requests.append((method, path, headers))
        if self.answers:
            return self.answers.pop(0)
        if self.kind == "azure" and headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {}
        if self.kind == "azure" and headers.get("x-ms-version", "") < "2019-12-12":
            return 400, {}
        if not path.startswith(f"/{self.container}/"):
            return 404, {}
        return None

    def put(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        """Keep what is new; whoever does not ask for that overwrites, as the real ones do."""
        if (refused := self._refused("PUT", path, headers)) is not None:
            return refused
        if self.kind == "azure":
            if headers.get("x-ms-blob-type") != "BlockBlob":
                return 400, {"x-ms-error-code": "MissingRequiredHeader"}
            if path in self.held and headers.get("If-None-Match") == "*":
                return 409, {"x-ms-error-code": "BlobAlreadyExists"}
            self.held[path] = body
            return 201, {}
        if path in self.held and headers.get("x-goog-if-generation-match") == "0":
            return 412, {}
        self.held[path] = body
        return 200, {}

    def get(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """The asked part."""
        if (refused := self._refused("GET", path, headers)) is not None:
            return *refused, b""
        if path not in self.held:
            return 404, {}, b""
        content = self.held[path]
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", headers["Range"])
        assert asked
        first, last = int(asked[1]), min(int(asked[2]), len(content) - 1)
        if first >= len(content):
            return 416, {}, b""
        said = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
        return 206, said, content[first : last + 1]
