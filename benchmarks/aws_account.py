"""All AWS rules over a small account, against what a peer took for the same account.

The account is moto's, in a process of its own, so that only soc2-pac's own time and memory count.
"""

from __future__ import annotations

import compileall
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import boto3

import soc2_collectors
import soc2_pac
import soc2_rules
from soc2_demo.aws_gaps import Completed

REGION = "eu-west-1"
USERS = BUCKETS = INSTANCES = 20
VOLUMES, KEYS, DATABASES = 40, 21, 10
PEER_CALLS, PEER_CPU_SECONDS, PEER_SECONDS, PEER_MEGABYTES = 5496, 41.0, 118.0, 380.0
"""Prowler 5.46, SOC 2 profile, one region, the same account."""
CALLS_SHARE, CPU_SHARE = 8, 15
"""The issue allows one part in so many."""


def main() -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory() as folder, _moto() as address:
        environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        os.environ.update(environment)
        _compile()
        _seed(address)
        (Path(folder) / "soc2-pac.toml").write_text(
            f'[sources.aws]\nprovider = "aws"\nregions = ["{REGION}"]\nendpoint_url = "{address}"\n'
        )
        command = [sys.executable, "-m", "soc2_pac", "run", "--stats"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        ended = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode not in (1, 3):
        sys.exit(f"the run ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}")
    calls = int(re.findall(r"^total +([\d,]+)", ended.stdout, re.MULTILINE)[0].replace(",", ""))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(ended.stdout.partition("\n\noperation")[0].rpartition("\n\n")[2])
    print(next(line for line in ended.stdout.splitlines() if line.startswith("Run ")))
    print(f"\n{'':<24}{'measured':>10}{'allowed':>10}{'peer':>10}")
    _row("requests", calls, PEER_CALLS / CALLS_SHARE, PEER_CALLS)
    _row("CPU seconds", cpu, PEER_CPU_SECONDS / CPU_SHARE, PEER_CPU_SECONDS)
    _row("seconds", seconds, None, PEER_SECONDS)
    _row("megabytes", after.ru_maxrss / 1024, None, PEER_MEGABYTES)


def _compile() -> None:
    """As an installer does: the checkout would otherwise be compiled again and again, and be measured."""
    for package in (soc2_pac, soc2_collectors, soc2_rules):
        compileall.compile_dir(package.__path__[0], quiet=1)


def _row(name: str, measured: float, allowed: float | None, peer: float) -> None:
    limit = f"{allowed:,.1f}" if allowed is not None else ""
    print(f"{name:<24}{measured:>10,.1f}{limit:>10}{peer:>10,.1f}")


class _moto:  # noqa: N801 - reads as the with statement that it is for
    """Moto in a process of its own."""

    def __enter__(self) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, __file__, str(port)]
        environment = {**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
        self._server = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        address = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{address}/moto-api/").close()  # noqa: S310 - our own server
            except OSError:
                time.sleep(0.1)
            else:
                return address
        self._server.kill()
        sys.exit("moto did not start")

    def __exit__(self, *_: object) -> None:
        self._server.kill()
        self._server.wait()


def _serve(port: int) -> None:
    """Moto, completed by what it does not answer at all: every listing ends as it would at AWS."""
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - for the server's process only
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import run_simple  # noqa: PLC0415

    application: Any = Completed(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", port, application, threaded=True, request_handler=MotoRequestHandler)


def _seed(address: str) -> None:
    def client(service: str) -> Any:
        make: Any = boto3.client
        return make(service, endpoint_url=address, region_name=REGION)

    iam, s3, ec2, kms, rds = (client(name) for name in ("iam", "s3", "ec2", "kms", "rds"))
    for number in range(USERS):
        iam.create_user(UserName=f"user-{number}")
        iam.create_access_key(UserName=f"user-{number}")
    for number in range(BUCKETS):
        s3.create_bucket(
            Bucket=f"bench-bucket-{number}",
            CreateBucketConfiguration={"LocationConstraint": REGION},
        )
    image = ec2.register_image(Name="bench", RootDeviceName="/dev/sda1")["ImageId"]
    ec2.run_instances(ImageId=image, MinCount=INSTANCES, MaxCount=INSTANCES)
    for _ in range(VOLUMES - INSTANCES):
        ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=10)
    for number in range(KEYS):
        kms.create_key(Description=f"key {number}")
    for number in range(DATABASES):
        rds.create_db_instance(
            DBInstanceIdentifier=f"database-{number}", Engine="postgres",
            DBInstanceClass="db.t3.micro", AllocatedStorage=20, MasterUsername="root",
            MasterUserPassword="not-a-real-one",
        )  # fmt: skip


if __name__ == "__main__":
    _serve(int(sys.argv[1])) if len(sys.argv) > 1 else main()
