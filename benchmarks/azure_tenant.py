"""A tenant of 500 subscriptions with 200,000 resources, answers 30 ms away: requests, time and memory.

The other side is a process of its own. Resource Graph gives pages of 1000 rows, for all subscriptions
at once: what counts is that requests grow with the pages, and not with the subscriptions, and that nothing
is held.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SUBSCRIPTIONS, RESOURCES, PAGE = 500, 200_000, 1000
SHARES = {
    "microsoft.compute/virtualmachines": 0.4,
    "microsoft.compute/disks": 0.4,
    "microsoft.network/networksecuritygroups": 0.2,
}
KINDS = ("azure.compute.virtual_machine", "azure.compute.disk", "azure.network.security_group")
LATENCY_SECONDS = 0.03
MOST_REQUESTS = round(RESOURCES / PAGE * 1.05)
MOST_MEGABYTES = 500
TENANT = str(uuid.UUID(int=1, version=4))
NUMBERS = sorted(str(uuid.UUID(int=2**100 + n * 7919**5, version=4)) for n in range(SUBSCRIPTIONS))


def main() -> None:
    """Print a table; exit 1 where a bound is broken."""
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None  # noqa: S101 - it is piped
    address = server.stdout.readline().strip()
    try:
        with tempfile.TemporaryDirectory() as folder:
            fits = _measure(Path(folder), address)
    finally:
        server.kill()
        server.wait()
    sys.exit(0 if fits else 1)


def _measure(folder: Path, address: str) -> bool:
    (folder / "soc2-pac.toml").write_text(
        f'[sources.azure]\nprovider = "azure"\ntenant = "{TENANT}"\narm_endpoint = "{address}"\n'
        f'graph_endpoint = "{address}"\nloopback_token = {{ env = "AZURE" }}\n'
    )
    kinds = [part for kind in KINDS for part in ("--kind", kind)]
    command = [sys.executable, "-m", "soc2_pac", "collect", *kinds, "--stats"]
    fits, before = True, 0.0
    for look in ("first", "second"):
        began = time.perf_counter()
        ended = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "AZURE": "opens-nothing"},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        if ended.returncode != 0:
            sys.exit(
                f"the run ended with {ended.returncode}:\n{ended.stdout[-2000:]}\n{ended.stderr[-2000:]}"
            )
        total = re.findall(r"^total +([\d,]+)", ended.stdout, re.MULTILINE)[0]
        requests, megabytes = int(total.replace(",", "")), used.ru_maxrss / 1024
        cpu = used.ru_utime + used.ru_stime - before
        before += cpu
        size = sum(file.stat().st_size for file in folder.glob("soc2-pac.db*"))
        print(f"{look} look: {ended.stdout.partition(chr(10))[0]}")
        print(f"{'':<40}{'measured':>12}{'allowed':>12}")
        print(f"{'requests':<40}{requests:>12,}{MOST_REQUESTS:>12,}")
        print(f"{'memory, MB (the most so far)':<40}{megabytes:>12,.0f}{MOST_MEGABYTES:>12}")
        print(f"{'seconds':<40}{seconds:>12,.0f}")
        print(f"{'CPU seconds':<40}{cpu:>12,.0f}")
        print(f"{'store, MB':<40}{size / 1e6:>12,.0f}\n", flush=True)
        fits = fits and requests <= MOST_REQUESTS and megabytes <= MOST_MEGABYTES
    return fits


# -- the other side -----------------------------------------------------------------------------------------


def _row(sort: str, number: int, of: int) -> dict[str, object]:
    subscription = NUMBERS[number * SUBSCRIPTIONS // of]
    name = f"thing-{number:06}"
    return {
        "id": f"/subscriptions/{subscription}/resourceGroups/web/providers/{sort}/{name}",
        "name": name,
        "type": sort,
        "tenantId": TENANT,
        "kind": "",
        "location": "westeurope",
        "resourceGroup": "web",
        "subscriptionId": subscription,
        "managedBy": "",
        "sku": {"name": "Premium_LRS", "tier": "Premium"},
        "plan": None,
        "properties": {
            "provisioningState": "Succeeded",
            "timeCreated": "2026-01-01T00:00:00Z",
            "diskSizeGB": 128,
            "diskState": "Attached",
            "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
            "networkAccessPolicy": "DenyAll",
            "publicNetworkAccess": "Disabled",
            "uniqueId": f"{number:032x}",
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "securityRules": [],
            "defaultSecurityRules": [],
        },
        "tags": {"team": "robots", "stage": "production"},
        "identity": None,
        "zones": ["1"],
        "extendedLocation": None,
    }


def _answer(body: dict[str, object]) -> dict[str, object]:
    query, options = str(body["query"]), body["options"]
    assert isinstance(options, dict)  # noqa: S101
    sort = re.findall(r"type =~ '([^']+)'", query)[0]
    start = int(options.get("$skipToken", 0))
    if sort not in SHARES:
        rows: list[dict[str, object]] = [
            {"id": f"/subscriptions/{number}", "name": number} for number in NUMBERS
        ]
        return {"totalRecords": len(rows), "data": rows, "resultTruncated": "false"}
    of = int(RESOURCES * SHARES[sort])
    end = min(of, start + PAGE)
    rows = [_row(sort, number, of) for number in range(start, end)]
    further = {"$skipToken": str(end)} if end < of else {}
    return {"totalRecords": of, "data": rows, "resultTruncated": "false", **further}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        self._send(
            {
                "value": [
                    {
                        "id": f"/subscriptions/{number}",
                        "subscriptionId": number,
                        "tenantId": TENANT,
                        "displayName": number,
                        "state": "Enabled",
                    }
                    for number in NUMBERS
                ]
            }
        )

    def do_POST(self) -> None:
        self._send(_answer(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

    def _send(self, body: object) -> None:
        time.sleep(LATENCY_SECONDS)
        raw = json.dumps(body).encode()
        self.send_response_only(200)
        for name, value in (
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(raw))),
            ("x-ms-user-quota-remaining", "10"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serve() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    if "--serve" in sys.argv:
        _serve()
    else:
        main()
