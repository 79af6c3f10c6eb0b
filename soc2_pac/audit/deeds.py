"""Who did what to accounts, as the providers' own logs say, as far as the store holds them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.audit import populations
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Scope, utc_text
from soc2_pac.resources import Resource, view
from soc2_pac.store import periods

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from soc2_pac.identity import Account, Deed, DeedSort
    from soc2_pac.store.periods import Horizon


class Logged(NamedTuple):
    """A deed, and the event that says so."""

    deed: Deed
    kind: str
    uid: str
    """Of the event."""


class _Log(NamedTuple):
    kind: str
    system: str
    covered: tuple[str | None, str | None]


class Deeds:
    """What the logs of a stretch of time say.

    Args:
        connection: to read from.
        kinds: all that can be collected.
        start: UTC text.
        end: UTC text.
        to: what was recorded by the instant as of which it is told.
    """

    def __init__(
        self,
        connection: Connection,
        kinds: Iterable[type[Resource]],
        start: str,
        end: str,
        to: Horizon,
    ) -> None:
        self._by_account: dict[tuple[str, str], list[Logged]] = defaultdict(list)
        self._logs: list[_Log] = []
        telling = {kind.kind: kind for kind in kinds if kind.deeds is not Resource.deeds}
        for said in populations.summaries(connection, to.collection):
            if said["kind"] in telling:
                scope = Scope.parse(said["scope"])
                covered = said["covered_from"], said["covered_to"]
                system = f"{scope.provider}:{scope.account}"
                self._logs.append(_Log(said["kind"], system, covered))
        for name in sorted({log.kind for log in self._logs}):
            for scope_name, uid, _, body in periods.bodies_of(connection, to, name):
                try:
                    seen = view(telling[name], body)
                    found = list(seen.deeds(Scope.parse(scope_name)))
                except FactUnavailable:
                    continue  # it names nobody, and that nobody is named is said
                for deed in found:
                    if start <= utc_text(deed.at) <= end:
                        key = deed.system, deed.account.lower()
                        self._by_account[key].append(Logged(deed, name, uid))

    def of(self, account: Account, sort: DeedSort, after: str, before: str) -> list[Logged]:
        """What was done to an account between two instants (UTC text), in order."""
        names = {name.lower() for name in (account.uid, account.login, account.lasting) if name}
        found = {
            (utc_text(one.deed.at), one.uid): one
            for name in names
            for one in self._by_account.get((account.system, name), ())
            if one.deed.sort == sort and after <= utc_text(one.deed.at) <= before
        }
        return [one for _, one in sorted(found.items())]

    def why_nobody(self, account: Account, after: str, before: str) -> str:
        """Why nobody is named who did something to an account between two instants."""
        logs = [log for log in self._logs if log.system == account.system]
        if not logs:
            return f"no log of {account.system} is collected that says it"
        for log in logs:
            first, last = log.covered
            if first is None or last is None:
                return f"{log.kind} was never collected completely"
            if first > after or last < before:
                return f"{log.kind} is collected from {first} to {last}"
        return f"{logs[0].kind} does not say it"
