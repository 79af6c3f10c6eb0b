"""Which systems an access review is expected of: those of the sources whose documents say who has what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.acts.systems import ReviewedSystem
from soc2_pac.audit.grants import tells_of_grants
from soc2_pac.model import Scope, utc_text
from soc2_pac.store import queries, scopes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.config import Config, SourceSettings
    from soc2_pac.resources import Resource


def expected(
    connection: Connection,
    config: Config,
    sources: Iterable[SourceSettings],
    kinds: Iterable[type[Resource]],
    now: datetime,
) -> list[ReviewedSystem]:
    """Each system in which people have access, by name.

    Left out is what ``[audit]`` puts outside of the system by its scope, and what was retired. A source of which
    nothing was collected stands for itself: it is not forgotten because it cannot be read.
    """
    # A roster states what people have elsewhere: it is no system in which they have access.
    telling = {kind.kind for kind in kinds if tells_of_grants(kind) and not kind.names_people}
    providers = {kind.partition(".")[0] for kind in telling}
    retired = scopes.retired_by(connection, utc_text(now))
    seen: dict[str, set[Scope]] = {}
    for look in queries.collections(connection, latest=True):
        scope = Scope.parse(look.scope)
        real = not scope.boundary.startswith("?")
        if look.kind in telling and real and look.scope not in retired:
            seen.setdefault(look.source, set()).add(scope)
    found: dict[str, ReviewedSystem] = {}
    for source in sources:
        if source.provider not in providers:
            continue
        here = seen.get(source.name, set())
        if not here:
            name = source.provider
            found.setdefault(name, ReviewedSystem(name, (name.lower(),), source.name))
        for system in _systems(config, source, here):
            found.setdefault(system.name, system)
    covered = {name for system in found.values() for name in system.called}
    for text in config.reviews.systems:
        name = text.strip().lower()
        if name and name not in covered:
            called = tuple(dict.fromkeys((name, name.partition(":")[0])))
            found.setdefault(name, ReviewedSystem(name, called, ""))
    return sorted(found.values(), key=lambda one: one.name)


def _systems(config: Config, source: SourceSettings, here: set[Scope]) -> Iterator[ReviewedSystem]:
    """The scopes of a source: an account with all in it is one system."""
    for scope in sorted(here, key=str):
        account = Scope(scope.provider, scope.account)
        if _outside(config, scope) or (scope != account and account in here):
            continue
        names = (str(scope), str(account), scope.provider)
        called = tuple(dict.fromkeys(name.lower() for name in names))
        yield ReviewedSystem(str(scope), called, source.name)


def _outside(config: Config, scope: Scope) -> bool:
    """Whether a scope as a whole is outside of the system; what a tag decides is not of a whole scope."""
    audit = config.audit
    if any(place.takes(scope, {}) for place in audit.exclude if not place.tag):
        return True
    if not audit.include or any(place.tag for place in audit.include):
        return False
    return not any(place.takes(scope, {}) for place in audit.include)
