"""Who lets a deployment into production."""

from __future__ import annotations

from soc2_collectors.github.models.repository import Environment, is_production
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(criteria=["CC8.1", "CC6.3"], severity=Severity.HIGH)
def github_prod_environment_reviewers(
    environment: Environment,
    *,
    production: tuple[str, ...] = ("prod", "production", "live"),
    block_self_review: bool = True,
    admins_may_bypass: bool = False,
) -> Verdict:
    """Deployments to production need a reviewer, come from chosen branches or tags, and nobody bypasses that.

    ``production`` holds words, in lower case: an environment is production whose name begins with one, but for
    ``product`` and the like, or holds one by itself (``eu-prod``). Branches and tags are chosen by patterns that do
    not match everything; who may make one of such a name is not read. The protected branches are chosen, too, where
    the repository has rules of classic protection: without any, GitHub lets every branch deploy. Administrators may
    bypass the rules of an environment unless that is switched off; ``admins_may_bypass`` accepts it.

    Why: a workflow can deploy whatever a branch holds, with the environment's secrets. The environment is
        the last place where a second person can stop it.
    Fix: in the repository, Settings, Environments, add required reviewers, prevent self-review, clear
        "Allow administrators to bypass configured protection rules", and select deployment branches.
    """
    if environment.repository.is_archived:
        return not_applicable("the repository is archived: nobody can change it")
    if not is_production(environment.name, production):
        return not_applicable(f"'{environment.name}' is no production environment by its name")
    reviews = [
        r for r in environment.protection_rules if r.type == "required_reviewers" and r.reviewers
    ]
    branches, every, unclear = _branches(environment)
    missing = []
    if not reviews:
        missing.append("has no required reviewers")
    elif block_self_review and not any(r.prevent_self_review for r in reviews):
        missing.append("lets people approve their own deployments")
    if not admins_may_bypass and environment.can_admins_bypass:
        missing.append("lets administrators bypass its rules")
    if every:
        missing.append(f"takes deployments from {every}")
    if missing:
        return failed(f"{environment.label} {' and '.join(missing)}")
    if not admins_may_bypass and environment.can_admins_bypass is None:
        return inconclusive(
            f"GitHub does not say whether administrators bypass {environment.label}"
        )
    if unclear:
        return inconclusive(unclear)
    return passed(f"{environment.label} needs a reviewer, and takes deployments from {branches}")


def _branches(environment: Environment) -> tuple[str, str, str]:
    """(which branches deploy, every branch that does, why nobody knows): one of them is said."""
    policy = environment.deployment_branch_policy
    if policy is None:
        return "", "every branch", ""
    try:
        if policy.custom_branch_policies:
            patterns = environment.branch_policies
            every = next((one.open_to for one in patterns if one.open_to), "")
            return ", ".join(sorted(str(one) for one in patterns)) or "no branch", every, ""
        if policy.protected_branches and environment.branch_protection_rules.total_count:
            return "protected branches", "", ""
    except FactUnavailable as error:
        return "", "", str(error)
    if not policy.protected_branches:
        return "", "", f"GitHub does not say which branches {environment.label} takes"
    why = (
        f"{environment.label} takes protected branches, and GitHub shows no rule of classic protection in "
        "the repository: it lets every branch deploy where there is none; select the branches by name"
    )
    return "", "", why
