"""Cloud Functions and Cloud Run: who may call what runs on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.serverless import Function, RunService
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.google_grants import Everyone, beside, everyone, let_through

if TYPE_CHECKING:
    from collections.abc import Sequence

_ANYWHERE = frozenset({"ALLOW_ALL", "all"})
_LIMITED = frozenset(
    {
        "ALLOW_INTERNAL_AND_GCLB",
        "ALLOW_INTERNAL_ONLY",
        "internal",
        "internal-and-cloud-load-balancing",
    }
)
"""What functions and services say where requests are let in from."""
_EVERYWHERE = "requests are let in from everywhere"
_UNASKED = "nobody is asked who calls"
_NO_ADDRESS = (
    "its own address is off, and whether a domain is mapped to it, which is let in from everywhere, is not "
    "collected"
)


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    needs=[IamPolicy, RunService],
    known_as=[
        "prowler:cloudfunction_function_not_publicly_accessible",
        "powerpipe:cloudfunction_function_restrict_public_access",
        "powerpipe:cloudfunction_function_no_ingress_settings_allow_all",
    ],
)
def gcp_serverless_not_public(
    function: Function, evidence: Evidence, scope: Scope, *, limited_ingress: bool = True
) -> Verdict:
    """Functions are not called by everyone, nor from everywhere.

    A function of the second generation is a Cloud Run service: who may call that counts, and what that lets
    in, which may have been changed past the function; where Identity-Aware Proxy is on for that, its
    policies. Deny policies are not read. ``limited_ingress``: whether requests from the internet must be shut
    out as well.

    Why: a function acts with the rights of its service account for whoever may call it.
    Fix: gcloud functions remove-invoker-policy-binding NAME --member=allUsers, and gcloud functions deploy
        NAME --ingress-settings=internal-and-gclb.
    """
    data = function.resource.data
    service = data.service_config.service
    run = "" if function.first_generation else service
    names = [f"//run.googleapis.com/{run}"] if run else []
    services = evidence.index(RunService, "path", within="here").get(run, ()) if run else ()
    asked = data.service_config.ingress_settings
    ingresses = sorted({one.ingress for one in services}) or [asked]
    ingress = listed(ingresses)
    everywhere = limited_ingress and not function.by_events_only
    wrong = [_EVERYWHERE] if everywhere and _ANYWHERE.intersection(ingresses) else []
    wrong += _unasked(services)
    served = ("cloudfunctions", "run")
    granted = everyone(function, evidence, *names, services=served, proven=bool(wrong))
    problems, on = _callers(granted, services, evidence, wrong)
    if problems:
        return failed("; ".join(problems), on=[*on, *services])
    if not function.first_generation and not services:
        return inconclusive("the Cloud Run service of the function is not among those collected")
    if function.by_events_only:
        return passed(
            f"called by events only, not by everyone{beside(scope, function)}", on=granted.on
        )
    if limited_ingress and not _LIMITED.issuperset(ingresses):
        return inconclusive(f"what the ingress setting {ingress} lets in is not known")
    said = f"{_closed(services)}; ingress is {ingress}{beside(scope, function)}"
    return passed(said, on=[*granted.on, *services])


def _unasked(services: Sequence[RunService]) -> list[str]:
    """That nobody is asked who calls one of these; nothing where Identity-Aware Proxy asks."""
    open_to_all = any(not one.checks_invokers for one in services)
    return [_UNASKED] if open_to_all and not all(one.proxied for one in services) else []


def _callers(
    granted: Everyone, services: Sequence[RunService], evidence: Evidence, wrong: list[str]
) -> tuple[list[str], list[IamPolicy]]:
    """Why everyone may call, beside what is ``wrong`` in any case, and the policies that say so.

    Identity-Aware Proxy decides where it is on.
    """
    if services and all(one.proxied for one in services):
        try:
            through = [
                policy
                for one in services
                for policy in let_through(
                    one, evidence, "cloud_run", {one.short_name}, region=one.region
                )
            ]
        except (EvidenceIncomplete, FactUnavailable):
            if not wrong:
                raise
            through = []
        said = ["Identity-Aware Proxy lets everyone through"] if through else []
        return [*said, *wrong], through
    problems = [granted.said] if granted.roles else []
    return [*problems, *wrong], granted.on


def _closed(services: Sequence[RunService]) -> str:
    if services and all(one.proxied for one in services):
        return "behind Identity-Aware Proxy, of which no policy that was collected is for everyone"
    return "not granted to everyone"


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    needs=[IamPolicy],
    known_as=["powerpipe:cloudrun_service_restrict_public_access"],
)
def gcp_run_not_public(
    service: RunService, evidence: Evidence, scope: Scope, *, limited_ingress: bool = True
) -> Verdict:
    """Cloud Run services are not called by everyone, nor from everywhere.

    Where Identity-Aware Proxy is on for the service, its policies say who gets in. Deny policies are not
    read. ``limited_ingress``: whether requests from the internet must be shut out as well.

    Why: a service acts with the rights of its service account for whoever may call it.
    Fix: gcloud run services remove-iam-policy-binding NAME --member=allUsers --role=roles/run.invoker, and
        gcloud run services update NAME --invoker-iam-check --ingress=internal-and-cloud-load-balancing.
    """
    anywhere = limited_ingress and service.ingress in _ANYWHERE
    wrong = [_EVERYWHERE] if anywhere and service.addressed else []
    wrong += _unasked([service])
    granted = everyone(service, evidence, services=("run",), proven=bool(wrong))
    problems, on = _callers(granted, [service], evidence, wrong)
    if problems:
        return failed("; ".join(problems), on=on)
    if anywhere:
        return inconclusive(_NO_ADDRESS)
    if limited_ingress and service.ingress not in _LIMITED:
        return inconclusive(f"what the ingress setting {service.ingress} lets in is not known")
    said = f"{_closed([service])}; ingress is {service.ingress}{beside(scope, service)}"
    return passed(said, on=granted.on)
