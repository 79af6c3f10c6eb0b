"""What a hostile answer costs: for each provider and each way to be hostile, seconds and peak memory.

Each runs in a process of its own, over loopback, as one unit of work with a time of a few seconds. A unit
must fail within its time and five seconds, and the process must stay below 150 MB.

    python benchmarks/hostile_answers.py [--seconds 6] [PROVIDER ...]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Unit, run_unit
from soc2_pac.config import parse
from soc2_pac.model import EVERYWHERE, Scope, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_MB, MOST_LATE = 150, 5.0
TENANT = "11111111-2222-3333-4444-555555555555"
KINDS = {
    "aws": ("aws.kms.key", Scope("aws", "111122223333/eu-west-1")),
    "azure": ("azure.entra.user", Scope("azure", TENANT)),
    "gcp": ("gcp.compute.instance", Scope("gcp", "organizations/1")),
    "github": ("github.team", Scope("github", "acme")),
    "okta": ("okta.network_zone", Scope("okta", "127.0.0.1")),
}
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_DROP_SECONDS = 0.2


def _drip(head: bytes, one: bytes) -> Iterator[bytes]:
    yield head
    while True:
        time.sleep(_DROP_SECONDS)
        yield one


def _bomb() -> Iterator[bytes]:
    """A gigabyte of one list in about a megabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield _HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n"
    yield packer.compress(b'[{"id": 1}')
    part = b',{"id": 1}' * 100_000
    for _ in range(1000):
        yield packer.compress(part)
    yield packer.flush()


def _huge() -> Iterator[bytes]:
    yield _HEAD + b"Connection: close\r\n\r\n["
    part = b'{"id": 1},' * 100_000
    for _ in range(1000):
        yield part


def _words() -> Iterator[bytes]:
    """Chunks whose size never ends."""
    yield _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"0" * 65536


MODES = {
    "silence": lambda: _drip(b"", b""),
    "drip-headers": lambda: _drip(_HEAD + b"X-Slow: ", b"a"),
    "drip-body": lambda: _drip(_HEAD + b"Content-Length: 1000000\r\n\r\n[", b" "),
    "drip-chunks": lambda: _drip(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "bomb": _bomb,
    "huge": _huge,
    "endless-chunk-size": _words,
}


class Hostile:
    """A server on loopback that answers every request in one way."""

    def __init__(self, mode: str) -> None:
        self._mode = mode
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                self.asked += 1
                for part in MODES[self._mode]():
                    connection.sendall(part)
            except OSError:
                return


def source(provider: str, url: str) -> dict[str, Any]:
    """The settings of a source at that address."""
    token = {"env": "HOSTILE_TOKEN"}
    own: dict[str, dict[str, Any]] = {
        "aws": {
            "endpoint_url": url,
            "regions": ["eu-west-1"],
            "access_key_id": token,
            "secret_access_key": token,
        },
        "azure": {
            "tenant": TENANT,
            "arm_endpoint": url,
            "graph_endpoint": url,
            "loopback_token": token,
        },
        "gcp": {"organization": "1", "endpoint": url},
        "github": {"organization": "acme", "base_url": url, "token": token},
        "okta": {"org_url": url, "token": token},
    }
    return {"provider": provider, **own[provider]}


def _peak_mb() -> float:
    """Of this process; what getrusage says is at least what the process that started it had."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [one for one in status.read_text().splitlines() if one.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one(provider: str, mode: str, url: str, seconds: float) -> dict[str, Any]:
    """One unit, and one discovery: how each ended, and what it cost."""
    os.environ["HOSTILE_TOKEN"] = "hostile0"  # noqa: S105 - it opens nothing
    registry = fetch.registry()
    config = parse({"sources": {"home": source(provider, url)}}, None)
    (home,) = config.sources(registry.providers).values()
    kind, scope = KINDS[provider]
    fetch.connection_of(home)  # loading an SDK is not what is measured
    if provider == "gcp":
        importlib.import_module("google.cloud.resourcemanager_v3")
    before = _peak_mb()
    began = time.monotonic()
    result = run_unit(Unit(kind, scope, home), Limits(seconds=seconds))
    unit = time.monotonic() - began
    began = time.monotonic()
    sort = {"aws": "region", "azure": "subscription", "gcp": "project"}.get(provider)
    found: object = "asks nothing"
    if sort is not None:
        meter = fetch.Meter(Limits(seconds=seconds))
        try:
            scopes = list(fetch.connection_of(home).discover(sort, EVERYWHERE, meter))
            found = "unread" if all(isinstance(one, Unread) for one in scopes) else "read"
        except Exception as error:  # noqa: BLE001 - how it ended is what is asked
            found = type(error).__name__
    return {
        "provider": provider,
        "mode": mode,
        "status": result.status.value,
        "reason": result.reason,
        "unit": round(unit, 1),
        "discovery": found,
        "discovering": round(time.monotonic() - began, 1),
        "before_mb": round(before),
        "peak_mb": round(_peak_mb()),
    }


def measured(provider: str, mode: str, seconds: float) -> dict[str, Any]:
    """The same in a process of its own, so that its memory is its own. The server is in this one."""
    with Hostile(mode) as server:
        command = [sys.executable, __file__, "--one", mode, "--at", server.url]
        command += ["--seconds", str(seconds), provider]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What hostile answers cost.")
    parser.add_argument("providers", nargs="*")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--one", choices=MODES)
    parser.add_argument("--at")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.providers[0], given.one, given.at, given.seconds)))
        return
    worst = 0
    for provider in given.providers or KINDS:
        for mode in MODES:
            found = measured(provider, mode, given.seconds)
            late = max(found["unit"], found["discovering"]) - given.seconds
            wrong = (
                found["status"] != "failed"
                or found["discovery"] == "read"
                or late > MOST_LATE
                or found["peak_mb"] > MOST_MB
            )
            worst += wrong
            print(
                f"{provider:7}{mode:20}{found['status']:8}{found['unit']:6.1f} s  discovery "
                f"{found['discovery']:14}{found['discovering']:6.1f} s  {found['before_mb']:4} to "
                f"{found['peak_mb']:4} MB  {'WRONG ' if wrong else ''}{found['reason']}",
                flush=True,
            )
    sys.exit(worst > 0)


if __name__ == "__main__":
    main()
