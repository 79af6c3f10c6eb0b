"""An Okta org of 20,000 users with their factors, answers 30 ms away: requests, time and memory.

The other side is a process of its own. Okta has no call that gives the factors of several users, so a
first read takes a request for each user who can sign in; what Okta's own limits make of that is worked out
at the end. What counts is the traffic, the time and the memory of the run.
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

USERS, FACTORS_EACH = 20_000, 3
LATENCY_SECONDS = 0.03
AT_ONCE = 8
MOST_MEGABYTES = 400
MOST_REQUESTS = USERS + USERS // 200 + 10
LIMITS = (600, 1200)
"""Requests a minute that orgs may make to the endpoint of factors, by their plan."""
SHARE = 0.5
CREATED = "2024-03-01T08:00:00.000Z"


def main() -> None:
    """Print a table."""
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None  # noqa: S101 - it is piped
    address = server.stdout.readline().strip()
    try:
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), address)
    finally:
        server.kill()
        server.wait()


def _measure(folder: Path, address: str) -> None:
    (folder / "soc2-pac.toml").write_text(
        f'[sources.okta]\nprovider = "okta"\norg_url = "{address}"\ntoken = {{ env = "OKTA" }}\n'
        f"[run]\nfacts_at_once = {AT_ONCE}\nunit_timeout_seconds = 3600\n"
    )
    command = [sys.executable, "-m", "soc2_pac", "collect", "--kind", "okta.user", "--stats"]
    before = 0.0
    for look in ("first", "second"):
        began = time.perf_counter()
        ended = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "OKTA": "opens-nothing"},
            capture_output=True,
            text=True,
            check=False,
        )
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
        print(f"{look} look: {ended.stdout.partition(chr(10))[0]}")
        print(f"{'':<40}{'measured':>12}{'allowed':>12}")
        print(f"{'requests':<40}{requests:>12,}{MOST_REQUESTS:>12,}")
        print(f"{'seconds':<40}{seconds:>12,.0f}")
        print(f"{'requests a second':<40}{requests / seconds:>12,.0f}")
        print(
            f"{'memory, MB (the most so far)':<40}{used.ru_maxrss / 1024:>12,.0f}{MOST_MEGABYTES:>12}"
        )
        print(f"{'CPU seconds':<40}{cpu:>12,.0f}")
        print(f"{'store, MB':<40}{size / 1e6:>12,.0f}\n", flush=True)
    print(f"At Okta's limits, {SHARE:.0%} of them used:")
    for limit in LIMITS:
        print(f"  {limit:,} requests a minute: {USERS / (limit * SHARE):,.0f} minutes")


# -- the other side -----------------------------------------------------------------------------------------

_HEAD = re.compile(rb"^GET (\S+) HTTP/1.1\r\n(.*?)\r\n\r\n", re.DOTALL)


def _user(number: int) -> dict[str, object]:
    login = f"person{number}@acme.example"
    return {
        "id": f"00u{number:017d}",
        "status": "ACTIVE",
        "created": CREATED,
        "activated": CREATED,
        "statusChanged": CREATED,
        "lastLogin": "2026-11-20T08:00:00.000Z",
        "lastUpdated": CREATED,
        "passwordChanged": CREATED,
        "type": {"id": "oty0000000000000000"},
        "profile": {
            "firstName": "Person",
            "lastName": str(number),
            "mobilePhone": None,
            "secondEmail": None,
            "login": login,
            "email": login,
            "department": "Engineering",
        },
        "credentials": {"provider": {"type": "OKTA", "name": "OKTA"}},
        "_links": {"self": {"href": f"https://acme.okta.com/api/v1/users/00u{number:017d}"}},
    }


def _factors(user: str) -> list[dict[str, object]]:
    sorts = ("push", "webauthn", "token:software:totp")[:FACTORS_EACH]
    return [
        {
            "id": f"{user}{number}",
            "factorType": sort,
            "provider": "OKTA",
            "vendorName": "OKTA",
            "status": "ACTIVE",
            "created": CREATED,
            "lastUpdated": CREATED,
            "profile": {"credentialId": f"{user}@acme.example"},
        }
        for number, sort in enumerate(sorts)
    ]


def _answer(target: str, host: str) -> tuple[object, str]:
    """(body, Link header)."""
    path, _, raw = target.partition("?")
    query = dict(urllib.parse.parse_qsl(raw))
    if path.endswith("/factors"):
        return _factors(path.split("/")[-2]), ""
    if path != "/api/v1/users" or "filter" in query:
        return [], ""
    first, size = int(query.get("after", "0")), int(query.get("limit", "200"))
    last = min(first + size, USERS)
    page = [_user(number) for number in range(first, last)]
    more = f'<http://{host}{path}?limit={size}&after={last}>; rel="next"' if last < USERS else ""
    return page, more


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            match = _HEAD.match(await reader.readuntil(b"\r\n\r\n"))
            assert match  # noqa: S101 - the SDK speaks HTTP
            host = re.findall(rb"(?i)host: (\S+)", match[2])[0].decode()
            body, link = _answer(match[1].decode(), host)
            await asyncio.sleep(LATENCY_SECONDS)
            raw = json.dumps(body).encode()
            reset = int(time.time()) + 60
            headers = (
                "Content-Type: application/json\r\nX-Rate-Limit-Limit: 1000000\r\n"
                f"X-Rate-Limit-Remaining: 999999\r\nX-Rate-Limit-Reset: {reset}\r\n"
                + (f"Link: {link}\r\n" if link else "")
            )
            writer.write(
                f"HTTP/1.1 200 OK\r\n{headers}Content-Length: {len(raw)}\r\n\r\n".encode() + raw
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _listen() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0, backlog=512)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    if "--serve" in sys.argv:
        asyncio.run(_listen())
    else:
        main()
