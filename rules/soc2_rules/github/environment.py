"""Who lets a deployment into production."""

from __future__ import annotations

from soc2_collectors.github.models.repository import Environment
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule


@rule(criteria=["CC8.1", "CC6.3"], severity=Severity.HIGH)
def github_prod_environment_reviewers(
    environment: Environment,
    *,
    production: tuple[str, ...] = ("prod", "production", "live"),
    block_self_review: bool = True,
) -> Verdict:
    """Deployments to production need a reviewer and come from chosen branches.

    ``production`` holds beginnings of the names of production environments, in lower case.

    Why: a workflow can deploy whatever a branch holds, with the environment's secrets. The
        environment is
        the last place where a second person can stop it.
    Fix: in the repository, Settings, Environments, add required reviewers, prevent self-review and
        limit
        deployment branches.
    """
    if not environment.name.casefold().startswith(production):
        return not_applicable(f"'{environment.name}' is no production environment by its name")
    reviews = [
        r for r in environment.protection_rules if r.type == "required_reviewers" and r.reviewers
    ]
    missing = []
    if not reviews:
        missing.append("has no required reviewers")
    elif block_self_review and not any(r.prevent_self_review for r in reviews):
        missing.append("lets people approve their own deployments")
    if environment.deployment_branch_policy is None:
        missing.append("takes deployments from every branch")
    where = f"'{environment.name}' of {environment.repository.name_with_owner}"
    return (
        failed(f"{where} {' and '.join(missing)}")
        if missing
        else passed(f"{where} needs a reviewer")
    )
