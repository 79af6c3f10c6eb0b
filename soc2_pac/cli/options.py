"""Options that several commands share."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from soc2_pac import clock
from soc2_pac.errors import UsageError
from soc2_pac.model import Selection, Severity, Status, utc_text, utc_time
from soc2_pac.output import FORMATS
from soc2_pac.text import nearest, says_something

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.acts import Actor
    from soc2_pac.plugins import Registry
    from soc2_pac.rules import Rule
    from soc2_pac.store import Store
    from soc2_pac.store.queries import Finding

    ChoiceType = click.Choice[str]
else:
    ChoiceType = click.Choice


T = TypeVar("T")
P = TypeVar("P", bound="tuple[Any, ...]")


class Choice(ChoiceType):
    """A choice that suggests the nearest for a wrong one."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """As click does; the message ends in the suggestion."""
        try:
            chosen: str = super().convert(value, param, ctx)
        except click.BadParameter as error:
            hint = nearest(str(value), [str(choice) for choice in self.choices])
            raise click.BadParameter(error.message + hint, ctx, param) from error
        return chosen


class ListGroup(click.Group):
    """A group of commands of which ``list`` is meant when none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``list`` before options that stand alone: ``findings --status fail``."""
        alone = not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names)
        if alone and not ctx.resilient_parsing:
            args = ["list", *args]
        return super().parse_args(ctx, args)


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
    type=Choice(FORMATS),
    default="table",
    show_default=True,
    help="Of the rows.",
)
fail_on_option = click.option(
    "--fail-on",
    type=Choice([s.value for s in Severity]),
    help="Least severity of a failure that gives exit code 1. Default: [run] fail_on, or info.",
)
log_format_option = click.option(
    "--log-format",
    type=Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Progress on standard error: for people, or one JSON line an event.",
)
quiet_option = click.option("--quiet", "-q", is_flag=True, help="No progress and no summary.")
stats_option = click.option(
    "--stats", is_flag=True, help="Print the API calls that were made, by service and operation."
)
resume_option = click.option(
    "--resume",
    is_flag=True,
    help="Go on with the last run if it was interrupted: only what it did not read completely.",
)


def page_options(command: Callable[..., object]) -> Callable[..., object]:
    """``--limit`` and ``--after``: a page of a list. The command takes a :class:`Page`."""

    @click.option(
        "--limit", type=click.IntRange(1), help="So many rows at most; says where to go on."
    )
    @click.option("--after", metavar="PLACE", help="Go on where a page ended, as it said.")
    @functools.wraps(command)
    def with_page(*args: object, limit: int | None, after: str | None, **options: object) -> object:
        return command(*args, page=Page(limit, after), **options)

    return with_page


@dataclass(slots=True)
class Page:
    """A page of a list: where it begins, and how long it is."""

    limit: int | None
    after: str | None
    more: bool = False
    """Whether there are rows behind it, once it was read."""
    _last: tuple[str | int | None, ...] = ()

    @property
    def asked(self) -> int | None:
        """How many rows to read: one more than are shown tells whether there are more."""
        return None if self.limit is None else self.limit + 1

    def behind(self, place: type[P]) -> P | None:
        """The place behind which it begins. Raises UsageError where the text is none."""
        if self.after is None:
            return None
        try:
            found = place(*json.loads(base64.urlsafe_b64decode(f"{self.after}===")))
        except (ValueError, TypeError) as error:
            raise self._no_place() from error
        if not all(isinstance(value, str | int | None) for value in found):
            raise self._no_place()
        return found

    def _no_place(self) -> UsageError:
        return UsageError(
            f"--after: '{self.after}' is no place in this list. Next: take the one that the last page named"
        )

    def cut(self, rows: Iterable[T], place: Callable[[T], tuple[Any, ...]]) -> Iterator[T]:
        """The rows of the page; where they end, it is known whether there are more."""
        last: T | None = None
        for count, row in enumerate(rows):
            if count == self.limit:
                self.more = True
                break
            last = row
            yield row
        if last is not None:
            self._last = place(last)

    def say(self, count: int) -> None:
        """Tell on standard error where to go on, if there is more."""
        if self.more:
            text = json.dumps(self._last, separators=(",", ":"))
            token = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
            click.echo(f"{count:,} rows shown, more exist. Next: --after {token}", err=True)


def scope_options(command: Callable[..., object]) -> Callable[..., object]:
    """``--source``, ``--account``, ``--region``: where to look. The command takes a :class:`Where`."""

    @click.option(
        "--source", "sources", multiple=True, help="Look only through this source; repeatable."
    )
    @click.option(
        "--account",
        "--accounts",
        "accounts",
        multiple=True,
        metavar="ID[,ID]",
        help="Look only in these accounts, organisations or projects.",
    )
    @click.option(
        "--region",
        "--regions",
        "regions",
        multiple=True,
        metavar="NAME[,NAME]",
        help="Only these regions; what is account-wide is collected all the same.",
    )
    @functools.wraps(command)
    def with_where(
        *args: object,
        sources: tuple[str, ...],
        accounts: tuple[str, ...],
        regions: tuple[str, ...],
        **options: object,
    ) -> object:
        where = Where(sources, Selection(several(accounts), several(regions)))
        return command(*args, where=where, **options)

    return with_where


@dataclass(frozen=True, slots=True)
class Where:
    """Sources, accounts and regions that somebody named; empty: all."""

    sources: tuple[str, ...]
    only: Selection


def several(values: tuple[str, ...]) -> tuple[str, ...]:
    """``("a,b", "c")`` -> ``("a", "b", "c")``: options may be repeated, or take a list."""
    return tuple(name for value in values for name in value.replace(",", " ").split())


status_option = click.option(
    "--status",
    "statuses",
    multiple=True,
    type=Choice([s.value for s in Status]),
    help="Only these; repeatable.",
)
severity_option = click.option(
    "--severity",
    "severities",
    multiple=True,
    type=Choice([s.value for s in Severity]),
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


def moment(connection: Connection, text: str, option: str) -> datetime:
    """A date, an ISO instant, or the start of a run by its number. Raises UsageError."""
    if text.isascii() and text.isdigit():
        from soc2_pac.store import gaps  # noqa: PLC0415

        return utc_time(gaps.run_started(connection, int(text)))
    return instant(text, option)


def actor(by: str | None) -> Actor:
    """Who does something at the command line: ``--by``, or the user of this computer. Nobody signed in.

    Raises UsageError for an empty name.
    """
    from soc2_pac.acts import Actor  # noqa: PLC0415

    if by is not None and not says_something(by):
        msg = "--by: name who does this: an auditor will ask"
        raise UsageError(msg)
    return Actor.here(by and by.strip())


def now_text() -> str:
    """This instant as the store writes it."""
    return utc_text(clock.now())


def check_criteria(names: tuple[str, ...]) -> tuple[str, ...]:
    """Criteria or series that exist. Raises UsageError naming the nearest."""
    from soc2_pac.criteria import CRITERIA  # noqa: PLC0415

    known = {*CRITERIA, *(criterion.series for criterion in CRITERIA.values())}
    for name in names:
        if name not in known:
            hint = nearest(name.upper(), known)
            msg = f"there is no criterion '{name}'.{hint} Next: write CC6.1, or CC6 for all of its series"
            raise UsageError(msg)
    return names


def check_known(name: str | None, known: Mapping[str, object], what: str, command: str) -> None:
    """Raise UsageError for a name that is not among ``known``; ``command`` would list them."""
    if name is not None and name not in known:
        msg = f"there is no {what} '{name}'.{nearest(name, known)} Next: {command}"
        raise UsageError(msg)


def check_filters(
    connection: Connection,
    *,
    provider: str | None = None,
    kind: str | None = None,
    scope: str | None = None,
) -> None:
    """Refuse a filter that can match nothing: a typo must not read as "clean".

    Known is what the store holds, and what the installed plugins could collect. Raises UsageError naming
    the nearest.
    """
    from soc2_pac.store import queries  # noqa: PLC0415

    stored = queries.known(connection)
    if scope is not None and not queries.matches_any(scope, stored.scopes):
        hint = nearest(scope.rstrip("*"), stored.scopes)
        msg = f"no scope in the store is '{scope}'.{hint} Next: soc2-pac evidence list"
        raise UsageError(msg)
    if provider in (None, *stored.providers) and kind in (None, *stored.kinds):
        return
    from soc2_pac import plugins  # noqa: PLC0415

    registry = plugins.load()
    providers = sorted({*stored.providers, *registry.providers})
    kinds = sorted({*stored.kinds, *registry.collectors})
    check_known(provider, dict.fromkeys(providers), "provider", "soc2-pac plugins")
    check_known(kind, dict.fromkeys(kinds), "kind", "soc2-pac plugins --kinds")


def one_finding(store: Store, fingerprint: str) -> Finding:
    """The current finding whose fingerprint starts so. Raises UsageError for none, and for several."""
    found = store.findings(fingerprint=fingerprint)
    if len(found) != 1:
        what = "no current finding has" if not found else f"{len(found)} findings have"
        msg = f"{what} a fingerprint that starts with '{fingerprint}'. Next: soc2-pac findings list"
        raise UsageError(msg)
    return found[0]


def find_rule(registry: Registry, rule_id: str) -> Rule:
    """The rule of an id. Raises UsageError naming the nearest."""
    check_known(rule_id, registry.rules, "rule", "soc2-pac rules list")
    return registry.rules[rule_id]
