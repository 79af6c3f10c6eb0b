"""CodeDeploy: what happens when a deployment goes wrong."""

from __future__ import annotations

from fnmatch import fnmatchcase

from soc2_collectors.aws.models.codedeploy import DeploymentGroup
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC8.1", "CC7.5"],
    severity=Severity.LOW,
    known_as=["powerpipe:codedeploy_deployment_group_lambda_allatonce_traffic_shift_disabled"],
)
def aws_deploy_rollback(group: DeploymentGroup, *, production: tuple[str, ...] = ()) -> Verdict:
    """Deployments that fail are taken back, and none replaces everything at once.

    ``production`` holds patterns (``*prod*``) for the names of applications and deployment groups; while
    there are none, every group is judged.

    Why: a bad release that is everywhere at once, and stays, is an outage of the length of a repair.
    Fix: aws deploy update-deployment-group --application-name NAME --current-deployment-group-name GROUP
        --auto-rollback-configuration enabled=true,events=DEPLOYMENT_FAILURE, and a --deployment-config-name
        that is not AllAtOnce.
    """
    names = (group.application_name.casefold(), group.deployment_group_name.casefold())
    if production and not any(
        fnmatchcase(name, pattern.casefold()) for name in names for pattern in production
    ):
        return not_applicable("not production by its names")
    found = []
    rollback = group.auto_rollback_configuration
    if not rollback.enabled or "DEPLOYMENT_FAILURE" not in rollback.events:
        found.append("a deployment that fails is not taken back")
    at_once = _at_once(group)
    if at_once:
        found.append(f"{group.deployment_config_name} replaces everything at once")
    if found:
        return failed("; ".join(found))
    if at_once is None:
        return inconclusive(f"it is not known how {group.deployment_config_name} deploys")
    return passed(f"taken back on failure; {group.deployment_config_name} goes step by step")


def _at_once(group: DeploymentGroup) -> bool | None:
    """Whether its configuration replaces everything at once; ``None`` where nobody knows."""
    name = group.deployment_config_name
    if name.startswith("CodeDeployDefault."):
        gradual = any(word in name for word in ("OneAtATime", "HalfAtATime", "Canary", "Linear"))
        return True if name.endswith("AllAtOnce") else False if gradual else None
    config = group.config
    if config is None:
        return None
    if config.traffic_routing_config is not None:
        return config.traffic_routing_config.at_once
    hosts = config.minimum_healthy_hosts
    return None if hosts is None else hosts.value <= 0 and config.zonal_config is None
