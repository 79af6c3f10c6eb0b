"""A provider of the store: implied where people did something, collected last, judged like any other."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest

from soc2_pac import api
from soc2_pac.acts import Actor
from soc2_pac.collect import events, fetch
from soc2_pac.config import parse
from soc2_pac.errors import ConfigError
from soc2_pac.store import Store, acts, open_store

from . import fakes, notes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from soc2_pac.plugins import Registry

ANN = Actor("ann", "ann")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    found = fakes.registry(EntryPoint("notes", "tests.engine.notes", "soc2_pac"))
    monkeypatch.setattr(fetch, "registry", lambda: found)
    fetch.forget_connections()
    return found


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://", create=True) as opened:
        yield opened


def write(store: Store, text: str) -> None:
    with store.database.writing() as connection:
        acts.record(connection, "note.made", "a note", notes.Note(text=text), by=ANN)


def statuses(store: Store) -> dict[str | None, str]:
    found = store.findings(rules=["notes-note-is-good"])
    return {finding.resource: finding.status.value for finding in found}


def test_a_store_without_acts_implies_no_source(registry: Registry, store: Store) -> None:
    work = api.make_workspace(fakes.config(), registry)
    outcome = api.run(work, store)
    assert "notes.note" not in {unit.kind for unit in outcome.units}
    assert work.knowing(store) is work
    assert work.unsourced == {"notes": ["notes-note-is-good"]}


def test_acts_imply_their_source_which_is_collected_last(registry: Registry, store: Store) -> None:
    write(store, "good")
    write(store, "scribble")
    seen: list[events.Event] = []
    work = api.make_workspace(fakes.config(), registry)
    outcome = api.run(work, store, listener=seen.append)
    assert statuses(store) == {"1": "pass", "2": "fail"}
    assert outcome.units[-1].kind == "notes.note"
    assert outcome.units[-1].source == "notes"
    assert seen[0] == events.Planned(len(outcome.units))
    write(store, "late")
    api.run(work, store)
    # The third act is the first run's own: that the configuration decides nothing away.
    assert statuses(store) == {"1": "pass", "2": "fail", "4": "fail"}
    assert store.verify().problems == []


def test_what_the_run_itself_left_is_seen(registry: Registry, store: Store) -> None:
    """Acts are read again once everything else is recorded."""
    write(store, "good")

    def meanwhile(event: events.Event) -> None:
        if isinstance(event, events.UnitFinished) and event.kind == "fake.thing":
            write(store, "good")

    api.run(api.make_workspace(fakes.config(), registry), store, listener=meanwhile)
    assert statuses(store) == {"1": "pass", "3": "pass"}  # the second is the run's own


def test_evaluate_alone_keeps_what_was_found(registry: Registry, store: Store) -> None:
    write(store, "good")
    work = api.make_workspace(fakes.config(), registry)
    api.run(work, store)
    api.run(work, store, fetch=False)
    assert statuses(store) == {"1": "pass"}


def test_it_stays_in_this_process(registry: Registry, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'a.db'}", create=True) as store:
        write(store, "good")
        work = api.make_workspace(fakes.config(), registry)
        with ProcessPoolExecutor(1) as pool:
            # The other process knows no notes: were the unit sent there, it would fail.
            api.run(work, store, kinds=["notes.*"], executor=pool)
        assert statuses(store) == {"1": "pass"}


def test_a_configured_source_of_that_provider_is_the_only_one(
    registry: Registry, store: Store
) -> None:
    write(store, "good")
    table = {"home": {"provider": "fake"}, "ours": {"provider": "notes"}}
    work = api.make_workspace(parse({"sources": table}, None), registry)
    assert [unit.source for unit in api.run(work, store).units][-1] == "ours"


def test_its_name_is_not_taken_by_another_provider(registry: Registry, store: Store) -> None:
    write(store, "good")
    table = {"notes": {"provider": "fake"}}
    work = api.make_workspace(parse({"sources": table}, None), registry)
    with pytest.raises(ConfigError, match=r"sources\.notes: .* is the store's own source"):
        api.run(work, store)


def test_controls_imply_it_before_anybody_did_anything(
    registry: Registry, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "controls.toml").write_text("")
    parsed = parse({"sources": {"home": {"provider": "fake"}}}, tmp_path / "soc2-pac.toml")
    work = api.make_workspace(parsed, registry)
    assert "notes" in work.sources


def test_check_reads_the_configured_store_where_there_is_one(
    registry: Registry, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    table = {
        "sources": {"home": {"provider": "fake"}, "ours": {"provider": "notes"}},
        "store": {"url": url},
    }
    work = api.make_workspace(parse(table, None), registry)
    assert work.reads_store(["notes-*"])
    assert not work.reads_store(["fake-*"])
    (unread,) = api.check_rules(api.known_from_store(work), ["notes-note-is-good"]).verdicts
    assert (unread.verdict.status.value, "no store" in unread.verdict.message) == (
        "inconclusive",
        True,
    )
    with open_store(url, create=True) as store:
        write(store, "good")
    (read,) = api.check_rules(api.known_from_store(work), ["notes-note-is-good"]).verdicts
    assert read.verdict.status.value == "pass"
