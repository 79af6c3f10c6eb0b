"""Until when verdicts hold that the clock changes: the engine judges again then, and not before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from soc2_pac import plugins
from soc2_pac.model import Status
from soc2_pac.testing import judge_document

RULES = plugins.load().rules
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _key(**more: str) -> dict[str, Any]:
    name = "projects/p/serviceAccounts/app@p.iam.gserviceaccount.com/keys/ab"
    data = {"name": name, "keyType": "USER_MANAGED", "validAfterTime": "2025-12-01T00:00:00Z"}
    return {
        "name": f"//iam.googleapis.com/{name}",
        "assetType": "iam.googleapis.com/ServiceAccountKey",
        "ancestors": ["projects/123"],
        "resource": {"data": {**data, **more}},
    }


@pytest.mark.parametrize(
    ("rule", "status"),
    [("gcp-sa-key-rotation", Status.PASS), ("gcp-no-user-managed-keys", Status.FAIL)],
)
def test_a_key_is_judged_again_when_it_ends(rule: str, status: Status) -> None:
    end = datetime(2026, 1, 15, tzinfo=UTC)
    document = _key(validBeforeTime=end.isoformat())
    found = judge_document(RULES[rule], document, now=NOW)
    assert (found.status, found.until) == (status, end)
    assert judge_document(RULES[rule], document, now=end).status is Status.NOT_APPLICABLE


def _cluster(*exclusions: tuple[str, str]) -> dict[str, Any]:
    held = {
        f"e{number}": {
            "startTime": f"{start}T00:00:00Z",
            "endTime": f"{end}T00:00:00Z",
            "maintenanceExclusionOptions": {"scope": "NO_MINOR_OR_NODE_UPGRADES"},
        }
        for number, (start, end) in enumerate(exclusions)
    }
    return {
        "name": "//container.googleapis.com/projects/p/locations/l/clusters/c",
        "assetType": "container.googleapis.com/Cluster",
        "ancestors": ["projects/123"],
        "resource": {
            "data": {
                "name": "c",
                "status": "RUNNING",
                "nodePools": [{"name": "main", "management": {"autoUpgrade": True}}],
                "releaseChannel": {"channel": "REGULAR"},
                "databaseEncryption": {"state": "ENCRYPTED"},
                "loggingConfig": {
                    "componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"]}
                },
                "maintenancePolicy": {"window": {"maintenanceExclusions": held}},
            }
        },
    }


def test_a_cluster_is_judged_again_when_a_long_exclusion_begins_and_when_it_ends() -> None:
    rule = RULES["gcp-gke-patching"]
    document = _cluster(("2026-02-01", "2026-04-01"), ("2026-04-01", "2026-06-01"))
    start, end = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    found = judge_document(rule, document, now=NOW)
    assert (found.status, found.until) == (Status.PASS, start)
    found = judge_document(rule, document, now=start)
    assert (found.status, found.until) == (Status.FAIL, end)
    found = judge_document(rule, document, now=end)
    assert (found.status, found.until) == (Status.PASS, None)


def test_exclusions_with_time_between_them_are_counted_by_themselves() -> None:
    document = _cluster(("2025-12-01", "2026-01-31"), ("2026-02-05", "2026-04-01"))
    found = judge_document(RULES["gcp-gke-patching"], document, now=NOW)
    assert (found.status, found.until) == (Status.PASS, None)
