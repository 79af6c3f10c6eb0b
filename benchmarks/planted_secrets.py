"""Secrets planted in every place and form of what every provider answers: how many, and which are found.

The emulated company answers through the real clients and collectors, with all rules in force; then every
command is run. Nothing that was planted may be in a store, its write-ahead log, a recording, a temporary file,
an output, or a log of any level.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.e2e import planted


def main() -> None:
    """Exit code 1 when anything was found."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        told = planted.carried_out(Path(folder))
        found = {**told.while_open, **told.in_files(), **told.in_outputs(), **told.in_logs()}
        searched = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file())
    searched += len(told.outputs) + len(told.logged)
    print(
        f"{len(told.planter.planted):,} secrets planted in {len(told.planter.places)} places, "
        f"{len(found)} found in {searched / 1e6:,.0f} MB of files, outputs and logs "
        f"({time.perf_counter() - began:.0f} s)"
    )
    for plant, where in sorted(found.items()):
        print(f"{where}: {plant}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
