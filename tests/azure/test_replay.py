"""What Azure really answered, over HTTP again: through client, collector and typed view to every rule.

A listing of Azure Resource Manager stands for the rows of Resource Graph of its type: they have the same
fields. What Microsoft's documentation shows is often cut short: there a view may say that it cannot read
it, and no rule may break.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_demo.azure_words import PRODUCTION
from soc2_demo.http import Raw
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Status
from soc2_pac.resources import view
from tests.conftest import RECORDINGS

from .test_faults import path_of, records, whole  # noqa: F401 - a fixture
from .walk import CALLS, KINDS, REGISTRY, look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Source

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FOLDER = RECORDINGS / "azure"
REAL = ("c7n-cassettes", "handpicked/arm")


@dataclass(frozen=True)
class Recording:
    """An answer, and the declared call that it was given to."""

    name: str
    call: str
    status: int
    body: Any

    @property
    def real(self) -> bool:
        """Recorded, and not taken from documentation."""
        return self.name.startswith(REAL)


def _call(url: str) -> str | None:
    """The declared call that a recorded address belongs to."""
    path = re.sub(r"^(GET )?https?://[^/]+|\?.*$", "", url)
    graph = "graph.microsoft" in url
    if graph and not path.startswith("/v1.0/"):
        return None
    listing = re.fullmatch(r"/subscriptions/[^/]+/providers/([\w.]+/\w+)", path)
    table = f"RESOURCEGRAPH {listing[1].lower()}" if listing and not graph else ""
    if table in CALLS:
        return table
    found = []
    for call in CALLS:
        if call.startswith("RESOURCEGRAPH ") or call.startswith("GRAPH ") is not graph:
            continue
        parts = re.split(r"{(\w+)}", path_of(call))
        wide = ("scope", "resourceUri", "resourceId")
        pattern = "".join(
            re.escape(p) if n % 2 == 0 else (".+" if p in wide else "[^/]+")
            for n, p in enumerate(parts)
        )
        if re.fullmatch(pattern, path, re.IGNORECASE):
            found.append(call)
    return min(found, key=lambda call: call.count("{"), default=None)


def _recorded() -> Iterator[Recording]:
    if not FOLDER.is_dir():
        return
    files: list[str] = [f"handpicked/{path.name}" for path in sorted(FOLDER.glob("handpicked/*"))]
    for folder in ("c7n-cassettes", "msgraph-docs"):
        with (FOLDER / folder / "INDEX.tsv").open(encoding="utf-8") as index:
            files += [f"{folder}/{row['file']}" for row in csv.DictReader(index, delimiter="\t")]
    for file in files:
        # The index names some of the beta version, which nobody asks.
        if not (FOLDER / file).is_file():
            continue
        said = json.loads((FOLDER / file).read_text(encoding="utf-8"))
        asked = said["request"]
        if isinstance(asked, dict):
            asked = asked["uri"] if asked["method"] == "GET" else ""
        if call := _call(asked):
            yield Recording(file.removesuffix(".json"), call, said["status"], said["body"])


RECORDED = {recording.name: recording for recording in _recorded()}


@pytest.mark.parametrize("name", RECORDED)
def test_a_recording_replayed(whole: Source, name: str) -> None:  # noqa: F811 - the fixture
    recording = RECORDED[name]
    state = whole.emulator.state
    text = json.dumps(recording.body)
    homes = set(re.findall(r"/subscriptions/([0-9a-f-]{36}|{\w+})", text, re.IGNORECASE))
    for home in homes:
        text = text.replace(home, PRODUCTION)
    body = json.loads(text)
    if isinstance(body, dict):
        body = {k: v for k, v in body.items() if k not in ("nextLink", "@odata.nextLink")}
    sort = recording.call.removeprefix("RESOURCEGRAPH ")
    if sort != recording.call:
        rows = [{**row, "subscriptionId": PRODUCTION, "type": sort} for row in body["value"]]
        for table in list(state.tables):
            state.tables[table] = [r for r in state.tables[table] if r["type"] != sort]
        state.tables["resources"] = [*state.tables.get("resources", ()), *rows]
    else:
        path = path_of(recording.call)
        pattern = re.sub(r"{\w+}", ".+", re.escape(path).replace(r"\{", "{").replace(r"\}", "}"))
        for key in list(state.answers):
            if re.fullmatch(pattern, key.partition("?")[0], re.IGNORECASE):
                del state.answers[key]
        state.answers[path] = Raw(recording.status, (), json.dumps(body).encode())
    told: list[str] = []
    for kind, collector in KINDS.items():
        if recording.call in collector.calls:
            told += _look_and_judge(whole, kind, recording)
    if recording.real:
        assert not told, told


def _look_and_judge(azure: Source, kind: str, recording: Recording) -> Iterator[str]:
    """What is wrong with a look at a kind; where nothing is, every rule of the kind has judged."""
    result = look(azure, kind)
    refused = recording.status not in (200, 404)
    if not refused and (result.status is not S.COMPLETE or result.gaps):
        yield f"{kind}: {result.reason or f'{result.gaps} gaps'}"
        return
    assert not refused or result.gaps or result.status is not S.COMPLETE, "taken for an answer"
    rules = [rule for rule in REGISTRY.rules.values() if rule.kind == kind and not rule.joins]
    for record in records(result):
        if b'"planted' in record.body:
            continue
        try:
            view(KINDS[kind].resource, record.body)
        except FactUnavailable as error:
            yield f"{kind}: {error}"
        for rule in rules:
            verdict = judge(rule, record.body, now=NOW, scope=result.unit.scope)
            assert verdict.status is not Status.ERROR, f"{kind}: {rule.id}: {verdict.message}"


def test_recordings_are_there() -> None:
    if not FOLDER.is_dir():
        pytest.skip("the recordings are not beside this checkout")
    if not KINDS:
        pytest.skip("no kinds yet")
    assert RECORDED
