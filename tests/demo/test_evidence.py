"""What the people of the emulated company handed in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from soc2_demo import evidence
from soc2_pac import api, plugins
from soc2_pac import config as configuration
from soc2_pac.collect import fetch
from soc2_pac.store import acts, open_store

if TYPE_CHECKING:
    from pathlib import Path


def test_controls_and_evidence_are_judged_as_they_were_planted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    evidence.write(tmp_path)
    evidence.hand_in(tmp_path, url)
    evidence.hand_in(tmp_path, url)
    only = {"rule": "company-*", "reason": "a test", "owner": "nobody", "date": date(2026, 1, 1)}
    document = {"store": {"url": url}, "rules": {"include": [only]}}
    work = api.make_workspace(
        configuration.parse(document, tmp_path / "soc2-pac.toml"), plugins.load()
    )
    fetch.forget_connections()
    with open_store(url) as store:
        assert api.run(work, store).controls == []
        failing = {(f.rule, f.resource) for f in store.findings() if f.status.value == "fail"}
        passing = {(f.rule, f.resource) for f in store.findings() if f.status.value == "pass"}
        with store.reading() as connection:
            handed = acts.listed(connection, ["attestation.added"])
        assert store.verify().problems == []
    fetch.forget_connections()
    assert {(p.rule, p.resource) for p in evidence.PLANTED} <= failing
    assert ("company-access-review", "access-review") in passing
    assert ("company-control-evidence", "GOV-05") in passing
    assert ("company-control-evidence", "INC-02") in failing
    assert len(handed) == 5, "a second demo hands in nothing again"


def test_a_file_of_controls_that_somebody_changed_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "controls.toml").write_text("")
    evidence.write(tmp_path)
    assert (tmp_path / "controls.toml").read_text() == ""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    evidence.hand_in(tmp_path, url, datetime.now(UTC))
    with open_store(url) as store, store.reading() as connection:
        assert acts.listed(connection) == []
