"""``permissions``: the least-privilege policy, generated from what the collectors declare."""

from __future__ import annotations

import click

from soc2_pac import plugins
from soc2_pac.cli.options import config_option, find_rule
from soc2_pac.errors import UsageError
from soc2_pac.text import listed, nearest


@click.command()
@click.argument("provider")
@config_option
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    help="text, or what the provider offers: json, terraform, and more; an unknown one lists them.",
)
@click.option(
    "--rule",
    "names",
    multiple=True,
    help="Only what these rules need; repeatable. Default: everything.",
)
def permissions(provider: str, config_path: str | None, form: str, names: tuple[str, ...]) -> None:
    """Print the permissions that soc2-pac needs from a PROVIDER: read-only, nothing more."""
    del config_path  # accepted everywhere; the declarations do not depend on it
    registry = plugins.load()
    if provider not in registry.providers:
        known = registry.providers
        msg = f"there is no provider '{provider}'.{nearest(provider, known)} Installed: {listed(known)}"
        raise UsageError(msg)
    kinds = None
    if names:
        wanted: set[str] = set()
        for name in names:
            read = find_rule(registry, name).kinds
            if not any(kind.startswith(f"{provider}.") for kind in read):
                msg = f"{name} reads nothing of {provider}. It reads {listed(read)}"
                raise UsageError(msg)
            wanted.update(read)
        kinds = wanted
    calls = sorted(
        {
            call
            for kind, collector in registry.collectors.items()
            if collector.provider == provider and (kinds is None or kind in kinds)
            for call in collector.calls
        }
    )
    click.echo(registry.providers[provider].permissions(calls, form).rstrip("\n"))
