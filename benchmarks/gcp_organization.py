"""A Google Cloud organisation of 500 projects and 200,000 resources: requests, time and memory.

The other side is a process of its own, and its answers take 30 ms. What counts: requests grow with pages of
the inventory and not with projects, and the memory does not grow with the organisation.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

PROJECTS, FOLDERS, RESOURCES = 500, 20, 200_000
PAGE = 1000
LATENCY_SECONDS = 0.03
MOST_MEGABYTES = 500
MOST_MILLISECONDS = 50
ORGANIZATION = "123456789012"
MOST_KINDS = 10


def main() -> None:
    """Print a table."""
    kinds = _kinds()
    each = RESOURCES // len(kinds)
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", str(each)], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None  # noqa: S101 - it is piped
    address = server.stdout.readline().strip()
    try:
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), address, kinds, each)
        _discover(address)
    finally:
        server.kill()
        server.wait()
    _import()


def _kinds() -> list[str]:
    """Kinds that the inventory alone gives, of a whole organisation."""
    from soc2_pac import plugins  # noqa: PLC0415

    found = [
        kind
        for kind, one in plugins.load().collectors.items()
        if kind.startswith("gcp.") and one.calls == ("cloudasset.assets.list",)
    ]
    whole = [kind for kind in sorted(found) if kind != "gcp.iam.policy"]
    return ["gcp.iam.policy", *whole][:MOST_KINDS]


def _measure(folder: Path, address: str, kinds: list[str], each: int) -> None:
    (folder / "soc2-pac.toml").write_text(
        f'[sources.gcp]\nprovider = "gcp"\norganization = "{ORGANIZATION}"\nendpoint = "{address}"\n'
        "[run]\nunit_timeout_seconds = 3600\n"
    )
    command = [sys.executable, "-m", "soc2_pac", "collect", "--stats"]
    for kind in kinds:
        command += ["--kind", kind]
    pages = len(kinds) * -(-each // PAGE)
    before = 0.0
    for look in ("first", "second"):
        began = time.perf_counter()
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        if ended.returncode != 0:
            sys.exit(
                f"the run ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr[-2000:]}"
            )
        total = re.findall(r"^total +([\d,]+)", ended.stdout, re.MULTILINE)[0]
        requests = int(total.replace(",", ""))
        cpu = used.ru_utime + used.ru_stime - before
        before += cpu
        size = sum(file.stat().st_size for file in folder.glob("soc2-pac.db*"))
        print(f"{look} look at {len(kinds)} kinds: {ended.stdout.partition(chr(10))[0]}")
        print(f"{'':<40}{'measured':>12}{'allowed':>12}")
        print(f"{'requests':<40}{requests:>12,}{int(pages * 1.05):>12,}")
        print(f"{'total / page size':<40}{pages:>12,}")
        print(f"{'seconds':<40}{seconds:>12,.0f}")
        print(
            f"{'memory, MB (the most so far)':<40}{used.ru_maxrss / 1024:>12,.0f}{MOST_MEGABYTES:>12}"
        )
        print(f"{'CPU seconds':<40}{cpu:>12,.0f}")
        print(f"{'store, MB':<40}{size / 1e6:>12,.0f}\n", flush=True)


def _discover(address: str) -> None:
    """Which projects there are."""
    code = (
        "from soc2_collectors.gcp import GcpProvider; from soc2_collectors.gcp.settings import GcpSettings; "
        f"c = GcpProvider().connect(GcpSettings(organization='{ORGANIZATION}', endpoint='{address}')); "
        "print(len(c.discover('project')), sum(c.spent.values()))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    found, requests = ended.stdout.split()
    print(f"{'projects that were found':<40}{found:>12}")
    print(f"{'requests for that, ' + str(FOLDERS) + ' folders':<40}{requests:>12}")


def _import() -> None:
    code = (
        "import time, soc2_pac.config, soc2_pac.hookspecs; began = time.perf_counter(); "
        "import soc2_collectors.gcp; print((time.perf_counter() - began) * 1000)"
    )
    took = min(
        float(subprocess.check_output([sys.executable, "-c", code], text=True)) for _ in range(3)
    )
    print(f"{'import of the provider, ms':<40}{took:>12.1f}{MOST_MILLISECONDS:>12}")


# -- the other side -----------------------------------------------------------------------------------------

_HEAD = re.compile(rb"^GET (\S+) HTTP/1.1\r\n(.*?)\r\n\r\n", re.DOTALL)


def _asset(asset_type: str, number: int, content: str) -> dict[str, object]:
    project, folder = number % PROJECTS, number % PROJECTS % FOLDERS
    service, _, sort = asset_type.partition("/")
    asset: dict[str, object] = {
        "name": f"//{service}/projects/acme-{project:03}/things/{sort.lower()}-{number}",
        "assetType": asset_type,
        "ancestors": [
            f"projects/{1000 + project}",
            f"folders/{100 + folder}",
            f"organizations/{ORGANIZATION}",
        ],
        "updateTime": "2026-11-20T08:00:00Z",
    }
    if content == "IAM_POLICY":
        members = [f"user:person{number % 50 + n}@acme.example" for n in range(5)]
        roles = ("roles/viewer", "roles/editor", "roles/storage.objectViewer")
        asset["iamPolicy"] = {
            "version": 1,
            "etag": f"BwX{number}",
            "bindings": [{"role": role, "members": members} for role in roles],
        }
    else:
        asset["resource"] = {
            "version": "v1",
            "parent": f"//cloudresourcemanager.googleapis.com/projects/{1000 + project}",
            "location": "europe-west1",
            "data": {
                "id": str(10**18 + number),
                "name": f"{sort.lower()}-{number}",
                "description": "a thing of the size that things usually have; " * 12,
                "labels": {"team": f"team-{number % 40}", "environment": "production"},
                "creationTimestamp": "2025-03-01T08:00:00.000-07:00",
            },
        }
    return asset


def _answer(target: str, each: int) -> object:
    path, _, raw = target.partition("?")
    query = urllib.parse.parse_qs(raw)
    if path.endswith("/assets"):
        types = query.get("assetTypes", ["compute.googleapis.com/Thing"])
        first = int(query.get("pageToken", ["0"])[0])
        last = min(first + int(query.get("pageSize", ["100"])[0]), each)
        content = query["contentType"][0]
        page: dict[str, object] = {
            "readTime": "2026-11-26T00:00:00Z",
            "assets": [_asset(types[n % len(types)], n, content) for n in range(first, last)],
        }
        return {**page, "nextPageToken": str(last)} if last < each else page
    return _children(path, query.get("parent", [""])[0])


def _children(path: str, parent: str) -> object:
    top = parent.startswith("organizations/")
    if path.endswith("/folders"):
        names = [f"folders/{100 + n}" for n in range(FOLDERS)] if top else []
        return {"folders": [{"name": n, "parent": parent, "state": "ACTIVE"} for n in names]}
    number = -1 if top else int(parent.rpartition("/")[2]) - 100
    return {
        "projects": [
            {"name": f"projects/{1000 + n}", "projectId": f"acme-{n:03}", "state": "ACTIVE"}
            for n in range(PROJECTS)
            if n % FOLDERS == number
        ]
    }


async def _listen(each: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                match = _HEAD.match(await reader.readuntil(b"\r\n\r\n"))
                assert match  # noqa: S101 - the SDK speaks HTTP
                raw = json.dumps(_answer(match[1].decode(), each)).encode()
                await asyncio.sleep(LATENCY_SECONDS)
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}"
                writer.write(f"{head}\r\n\r\n".encode() + raw)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    if "--serve" in sys.argv:
        asyncio.run(_listen(int(sys.argv[-1])))
    else:
        main()
