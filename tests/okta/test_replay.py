"""What Okta really answered, over HTTP again: through SDK, collector and typed view to every rule."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_demo.http import Raw
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Status
from soc2_pac.resources import view
from tests.conftest import RECORDINGS

from .walk import CALLS, KINDS, REGISTRY, look

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .conftest import Source

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FOLDER = RECORDINGS / "okta"
RULES_OF = {"OKTA_SIGN_ON": "SIGN_ON"}
"""The type of a policy's rules, where it is not the policy's."""


@dataclass(frozen=True)
class Recording:
    """An answer, and the declared call that it was given to."""

    name: str
    call: str
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def _shape(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


def _call(path: str) -> str | None:
    """The declared call that a recorded path, or a path of the documentation, belongs to."""
    found = [
        call
        for call in CALLS
        if re.fullmatch(re.sub(r"{}", "[^/]+", _shape(call.removeprefix("GET "))), _shape(path))
        and (_shape(call) == f"GET {_shape(path)}" or "{}" not in _shape(path))
    ]
    return min(found, key=lambda call: call.count("{"), default=None)


def _recorded() -> Iterator[Recording]:
    if not FOLDER.is_dir():
        return
    for path in sorted((FOLDER / "cassettes").glob("*.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        asked = re.sub(r"^https?://[^/]+|\?.*$", "", said["request"]["uri"])
        if call := _call(asked):
            yield Recording(
                f"cassettes/{path.stem}", call, said["status"], said["body"], said["headers"]
            )
    with (FOLDER / "openapi-examples" / "INDEX.tsv").open(encoding="utf-8") as index:
        for row in csv.DictReader(index, delimiter="\t"):
            path = FOLDER / "openapi-examples" / row["file"]
            if call := _call(row["endpoint"]):
                body = json.loads(path.read_text(encoding="utf-8"))
                yield Recording(f"openapi-examples/{path.stem}", call, 200, body)


RECORDED = {recording.name: recording for recording in _recorded()}

TROUBLE = {
    # One event instead of a list of them.
    "openapi-examples/api__v1__logs.ListLogsWithAdditionalSecurityContext": "answered no list",
    "openapi-examples/api__v1__logs.LogTargetChangeDetails": "answered no list",
    # Of a listing that names the fields it wants.
    "openapi-examples/api__v1__users.UsersProjections": "required field `login`",
}
"""Recordings that lack what Okta answers or contradict themselves -> what is said of them, not judged."""


class Replay:
    """Serves one recording wherever its call asks."""

    def __init__(self, recording: Recording, okta: Source) -> None:
        self.served = 0
        self._recording = recording
        self._okta = okta

    def __call__(self, path: str, query: Mapping[str, str]) -> Raw:
        self.served += 1
        said, body = self._recording, self._recording.body
        headers = [("Content-Type", said.headers.get("content-type", "application/json"))]
        if isinstance(body, list):
            body = [one for one in body if self._belongs(one, path, query)]
            body = [] if "after" in query else body
            if 'rel="next"' in said.headers.get("link", "") and "after" not in query:
                headers.append(("Link", f'<{self._okta.url}{path}?after=recorded>; rel="next"'))
        elif isinstance(body, dict) and "next" in (body.get("_links") or {}):
            here = dict(body["_links"])
            del here["next"]
            if "after" in query:
                body = {k: [] if isinstance(v, list) else v for k, v in body.items()}
            else:
                here["next"] = {"href": f"{self._okta.url}{path}?after=recorded"}
            body = {**body, "_links": here}
        return Raw(said.status, tuple(headers), json.dumps(body).encode())

    def _belongs(self, one: object, path: str, query: Mapping[str, str]) -> bool:
        """Okta gives policies, and their rules, of the type that was asked for; the recordings are of all."""
        wanted = query.get("type")
        if path.endswith("/rules"):
            asked = [
                p for _, p in self._okta.emulator.requests if p.startswith("/api/v1/policies?")
            ]
            policy = re.findall(r"type=(\w+)", asked[-1])[0]
            wanted = RULES_OF.get(policy, policy)
        if wanted is None or not isinstance(one, dict):
            return True
        return bool(one.get("type", wanted) == wanted)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recording_replayed(okta: Source, name: str) -> None:
    recording = RECORDED[name]
    answers = okta.emulator.state.answers
    okta.emulator.state.rate_limit = 1_000_000
    for call in CALLS:  # what is read besides the recording
        path = call.removeprefix("GET ")
        known = [answers[key] for key in answers if _fits(path, key)]
        if path.endswith("/rules"):
            answers[path] = Replay(_example(call), okta)  # by the type of the policy
        elif "{" in path and known:
            answers[path] = known[0]  # for the ids of recordings, what somebody of the company has
        elif not known:
            answers[path] = Replay(_example(call), okta)
    told: list[str] = []
    replay = Replay(recording, okta)
    for kind, collector in KINDS.items():
        if recording.call in collector.calls:
            path = recording.call.removeprefix("GET ")
            for key in [key for key in answers if _fits(path, key)]:
                del answers[key]
            answers[path] = replay
            told += _look_and_judge(okta, kind, recording)
    assert replay.served, f"nobody asked for {name}"
    assert bool(told) == (name in TROUBLE), told
    assert all(TROUBLE[name] in one for one in told), told


def _fits(template: str, key: str) -> bool:
    path = key.partition("?")[0]
    return re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path) is not None


def _example(call: str) -> Recording:
    """Everything that was recorded of a listing, as one answer."""
    said = [r.body for r in RECORDED.values() if r.call == call and r.status == 200] or [[]]
    if not all(isinstance(body, list) for body in said):
        return Recording("", call, 200, said[0])
    records = {json.dumps(one.get("id")): one for body in said for one in body}
    return Recording("", call, 200, list(records.values()))


def _look_and_judge(okta: Source, kind: str, recording: Recording) -> Iterator[str]:
    """What is wrong with a look at a kind; where nothing is, every rule of the kind has judged."""
    result = look(okta, kind)
    refused = recording.status != 200
    whole = (result.status, result.gaps, result.reason) == (S.COMPLETE, 0, "")
    if not refused and not whole:
        yield f"{kind}: {result.reason or f'{result.gaps} gaps'}"
        return
    assert not (refused and whole), f"{kind}: a refusal was taken for an answer"
    rules = [rule for rule in REGISTRY.rules.values() if rule.kind == kind and not rule.joins]
    for record in result.spool.records() if result.spool else ():
        try:
            view(KINDS[kind].resource, record.body)
        except FactUnavailable as error:
            yield f"{kind}: {error}"
            return
        for rule in rules:
            verdict = judge(rule, record.body, now=NOW, scope=result.unit.scope)
            assert verdict.status is not Status.ERROR, f"{kind}: {rule.id}: {verdict.message}"


def test_recordings_are_there() -> None:
    if not FOLDER.is_dir():
        pytest.skip("the recordings are not beside this checkout")
    assert len(RECORDED) > 100
    assert RECORDED.keys() >= TROUBLE.keys()
