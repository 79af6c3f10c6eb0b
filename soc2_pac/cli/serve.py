"""``serve``: the store as pages on this machine."""

from __future__ import annotations

import ipaddress

import click

from soc2_pac.cli.options import config_option, store_option
from soc2_pac.errors import UsageError

PORT = 8765
_CACHE_MB = 4


@click.command()
@config_option
@store_option
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port; 0 takes any that is free.",
)
def serve(config_path: str | None, store_url: str | None, host: str, port: int) -> None:
    """Show the store as pages in a browser, until Ctrl+C.

    Prints a link that works once: nobody sees anything without it. The pages read the store and write nothing;
    no collection runs in them.
    """
    from soc2_pac import config, plugins  # noqa: PLC0415
    from soc2_pac.store import open_store  # noqa: PLC0415
    from soc2_pac.workspace import make_workspace  # noqa: PLC0415

    _check_host(host)
    try:
        from soc2_pac.web.server import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        msg = f"{error.name} is not installed, and pages need it. Next: pip install 'soc2-pac[web]'"
        raise UsageError(msg) from error
    # A store that is named needs no configuration.
    settings = config.load(config_path, required=store_url is None)
    work = make_workspace(settings, plugins.load(), sources_needed=False)
    # A few connections at once, each of which finds its rows by keys.
    with open_store(store_url or settings.store_url, cache_mb=_CACHE_MB) as store:
        run(work, store, host, port, click.echo)


def _check_host(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        msg = (
            f"--host: {host} is no loopback address. The link and the session would cross the network unprotected. "
            "Next: serve on 127.0.0.1 and reach it through SSH: ssh -L 8765:127.0.0.1:8765 HOST"
        )
        raise UsageError(msg)
