"""Every rule says the same of a recording before and after its names are replaced, and nobody's name is in it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from soc2_pac import api, plugins
from soc2_pac.collect import fetch, recording
from soc2_pac.collect.answers import Answered
from soc2_pac.collect.plan import collect

from . import company

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(600)
KEY = b"a key that this test keeps"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of the emulated company under its own names."""
    directory = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch, company.running(directory) as (config, environment):
        for name, value in environment.items():
            patch.setenv(name, value)
        fetch.forget_connections()
        work = api.workspace(str(config))
        writer = recording.Writer(directory / "plain", None)
        limits = replace(work.limits, exchanges=True)
        plan = api.plan_for(work, work.active, limits=limits)
        results = collect(plan, limits)
        assert len(list(api.record(work, plan, results, writer))) > 300
        fetch.forget_connections()
    return directory / "plain"


def answers(directory: Path, number: int, kind: str) -> list[Answered]:
    """What the calls of a collection were answered."""
    path = directory / "exchanges" / f"{number:04}-{kind}.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Answered) for line in lines]


def test_how_scopes_were_found_is_recorded(plain: Path) -> None:
    found = {
        path.name.split("-")[2].removesuffix(".jsonl"): path.read_text(encoding="utf-8")
        for path in (plain / "exchanges").glob("discovery-*.jsonl")
    }
    assert {"aws.region", "azure.subscription", "gcp.project"} <= set(found)
    assert "ec2:DescribeRegions" in found["aws.region"]
    assert '"call":"cloudresourcemanager.projects.list"' in found["gcp.project"]


def test_every_request_has_its_answer(plain: Path) -> None:
    statuses: Counter[int | None] = Counter()
    headers: Counter[str] = Counter()
    for number, (said, _) in enumerate(recording.read(plain).collections, start=1):
        found = answers(plain, number, said.kind)
        if said.provider not in ("roster", "company"):  # files and the store: nobody is asked
            # What several collections share is counted for none of them.
            assert not Counter(said.calls) - Counter(one.call for one in found), said
        statuses.update(one.status for one in found)
        headers.update(name for one in found for name in one.headers)
        for one in found:
            failed = one.status is not None and one.status >= 400
            assert failed or one.error is None
            assert one.url.startswith("http")
    assert statuses[200] > 500
    assert statuses[404] > 10
    assert {"content-type", "date", "link"} <= headers.keys()
    assert any("limit" in name for name in headers)
    assert not any("id" in name.split("-") for name in headers)


def test_every_verdict_is_the_same(plain: Path, tmp_path: Path) -> None:
    before = recording.read(plain)
    map_ = recording.disguise_for(plugins.load(), KEY)
    writer = recording.Writer(tmp_path / "disguised", map_)
    for number, (said, kept) in enumerate(before.collections, start=1):
        writer.write(said, kept, answers(plain, number, said.kind))
    writer.close(
        made_by=before.head.made_by,
        providers=before.head.providers,
        thresholds=before.head.thresholds,
        now=before.now,
    )
    after = recording.read(tmp_path / "disguised")
    first, second = api.check_recording(["*"], before), api.check_recording(["*"], after)
    assert len(first) > 2500
    other = [
        f"{a.rule.id} on {a.uid}: {a.verdict.status} ({a.verdict.message}), then {b.verdict.status}"
        for a, b in zip(first, second, strict=True)
        if a.verdict.status is not b.verdict.status
    ]
    assert other == []
    assert {v.verdict.status.value for v in first} >= {
        "pass",
        "fail",
        "inconclusive",
        "not_applicable",
    }
    whole = "".join(p.read_text() for p in (tmp_path / "disguised").rglob("*") if p.is_file())
    original = "".join(p.read_text() for p in plain.rglob("*") if p.is_file())
    mails = set(re.findall(r"[a-z]+\.[a-z]+@[a-z-]+\.[a-z]+", original))
    assert len(mails) > 10
    assert [mail for mail in mails if mail in whole] == []
    ids = set(re.findall(r"(?<!\d)\d{12}(?!\d)", original)) - {"000000000000"}  # of Microsoft Graph
    assert ids
    assert [one for one in ids if one in whole] == []
