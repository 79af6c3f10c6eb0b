"""Which stores hold simulated history: they say so in ``meta`` and in the ledger, and for ever.

The first entry that is written on a simulated clock (:mod:`soc2_pac.clock`) marks the store. A store with real
history takes no simulated entries, and one with simulated history takes no real runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from soc2_pac import clock
from soc2_pac.errors import StoreError
from soc2_pac.store import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

KEY = "simulated"
"""Of ``meta``; also the kind and the ``ref`` of its ledger entry, whose body is the value."""

SAID = "Simulated history: made by the demo"
"""What everything that shows it says first."""


def since(connection: Connection) -> str | None:
    """The simulated instant, UTC text, at which simulated history began; ``None``: what the store holds is real."""
    m = tables.meta
    return connection.execute(sa.select(m.c.value).where(m.c.key == KEY)).scalar()


def refuse_real(connection: Connection) -> None:
    """Raise StoreError where a real run would go on with simulated history."""
    if not clock.is_simulated() and since(connection) is not None:
        msg = (
            "the store holds simulated history, which the demo made: no real run goes into it. "
            "Next: name another store in [store] url, or run soc2-pac demo again"
        )
        raise StoreError(msg)


def refuse_simulated() -> None:
    """Raise StoreError: a simulated entry would go into a store with real history."""
    msg = (
        "the store holds real history: nothing simulated goes into it. "
        "Next: make simulated history in a new store"
    )
    raise StoreError(msg)
