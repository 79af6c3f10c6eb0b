"""Cloud Functions and Cloud Run: who may call what runs on demand."""

from __future__ import annotations

from soc2_collectors.gcp.models.grants import in_force, public_grants
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.serverless import Function, RunService
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed


def _public(called: Function | RunService, evidence: Evidence, service: str) -> list[str]:
    """What everyone holds on it, set there or inherited."""
    by_name = evidence.index(IamPolicy, "name", within="here")
    by_node = evidence.index(IamPolicy, "node", within="here")
    return public_grants(in_force(by_name, by_node, called), services=[service])


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    needs=[IamPolicy],
    known_as=[
        "prowler:cloudfunction_function_not_publicly_accessible",
        "powerpipe:cloudfunction_function_restrict_public_access",
        "powerpipe:cloudfunction_function_no_ingress_settings_allow_all",
    ],
)
def gcp_serverless_not_public(
    function: Function, evidence: Evidence, *, limited_ingress: bool = True
) -> Verdict:
    """Functions are not called by everyone, nor from everywhere.

    Who may call a function of the second generation stands at its Cloud Run service, and is judged there
    by gcp-run-not-public. ``limited_ingress``: whether requests from the internet must be shut out as well.

    Why: a function acts with the rights of its service account for whoever may call it.
    Fix: gcloud functions remove-invoker-policy-binding NAME --member=allUsers, and gcloud functions deploy
        NAME --ingress-settings=internal-and-gclb.
    """
    problems = []
    if roles := _public(function, evidence, "cloudfunctions"):
        problems.append(f"everyone holds {listed(roles)}")
    ingress = function.resource.data.service_config.ingress_settings
    if limited_ingress and ingress == "ALLOW_ALL" and not function.by_events_only:
        problems.append("requests are let in from everywhere")
    if problems:
        return failed("; ".join(problems))
    if function.by_events_only:
        return passed("called by events only")
    return passed(f"not granted to everyone; ingress is {ingress}")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    needs=[IamPolicy],
    known_as=["powerpipe:cloudrun_service_restrict_public_access"],
)
def gcp_run_not_public(
    service: RunService, evidence: Evidence, *, limited_ingress: bool = True
) -> Verdict:
    """Cloud Run services are not called by everyone, nor from everywhere.

    ``limited_ingress``: whether requests from the internet must be shut out as well.

    Why: a service acts with the rights of its service account for whoever may call it.
    Fix: gcloud run services remove-iam-policy-binding NAME --member=allUsers --role=roles/run.invoker, and
        gcloud run services update NAME --ingress=internal-and-cloud-load-balancing.
    """
    problems = []
    if roles := _public(service, evidence, "run"):
        problems.append(f"everyone holds {listed(roles)}")
    if not service.checks_invokers:
        problems.append("nobody is asked who calls")
    if limited_ingress and service.ingress == "all":
        problems.append("requests are let in from everywhere")
    if problems:
        return failed("; ".join(problems))
    return passed(f"not granted to everyone; ingress is {service.ingress}")
