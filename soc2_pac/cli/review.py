"""``review``: freeze who has what, decide on it, and prove that what was revoked is gone."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from soc2_pac import clock
from soc2_pac.cli.options import (
    Choice,
    ListGroup,
    actor,
    config_option,
    format_option,
    instant,
    opened_store,
    several,
    store_option,
)
from soc2_pac.errors import UsageError
from soc2_pac.output import plain, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from soc2_pac.acts.reviews import Review, Reviewer
    from soc2_pac.audit.review_files import Population
    from soc2_pac.audit.reviews import Known

_LIST = ("review", "state", "systems", "started_at", "due", "rows", "open", "revoked", "removed", "overdue",
         "partial")  # fmt: skip
_STATUS = ("reviewer", "rows", "decided", "open", "kept", "revoked", "changed")
_SHOWN = ("system", "account", "grant", "on", "by", "owner", "reviewer", "flags", "decision", "reason",
          "state")  # fmt: skip
by_option = click.option(
    "--by", metavar="NAME", help="Who does this. Default: the user of this computer."
)


@click.group(cls=ListGroup)
def review() -> None:
    """Review access: who has what, is it still right, and is what was revoked gone. Without a command: list."""


@review.command()
@config_option
@store_option
@click.option(
    "--systems",
    "systems",
    multiple=True,
    required=True,
    metavar="NAME[,NAME]",
    help="What is reviewed: github, or github:acme; repeatable.",
)
@click.option(
    "--reviewers",
    "reviewers_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV with the columns system and reviewer; login, department, grant and deputy narrow and complete.",
)
@click.option(
    "--by-manager",
    is_flag=True,
    help="Managers review what their people have; FILE takes the rest.",
)
@click.option("--due", metavar="DATE", help="The last day for decisions.")
@click.option(
    "--partial",
    is_flag=True,
    help="Start though collections are incomplete or stale; the review says for ever what was missing.",
)
@by_option
def start(
    config_path: str | None,
    store_url: str | None,
    systems: tuple[str, ...],
    reviewers_file: Path | None,
    by_manager: bool,
    due: str | None,
    partial: bool,
    by: str | None,
) -> None:
    """Freeze the effective grants of systems, and say who reviews which."""
    from soc2_pac.audit import reviewers, reviews  # noqa: PLC0415

    given = reviewers.lines(reviewers_file) if reviewers_file else []
    last_day = instant(due, "--due") if due else None
    who = actor(by)
    known = _known(config_path, store_url)
    with opened_store(config_path, store_url) as store:
        made = reviews.start(
            store,
            known,
            systems=several(systems),
            by=who,
            by_manager=by_manager,
            given=given,
            due=last_day,
            partial=partial,
        )
    said = made.said
    click.echo(
        f"{made.id} started: {said.rows} grants of {said.accounts} accounts, {said.privileged} of them with "
        f"administrator rights; {said.unmatched} accounts that nobody is known to own; {said.unread} groups "
        f"whose members were not read."
    )
    click.echo(f"Population: SHA-256 {made.started.attachment}")
    for reviewer in said.reviewers:
        click.echo(plain(f"{reviewer.name}: {reviewer.rows} grants"))
    _print_partial(made)
    click.echo(f"Next: soc2-pac review export {made.id} --format xlsx -o DIR")


@review.command()
@click.argument("review_id", metavar="ID")
@click.option(
    "--format",
    "form",
    type=Choice(["csv", "xlsx", "json"]),
    default="csv",
    show_default=True,
    help="XLSX needs the extra report.",
)
@click.option(
    "--output",
    "-o",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a file for each reviewer there; of a closed review, one file. Default: all rows to standard "
    "output, XLSX to this folder.",
)
@click.option("--reviewer", metavar="NAME", help="Only what this reviewer decides on.")
@config_option
@store_option
def export(
    review_id: str,
    form: str,
    output: Path | None,
    reviewer: str | None,
    config_path: str | None,
    store_url: str | None,
) -> None:
    """Write what reviewers decide on; of a closed review the population, the decisions and the proofs."""
    from soc2_pac.audit import review_files as files  # noqa: PLC0415
    from soc2_pac.audit import reviews  # noqa: PLC0415

    now = clock.now()
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = reviews.one(connection, review_id)
        frozen = reviews.population(connection, found)
    chosen = _chosen(found, reviewer)
    for_reviewers = found.state == "open"
    columns = (*files.FIXED, *files.DECISION, *(() if for_reviewers else files.PROOF))
    parts: list[tuple[str, list[dict[str, str]]]] = []
    if for_reviewers and (output is not None or form == "xlsx"):
        for one in chosen:
            own = reviews.rows_of(found, frozen.rows, one.id)
            parts.append((f"{found.id}-{_file_name(one)}", files.exported(found, own, now)))
    else:
        ids = {one.id for one in chosen}
        own = [row for row in frozen.rows if found.reviewer_of(row.reviewer).id in ids]
        parts.append((found.id, files.exported(found, own, now)))
    if output is None and form != "xlsx":
        for _, rows in parts:
            sys.stdout.write(_text(form, found, frozen, rows, columns))
        _print_partial(found)
        return
    folder = output or Path()
    for name, rows in parts:
        path = folder / f"{name}.{form}"
        if form == "xlsx":
            content = _workbook(found, frozen, rows, columns)
        else:
            content = _text(form, found, frozen, rows, columns).encode()
        _create(path, content)
        click.echo(f"{path}: {len(rows)} rows", err=True)
    _print_partial(found)


@review.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--by", metavar="NAME", required=True, help="The reviewer who decided.")
@config_option
@store_option
def decide(file: Path, by: str, config_path: str | None, store_url: str | None) -> None:
    """Record the decisions of a filled-in export (CSV, XLSX or JSON): all of them or none."""
    from soc2_pac.audit import review_files as files  # noqa: PLC0415
    from soc2_pac.audit import reviews  # noqa: PLC0415

    who = actor(by)
    known = _known(config_path, store_url)
    handed = files.handed_in(file)
    with opened_store(config_path, store_url) as store:
        outcome = reviews.decide(store, known, handed, by=who)
    click.echo(
        plain(
            f"{outcome.recorded} decisions of {outcome.reviewer.name} recorded in {outcome.review.id}; "
            f"{outcome.open} rows of theirs are open, {outcome.review.open_rows} of the review."
        )
    )
    if outcome.review.open_rows == 0:
        click.echo(f"Next: soc2-pac review close {outcome.review.id}")


@review.command()
@click.argument("review_id", metavar="ID")
@click.option("--from", "instead_of", required=True, metavar="NAME", help="Who reviewed so far.")
@click.option("--to", required=True, metavar="NAME", help="Who reviews from now on.")
@click.option("--reason", required=True, help="Why: an auditor will read it.")
@by_option
@config_option
@store_option
def assign(
    review_id: str,
    instead_of: str,
    to: str,
    reason: str,
    by: str | None,
    config_path: str | None,
    store_url: str | None,
) -> None:
    """Have somebody else review in a reviewer's place."""
    from soc2_pac.audit import reviews  # noqa: PLC0415

    who = actor(by)
    known = _known(config_path, store_url)
    with opened_store(config_path, store_url) as store:
        new = reviews.reassign(
            store, known, review_id, instead_of=instead_of, to=to, reason=reason, by=who
        )
    click.echo(
        plain(
            f"{new.name} reviews in {instead_of}'s place. Next: soc2-pac review export {review_id}"
        )
    )


@review.command()
@click.argument("review_id", metavar="ID")
@by_option
@config_option
@store_option
def close(review_id: str, by: str | None, config_path: str | None, store_url: str | None) -> None:
    """End a review of which every row is decided."""
    from soc2_pac.audit import reviews  # noqa: PLC0415

    who = actor(by)
    with opened_store(config_path, store_url) as store:
        found = reviews.close(store, review_id, by=who)
    waiting = len(found.waiting)
    click.echo(
        f"{found.id} closed. {waiting} grants are to be removed, and not yet proved to be gone."
    )
    if waiting:
        click.echo("Next: remove them, then soc2-pac run: a later collection proves it.")


@review.command()
@click.argument("review_id", metavar="ID")
@click.option("--reason", required=True, help="Why: an auditor will read it.")
@by_option
@config_option
@store_option
def cancel(
    review_id: str, reason: str, by: str | None, config_path: str | None, store_url: str | None
) -> None:
    """End a review without a result. It stays on record."""
    from soc2_pac.audit import reviews  # noqa: PLC0415

    who = actor(by)
    with opened_store(config_path, store_url) as store:
        found = reviews.cancel(store, review_id, reason=reason, by=who)
    click.echo(f"{found.id} cancelled.")


@review.command()
@click.argument("review_id", metavar="ID")
@config_option
@store_option
@format_option
def status(review_id: str, config_path: str | None, store_url: str | None, form: str) -> None:
    """Show how far each reviewer is, and which removals are proved or overdue."""
    from soc2_pac.audit import reviews  # noqa: PLC0415

    now = clock.now()
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = reviews.one(connection, review_id)
        frozen = reviews.population(connection, found)
    write(list(_progress(found, frozen)), _STATUS, form)
    overdue = found.overdue(now)
    click.echo(
        f"{found.id} is {found.state}; {found.open_rows} of {found.said.rows} rows are open; of "
        f"{len(found.to_remove)} grants to be removed {len(found.removed)} are proved to be gone, "
        f"{len(overdue)} are overdue.",
        err=form != "table",
    )
    for row, why in sorted(found.not_checked.items()):
        label = found.decided[row].decision.label
        click.echo(plain(f"not checked: {label}: {why}"), err=form != "table")
    for row in overdue:
        made = found.decided[row]
        by = f"{found.remove_by(made):%Y-%m-%d}"
        click.echo(plain(f"overdue since {by}: {made.decision.label}"), err=form != "table")
    _print_partial(found)


@review.command("list")
@config_option
@store_option
@format_option
def list_(config_path: str | None, store_url: str | None, form: str) -> None:
    """List reviews."""
    from soc2_pac.audit import reviews  # noqa: PLC0415

    now = clock.now()
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = reviews.all_reviews(connection)
    if write([reviews.summary(one, now) for one in found.values()], _LIST, form) == 0:
        click.echo("No reviews. Next: soc2-pac review start --systems NAME", err=True)


@review.command()
@click.argument("review_id", metavar="ID")
@config_option
@store_option
@format_option
def show(review_id: str, config_path: str | None, store_url: str | None, form: str) -> None:
    """Show a review: what it rests on, and every row with its decision."""
    from soc2_pac.audit import review_files as files  # noqa: PLC0415
    from soc2_pac.audit import reviews  # noqa: PLC0415

    now = clock.now()
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        found = reviews.one(connection, review_id)
        frozen = reviews.population(connection, found)
    rows = files.exported(found, frozen.rows, now)
    if form == "json":
        click.echo(_text("json", found, frozen, rows, files.FIXED), nl=False)
        return
    if form == "table":
        for name, value in _cover(found, frozen):
            click.echo(plain(f"{name}: {value}"))
    write(rows, _SHOWN, form)


# -- what the commands share ----------------------------------------------------------------------------------


def _known(config_path: str | None, store_url: str | None) -> Known:
    from soc2_pac import api, config, plugins  # noqa: PLC0415

    # A store that is named needs no configuration.
    loaded = config.load(config_path, required=store_url is None)
    return api.reviewing(loaded, plugins.load())


def _chosen(found: Review, name: str | None) -> list[Reviewer]:
    from soc2_pac.text import listed, nearest  # noqa: PLC0415

    if name is None:
        return found.reviewers
    chosen = [one for one in found.reviewers if one.called(name)]
    if not chosen:
        known = [one.name for one in found.reviewers]
        msg = f"'{name}' is no reviewer of {found.id}.{nearest(name, known)} Reviewers: {listed(known)}"
        raise UsageError(msg)
    return chosen


def _file_name(reviewer: Reviewer) -> str:
    """A name that any file system takes; two reviewers of one name get two files."""
    last = reviewer.id.rpartition("/")[2]
    return (
        re.sub(r"[^A-Za-z0-9_-]+", "-", f"{reviewer.name} {last}").strip("-").lower() or "reviewer"
    )


def _text(
    form: str,
    found: Review,
    frozen: Population,
    rows: list[dict[str, str]],
    columns: Sequence[str],
) -> str:
    import io  # noqa: PLC0415

    stream = io.StringIO()
    if form == "csv":
        write(rows, columns, "csv", stream)
        return stream.getvalue()
    facts = dict(frozen.header)
    facts["state"] = found.state
    facts["population_sha256"] = found.started.attachment
    facts["acts"] = [
        {"kind": act.kind, "at": act.recorded_at, "by": str(act.by)}
        for act in (found.started, found.closed, found.cancelled)
        if act is not None
    ]
    return json.dumps({"review": facts, "rows": rows}, sort_keys=True, indent=1) + "\n"


def _workbook(
    found: Review, frozen: Population, rows: list[dict[str, str]], columns: Sequence[str]
) -> bytes:
    import io  # noqa: PLC0415

    from soc2_pac.acts.reviews import CHOICES  # noqa: PLC0415
    from soc2_pac.audit.review_files import DECISION  # noqa: PLC0415
    from soc2_pac.output.book import Book, FillIn  # noqa: PLC0415 - it needs an extra

    target = io.BytesIO()
    with Book(target) as book:
        cover = book.sheet("Review", ("fact", "value"))
        cover.all({"fact": name, "value": value} for name, value in _cover(found, frozen))
        is_open = found.state == "open"
        fill_in = FillIn(tuple(DECISION), "decision", CHOICES) if is_open else None
        book.sheet("Grants", columns, fill_in).all(rows)
    return target.getvalue()


def _cover(found: Review, frozen: Population) -> list[tuple[str, str]]:
    said, header = found.said, frozen.header
    facts: list[tuple[str, str]] = [
        ("review", found.id),
        ("state", found.state),
        ("systems", ", ".join(said.systems)),
        ("frozen at", str(header["frozen_at"])),
        ("started by", str(found.started.by)),
        ("due", said.due or "no date"),
        ("population (SHA-256)", str(found.started.attachment)),
        ("grants", str(said.rows)),
        *((name.replace("_", " "), str(count)) for name, count in header["counts"].items()),
        ("how", "write keep, revoke or change into the column decision, and why into reason"),
    ]
    facts += [("PARTIAL", reason) for reason in said.partial]
    facts += [("not complete, besides", note) for note in header["notes"]]
    for name, act in (("closed by", found.closed), ("cancelled by", found.cancelled)):
        if act is not None:
            facts.append((name, f"{act.by} at {act.recorded_at}"))
    for one in header["collections"]:
        what = f"{one['id']}: {one['kind']} in {one['scope']}, {one['status']}, {one['count']} documents"
        facts.append(("collection", f"{what} at {one['finished_at']}, root {one['root']}"))
    return facts


def _progress(found: Review, frozen: Population) -> Iterator[dict[str, object]]:
    counts: dict[str, dict[str, int]] = {
        one.id: dict.fromkeys(_STATUS[1:], 0) for one in found.reviewers
    }
    words = {"keep": "kept", "revoke": "revoked", "change": "changed"}
    for row in frozen.rows:
        mine = counts[found.reviewer_of(row.reviewer).id]
        mine["rows"] += 1
        made = found.decided.get(row.id)
        mine["open" if made is None else "decided"] += 1
        if made is not None:
            mine[words[made.decision.decision]] += 1
    for one in found.reviewers:
        yield {"reviewer": one.name, **counts[one.id]}


def _print_partial(found: Review) -> None:
    for reason in found.said.partial:
        click.echo(plain(f"Partial: {reason}"), err=True)


def _create(path: Path, content: bytes) -> None:
    """A file that its owner alone may read: it says who may do what."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with contextlib.closing(os.fdopen(handle, "wb")) as stream:
            stream.write(content)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise UsageError(msg) from error
