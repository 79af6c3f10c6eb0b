"""What GitHub answered or documents, over HTTP again: through SDK, collector and typed view to every rule."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import config, plugins
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Unit, UnitResult, run_unit
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus, Scope, Status
from soc2_pac.resources import view
from tests.conftest import RECORDINGS

from .test_kinds import COLLECTORS, IDENTITY, SAML

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Source

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FOLDER = RECORDINGS / "github"
DECLARED = {call for collector in COLLECTORS.values() for call in collector.calls}
PROTECTION = "GET /repos/{owner}/{repo}/branches/{branch}/protection"
HAND_MADE = {
    ("github.actions.json", "GET_ORG_SECRETS"): ("GET /orgs/{org}/actions/secrets", "secrets"),
    ("github.actions.json", "GET_REPO_SECRETS"): (
        "GET /repos/{owner}/{repo}/actions/secrets",
        "secrets",
    ),
    ("github.actions.json", "GET_REPO_ENVIRONMENTS"): (
        "GET /repos/{owner}/{repo}/environments",
        "environments",
    ),
    ("github.packages.json", "GET_CONTAINER_PACKAGES"): ("GET /orgs/{org}/packages", None),
    ("github.personal_access_tokens.json", "FINE_GRAINED_PERSONAL_ACCESS_TOKENS"): (
        "GET /orgs/{org}/personal-access-tokens",
        None,
    ),
    ("github.dependabot_alerts.json", "GET_DEPENDABOT_ALERTS"): (
        "GET /orgs/{org}/dependabot/alerts",
        None,
    ),
}
"""What another project made up after GitHub's answers -> the call, and where a list stands in its answer."""


def _documented() -> Iterator[tuple[str, str, Any]]:
    folder = FOLDER / "openapi-examples"
    with (folder / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["endpoint"] in DECLARED and row["status"] == "200":
                path = folder / row["file"]
                yield path.stem, row["endpoint"], json.loads(path.read_text(encoding="utf-8"))


def _recorded() -> Iterator[tuple[str, str, Any]]:
    patterns = {call: _pattern(call) for call in DECLARED if call.startswith("GET ")}
    for path in sorted((FOLDER / "octokit-fixtures").glob("*.json")):
        for number, call in enumerate(json.loads(path.read_text(encoding="utf-8"))):
            # What a PUT of a protection answers is what a GET answers next.
            protection = re.search(r"/branches/[^/]+/protection$", call["path"])
            if call["status"] != 200 or not (call["method"] == "get" or protection):
                continue
            for declared, pattern in patterns.items():
                if pattern.fullmatch(call["path"].partition("?")[0]):
                    yield f"{path.stem} {number}", declared, call["response"]


def _hand_made() -> Iterator[tuple[str, str, Any]]:
    for (name, part), (call, key) in HAND_MADE.items():
        said = json.loads((FOLDER / "cartography" / name).read_text(encoding="utf-8"))[part]
        yield part, call, {"total_count": len(said), key: said} if key else said


def _pattern(call: str) -> re.Pattern[str]:
    path = call.removeprefix("GET ")
    return re.compile("[^/]+".join(re.escape(part) for part in re.split(r"\{\w+\}", path)))


ANSWERS = (
    {
        f"{call}: {name}": (call, said)
        for found in (_documented, _recorded, _hand_made)
        for name, call, said in found()
    }
    if FOLDER.is_dir()
    else {}
)
TROUBLE = {
    # Made up for a reader that takes less of it.
    "GET /orgs/{org}/dependabot/alerts: GET_DEPENDABOT_ALERTS": "records lack an id",
    "GET /repos/{owner}/{repo}/environments: GET_REPO_ENVIRONMENTS": "records lack an id",
}
"""Answers that lack what GitHub answers -> what is said of them, not judged."""


class Replayed(dict[str, Any]):
    """The company's answers, but for one call, which the recording answers."""

    def __init__(self, rest: dict[str, Any], call: str, said: Any) -> None:
        super().__init__(rest)
        self.served = 0
        self._pattern, self._said = _pattern(call), said

    def get(self, path: str, default: Any = None) -> Any:
        if not self._pattern.fullmatch(path.partition("?")[0]):
            return super().get(path, default)
        self.served += 1
        return self._said


def test_the_recordings_are_there() -> None:
    if not FOLDER.is_dir():
        pytest.skip("the recordings of github are not beside this checkout")
    assert len(ANSWERS) > 25
    assert {call for call, _ in ANSWERS.values()} >= {PROTECTION, "GET /orgs/{org}/hooks"}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_recording_replayed(github: Source, name: str) -> None:
    call, said = ANSWERS[name]
    state = github.emulator.state
    state.saml, state.external_identities = SAML, [IDENTITY]
    _fit(github, call, said)
    state.rest = replayed = Replayed(state.rest, call, said)
    kinds = [kind for kind, collector in COLLECTORS.items() if call in collector.calls]
    told = [one for kind in kinds for one in _look_and_judge(github, kind)]
    assert replayed.served, "nobody asked for it"
    if name in TROUBLE:
        assert told
        assert all(TROUBLE[name] in one for one in told), told
    else:
        assert told == []


def _fit(github: Source, call: str, said: Any) -> None:
    """Make the rest of the company such that what was recorded fits in."""
    repositories = github.emulator.state.repositories
    _open(said)
    if call == PROTECTION:
        for node in repositories:  # who does not administer asks by REST
            node["viewerCanAdminister"] = False
            node["defaultBranchRef"]["branchProtectionRule"] = None
    elif call.endswith("/rulesets/{ruleset_id}"):
        for node in repositories:
            for rule in node["defaultBranchRef"]["rules"]["nodes"]:
                rule["repositoryRuleset"]["databaseId"] = said["id"]
    elif call.endswith("/{repo}/collaborators"):
        for node in repositories:  # whom GraphQL shows nobody asks by REST
            node["direct"] = node["outside"] = None
    elif call.endswith("/environments"):
        for node in repositories[1:]:
            node["environments"] = 0  # what is recorded are those of one repository
    elif call == "GET /orgs/{org}/repos":
        for listed in said:
            full_name = listed["full_name"]
            more = {"id": listed["node_id"], "name": listed["name"], "nameWithOwner": full_name}
            repositories.append({**repositories[0], **more})


def _open(said: Any) -> None:
    """The listing of open alerts holds open ones."""
    for item in said if isinstance(said, list) else ():
        if "state" in item:
            item["state"] = "open"


def _look_and_judge(github: Source, kind: str) -> Iterator[str]:
    """What is wrong with a look at a kind; where nothing is, every rule of the kind has judged."""
    result = look(github, kind)
    if result.status is not CollectionStatus.COMPLETE:
        yield f"{kind}: {result.reason}"
        return
    rules = [
        rule
        for rule in plugins.load().rules.values()
        if rule.kind == kind and "evidence" not in rule.injected
    ]
    for record in result.spool.records() if result.spool else ():
        try:
            view(COLLECTORS[kind].resource, record.body)
        except FactUnavailable as error:
            yield f"{kind}: {error}"
            return
        for rule in rules:
            verdict = judge(rule, record.body, now=NOW, scope=result.unit.scope)
            assert verdict.status is not Status.ERROR, f"{kind}: {rule.id}: {verdict.message}"


def look(github: Source, kind: str) -> UnitResult:
    """One look at a kind by the engine's own unit of work."""
    raw = {
        "provider": "github",
        "organization": "acme-robotics",
        "enterprise": "acme-holding",
        "base_url": github.url,
        "token": {"env": "ACME_TOKEN"},
        "max_attempts": 1,
    }
    sources = config.parse({"sources": {"home": raw}}, None).sources(plugins.load().providers)
    fetch.forget_connections()
    scope = Scope("github", "acme-robotics")
    return run_unit(Unit(kind, scope, sources["home"]), Limits(seconds=60, pages=1000))
