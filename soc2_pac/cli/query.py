"""``query``: saved questions, and SQL of one's own that can only read."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from soc2_pac import clock
from soc2_pac.cli.options import config_option, format_option, opened_store, store_option
from soc2_pac.errors import ConfigError, UsageError
from soc2_pac.output import plain, write
from soc2_pac.text import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from soc2_pac.audit.questions import Worked
    from soc2_pac.config import Config
    from soc2_pac.store import Store
    from soc2_pac.store.saved_questions import Saved

_LIST = ("name", "title", "parameters", "source")
_VIEWS = ("view", "columns")


@click.command()
@click.argument("question", required=False, metavar="[NAME|SELECT ...]")
@config_option
@store_option
@click.option("--list", "listing", is_flag=True, help="List the saved questions.")
@click.option("--views", is_flag=True, help="List the views that SQL may read, with their columns.")
@click.option("--show", is_flag=True, help="Print the question instead of asking it.")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter (:NAME in SQL); repeatable. +7d and -7d are instants so many days from now.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 3600),
    default=30,
    show_default=True,
    help="Seconds that the database may work on it.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000_000),
    default=1000,
    show_default=True,
    help="How many rows at most; says when there are more.",
)
@format_option
def query(
    question: str | None,
    config_path: str | None,
    store_url: str | None,
    listing: bool,
    views: bool,
    show: bool,
    params: tuple[str, ...],
    timeout: float,
    limit: int,
    form: str,
) -> None:
    """Ask the store a saved question by its NAME, or one of your own in SQL.

    SQL is one SELECT over the documented views (--views). It can only read, and ends after --timeout.

    \b
    soc2-pac query administrators
    soc2-pac query due-this-week --param until=+3d
    soc2-pac query "SELECT rule, SUM(findings) FROM v_finding_counts WHERE status = 'fail' GROUP BY rule"
    """
    from soc2_pac import config as configuration  # noqa: PLC0415

    if listing + views + bool(question) != 1:
        msg = "name a saved question, write SQL, or say --list or --views. Next: soc2-pac query --list"
        raise UsageError(msg)
    if views:
        _print_views(form)
        return
    # A store that is named needs no configuration.
    config = configuration.load(config_path, required=store_url is None and not listing)
    saved = _saved(config)
    if listing:
        write(_listed(saved, form), _LIST, form)
        return
    asked = str(question)
    one = saved.get(asked)
    if one is None and not _is_sql(asked):
        msg = f"there is no saved question '{asked}'.{nearest(asked, saved)} Next: soc2-pac query --list"
        raise UsageError(msg)
    given = _given(params)
    with opened_store(config_path, store_url) as store:
        if show:
            click.echo(_shown(one, asked, sqlite=store.database.sqlite))
            return
        with _answer(store, config, one, asked, given, timeout, limit) as (columns, rows, more):
            count = write(rows, columns, form)
            if more():
                said = f"{count:,} rows shown, more exist. Next: --limit {limit * 10}, or narrow the question"
                click.echo(said, err=True)
    if count == 0:
        click.echo("No row answers.", err=True)


def _is_sql(text: str) -> bool:
    """Whether somebody wrote SQL: names of questions hold no white space."""
    return len(text.split()) > 1 or text.rstrip().endswith(";")


def _saved(config: Config) -> dict[str, Saved | Worked]:
    """Every saved question by name, ours first. Raises ConfigError where two have one name."""
    from soc2_pac.audit.questions import WORKED  # noqa: PLC0415
    from soc2_pac.store import saved_questions  # noqa: PLC0415

    found: dict[str, Saved | Worked] = {**saved_questions.ours(), **WORKED}
    own = saved_questions.of(config.query_folders)
    for name, one in own.items():
        if name in found:
            taken = f"queries.paths: {one.source}: soc2-pac has a question {name}. Next: rename it"
            raise ConfigError(taken)
    return {**dict(sorted(found.items())), **dict(sorted(own.items()))}


def _listed(saved: Mapping[str, Saved | Worked], form: str) -> Iterator[dict[str, object]]:
    for name, one in saved.items():
        parameters = getattr(one, "parameters", {})
        told = [f"{key}={value}" for key, value in parameters.items()]
        yield {
            "name": name, "title": one.title,
            "parameters": parameters if form == "json" else told,
            "source": getattr(one, "source", "soc2-pac"), "description": one.description,
        }  # fmt: skip


def _print_views(form: str) -> None:
    from soc2_pac.store.sql_text import COLUMNS  # noqa: PLC0415

    write(({"view": name, "columns": columns} for name, columns in COLUMNS.items()), _VIEWS, form)


def _given(params: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for one in params:
        name, sign, value = one.partition("=")
        if not sign or not name.isidentifier():
            msg = f"--param: '{one}' is no parameter. Write NAME=VALUE"
            raise UsageError(msg)
        found[name] = value
    return found


def _shown(one: Saved | Worked | None, asked: str, *, sqlite: bool) -> str:
    from soc2_pac.store.saved_questions import Saved  # noqa: PLC0415

    if one is None:
        return plain(asked)
    if isinstance(one, Saved):
        head = "".join(f"-- :{name} = {value}\n" for name, value in one.parameters.items())
        return f"-- {one.title}\n-- {one.description}\n{head}{one.text(sqlite=sqlite)}"
    return f"{one.title}\n{one.description}\nIt is worked out, by no SQL."


_Asked = tuple["tuple[str, ...]", "Iterator[dict[str, object]]", "Callable[[], bool]"]


@contextlib.contextmanager
def _answer(
    store: Store,
    config: Config,
    one: Saved | Worked | None,
    asked: str,
    given: dict[str, str],
    seconds: float,
    limit: int,
) -> Iterator[_Asked]:
    """Columns, rows, and (at their end) whether there are more."""
    from soc2_pac.store.saved_questions import Saved, settle  # noqa: PLC0415

    if one is None or isinstance(one, Saved):
        from soc2_pac.store.sandbox import ask  # noqa: PLC0415
        from soc2_pac.store.sql_text import read  # noqa: PLC0415

        sqlite = store.database.sqlite
        text = asked if one is None else one.text(sqlite=sqlite)
        declared = {} if one is None else one.parameters
        used = read(text, sqlite=sqlite).parameters
        values = settle(declared, given, used, clock.now())
        with ask(store.database, text, values, seconds=seconds, limit=limit) as answer:
            yield answer.columns, answer.rows, lambda: answer.more
        return
    if given:
        msg = f"{one.name} has no parameters. Next: soc2-pac query {one.name}"
        raise UsageError(msg)
    with _worked(store, config, one, limit) as (rows, cut):
        yield one.columns, rows, lambda: bool(cut)


@contextlib.contextmanager
def _worked(
    store: Store, config: Config, one: Worked, limit: int
) -> Iterator[tuple[Iterator[dict[str, object]], list[bool]]]:
    from soc2_pac import api, plugins  # noqa: PLC0415
    from soc2_pac.audit.questions import Known  # noqa: PLC0415

    work = api.make_workspace(config, plugins.load(), sources_needed=False).knowing(store)
    cut: list[bool] = []
    with store.reading() as connection:
        known = Known(connection, config, work.registry, work.not_judged, clock.now())
        yield _cut(one.answer(known), limit, cut), cut


def _cut(
    rows: Iterator[dict[str, object]], limit: int, cut: list[bool]
) -> Iterator[dict[str, object]]:
    """The first rows; what is not known goes to standard error."""
    count = 0
    for row in rows:
        if "note" in row and len(row) == 1:
            click.echo(f"Note: {plain(row['note'])}", err=True)
            continue
        if count == limit:
            cut.append(True)
            return
        count += 1
        yield row
