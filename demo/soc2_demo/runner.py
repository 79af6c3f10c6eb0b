"""The demo: an emulated company, and the real command line against it.

Nothing is faked between the two: the child process reads a configuration file, talks HTTP through
the real SDKs and writes a real store, which stays in the directory for a closer look.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, TextIO

from soc2_demo import evidence, roster
from soc2_demo.aws import AwsEmulator
from soc2_demo.company import REGIONS
from soc2_demo.gcp_words import ORGANIZATION
from soc2_pac.errors import Soc2PacError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
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
    """Emulate acme-robotics and run soc2-pac against it, which prints what it found.

    Args:
        directory: where configuration and store are written; made when missing. A store of an
            earlier demo is continued: history is what it is for.
        keep: go on serving the emulated company until interrupted, so that ``run`` and ``check``
            can be tried against it.
        out: where the summary goes; default standard output.

    Returns:
        The exit code of ``soc2-pac run``: 0, 1 or 3.

    Raises:
        UsageError: the demo extra is missing, or the directory holds somebody's own configuration.
        Soc2PacError: the run ended otherwise; its output tells why.
    """
    out = out or sys.stdout
    config = directory / CONFIG
    if config.exists() and not config.read_text(encoding="utf-8").startswith(_MARK):
        msg = (
            f"{config} was not written by the demo: it is left alone. Next: name another directory"
        )
        raise UsageError(msg)
    directory.mkdir(parents=True, exist_ok=True)
    with _company() as (aws, urls):
        config.write_text(_config(directory, aws.url, urls), encoding="utf-8")
        roster.write(directory)
        evidence.write(directory)
        evidence.hand_in(directory, _url(directory))
        others = ", ".join(f"{_NAMES[name]} at {url}" for name, url in urls.items())
        up = f"AWS at {aws.url}, {others}"
        print(f"acme-robotics is up: {up}", file=out, flush=True)
        code = _run(_command(config), _environment(aws.credentials))
        commands = "\n".join(f"  {command}" for command in _commands(config, aws, keep=keep))
        print(f"\nWhat to try next:\n{commands}", file=out, flush=True)
        if keep:
            print("The company stays up until Ctrl-C.", file=out, flush=True)
            _wait()
    return code


@contextlib.contextmanager
def _company() -> Iterator[tuple[AwsEmulator, dict[str, str]]]:
    from soc2_demo import azure_company, gcp_company, github_company, okta_company  # noqa: PLC0415
    from soc2_demo.azure import AzureEmulator  # noqa: PLC0415
    from soc2_demo.gcp import GcpEmulator  # noqa: PLC0415
    from soc2_demo.github import GithubEmulator  # noqa: PLC0415
    from soc2_demo.okta import OktaEmulator  # noqa: PLC0415

    state = github_company.acme_robotics()
    state.mails = roster.verified_mails(state.members)
    github, okta = GithubEmulator(state), OktaEmulator(okta_company.acme_robotics())
    servers: dict[str, Server] = {
        "github": github,
        "okta": okta,
        "azure": AzureEmulator(azure_company.acme_robotics()),
        "gcp": GcpEmulator(gcp_company.acme_robotics()),
    }
    with AwsEmulator() as aws, contextlib.ExitStack() as running:
        yield aws, {name: running.enter_context(one) for name, one in servers.items()}


def _config(directory: Path, aws: str, urls: Mapping[str, str]) -> str:
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

[rules.gcp-corporate-identities-only]
domains = ["acme-robotics.example"]
reason = "our own domain"               # what differs from a rule's default has all three
owner = "ciso@acme-robotics.example"
date = 2026-01-05
"""


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


def _command(config: Path) -> list[str]:
    return [sys.executable, "-m", "soc2_pac", "run", "--config", str(config)]


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    code = subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
    if code in _EXPECTED:
        return code
    ended = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    msg = f"the demo's run ended {ended}; its output tells why. It was: {shlex.join(command)}"
    raise Soc2PacError(msg)


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
