"""Open alerts and runners of the emulated GitHub company."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_demo.github_estate import repository
from soc2_demo.github_words import LOGIN, REPOS, days_ago

if TYPE_CHECKING:
    from datetime import datetime


def alerts(now: datetime) -> dict[str, Any]:
    """Open alerts by path."""

    def where(name: str) -> dict[str, Any]:
        found = repository(next(repo for repo in REPOS if repo.name == name), now)
        return {
            key: found[key] for key in ("id", "node_id", "name", "full_name", "private", "html_url")
        }

    def dependency(
        number: int, name: str, package: str, severity: str, days: int
    ) -> dict[str, Any]:
        flaw = {"ecosystem": "npm", "name": package}
        return {
            "number": number,
            "state": "open",
            "repository": where(name),
            "created_at": days_ago(now, days),
            "updated_at": days_ago(now, days),
            "fixed_at": None,
            "dismissed_at": None,
            "dependency": {
                "package": flaw,
                "manifest_path": "package-lock.json",
                "scope": "runtime",
            },
            "security_advisory": {
                "ghsa_id": f"GHSA-demo-{number:04d}-acme",
                "severity": severity,
                "summary": "an invention",
            },
            "security_vulnerability": {
                "package": flaw,
                "severity": severity,
                "vulnerable_version_range": "< 2.0.0",
            },
        }

    return {
        f"/orgs/{LOGIN}/secret-scanning/alerts": [
            {
                "number": 1,
                "state": "open",
                "created_at": days_ago(now, 21),
                "secret_type": "aws_access_key_id",
                "secret_type_display_name": "Amazon AWS Access Key ID",
                "validity": "unknown",
                "resolution": None,
                "publicly_leaked": False,
                "push_protection_bypassed": False,
                "repository": where("etl-jobs"),
            },
        ],
        f"/orgs/{LOGIN}/code-scanning/alerts": [
            {
                "number": 4,
                "state": "open",
                "created_at": days_ago(now, 12),
                "dismissed_at": None,
                "rule": {
                    "id": "py/sql-injection",
                    "severity": "error",
                    "security_severity_level": "high",
                },
                "tool": {"name": "CodeQL", "version": "2.23.0"},
                "repository": where("api"),
            },
        ],
        f"/orgs/{LOGIN}/dependabot/alerts": [
            dependency(17, "web", "acme-markdown", "critical", 33),
            dependency(18, "web", "acme-router", "medium", 50),
            dependency(3, "mobile-app", "acme-http", "high", 9),
        ],
    }


def runners() -> dict[str, Any]:
    """Runner groups and their runners by path."""

    def group(number: int, name: str, *, public: bool) -> dict[str, Any]:
        return {
            "id": number,
            "name": name,
            "visibility": "all",
            "default": number == 1,
            "inherited": False,
            "allows_public_repositories": public,
            "restricted_to_workflows": False,
            "selected_workflows": [],
        }

    def runner(number: int, name: str, *, ephemeral: bool) -> dict[str, Any]:
        return {
            "id": number,
            "name": name,
            "os": "linux",
            "status": "online",
            "busy": False,
            "ephemeral": ephemeral,
            "labels": [{"id": 5, "name": "self-hosted", "type": "read-only"}],
        }

    path = f"/orgs/{LOGIN}/actions/runner-groups"
    return {
        path: {
            "total_count": 2,
            "runner_groups": [
                group(1, "Default", public=False),
                group(2, "build-lab", public=True),
            ],
        },
        f"{path}/1/runners": {
            "total_count": 1,
            "runners": [runner(11, "k8s-runner", ephemeral=True)],
        },
        f"{path}/2/runners": {
            "total_count": 1,
            "runners": [runner(21, "bench-rig", ephemeral=False)],
        },
    }
