"""What makes an administrator of Google Cloud: one notion for all rules, by role and by permission.

A basic role that may change things; a predefined role that Google itself calls one of an administrator; and
any role, or several together, with permissions by which somebody gets the rest.

Sources: Google, "IAM basic and predefined roles reference", "Attach service accounts to resources" (which
products run what they are given as a service account), "Roles for service account authentication"; Rhino
Security Labs, "Privilege Escalation in Google Cloud Platform", parts 1 and 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.gcp.models.predefined_roles import PREDEFINED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

BASIC_CHANGING = frozenset({"roles/owner", "roles/editor", "roles/admin", "roles/writer"})
"""Basic roles that may change things, the older and the newer ones."""
BASIC_READING = frozenset({"roles/viewer", "roles/reader", "roles/browser"})
"""Basic roles that only read."""
ONLY_GRANTS = frozenset(
    {"roles/resourcemanager.folderIamAdmin", "roles/resourcemanager.projectIamAdmin"}
)
"""Roles that read and write what is granted on projects and folders, and do nothing else."""

ACT_AS = "iam.serviceAccounts.actAs"
ACTING = frozenset(
    {
        ACT_AS,
        "iam.serviceAccounts.getAccessToken",
        "iam.serviceAccounts.getOpenIdToken",
        "iam.serviceAccounts.implicitDelegation",
        "iam.serviceAccounts.signBlob",
        "iam.serviceAccounts.signJwt",
    }
)
"""With any of these somebody works as a service account."""
MAKES_KEYS = frozenset({"iam.serviceAccountKeys.create"})
"""With it somebody makes a key, and works as a service account from anywhere."""
ADMINISTERS_KEYS = frozenset(
    {
        "cloudkms.cryptoKeyVersions.destroy",
        "cloudkms.cryptoKeyVersions.update",
        "cloudkms.cryptoKeys.setIamPolicy",
        "cloudkms.keyRings.setIamPolicy",
    }
)
"""Who has one of these can make a key useless, at once or for a time, or say who may use it."""
USES_KEYS = frozenset(
    {
        "cloudkms.cryptoKeyVersions.useToDecrypt",
        "cloudkms.cryptoKeyVersions.useToDecryptViaDelegation",
        "cloudkms.cryptoKeyVersions.useToEncrypt",
        "cloudkms.cryptoKeyVersions.useToEncryptViaDelegation",
    }
)
ADMINISTERS_ACCOUNTS = frozenset(
    {
        "iam.serviceAccountKeys.create",
        "iam.serviceAccounts.create",
        "iam.serviceAccounts.setIamPolicy",
    }
)


class Way(NamedTuple):
    """A way to more rights than a role gives by itself."""

    needs: frozenset[str]
    """All of these permissions."""
    source: str


_RHINO = "Rhino Security Labs"
_GOOGLE = "Google, Attach service accounts to resources"
_TEMPLATE = "compute.instanceTemplates.create"
_IAM = "Google, Roles for service account authentication"
_FEDERATION = "Google, Best practices for using Workload Identity Federation"
_LOGIN = "Google, Set up OS Login"
_ORG_POLICY = "Google, Access control for organization policy"
_TASKS = "Google, Create HTTP target tasks"


def _ways() -> tuple[Way, ...]:
    alone = {
        "cloudbuild.builds.create": _RHINO,
        "deploymentmanager.deployments.create": _RHINO,
        "deploymentmanager.deployments.update": _RHINO,
        "iam.googleapis.com/workforcePoolProviderKeys.create": _FEDERATION,
        "iam.googleapis.com/workforcePoolProviders.create": _FEDERATION,
        "iam.googleapis.com/workforcePoolProviders.update": _FEDERATION,
        "iam.googleapis.com/workloadIdentityPoolProviderKeys.create": _FEDERATION,
        "iam.googleapis.com/workloadIdentityPoolProviders.create": _FEDERATION,
        "iam.googleapis.com/workloadIdentityPoolProviders.update": _FEDERATION,
        "iam.roles.update": _RHINO,
        "iam.serviceAccountApiKeyBindings.create": "Google, Manage API keys",
        "iam.serviceAccountKeys.create": _RHINO,
        "iam.serviceAccounts.getAccessToken": _RHINO,
        "iam.serviceAccounts.getOpenIdToken": _IAM,
        "iam.serviceAccounts.implicitDelegation": _RHINO,
        "iam.serviceAccounts.setIamPolicy": _RHINO,
        "iam.serviceAccounts.signBlob": _RHINO,
        "iam.serviceAccounts.signJwt": _RHINO,
        "orgpolicy.policies.create": _ORG_POLICY,
        "orgpolicy.policies.update": _ORG_POLICY,
        "orgpolicy.policy.set": _RHINO,
        "resourcemanager.folders.setIamPolicy": _RHINO,
        "resourcemanager.organizations.setIamPolicy": _RHINO,
        "resourcemanager.projects.setIamPolicy": _RHINO,
        "storage.hmacKeys.create": _RHINO,
    }
    run_as = {
        "aiplatform.customJobs.create": _GOOGLE,
        "aiplatform.endpoints.deploy": _GOOGLE,
        "aiplatform.notebookExecutionJobs.create": _GOOGLE,
        "aiplatform.notebookRuntimes.assign": _GOOGLE,
        "aiplatform.pipelineJobs.create": _GOOGLE,
        "aiplatform.reasoningEngines.create": _GOOGLE,
        "appengine.versions.create": _GOOGLE,
        "batch.jobs.create": _GOOGLE,
        "clouddeploy.targets.create": _GOOGLE,
        "cloudfunctions.functions.create": _RHINO,
        "cloudfunctions.functions.update": _RHINO,
        "cloudscheduler.jobs.create": _RHINO,
        "cloudscheduler.jobs.update": _GOOGLE,
        "cloudtasks.tasks.create": _TASKS,
        "composer.environments.create": _GOOGLE,
        "composer.environments.update": _GOOGLE,
        "compute.instances.create": _RHINO,
        "compute.instances.osAdminLogin": _LOGIN,
        "compute.instances.osLogin": _LOGIN,
        "compute.instances.setMetadata": _GOOGLE,
        "compute.instances.setServiceAccount": _GOOGLE,
        "compute.projects.setCommonInstanceMetadata": _GOOGLE,
        "config.deployments.create": _GOOGLE,
        "config.deployments.update": _GOOGLE,
        "container.clusters.create": _GOOGLE,
        "container.clusters.update": _GOOGLE,
        "dataflow.jobs.create": _GOOGLE,
        "dataform.workflowInvocations.create": _GOOGLE,
        "datafusion.instances.create": _GOOGLE,
        "dataplex.tasks.create": _GOOGLE,
        "dataproc.batches.create": _GOOGLE,
        "dataproc.clusters.create": _GOOGLE,
        "dataproc.sessions.create": _GOOGLE,
        "dataproc.workflowTemplates.instantiateInline": _GOOGLE,
        "eventarc.triggers.create": _GOOGLE,
        "lifesciences.workflows.run": _GOOGLE,
        "ml.jobs.create": _GOOGLE,
        "notebooks.instances.create": _GOOGLE,
        "run.jobs.create": _GOOGLE,
        "run.jobs.update": _GOOGLE,
        "run.services.create": _RHINO,
        "run.services.update": _GOOGLE,
        "tpu.nodes.create": _GOOGLE,
        "workflows.workflows.create": _GOOGLE,
        "workflows.workflows.update": _GOOGLE,
        "workstations.workstationConfigs.create": _GOOGLE,
        "workstations.workstationConfigs.update": _GOOGLE,
    }
    return (
        *(Way(frozenset({one}), source) for one, source in alone.items()),
        *(Way(frozenset({one, ACT_AS}), source) for one, source in run_as.items()),
        *(
            Way(frozenset({f"compute.instanceGroupManagers.{one}", _TEMPLATE, ACT_AS}), _GOOGLE)
            for one in ("create", "update")
        ),
    )


WAYS = _ways()
"""Sorted: what is enough alone, then what runs as any service account that one may act as."""


def called_administrator(role: str) -> bool:
    """Whether the role's name says so: a basic role that changes things, or Google's ``...admin``.

    The name of a custom role says nothing: somebody chose it.
    """
    if role in BASIC_CHANGING:
        return True
    # compute.instanceAdmin.v1 and compute.osAdminLogin are such names, securitycenter.adminViewer is none.
    name = role.partition(".")[2].lower()
    return role.startswith("roles/") and "admin" in name and not name.endswith("viewer")


def known_permissions(role: str) -> frozenset[str]:
    """What a predefined role is known to hold of the permissions that rules ask about; never all of it."""
    return PREDEFINED.get(role, frozenset())


def escalations(permissions: Collection[str]) -> list[str]:
    """Ways to more rights that permissions open together: ``a.b.actAs with run.jobs.create``."""
    held = frozenset(permissions)
    return [" with ".join(sorted(way.needs)) for way in WAYS if way.needs <= held]


def grants_roles(permissions: Iterable[str]) -> list[str]:
    """Permissions that say who may do what: ``storage.buckets.setIamPolicy``."""
    return sorted(one for one in permissions if one.endswith(".setIamPolicy"))
