"""``plugins``: what is installed."""

from __future__ import annotations

import click

from soc2_pac import plugins as loader
from soc2_pac.cli.options import format_option
from soc2_pac.output import write


@click.command()
@click.option(
    "--kinds", is_flag=True, help="List every kind with the calls that its collector makes."
)
@format_option
@click.pass_context
def plugins(ctx: click.Context, kinds: bool, form: str) -> None:
    """List installed plugins. Exit code 3 when one could not be loaded."""
    registry = loader.load()
    # Both import what the plugins name: what cannot be imported shows only then.
    counts = f"{len(registry.collectors)} kinds, {len(registry.rules)} rules"
    if kinds:
        rows: list[dict[str, object]] = [
            {"kind": kind, "per": collector.per, "calls": list(collector.calls)}
            for kind, collector in registry.collectors.items()
        ]
        write(rows, ("kind", "per", "calls"), form)
    else:
        rows = [
            {
                "plugin": p.name,
                "module": p.module,
                "distribution": p.distribution,
                "state": p.error or "loaded",
            }
            for p in dict.fromkeys((*registry.plugins, *registry.broken))
        ]
        write(rows, ("plugin", "module", "distribution", "state"), form)
        if form == "table":
            click.echo(f"\n{len(registry.providers)} providers, {counts}")
    ctx.exit(3 if registry.broken else 0)
