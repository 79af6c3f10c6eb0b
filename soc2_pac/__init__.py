"""soc2-pac: a policy-as-code evidence collector for SOC 2.

``soc2_pac.check(...)`` judges rules live; ``soc2_pac.open_store(url)`` opens a store to query. Both are
loaded on first use, so that importing a kind or a rule stays cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soc2_pac.store import open_store
    from soc2_pac.workspace import check

__all__ = ["check", "open_store"]


def __getattr__(name: str) -> object:
    if name == "check":
        from soc2_pac.workspace import check  # noqa: PLC0415

        return check
    if name == "open_store":
        from soc2_pac.store import open_store  # noqa: PLC0415

        return open_store
    msg = f"module 'soc2_pac' has no attribute '{name}'"
    raise AttributeError(msg)
