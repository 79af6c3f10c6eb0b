"""An organisation of 200 accounts x 4 regions, answers 30 ms away: is the run bound by its rate alone?

The other side is a process of its own. It answers every operation as AWS does where there is nothing,
and a few with some resources. What counts is the traffic, the time and the memory of the run.
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
from pathlib import Path

ACCOUNTS, REGIONS = 200, ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2")
LATENCY_SECONDS = 0.03
RATE = 250
"""Requests a second, all together, as configured."""
MOST_MEGABYTES = 500
ACCOUNT_IDS = [f"{600_000_000_000 + number}" for number in range(ACCOUNTS)]


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
    regions = ", ".join(f'"{region}"' for region in REGIONS)
    (folder / "soc2-pac.toml").write_text(
        f'[sources.aws]\nprovider = "aws"\norganization = true\nrole = "soc2-pac-reader"\n'
        f'regions = [{regions}]\nendpoint_url = "{address}"\ntotal_requests_per_second = {RATE}\n'
        "[run]\nworkers = 32\n"
    )
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = [sys.executable, "-m", "soc2_pac", "collect", "--stats"]
    began = time.perf_counter()
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode != 0:
        sys.exit(f"the run ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr[-2000:]}")
    total = re.findall(r"^total +([\d,]+)", ended.stdout, re.MULTILINE)[0]
    requests = int(total.replace(",", ""))
    print(ended.stdout.partition("\n")[0])
    print(f"{'':<40}{'measured':>12}{'allowed':>12}")
    print(f"{'requests':<40}{requests:>12,}")
    print(f"{'seconds':<40}{seconds:>12,.0f}")
    print(f"{'requests a second':<40}{requests / seconds:>12,.0f}{RATE:>12}")
    print(f"{'memory, MB':<40}{used.ru_maxrss / 1024:>12,.0f}{MOST_MEGABYTES:>12}")
    print(f"{'CPU seconds':<40}{used.ru_utime + used.ru_stime:>12,.0f}")


# -- the other side -----------------------------------------------------------------------------------------

_HEAD = re.compile(rb"^(\w+) (\S+) HTTP/1.1\r\n(.*?)\r\n\r\n", re.DOTALL)


def _answer(path: str, headers: str, body: str) -> tuple[str, str]:
    target = re.search(r"x-amz-target: \S*?\.?(\w+)\r?$", headers, re.IGNORECASE | re.MULTILINE)
    if target:
        return "application/x-amz-json-1.1", _json(target[1])
    action = re.search(r"(?:^|&)Action=(\w+)", body)
    if action:
        return "text/xml", _xml(action[1], body)
    service = re.search(r"Credential=[^/]+/\d+/[\w-]+/([\w-]+)/", headers)
    if service and service[1] in ("s3", "cloudfront", "route53"):
        return "text/xml", _rest_xml(service[1], path)
    return "application/json", "{}"


def _json(operation: str) -> str:
    if operation == "DescribeOrganization":
        arn = f"arn:aws:organizations::{ACCOUNT_IDS[0]}:organization/o-benchmark00"
        found = {"Id": "o-benchmark00", "Arn": arn, "MasterAccountId": ACCOUNT_IDS[0]}
        return json.dumps({"Organization": found})
    if operation == "DescribeEventBus":
        return json.dumps({"Name": "default", "Arn": "arn:aws:events:bus/default"})
    if operation == "ListAccounts":
        return json.dumps(
            {"Accounts": [{"Id": i, "Name": i, "State": "ACTIVE"} for i in ACCOUNT_IDS]}
        )
    return "{}"


def _xml(operation: str, body: str) -> str:
    if operation == "GetCallerIdentity":
        inner = (
            f"<Arn>arn:aws:iam::{ACCOUNT_IDS[0]}:user/b</Arn><Account>{ACCOUNT_IDS[0]}</Account>"
        )
    elif operation == "AssumeRole":
        inner = (
            "<Credentials><AccessKeyId>AKIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
            "<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        )
    elif operation == "GenerateCredentialReport":
        inner = "<State>COMPLETE</State>"
    elif operation == "GetCredentialReport":
        # user,arn and one row, as base64
        inner = (
            "<Content>dXNlcixhcm4KPHJvb3RfYWNjb3VudD4sYXJuOmF3czppYW06OjE6cm9vdAo=</Content>"
            "<GeneratedTime>2026-01-01T00:00:00Z</GeneratedTime>"
        )
    else:
        return _ec2(operation) or (
            f"<{operation}Response><{operation}Result></{operation}Result></{operation}Response>"
        )
    del body
    return (
        f"<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>"
    )


def _ec2(operation: str) -> str:
    if operation == "DescribeRegions":
        items = "".join(f"<item><regionName>{region}</regionName></item>" for region in REGIONS)
        return f"<{operation}Response><regionInfo>{items}</regionInfo></{operation}Response>"
    if operation == "DescribeVolumes":
        items = "".join(
            f"<item><volumeId>vol-{n:08}</volumeId><size>8</size><encrypted>true</encrypted></item>"
            for n in range(40)
        )
        return f"<{operation}Response><volumeSet>{items}</volumeSet></{operation}Response>"
    return ""


def _rest_xml(service: str, path: str) -> str:
    if service == "s3" and path.startswith("/v20180820"):
        return "<PublicAccessBlockConfiguration></PublicAccessBlockConfiguration>"
    names = {"s3": "ListAllMyBucketsResult", "cloudfront": "DistributionList"}
    name = names.get(service, "Result")
    return f"<{name}></{name}>"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            match = _HEAD.match(head)
            assert match  # noqa: S101 - botocore speaks HTTP
            headers = match[3].decode("latin-1") + "\r\n"
            length = re.search(r"content-length: (\d+)", headers, re.IGNORECASE)
            body = await reader.readexactly(int(length[1])) if length else b""
            kind, text = _answer(match[2].decode(), headers, body.decode("utf-8", "replace"))
            await asyncio.sleep(LATENCY_SECONDS)
            raw = text.encode()
            writer.write(
                f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
                + raw
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
