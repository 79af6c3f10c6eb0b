"""``gaps``: its exit code, formats and what it says besides."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from soc2_pac.model import CollectionStatus
from soc2_pac.store import open_store

from ..store.helpers import look, one_run, user  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Ended

NOW = datetime.now(UTC).replace(microsecond=0)


def _looks(at: datetime, status: CollectionStatus) -> None:
    with open_store("sqlite:///store.db", create=True) as store:
        users = look(
            {"a": user("ann")} if status == "complete" else {},
            at=at,
            status=status,
            reason="no right",
        )
        one_run(store, [look({}, kind="fake.team", at=at), users], at=at)


def _days_ago(days: int) -> float:
    """How long ago that is by now, as the command rounds it."""
    return round((datetime.now(UTC) - NOW) / timedelta(days=1) + days, 2)


def test_gaps_exit_with_three_and_their_end_with_zero(cli: Callable[..., Ended]) -> None:
    ask = ("gaps", "--store", "sqlite:///store.db")
    _looks(NOW - timedelta(days=3), CollectionStatus.COMPLETE)
    assert cli(*ask).code == 0
    _looks(NOW - timedelta(days=2), CollectionStatus.DENIED)
    ended = cli(*ask)
    assert ended.code == 3
    assert ended.out.split()[:3] == ["cause", "kind", "scope"]
    assert "denied  fake.user  fake:acme" in ended.out
    assert "Gaps now: 1 (1 denied)." in ended.err
    asked = _days_ago(2)
    (row,) = json.loads(cli(*ask, "--format", "json").out)
    assert (row["cause"], row["reason"], row["until"]) == ("denied", "no right", None)
    assert asked <= row["days"] <= _days_ago(2)  # it lasts, and a loaded machine takes its time
    assert cli(*ask, "--format", "csv").out.startswith("cause,kind,scope,since,last_complete,")
    _looks(NOW - timedelta(days=1), CollectionStatus.COMPLETE)
    ended = cli(*ask)
    assert (ended.code, ended.out) == (0, "")
    assert "No gap now" in ended.err
    ended = cli(*ask, "--since", "1", "--format", "json")
    assert ended.code == 0
    assert json.loads(ended.out) == []  # the run began when the test did, which is after all of it
    day = (NOW - timedelta(days=5)).date().isoformat()
    (row,) = json.loads(cli(*ask, "--since", day, "--format", "json").out)
    assert (row["days"], row["until"] is None) == (1.0, False)


def test_a_run_or_date_that_is_none(cli: Callable[..., Ended]) -> None:
    _looks(NOW, CollectionStatus.COMPLETE)
    ended = cli("gaps", "--store", "sqlite:///store.db", "--since", "7")
    assert ended.code == 2
    assert "there is no run 7: the last is 1" in ended.err
    assert "is no date" in cli("gaps", "--store", "sqlite:///store.db", "--since", "soon").err
