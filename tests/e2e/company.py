"""The emulated company, with its configuration and environment, for tests that go through the real clients."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

from soc2_demo import evidence, http, roster, runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from soc2_demo.aws import AwsEmulator
    from soc2_demo.http import Server


@contextlib.contextmanager
def running(directory: Path) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """(configuration file, environment) of the company while it is up."""
    with runner._company() as (aws, urls):
        yield written(directory, aws, urls)


def written(
    directory: Path, aws: AwsEmulator, urls: Mapping[str, str]
) -> tuple[Path, Mapping[str, str]]:
    """Write the configuration of a company that is up."""
    config = directory / runner.CONFIG
    config.write_text(runner._config(directory, aws.url, urls), encoding="utf-8")
    roster.write(directory)
    evidence.write(directory)
    return config, runner._environment(aws.credentials)


def servers() -> list[Server]:
    """The emulators of this process that answer by HTTP of their own."""
    return [
        one for one in gc.get_objects() if isinstance(one, http.Server) and one._server is not None
    ]
