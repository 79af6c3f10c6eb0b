"""Changes that a person made, past the pipeline."""

from __future__ import annotations

from soc2_collectors.gcp.models.audit import HumanChange
from soc2_collectors.gcp.models.values import matches
from soc2_pac.model import Scope, Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule

_CHANGES_NOTHING = (
    "cloudbuild:google.devtools.cloudbuild.v*.CloudBuild.ApproveBuild",
    "clouddeploy:google.cloud.deploy.v*.CloudDeploy.AdvanceRollout",
    "clouddeploy:google.cloud.deploy.v*.CloudDeploy.ApproveRollout",
    "clouddeploy:google.cloud.deploy.v*.CloudDeploy.CreateRollout",
    "cloudshell:*",
    "k8s:io.k8s.authentication.v*reviews.create",
    "k8s:io.k8s.authorization.v*reviews.create",
    "k8s:io.k8s.core.v*.pods.portforward.create",
)
"""What moves a release on in its delivery pipeline, and the yes or no that a pipeline waits for; a shell; questions
to Kubernetes about what somebody may do, which are asked by creating what is not kept; a port that is forwarded."""


@rule(
    criteria=["CC8.1", "CC7.2"],
    severity=Severity.MEDIUM,
    empty=not_applicable("the last seven days of the audit log name no change by a person"),
)
def gcp_console_changes_outside_pipeline(
    change: HumanChange,
    scope: Scope,
    *,
    deployers: tuple[str, ...] = (),
    projects: tuple[str, ...] = (),
    ignored: tuple[str, ...] = _CHANGES_NOTHING,
) -> Verdict:
    """Nobody changes production by hand, past the pipeline.

    In the console and by the command line alike: service accounts are what pipelines run as, unless a person
    acts as one (impersonation). Changes of projects are seen, not those of folders and the organisation.
    ``deployers`` takes addresses or patterns of people who may; ``projects`` the ids of production, every
    project while it is empty; ``ignored`` patterns for actions that change nothing, or nothing past the pipeline:
    by default approvals and promotions in a delivery pipeline, shells, and questions to a cluster about rights.

    Why: what is changed by hand was neither reviewed nor tested, and the next deployment may undo it.
    Fix: look into the change, bring it into the pipeline or take it back; give people roles that only read
        (gcloud projects add-iam-policy-binding PROJECT --member MEMBER --role roles/viewer).
    """
    if projects and not matches(scope.account, projects):
        return not_applicable("not a production project")
    if matches(change.action, ignored):
        return not_applicable(f"{change.action} is on the list of what changes nothing")
    payload = change.proto_payload
    if payload.status.code:
        return not_applicable(f"{change.action} was refused or failed (code {payload.status.code})")
    who = change.who
    through = f" as {change.through}" if change.through else ""
    when = f"{change.timestamp:%Y-%m-%d %H:%M} UTC"
    if matches(who, deployers):
        return passed(f"{who} may: {change.action}{through} on {when}")
    about = f" ({payload.resource_name})" if payload.resource_name else ""
    return failed(f"{who} called {change.action}{about}{through} on {when}")
