"""Compute Engine: what machines may do, and who gets onto them."""

from __future__ import annotations

from soc2_collectors.gcp.models.compute import (
    FULL_SCOPE,
    ComputeProject,
    Disk,
    Image,
    Instance,
    Snapshot,
    marks,
)
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.project import OrgPolicy, effective, enforced
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.google_grants import beside, everyone

_GKE = not_applicable("a node that GKE sets up: the rules of clusters judge it")


def _private(shared: Image | Snapshot, evidence: Evidence, scope: Scope) -> Verdict:
    granted = everyone(shared, evidence, services=("compute",))
    if granted.roles:
        return failed(granted.said, on=granted.on)
    return passed(f"not shared with everyone{beside(scope, shared)}", on=granted.on)


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.CRITICAL,
    needs=[IamPolicy],
    known_as=["prowler:compute_image_not_publicly_shared"],
)
def gcp_image_not_public(image: Image, evidence: Evidence, scope: Scope) -> Verdict:
    """Custom images are not shared with everyone.

    Deny policies are not read.

    Why: images hold code, configuration and often credentials.
    Fix: gcloud compute images remove-iam-policy-binding NAME --member=allAuthenticatedUsers --role=ROLE.
    """
    return _private(image, evidence, scope)


@rule(criteria=["CC6.6", "CC6.7"], severity=Severity.CRITICAL, needs=[IamPolicy])
def gcp_snapshot_not_public(snapshot: Snapshot, evidence: Evidence, scope: Scope) -> Verdict:
    """Snapshots of disks are not shared with everyone.

    Deny policies are not read.

    Why: a public snapshot is a disk that anybody can read.
    Fix: gcloud compute snapshots remove-iam-policy-binding NAME --member=allAuthenticatedUsers
        --role=ROLE.
    """
    return _private(snapshot, evidence, scope)


@rule(
    criteria=["CC6.3", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:compute_instance_default_service_account_in_use",
        "prowler:compute_instance_default_service_account_in_use_with_full_api_access",
        "powerpipe:compute_instance_with_no_default_service_account",
        "powerpipe:compute_instance_with_no_default_service_account_with_full_access",
    ],
)
def gcp_vm_default_sa(instance: Instance) -> Verdict:
    """Virtual machines do not run as a default service account of the project.

    Those of Compute Engine and of App Engine. An account of one's own may have the scope of every API: its
    roles are what limits it.

    Why: the default account is an editor of the whole project unless somebody took that away, and every
        machine has it.
    Fix: gcloud compute instances set-service-account NAME --service-account=OWN --scopes=cloud-platform.
    """
    if instance.gke_node:
        return _GKE
    accounts = instance.machine.service_accounts
    for account in accounts:
        if account.default:
            reach = "every API" if FULL_SCOPE in account.scopes else "some APIs"
            return failed(f"runs as {account.email}, with access to {reach}")
    if not accounts:
        return passed("runs as no service account")
    return passed(f"runs as {', '.join(sorted(account.email for account in accounts))}")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:compute_instance_public_ip",
        "powerpipe:compute_instance_with_no_public_ip_addresses",
    ],
)
def gcp_vm_no_public_ip(instance: Instance, *, edge_labels: tuple[str, ...] = ("edge",)) -> Verdict:
    """Virtual machines have no external address, unless they are marked as the edge.

    Why: traffic should come in through load balancers and gateways that are made for it.
    Fix: gcloud compute instances delete-access-config NAME; label the ones that are meant to be reached
        with one of edge_labels.
    """
    if not instance.machine.network_interfaces:
        return inconclusive("the inventory shows no network interface, and every machine has one")
    addresses, found = sorted(set(instance.external_addresses)), instance.marks(edge_labels)
    if not addresses:
        return passed("no external address")
    if found:
        return not_applicable(f"labelled {', '.join(found)}: meant to have {', '.join(addresses)}")
    return failed(f"external address {', '.join(addresses)}")


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:compute_instance_ip_forwarding_is_enabled",
        "powerpipe:compute_instance_ip_forwarding_disabled",
    ],
)
def gcp_vm_ip_forwarding(
    instance: Instance, *, appliance_labels: tuple[str, ...] = ("appliance",)
) -> Verdict:
    """IP forwarding is off, unless the machine is marked as an appliance.

    Why: a machine that forwards can send packets in the name of others, past the firewall's idea of who
        talks.
    Fix: create the machine anew without --can-ip-forward; label routers and gateways with one of
        appliance_labels.
    """
    if instance.gke_node:
        return _GKE
    if instance.machine.can_ip_forward is None:
        return inconclusive("the inventory does not say whether it forwards")
    if not instance.machine.can_ip_forward:
        return passed("IP forwarding is off")
    if found := instance.marks(appliance_labels):
        return not_applicable(f"labelled {', '.join(found)}: meant to forward")
    return failed("IP forwarding is on")


def _setting(
    instance: Instance, evidence: Evidence, key: str, *, unclear: bool
) -> tuple[bool, str] | None:
    """A boolean setting and who says it: the machine itself, else its zone, else its project.

    ``None``: not known.
    """
    if instance.machine.metadata is None:
        return None
    own = instance.machine.metadata.says(key, unclear=unclear)
    if own is not None:
        return own, "the machine's metadata"
    in_force = instance.in_force(key)
    if in_force is not None:
        return in_force, "metadata of its zone or project"
    projects = evidence.index(ComputeProject, "project_id", within="here").get(
        instance.project_id, ()
    )
    if not projects or projects[0].metadata is None:
        return None
    return bool(projects[0].metadata.says(key, unclear=unclear)), "the project's metadata"


_NO_METADATA = inconclusive(
    "metadata of the machine or of its project is not among what was collected"
)


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    needs=[ComputeProject, OrgPolicy],
    known_as=[
        "prowler:compute_instance_serial_ports_in_use",
        "powerpipe:compute_instance_serial_port_connection_disabled",
    ],
)
def gcp_vm_serial_port(instance: Instance, evidence: Evidence) -> Verdict:
    """The interactive serial console is off.

    Where metadata switches it on, the constraint compute.disableSerialPortAccess still keeps it closed.

    Why: the console knows no firewall: whoever has a key gets to it from any address.
    Fix: gcloud compute instances add-metadata NAME --metadata=serial-port-enable=FALSE.
    """
    said = _setting(instance, evidence, "serial-port-enable", unclear=True)
    if said is None:
        return _NO_METADATA
    on, where = said
    if not on:
        return passed(f"off, by {where}")
    policies = evidence.index(OrgPolicy, "constraint", within="here")
    chain = effective(policies, "compute.disableSerialPortAccess", instance.ancestors)
    if enforced(chain):
        return passed("an organisation policy keeps serial consoles closed", on=chain)
    return failed(f"switched on by {where}")


@rule(
    criteria=["CC6.1", "CC6.6", "CC6.7"],
    severity=Severity.MEDIUM,
    needs=[ComputeProject],
    known_as=[
        "prowler:compute_instance_block_project_wide_ssh_keys_disabled",
        "powerpipe:compute_instance_block_project_wide_ssh_enabled",
    ],
)
def gcp_vm_block_project_keys(instance: Instance, evidence: Evidence) -> Verdict:
    """SSH keys of the project do not open virtual machines.

    Whether the project has such keys now is not asked: gcloud compute ssh puts them there. With OS Login
    keys in metadata open nothing, so that passes too.

    Why: one key in the project's metadata opens every machine of the project, for as long as it stands
        there.
    Fix: gcloud compute instances add-metadata NAME --metadata=block-project-ssh-keys=TRUE, or switch OS
        Login on.
    """
    if instance.gke_node:
        return _GKE
    own, blocked = instance.machine.metadata, None
    if own is not None:
        blocked = own.says("block-project-ssh-keys", unclear=False)
    if blocked or (blocked is None and instance.in_force("block-project-ssh-keys")):
        return passed("keys of the project are blocked")
    said = _setting(instance, evidence, "enable-oslogin", unclear=False)
    if said is None:
        return _NO_METADATA
    on, where = said
    if on:
        return passed(f"OS Login is on, by {where}: keys in metadata open nothing")
    return failed("keys of the project, where it has any, open it")


@rule(
    criteria=["CC6.1", "CC6.2", "CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=[Instance],
    known_as=[
        "prowler:compute_project_os_login_enabled",
        "prowler:compute_project_os_login_2fa_enabled",
        "powerpipe:project_oslogin_enabled",
        "powerpipe:compute_instance_oslogin_enabled",
    ],
)
def gcp_os_login(
    project: ComputeProject, evidence: Evidence, *, second_factor: bool = True
) -> Verdict:
    """OS Login with a second factor is on for a project, and no machine switches it off.

    Nodes of GKE are left out: GKE decides how they are reached. What metadata of a zone says of the second
    factor is not seen here.

    Why: with OS Login the company's account opens a machine, leaves with the person, and every sign-in is
        logged; keys in metadata are forgotten there.
    Fix: gcloud compute project-info add-metadata --metadata=enable-oslogin=TRUE,enable-oslogin-2fa=TRUE,
        and remove these keys from machines.
    """
    found = evidence.index(Instance, "project_id", within="here").get(project.project_id, ())
    machines = [one for one in found if not one.gke_node]
    if not machines:
        return not_applicable("the project has no virtual machine of its own")
    wanted = ["enable-oslogin", *(["enable-oslogin-2fa"] if second_factor else [])]
    common = project.metadata
    problems = [
        f"{key} is not TRUE" for key in wanted if not (common and common.says(key, unclear=False))
    ]
    problems += [
        f"{one.machine.name} sets {key} to another value"
        for one in sorted(machines, key=lambda one: one.name)
        for key in wanted
        if one.machine.metadata and one.machine.metadata.says(key, unclear=False) is False
    ]
    problems += [
        f"the zone of {one.machine.name} switches {key} off"
        for one in sorted(machines, key=lambda one: one.name)
        for key in wanted
        if one.in_force(key) is False
        and one.machine.metadata
        and one.machine.metadata.says(key, unclear=False) is None
    ]
    if problems:
        return failed("; ".join(problems))
    if blind := [one.machine.name for one in machines if one.machine.metadata is None]:
        return inconclusive(f"metadata of these machines is not shown: {listed(blind)}")
    return passed(f"{', '.join(wanted)}: TRUE, on all machines")


@rule(
    criteria=["CC6.8"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:compute_instance_shielded_vm_enabled",
        "powerpipe:compute_instance_shielded_vm_enabled",
    ],
)
def gcp_vm_shielded(instance: Instance) -> Verdict:
    """Virtual machines are shielded: secure boot, virtual TPM, integrity monitoring.

    Why: without them what is changed before the operating system starts is noticed by nobody.
    Fix: gcloud compute instances update NAME --shielded-secure-boot --shielded-vtpm
        --shielded-integrity-monitoring, with the machine stopped; for nodes of GKE gcloud container node-pools
        create POOL --cluster=CLUSTER --shielded-secure-boot --shielded-integrity-monitoring.
    """
    shield = instance.machine.shielded_instance_config
    if shield is None:
        return failed("its image knows no Shielded VM")
    parts = (
        ("secure boot", shield.enable_secure_boot),
        ("virtual TPM", shield.enable_vtpm),
        ("integrity monitoring", shield.enable_integrity_monitoring),
    )
    if lacking := [name for name, on in parts if not on]:
        return failed(f"lacks {', '.join(lacking)}")
    return passed("secure boot, virtual TPM and integrity monitoring are on")


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:compute_instance_confidential_computing_enabled",
        "powerpipe:compute_instance_confidential_computing_enabled",
    ],
)
def gcp_vm_confidential(
    instance: Instance,
    *,
    labels: tuple[str, ...] = (
        "data-classification=confidential",
        "data-classification=restricted",
    ),
) -> Verdict:
    """Confidential computing is on for machines that are labelled as sensitive.

    Why: the memory of such a machine is encrypted with a key that the provider's staff cannot read.
    Fix: create the machine anew with --confidential-compute-type=SEV, or name in labels what marks
        sensitive machines here.
    """
    found = instance.marks(labels)
    if not found:
        return not_applicable(f"not labelled {' or '.join(labels) or 'as sensitive'}")
    confidential = instance.machine.confidential_instance_config
    if confidential is not None and confidential.on:
        return passed(f"labelled {', '.join(found)}, and confidential computing is on")
    return failed(f"labelled {', '.join(found)}, and confidential computing is off")


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:compute_instance_encryption_with_csek_enabled",
        "powerpipe:compute_disk_encrypted_with_csk",
    ],
)
def gcp_disk_cmek(disk: Disk, *, labels: tuple[str, ...] = ()) -> Verdict:
    """Disks are encrypted with a key of one's own.

    ``labels``: only disks with one of these, where the policy asks for it; empty: all disks. Every disk is
    encrypted by Google in any case.

    Why: a key of one's own can be taken away, and its use is logged.
    Fix: create the disk anew from a snapshot with --kms-key=KEY.
    """
    if labels and not marks(disk.resource.data.labels, labels):
        return not_applicable(f"not labelled {' or '.join(labels)}")
    key = disk.resource.data.disk_encryption_key
    if key is not None and key.kms_key_name:
        return passed(f"encrypted with {key.kms_key_name}")
    if key is not None and key.sha256:
        return passed("encrypted with a key that the customer supplies")
    return failed("encrypted with Google's key")
