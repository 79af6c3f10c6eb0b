"""Commands as a user starts them, over a small emulated AWS account; and a peer on the same account in the same run.

    python benchmarks/aws_account.py [--rounds 3] [--public-snapshots] [--peer "COMMAND"]

Each command is a process of its own: its CPU, its memory and its time include the start of Python. Requests are
counted by the emulator, which is moto in a process of its own, so that its time does not count. CPU is the best of the
rounds: other work on the machine only adds to it.

A peer is measured where its command is found (``prowler``), or named with ``--peer``; it is not installed by this.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3

import soc2_collectors
import soc2_pac
import soc2_rules
from soc2_demo.aws import know_public_snapshots
from soc2_demo.aws_gaps import Completed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REGION = "eu-west-1"
USERS = BUCKETS = INSTANCES = 20
VOLUMES, KEYS, DATABASES = 40, 21, 10
RULE = "aws-s3-public-access-blocked"
PEER = (
    "prowler aws --compliance soc2_aws --region eu-west-1 --output-formats csv --output-directory ."
)
"""Its SOC 2 profile, on what AWS_ENDPOINT_URL names."""
_COUNT = "/benchmark/requests"
_MEASURE = """
import json, os, sys, time
began = time.perf_counter()
child = os.fork()
if not child:
    os.dup2(2, 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(child, 0)
seconds = time.perf_counter() - began
print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, seconds, used.ru_maxrss]))
"""


class Goal(NamedTuple):
    """What a command may take at most. ``None``: not limited."""

    cpu: float | None = None
    seconds: float | None = None
    megabytes: float | None = None
    requests: int | None = None


class Measured(NamedTuple):
    """What a process took."""

    cpu: float
    """Seconds, of user and system."""
    seconds: float
    megabytes: float
    """The most that it held at once."""
    requests: int


_COMMANDS: tuple[tuple[str, Sequence[str], Goal], ...] = (
    ("--help", ("--help",), Goal(cpu=0.25)),
    ("plugins", ("plugins",), Goal(cpu=0.25)),
    ("rules show", ("rules", "show", RULE), Goal(cpu=0.25)),
    ("check of one S3 rule", ("check", RULE), Goal(cpu=0.7, requests=22)),
    ("run, first", ("run", "--quiet"), Goal(2.0, 4.0, 130, 450)),
    ("run, again", ("run", "--quiet"), Goal(2.0, 4.0, 130, 450)),
    ("findings list", ("findings", "list", "--format", "json"), Goal(cpu=0.35)),
)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each command is run")
    parser.add_argument(
        "--public-snapshots", action="store_true", help="with the snapshots of moto's 1,301 images"
    )
    parser.add_argument("--peer", help=f"the peer's command; default, where it is found: {PEER}")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve is not None:
        _serve(asked.serve)
        return
    with tempfile.TemporaryDirectory() as folder, _moto(images=asked.public_snapshots) as address:
        environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": address,
            "SOC2_PAC_CACHE": str(Path(folder) / "cache"),
        }
        # What Python compiles is kept, as it is after an installation.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ.update(environment)
        _compile()
        _seed(address)
        (Path(folder) / "soc2-pac.toml").write_text(
            f'[sources.aws]\nprovider = "aws"\nregions = ["{REGION}"]\n'
        )
        program = [sys.executable, "-m", "soc2_pac"]
        for _ in range(
            2
        ):  # the first may find files that were compiled just now, and keeps no index
            subprocess.run(
                [*program, "plugins"], cwd=folder, env=environment, capture_output=True, check=True
            )
            time.sleep(2)
        print(f"{'':<24}{'CPU s':>14}{'s':>14}{'MB':>14}{'requests':>16}   (measured / at most)")
        for name, arguments, goal in _COMMANDS:
            first = name == "run, first"
            rounds = [
                _measured([*program, *arguments], folder, environment, address, fresh=first)
                for _ in range(asked.rounds)
            ]
            _row(name, min(rounds), goal)
        peer = shlex.split(asked.peer or PEER)
        if shutil.which(peer[0]) is None:
            print(f"\n{peer[0]} is not installed: nothing to compare with")
            return
        _row(peer[0], _measured(peer, folder, environment, address), Goal())


def _measured(
    command: Sequence[str],
    folder: str,
    environment: Mapping[str, str],
    address: str,
    *,
    fresh: bool = False,
) -> Measured:
    """Run a command to its end. ``fresh``: without a store."""
    if fresh:
        for path in Path(folder).glob("soc2-pac.db*"):
            path.unlink()
    before = _requests(address)
    # By a small process between: a child is charged with what its parent held when it was made.
    small = [sys.executable, "-I", "-S", "-c", _MEASURE, *command]
    ended = subprocess.run(
        small, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    code, cpu, seconds, kilobytes = json.loads(ended.stdout)
    if code not in (0, 1, 3):
        sys.exit(f"{' '.join(command)} ended with {code}:\n{ended.stderr}")
    return Measured(cpu, seconds, kilobytes / 1024, _requests(address) - before)


def _requests(address: str) -> int:
    """How many requests the emulator has answered."""
    with urllib.request.urlopen(f"{address}{_COUNT}") as answer:  # noqa: S310 - our own server
        return int(answer.read())


def _row(name: str, measured: Measured, goal: Goal) -> None:
    cells = [
        f"{got:,.{digits}f} / {most:g}" if most is not None else f"{got:,.{digits}f}"
        for got, most, digits in zip(measured, goal, (2, 2, 0, 0), strict=True)
    ]
    print(f"{name:<24}{cells[0]:>14}{cells[1]:>14}{cells[2]:>14}{cells[3]:>16}", flush=True)


def _compile() -> None:
    """As an installer does: the checkout would otherwise be compiled again and again, and be measured."""
    for package in (soc2_pac, soc2_collectors, soc2_rules):
        compileall.compile_dir(package.__path__[0], quiet=1)


class _moto:  # noqa: N801 - reads as the with statement that it is for
    """Moto in a process of its own."""

    def __init__(self, *, images: bool) -> None:
        self._images = images

    def __enter__(self) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, __file__, "--serve", str(port)]
        environment = {**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": str(self._images).lower()}
        self._server = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        address = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                _requests(address)
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

    know_public_snapshots()
    completed: Any = Completed(DomainDispatcherApplication(create_backend_app))
    lock, answered = threading.Lock(), 0

    def application(environ: Any, start_response: Any) -> Any:
        nonlocal answered
        if environ["PATH_INFO"] == _COUNT:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [str(answered).encode()]
        with lock:
            answered += 1
        return completed(environ, start_response)

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
    main()
