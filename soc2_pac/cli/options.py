"""Options that several commands share."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from soc2_pac.errors import UsageError
from soc2_pac.model import Severity, Status, utc_text, utc_time
from soc2_pac.output import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_pac.store import Store

F = TypeVar("F", bound="Callable[..., Any]")

config_option = click.option(
    "--config",
    "-c",
    "config_path",
    metavar="FILE",
    help="Configuration file. Default: SOC2_PAC_CONFIG, or soc2-pac.toml in this folder.",
)
store_option = click.option(
    "--store",
    "store_url",
    metavar="URL",
    help="Store to read, instead of the configured one: sqlite:///FILE or postgresql://user@host/db.",
)
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="Of the rows.",
)
fail_on_option = click.option(
    "--fail-on",
    type=click.Choice([s.value for s in Severity]),
    help="Least severity of a failure that gives exit code 1. Default: [run] fail_on, or info.",
)
log_format_option = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Progress on standard error: for people, or one JSON line an event.",
)
quiet_option = click.option("--quiet", "-q", is_flag=True, help="No progress and no summary.")
status_option = click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([s.value for s in Status]),
    help="Only these; repeatable.",
)
severity_option = click.option(
    "--severity",
    "severities",
    multiple=True,
    type=click.Choice([s.value for s in Severity]),
    help="Only these; repeatable.",
)


@contextlib.contextmanager
def opened_store(
    config_path: str | None, store_url: str | None, *, create: bool = False
) -> Iterator[Store]:
    """The store that a command works on."""
    from soc2_pac import config  # noqa: PLC0415
    from soc2_pac.store import open_store  # noqa: PLC0415

    url = store_url or config.load(config_path).store_url
    with open_store(url, create=create) as store:
        yield store


def instant(text: str, option: str) -> datetime:
    """A date or an ISO instant, UTC when it names no zone. Raises UsageError."""
    try:
        return utc_time(text)
    except ValueError as error:
        msg = f"{option}: '{text}' is no date. Write 2026-01-31 or 2026-01-31T12:00:00Z"
        raise UsageError(msg) from error


def now_text() -> str:
    """This instant as the store writes it."""
    return utc_text(datetime.now(UTC))


def check_criteria(names: tuple[str, ...]) -> tuple[str, ...]:
    """Criteria or series that exist. Raises UsageError naming the nearest."""
    from soc2_pac.criteria import CRITERIA  # noqa: PLC0415
    from soc2_pac.text import nearest  # noqa: PLC0415

    known = {*CRITERIA, *(criterion.series for criterion in CRITERIA.values())}
    for name in names:
        if name not in known:
            msg = f"there is no criterion '{name}'.{nearest(name.upper(), known)}"
            raise UsageError(msg)
    return names
