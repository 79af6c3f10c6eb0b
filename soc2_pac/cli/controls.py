"""``controls``: the company's own controls, and what evidence there is for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from soc2_pac import clock
from soc2_pac.cli.options import (
    ListGroup,
    actor,
    check_criteria,
    config_option,
    format_option,
    opened_store,
    store_option,
)
from soc2_pac.config import CONTROLS_FILE
from soc2_pac.errors import UsageError
from soc2_pac.model import Status
from soc2_pac.output import plain, write

if TYPE_CHECKING:
    from soc2_pac.audit.controls import Change, State

_COLUMNS = (
    "control", "state", "owner", "frequency", "criteria", "failures", "missing", "due",
)  # fmt: skip
_RULE_COLUMNS = ("rule", "passed", "failed", "waived", "open", "not judged because")
_TOPIC_COLUMNS = ("topic", "attestation", "covers", "counts until", "by", "received", "revoked")


@click.group(cls=ListGroup)
def controls() -> None:
    """The company's own controls, and what evidence there is for each. Without a command: list."""


@controls.command()
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    default=CONTROLS_FILE,
    show_default=True,
    help="Where to write; never overwritten.",
)
def init(output: Path) -> None:
    """Write a set of controls to start from, over every criterion."""
    from soc2_pac import plugins  # noqa: PLC0415
    from soc2_pac.audit import control_file  # noqa: PLC0415

    registry = plugins.load()
    text = registry.starter_controls
    found = control_file.parse(text, output, registry)
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        msg = f"{output} is there already: it is left alone. Next: --output FILE"
        raise UsageError(msg) from error
    except OSError as error:
        msg = f"{output} cannot be written: {error.strerror}"
        raise UsageError(msg) from error
    click.echo(f"Wrote {output} with {len(found)} controls.")
    if output.name != CONTROLS_FILE:
        click.echo(f'Say so in the configuration: [controls] path = "{output}"')
    click.echo(
        "Next:\n"
        f"  1. edit {output}           wording, owners, what does not apply\n"
        "  2. soc2-pac controls record   put them in force; every run does so, too\n"
        "  3. soc2-pac attest CONTROL    hand in evidence that only people have"
    )


@controls.command()
@config_option
@click.option("--by", metavar="NAME", help="Who you are. Default: the user of this computer.")
def record(config_path: str | None, by: str | None) -> None:
    """Put the controls of the file in force now. Every run does so, too."""
    from soc2_pac import api  # noqa: PLC0415
    from soc2_pac.audit import controls as recorded  # noqa: PLC0415

    who = actor(by)
    work = api.workspace(config_path, sources_needed=False)
    declared = api.declared_controls(work)
    if declared is None:
        msg = f"there is no {CONTROLS_FILE} beside the configuration. Next: soc2-pac controls init"
        raise UsageError(msg)
    with work.open_store(create=True) as store, store.database.writing() as connection:
        found = recorded.record(connection, declared, by=who)
    for change in found:
        click.echo(told(change))
    click.echo(f"{len(declared)} controls in force, {len(found)} changes recorded.")


def told(change: Change) -> str:
    """One change as a line."""
    fields = f": {', '.join(change.fields)}" if change.fields else ""
    return f"{change.control} {change.what}{fields}"


@controls.command("list")
@config_option
@store_option
@click.option(
    "--criterion", "criteria", multiple=True, help="A criterion (CC6.1) or series; repeatable."
)
@click.option("--fail", is_flag=True, help="Exit 1 when a rule fails or evidence is missing.")
@format_option
@click.pass_context
def list_(
    ctx: click.Context,
    config_path: str | None,
    store_url: str | None,
    criteria: tuple[str, ...],
    fail: bool,
    form: str,
) -> None:
    """List the controls in force with the state of their evidence."""
    wanted = check_criteria(criteria)
    found = [
        state
        for state in _states(config_path, store_url)
        if not wanted
        or any(c in wanted or c.partition(".")[0] in wanted for c in state.control.criteria)
    ]
    rows = (_row(state, full=form == "json") for state in found)
    if write(rows, _COLUMNS, form) == 0:
        click.echo("No control matches. Next: soc2-pac controls record", err=True)
    elif form == "table":
        counts = [sum(s.state == word for s in found) for word in ("failing", "missing", "current")]
        click.echo(
            f"\n{len(found)} controls: {counts[0]} with failures, {counts[1]} lack evidence, "
            f"{counts[2]} have what they name."
        )
        if not wanted and (lost := _not_served(found)):
            click.echo(f"No control serves {len(lost)} of the criteria: {', '.join(lost)}.")
    ctx.exit(_code(found) if fail else 0)


@controls.command()
@click.argument("control")
@config_option
@store_option
@click.option("--fail", is_flag=True, help="Exit 1 when a rule fails or evidence is missing.")
@click.pass_context
def show(
    ctx: click.Context, control: str, config_path: str | None, store_url: str | None, fail: bool
) -> None:
    """Show one control: what evidence there is, what is missing, and when it is due."""
    from soc2_pac.audit.controls import READ, last_day, versions  # noqa: PLC0415
    from soc2_pac.store import acts  # noqa: PLC0415

    (state,) = _states(config_path, store_url, control)
    with opened_store(config_path, store_url) as store, store.reading() as connection:
        history = versions(acts.listed(connection, READ), control)
    said = state.control
    facts = {
        "control": state.id,
        "wording": said.wording,
        "owner": said.owner,
        "frequency": said.frequency,
        "criteria": ", ".join(said.criteria),
        "rules": ", ".join(said.rules),
        "people show": ", ".join(said.attestations),
        "populations": ", ".join(said.populations),
        "state": state.state,
        "due": state.due and last_day(state.due),
    }
    for name, value in facts.items():
        if value:
            click.echo(f"{name:<16}{plain(value)}")
    for sentence in state.missing:
        click.echo(f"{'missing':<16}{plain(sentence)}")
    if state.rules:
        click.echo("\nRules")
        write(_rule_rows(state), _RULE_COLUMNS, "table")
    if state.topics:
        click.echo("\nEvidence of people")
        write(_topic_rows(state), _TOPIC_COLUMNS, "table")
    if state.populations:
        click.echo("\nPopulations")
        kinds = (
            {"kind": p.kind, "events": p.events, "problem": p.problem} for p in state.populations
        )
        write(kinds, ("kind", "events", "problem"), "table")
    click.echo("\nVersions")
    rows = ({"since": v.since, "until": v.until, "set by": str(v.act.by)} for v in history)
    write(rows, ("since", "until", "set by"), "table")
    ctx.exit(_code([state]) if fail else 0)


def _states(config_path: str | None, store_url: str | None, only: str | None = None) -> list[State]:
    from soc2_pac import api, config, plugins  # noqa: PLC0415
    from soc2_pac.audit import controls as recorded  # noqa: PLC0415

    loaded = config.load(config_path, required=store_url is None)
    work = api.make_workspace(loaded, plugins.load(), sources_needed=False)
    declared = api.declared_controls(work)
    with opened_store(config_path, store_url) as store:
        # Without a configuration nobody knows which rules were to be judged: what was judged counts.
        off = work.knowing(store).not_judged if loaded.path is not None else {}
        with store.reading() as connection:
            differ = [] if declared is None else recorded.changes(connection, declared)
            found = recorded.states(
                connection,
                work.registry.rules,
                off,
                clock.now(),
                only,
                lambda: work.registry.kinds,
            )
        if differ:
            click.echo(
                f"The file of controls differs from what is in force: {len(differ)} changes. "
                "Next: soc2-pac controls record",
                err=True,
            )
        return found


def _not_served(found: list[State]) -> list[str]:
    from soc2_pac.criteria import CRITERIA  # noqa: PLC0415

    served = {criterion for state in found for criterion in state.control.criteria}
    return [criterion for criterion in CRITERIA if criterion not in served]


def _code(found: list[State]) -> int:
    return 1 if any(state.state != "current" for state in found) else 0


def _row(state: State, *, full: bool) -> dict[str, object]:
    from soc2_pac.audit.controls import last_day  # noqa: PLC0415

    said = state.control
    row: dict[str, object] = {
        "control": state.id,
        "state": state.state,
        "owner": said.owner,
        "frequency": said.frequency,
        "criteria": list(said.criteria),
        "failures": state.failures,
        "missing": list(state.missing) if full else "; ".join(state.missing),
        "due": state.due and last_day(state.due),
    }
    if not full:
        return row
    return {
        **row,
        "wording": said.wording,
        "rules": list(_rule_rows(state)),
        "attestations": list(_topic_rows(state)),
        "populations": [
            {"kind": p.kind, "events": p.events, "problem": p.problem} for p in state.populations
        ],
        "set_at": state.act.recorded_at,
        "set_by": str(state.act.by),
    }


def _rule_rows(state: State) -> list[dict[str, object]]:
    return [
        {
            "rule": one.rule,
            "passed": one.counts.get(Status.PASS, 0),
            "failed": one.counts.get(Status.FAIL, 0),
            "waived": one.waived,
            "open": sum(
                one.counts.get(status, 0)
                for status in (Status.INCONCLUSIVE, Status.ERROR, Status.STALE)
            ),
            "not judged because": one.off,
        }
        for one in state.rules
    ]


def _topic_rows(state: State) -> list[dict[str, object]]:
    from soc2_pac.audit.controls import last_day  # noqa: PLC0415

    rows: list[dict[str, object]] = []
    for topic in state.topics:
        if not topic.handed_in:
            rows.append({**dict.fromkeys(_TOPIC_COLUMNS), "topic": topic.topic})
        for one in topic.handed_in:
            said = one.said
            rows.append(
                {
                    "topic": topic.topic,
                    "attestation": one.id,
                    "covers": f"{said.covers_from}..{said.covers_to}",
                    "counts until": last_day(one.holds_until(state.control.every_days)),
                    "by": str(one.added.by),
                    "received": one.added.recorded_at,
                    "revoked": one.revoked and one.revoked.recorded_at,
                }
            )
    return rows
