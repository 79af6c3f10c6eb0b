"""The pages of ``soc2-pac serve`` on the benchmark store: 100,000 resources, 500,000 findings (see benchmark_store.py).

    python benchmarks/pages.py [--store URL] [--clients 8] [--rounds 20]

Starts the server as a user does, signs in by the printed link, and asks for every page from several clients at once:
time at the median and at the 95th percentile, size compressed, memory of the server, time until it is ready.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

HOME = Path(__file__).resolve().parents[1] / ".bench"
PATHS = (
    "/", "/criteria", "/rules", "/controls", "/findings", "/findings?status=fail",
    "/findings?severity=high&status=pass",
    "/findings?criterion=CC6.1&status=fail", "/findings?scope=bench:3&status=fail", "/documents",
    "/documents?kind=bench.account&scope=bench:7", "/gaps", "/waivers", "/runs", "/collections",
    "/changes", "/ledger", "/populations", "/tokens", "/metrics",
)  # fmt: skip


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--store", default=f"sqlite:///{HOME / 'store-100000-365-5.db'}")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    began = time.perf_counter()
    command = [sys.executable, "-m", "soc2_pac", "serve", "--store", asked.store, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            _measure(server, began, asked.clients, asked.rounds)
        finally:
            server.terminate()


def _measure(server: subprocess.Popen[str], began: float, clients: int, rounds: int) -> None:
    link = ""
    while not link:
        line = server.stdout.readline() if server.stdout else ""
        if not line:
            sys.exit("the server did not start")
        link = "".join(re.findall(r"http://\S+", line))
    host = urlsplit(link).netloc
    _, headers, _ = _get(host, link.removeprefix(f"http://{host}"), {})
    cookie = headers["set-cookie"].partition(";")[0]
    given = {"cookie": cookie, "accept-encoding": "gzip"}
    print(f"ready in {time.perf_counter() - began:.2f} s")
    _get(host, "/findings", given)
    print(f"{'page':<48}{'median ms':>10}{'p95 ms':>10}{'KB':>8}")
    with ThreadPoolExecutor(clients) as pool:
        for path in PATHS:
            asked = [pool.submit(_timed, host, path, given) for _ in range(clients * rounds)]
            found = [one.result() for one in asked]
            times = sorted(seconds * 1000 for seconds, _ in found)
            size = found[0][1] / 1000
            at_95 = times[int(len(times) * 0.95) - 1]
            print(f"{path:<48}{statistics.median(times):>10.0f}{at_95:>10.0f}{size:>8.1f}")
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    print("peak memory:", "".join(re.findall(r"VmHWM:\s+(.*)", status)))


def _timed(host: str, path: str, headers: dict[str, str]) -> tuple[float, int]:
    began = time.perf_counter()
    code, _, body = _get(host, path, headers)
    if code != http.client.OK:
        sys.exit(f"{path}: {code} {gzip.decompress(body)[:500]!r}")
    return time.perf_counter() - began, len(body)


def _get(host: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(host, timeout=120)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body


if __name__ == "__main__":
    main()
