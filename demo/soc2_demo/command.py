"""Run against an emulated company, without credentials."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--directory",
    "-d",
    type=click.Path(file_okay=False, path_type=Path),
    default=".demo",
    show_default=True,
    help="Where configuration, store and report are written.",
)
@click.option("--keep", is_flag=True, help="Go on serving the emulated company until Ctrl-C.")
def demo(directory: Path, keep: bool) -> None:
    """Start an emulated company on this machine and run soc2-pac against it.

    180 days of its history are simulated, in eleven runs; the store and every report say so. Ends with 0 when
    the runs ended as runs over a company with faults should, and writes the report of the period (Type II).
    """
    from soc2_demo.runner import run_demo  # noqa: PLC0415

    run_demo(directory, keep=keep)
