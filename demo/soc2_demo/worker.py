"""The process in which the demo runs soc2-pac, through its Python API: it gives each run its simulated instant.

A process of its own: the emulated company and soc2-pac work side by side on two processors, and soc2-pac sees an
environment without anything of the person's own.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from multiprocessing.connection import Connection
    from pathlib import Path

    from soc2_demo.history import Run

REPORT = "type2.html"


@dataclass(frozen=True, slots=True)
class Prepare:
    """Write the files that people of the company wrote."""

    folder: Path
    credentials: Mapping[str, str]
    """Further variables of the environment."""


@dataclass(frozen=True, slots=True)
class Order:
    """Run once."""

    folder: Path
    config: Path
    store: str
    end: datetime
    run: Run


@dataclass(frozen=True, slots=True)
class Report:
    """Write the report of the whole history."""

    config: Path
    target: Path
    end: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """What went wrong instead."""

    said: str


def serve(connection: Connection, environment: Mapping[str, str]) -> None:
    """Do what is ordered until there is nothing more; answers each with an exit code, or with what failed."""
    os.environ.clear()
    os.environ.update(environment)
    gc.set_threshold(200_000, 50, 1000)  # what is made here lives as long as the process
    _load()
    while True:
        try:
            order = connection.recv()
        except EOFError:
            return
        try:
            connection.send(_do(order))
        except Exception as error:  # noqa: BLE001 - told to whoever ordered it
            traceback.print_exc()
            connection.send(Failed(f"{type(error).__name__}: {error}"))
        sys.stdout.flush()


def _load() -> None:
    """Import what is needed while the emulators start."""
    from soc2_demo import evidence, people_acts  # noqa: F401, PLC0415
    from soc2_pac import plugins  # noqa: PLC0415

    plugins.load()


def _do(order: Prepare | Order | Report | None) -> int:
    if isinstance(order, Prepare):
        from soc2_demo import evidence  # noqa: PLC0415 - the process begins fast

        os.environ.update(order.credentials)
        evidence.write(order.folder)
        return 0
    if isinstance(order, Report):
        _report(order)
        return 0
    if isinstance(order, Order):
        return _run(order)
    return 0


def _run(order: Order) -> int:
    from soc2_demo import evidence, people_acts  # noqa: PLC0415
    from soc2_pac import api, clock  # noqa: PLC0415
    from soc2_pac.cli.summary import print_summary  # noqa: PLC0415

    days, sources, kinds = order.run
    with clock.simulated(order.end - timedelta(days=days)):
        evidence.hand_in(order.folder, order.store, order.end, days)
        work = api.workspace(str(order.config))
        with work.open_store() as store:
            work = work.knowing(store)
            if act := people_acts.BEFORE.get(days):
                act(work, store, order.end)
            outcome = api.run(work, store, sources=sources, kinds=kinds)
            if act := people_acts.AFTER.get(days):
                act(work, store, order.end)
            if days:
                return 0
            print_summary(work, store, outcome)
            least = work.config.run.fail_on
            return api.exit_code(api.deciding(store, least), outcome, least)


def _report(order: Report) -> None:
    from soc2_demo.history import DAYS  # noqa: PLC0415
    from soc2_pac import api  # noqa: PLC0415
    from soc2_pac.audit import period  # noqa: PLC0415
    from soc2_pac.audit.measured import Options  # noqa: PLC0415
    from soc2_pac.audit.populations import AuditPeriod  # noqa: PLC0415
    from soc2_pac.output import reports  # noqa: PLC0415

    work = api.workspace(str(order.config))
    asked = AuditPeriod(order.end - timedelta(days=DAYS), order.end + timedelta(days=1))
    with work.open_store() as store, store.reading() as connection:
        known = api.reviewing(work.config, work.registry)
        made = period.report(connection, asked, Options(rules=work.registry.rules, known=known))
        with order.target.open("wb") as file:
            reports.write(made, "html", file)
