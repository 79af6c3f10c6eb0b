"""The server: one process, one socket on loopback."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import uvicorn

from soc2_pac.errors import UsageError
from soc2_pac.web.access import LINK_SECONDS, Access
from soc2_pac.web.app import build
from soc2_pac.web.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_pac.store import Store
    from soc2_pac.workspace import Workspace

_BACKLOG = 128


def run(work: Workspace, store: Store, host: str, port: int, say: Callable[[str], object]) -> None:
    """Serve until somebody stops it.

    Args:
        work: configuration and plugins.
        store: open. Forms, and what auditors open, are recorded in it.
        host: a loopback address.
        port: 0 takes any that is free.
        say: prints a line.

    Raises:
        UsageError: the port is taken.
        ConfigError: the secret of the proxy is not there, or too short.
    """
    table = work.config.serve.proxy
    try:
        proxy = Proxy(table) if table is not None else None
    except ValueError as error:
        key = "serve.proxy.secret"
        raise work.config.wrong(key, str(error)) from error
    with listening(host, port) as listener:
        bound = listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        access = Access(store)
        hosts = {f"{shown}:{bound}", f"localhost:{bound}"}
        app = build(work, store, access, hosts, proxy)
        settings = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            lifespan="off",
            h11_max_incomplete_event_size=64 * 1024,
            timeout_keep_alive=5,
            limit_concurrency=64,
        )
        say(f"Serving {store.database.name}. Stop with Ctrl+C.")
        say(f"Open http://{shown}:{bound}/login?code={access.new_link()}")
        say(f"The link works once, within {LINK_SECONDS // 60} minutes.")
        # uvicorn ends in order, and hands on the signal that made it.
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(settings).run(sockets=[listener])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises UsageError where the port cannot be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        msg = f"--port: {host} port {port} cannot be used: {error.strerror}. Next: --port 0"
        raise UsageError(msg) from error
    return listener
