"""Who put which commit into production."""

from __future__ import annotations

from soc2_collectors.github.models.activity import Deployment
from soc2_collectors.github.models.repository import is_production
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC8.1"],
    severity=Severity.MEDIUM,
    empty=inconclusive(
        "GitHub recorded no deployment in the days that were read: other tools keep their own records"
    ),
)
def github_deployments_logged(
    deployment: Deployment, *, production: tuple[str, ...] = ("prod", "production", "live")
) -> Verdict:
    """Deployments to production are recorded with who made them and of which commit.

    ``production`` holds words, in lower case: an environment is production whose name begins with one, or
    holds one by itself (``eu-prod``).

    Why: when something breaks, or an auditor asks, the way from what runs to the change that was approved
        leads through this record.
    Fix: deploy from a workflow whose job names its environment, or create deployments by
        POST /repos/ORG/REPO/deployments from the tool that deploys.
    """
    if not is_production(deployment.environment or "", production):
        return not_applicable(
            f"'{deployment.environment}' is no production environment by its name"
        )
    what = f"deployment {deployment.database_id} of {deployment.repository.name_with_owner}"
    missing = []
    if deployment.creator is None:
        missing.append("nobody who made it")
    if not deployment.commit_oid:
        missing.append("no commit")
    if missing:
        return failed(f"{what} to '{deployment.environment}' names {' and '.join(missing)}")
    assert deployment.creator is not None  # noqa: S101 - it would be missing
    commit = str(deployment.commit_oid)[:12]
    return passed(f"{what}: {deployment.creator.login} deployed {commit}")
