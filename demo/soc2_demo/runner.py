"""The demo: an emulated company, and the real command line against it.

Nothing is faked between the two: the child process reads a configuration file, talks HTTP through
the real SDKs and writes a real store, which stays in the directory for a closer look.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import shlex
import signal
import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Self, TextIO

from sqlalchemy.exc import DatabaseError

from soc2_demo import history, roster, worker
from soc2_demo.aws import AwsEmulator
from soc2_demo.company import REGIONS
from soc2_demo.gcp_words import ORGANIZATION
from soc2_pac import clock
from soc2_pac.config import CONTROLS_FILE
from soc2_pac.errors import Soc2PacError, UsageError
from soc2_pac.store import simulation
from soc2_pac.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from soc2_demo.http import Server

CONFIG = "soc2-pac.toml"
DATABASE = "soc2-pac.db"
_MARK = "# Written by 'soc2-pac demo'."
_EXPECTED = {0, 1, 3}
"""Nothing to act on, findings, evidence incomplete: what a run over a real company may end with."""
_GITHUB_TOKEN = "ACME_GITHUB_TOKEN"  # noqa: S105  the name of a variable
_OKTA_TOKEN = "ACME_OKTA_TOKEN"  # noqa: S105  the name of a variable
_AZURE_TOKEN = "ACME_AZURE_TOKEN"  # noqa: S105  the name of a variable
_OKTA_HOST = "acme-robotics.okta.com"
_OWN_SETTINGS = (
    "AWS_", "AZURE_", "CLOUDSDK_", "GH_", "GITHUB_", "GOOGLE_", "OKTA_", "SOC2_PAC_",
)  # fmt: skip
"""Variables of the person who runs the demo: it must neither use them nor be bent by them."""
_NAMES = {"github": "GitHub", "okta": "Okta", "azure": "Azure and Entra", "gcp": "Google Cloud"}


def run_demo(directory: Path, *, keep: bool = False, out: TextIO | None = None) -> int:
    """Emulate acme-robotics, and run soc2-pac against it as if over the 180 days before today.

    Args:
        directory: where configuration, store and report are written; made when missing. The store of an
            earlier demo is made anew.
        keep: go on serving the emulated company until interrupted, so that ``check`` can be tried
            against it.
        out: where the summary goes; default standard output.

    Returns:
        The exit code of the last run: 0, 1 or 3.

    Raises:
        UsageError: the demo extra is missing, or the directory holds somebody's own configuration or
            evidence.
        Soc2PacError: a run ended otherwise; its output tells why.
    """
    out = out or sys.stdout
    config = directory / CONFIG
    if config.exists() and not config.read_text(encoding="utf-8").startswith(_MARK):
        msg = (
            f"{config} was not written by the demo: it is left alone. Next: name another directory"
        )
        raise UsageError(msg)
    directory.mkdir(parents=True, exist_ok=True)
    _make_room(directory)
    now = clock.now()
    end = history.end_of(now)
    report = directory / worker.REPORT
    with _alone(), _Worker(_environment({})) as working, _emulators(end) as (past, urls):
        working.do(worker.Prepare(directory, past.aws.credentials))
        others = ", ".join(f"{_NAMES[name]} at {url}" for name, url in urls.items())
        print(f"acme-robotics is up: AWS at {past.aws.url}, {others}", file=out, flush=True)
        print(f"{history.DAYS} days of its history, simulated ...", file=out, flush=True)
        code = 0
        for run in history.RUNS:
            past.turn_to(run.days)
            _write(directory, past.aws.url, urls, end, run.days)
            code = working.do(worker.Order(directory, config, _url(directory), end, run))
        working.do(worker.Report(config, report, end))
        commands = "\n".join(f"  {command}" for command in _commands(config, past.aws, keep=keep))
        print(f"\nWhat to try next:\n{commands}", file=out, flush=True)
        start = end - timedelta(days=history.DAYS)
        print(
            f"\nThe report on operation from {start:%Y-%m-%d} to {end:%Y-%m-%d} (Type II): {report}",
            file=out, flush=True,
        )  # fmt: skip
        if keep:
            print("The company stays up until Ctrl-C.", file=out, flush=True)
            _wait()
    return code


def _make_room(directory: Path) -> None:
    """Take the store of an earlier demo away; history is not written into the past of another.

    Raises:
        UsageError: the store holds evidence that no demo made.
    """
    path = directory / DATABASE
    if not path.exists():
        return
    with (
        contextlib.closing(Database(_url(directory))) as database,
        database.reading() as connection,
    ):
        try:
            simulated = simulation.since(connection) is not None
        except DatabaseError:
            simulated = False
    if not simulated:
        msg = (
            f"{path} holds evidence that this demo did not make: it is left alone. "
            "Next: delete it, or name another directory"
        )
        raise UsageError(msg)
    for end in ("", "-wal", "-shm", ".lock"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _write(directory: Path, aws: str, urls: Mapping[str, str], end: datetime, days: int) -> None:
    """The files of a day: configuration, roster and controls."""
    text = _config(directory, aws, urls, history.decisions(end, days))
    (directory / CONFIG).write_text(text, encoding="utf-8")
    roster.write(directory, end, days)
    controls = directory / CONTROLS_FILE
    before = controls.read_text(encoding="utf-8")
    after = history.controls_text(before, days)
    if after != before:
        controls.write_text(after, encoding="utf-8")


class _Worker:
    """The process in which soc2-pac runs."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, self._theirs = context.Pipe()
        self._process = context.Process(
            target=worker.serve, args=(self._theirs, environment), daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()
        return self

    def do(self, order: object) -> int:
        """Have something done.

        Raises:
            Soc2PacError: it failed, or ended in another way than a run over a company with faults should.
        """
        try:
            self._connection.send(order)
            answer = self._connection.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            self._process.join()
            code = self._process.exitcode or 0
            ended = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
            msg = f"the demo's run ended {ended}; its output tells why"
            raise Soc2PacError(msg) from error
        if isinstance(answer, worker.Failed):
            msg = f"the demo's run failed: {answer.said}"
            raise Soc2PacError(msg)
        if answer not in _EXPECTED:
            msg = f"the demo's run ended with exit code {answer}; its output tells why"
            raise Soc2PacError(msg)
        return int(answer)

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.terminate()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """This process as the emulators need it.

    moto and boto3 read the environment: a profile of the person's that does not exist would stop the demo. The
    garbage collector would search the emulators' large tables again and again.
    """
    before, often = dict(os.environ), gc.get_threshold()
    for name in before:
        if name.startswith(_OWN_SETTINGS):
            del os.environ[name]
    gc.set_threshold(200_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*often)
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _emulators(end: datetime) -> Iterator[tuple[history.History, dict[str, str]]]:
    """The company as it is at an instant, with the addresses of all but AWS."""
    from soc2_demo import azure_company, gcp_company, github_company, okta_company  # noqa: PLC0415
    from soc2_demo.azure import AzureEmulator  # noqa: PLC0415
    from soc2_demo.gcp import GcpEmulator  # noqa: PLC0415
    from soc2_demo.github import GithubEmulator  # noqa: PLC0415
    from soc2_demo.okta import OktaEmulator  # noqa: PLC0415

    state = github_company.acme_robotics(end)
    state.mails = roster.verified_mails(state.members)
    github, okta = GithubEmulator(state), OktaEmulator(okta_company.acme_robotics(end))
    azure = AzureEmulator(azure_company.acme_robotics(end))
    gcp = GcpEmulator(gcp_company.acme_robotics(end))
    servers: dict[str, Server] = {"github": github, "okta": okta, "azure": azure, "gcp": gcp}
    with AwsEmulator(end) as aws, contextlib.ExitStack() as running:
        urls = {name: running.enter_context(one) for name, one in servers.items()}
        yield history.History(end, aws, github, okta, (azure, gcp)), urls


@contextlib.contextmanager
def _company() -> Iterator[tuple[AwsEmulator, dict[str, str]]]:
    """The company as it is now."""
    with _emulators(clock.now()) as (past, urls):
        yield past.aws, urls


def _config(directory: Path, aws: str, urls: Mapping[str, str], decided: str | None = None) -> str:
    """The configuration. ``decided``: what it decides; left out, what it does today."""
    from soc2_demo.azure_words import TENANT  # noqa: PLC0415

    regions = ", ".join(f'"{region}"' for region in REGIONS)
    return f"""{_MARK} Five emulated sources, and the roster of people beside this file.

[store]
url = "{_url(directory)}"

[sources.aws-acme]
provider = "aws"
regions = [{regions}]
endpoint_url = "{aws}"  # leave this out and the source is the real AWS

[sources.gcp-acme]
provider = "gcp"
organization = "{ORGANIZATION}"
endpoint = "{urls["gcp"]}"  # leave this out and the source is the real Google Cloud

[sources.github-acme]
provider = "github"
organization = "acme-robotics"
enterprise = "acme-holding"
base_url = "{urls["github"]}"
token = {{ env = "{_GITHUB_TOKEN}" }}  # the name of the variable, never the token

[sources.okta-acme]
provider = "okta"
org_url = "{urls["okta"]}"  # of a real org: https://acme.okta.com
organization = "{_OKTA_HOST}"  # leave this out and it is the host of org_url
token = {{ env = "{_OKTA_TOKEN}" }}  # better: client_id and private_key of a service app

[sources.azure-acme]
provider = "azure"
tenant = "{TENANT}"
arm_endpoint = "{urls["azure"]}"  # leave these three out and the source is the real Azure
graph_endpoint = "{urls["azure"]}"
loopback_token = {{ env = "{_AZURE_TOKEN}" }}

[sources.hr]
provider = "roster"
organization = "acme-robotics"
people = "{roster.PEOPLE_FILE}"
accounts = "{roster.ACCOUNTS_FILE}"  # whose accounts are where no system says it

# What differs from a rule's default has a reason, an owner and a date.
{history.decisions(clock.now(), 0) if decided is None else decided}"""


def _environment(credentials: Mapping[str, str]) -> dict[str, str]:
    """Give the child's environment: dummy credentials, and none of the person's own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_OWN_SETTINGS)}
    return kept | {
        **credentials,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        _GITHUB_TOKEN: "demo-token-that-opens-nothing",
        _OKTA_TOKEN: "demo-token-that-opens-nothing",
        _AZURE_TOKEN: "demo-token-that-opens-nothing",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def _url(directory: Path) -> str:
    return f"sqlite:///{(directory / DATABASE).resolve().as_posix()}"


def _commands(config: Path, aws: AwsEmulator, *, keep: bool) -> list[str]:
    where = f"--config {shlex.quote(str(config))}"
    commands = [
        f"soc2-pac findings list {where} --status fail",
        f"soc2-pac people list {where} --leavers",
        f"soc2-pac controls show INC-02 {where}",
        f"soc2-pac verify {where}",
        "soc2-pac rules show aws-sg-no-ssh-world",
    ]
    if keep:
        secrets = " ".join(
            f"{name}={shlex.quote(value)}" for name, value in aws.credentials.items()
        )
        commands.append(f"{secrets} soc2-pac check aws-s3-bucket-not-public {where}")
    return commands


def _wait() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
