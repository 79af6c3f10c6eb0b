"""Virtual machines and disks: how they are made, protected, encrypted and patched."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.azure.models.arm import chosen, days_after, same
from soc2_collectors.azure.models.compute import Disk, PatchAssessment, VirtualMachine
from soc2_collectors.azure.models.security import (
    EDR,
    UPDATES,
    VULNERABILITY_SCANNER,
    Assessment,
    DefenderPlan,
    DefenderSetting,
    VaSetting,
)
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.known import Unread

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


_TRUSTED = ("TrustedLaunch", "ConfidentialVM")


@rule(
    criteria=["CC6.8", "CC7.1"],
    severity=Severity.HIGH,
    needs=[Assessment, DefenderSetting],
    known_as=[
        "prowler:defender_assessments_vm_endpoint_protection_installed",
        "prowler:defender_ensure_wdatp_is_enabled",
        "powerpipe:compute_vm_endpoint_protection_agent_installed",
        "powerpipe:compute_vm_malware_agent_installed",
    ],
)
def azure_vm_endpoint_protection(machine: VirtualMachine, evidence: Evidence) -> Verdict:
    """Virtual machines have endpoint detection and response installed.

    Judged by the recommendation of Defender for Cloud, which knows the solutions of others, too. A machine that
    is stopped is not assessed, and need not be until it starts.

    Why: what runs on a machine is seen on the machine; logs of the cloud show nothing of it.
    Fix: az security setting update --name WDATP --setting-kind DataExportSettings --enabled true, and
        switch on Defender for Servers.
    """
    found = _assessed(machine, evidence, EDR)
    if bad := [one for one in found if one.unhealthy]:
        return failed("Defender for Cloud sees no endpoint detection on it", on=bad)
    if good := [one for one in found if one.healthy]:
        return passed("Defender for Cloud sees endpoint detection on it", on=good)
    if resting := _at_rest(machine):
        return resting
    integrated = any(
        same(setting.name, "WDATP") and setting.properties.enabled
        for setting in evidence.here(DefenderSetting)
    )
    if not integrated:
        return failed("not assessed, and Defender for Endpoint is not integrated")
    return inconclusive("Defender for Cloud has not assessed it")


@rule(
    criteria=["CC6.8", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:vm_trusted_launch_enabled",
        "prowler:vm_linux_enforce_ssh_authentication",
        "prowler:vm_ensure_using_managed_disks",
        "prowler:vm_ensure_using_approved_images",
        "powerpipe:compute_vm_trust_launch_enabled",
        "powerpipe:compute_vm_ssh_key_authentication_linux",
    ],
)
def azure_vm_hardening(
    machine: VirtualMachine,
    *,
    trusted_launch: bool = True,
    approved_images: tuple[str, ...] = (),
) -> Verdict:
    """Virtual machines start trusted, take keys instead of passwords, and have managed disks.

    Of Linux alone it is asked whether passwords are taken. ``approved_images`` are patterns of image ids or of
    ``publisher:offer``; empty: images are not judged.

    Why: a password is guessed, and malware that starts before the system is not seen by it.
    Fix: az vm update --security-type TrustedLaunch --enable-secure-boot true --enable-vtpm true; make
        machines from approved images with --authentication-type ssh.
    """
    storage = machine.properties.storage_profile
    wrong: list[str] = []
    unsure: list[str] = []
    if not all(disk.managed for disk in (storage.os_disk, *(storage.data_disks or ()))):
        wrong.append("a disk is a blob instead of a managed disk")
    profile = machine.properties.os_profile
    linux = profile.linux_configuration if profile else None
    if linux is not None and not linux.disable_password_authentication:
        wrong.append("SSH takes passwords")
    if linux is None and machine.linux:
        unsure.append("Azure does not say whether SSH takes passwords")
    security = machine.properties.security_profile
    sort = (security.security_type if security else None) or "Standard"
    uefi = security.uefi_settings if security else None
    trusted = chosen(sort, "securityType", good=_TRUSTED, bad=("Standard",))
    if trusted_launch and not trusted:
        wrong.append(f"security type {sort}")
    elif trusted_launch and not (uefi and uefi.secure_boot_enabled and uefi.v_tpm_enabled):
        wrong.append("secure boot or the virtual TPM is off")
    if approved_images and not _approved(machine, approved_images):
        wrong.append("its image is not among the approved ones")
    if wrong:
        return failed("; ".join(wrong))
    if unsure:
        return inconclusive("; ".join(unsure))
    passwords = "SSH takes no passwords, " if linux is not None else ""
    return passed(f"{passwords}managed disks, security type {sort}")


def _approved(machine: VirtualMachine, patterns: tuple[str, ...]) -> bool:
    image = machine.properties.storage_profile.image_reference
    if image is None:
        return False
    names = [
        image.id or image.shared_gallery_image_id or image.community_gallery_image_id or "",
        f"{image.publisher}:{image.offer}" if image.publisher and image.offer else "",
    ]
    return any(
        fnmatchcase(name.casefold(), pattern.casefold())
        for name in names
        if name
        for pattern in patterns
    )


@rule(criteria=["CC6.1", "CC6.7"], severity=Severity.LOW)
def azure_vm_encryption_at_host(machine: VirtualMachine) -> Verdict:
    """Virtual machines are encrypted at their host, temporary disks and caches included.

    Why: a managed disk is encrypted where it is stored; what the host keeps of it otherwise is not.
    Fix: az vm deallocate --ids MACHINE-ID; az vm update --ids MACHINE-ID --set
        securityProfile.encryptionAtHost=true; az vm start --ids MACHINE-ID.
    """
    security = machine.properties.security_profile
    if security is not None and security.encryption_at_host:
        return passed("encrypted at the host")
    return failed("not encrypted at the host")


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:compute_disk_public_access_disabled"],
)
def azure_disk_not_public(disk: Disk) -> Verdict:
    """Disks cannot be exported over the internet.

    Why: a link to a disk is enough to copy the whole machine from anywhere.
    Fix: az disk update --network-access-policy DenyAll --public-network-access Disabled.
    """
    settings = disk.properties
    access = settings.public_network_access or "Enabled"
    if chosen(access, "publicNetworkAccess", good=("Disabled",), bad=("Enabled",)):
        return passed("public network access is off")
    policy = settings.network_access_policy or "AllowAll"
    if chosen(policy, "networkAccessPolicy", good=("DenyAll", "AllowPrivate"), bad=("AllowAll",)):
        return passed(f"the network access policy is {policy}")
    return failed("whoever has a link can copy it from anywhere")


@rule(
    criteria=["CC6.1", "CC6.5", "CC6.7"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:vm_ensure_attached_disks_encrypted_with_cmk",
        "prowler:vm_ensure_unattached_disks_encrypted_with_cmk",
        "powerpipe:compute_os_and_data_disk_encrypted_with_cmk",
        "powerpipe:compute_unattached_disk_encrypted_with_cmk",
    ],
)
def azure_disk_cmk(disk: Disk, *, customer_key: bool = True) -> Verdict:
    """Disks, attached or not, are encrypted with keys of the company's own.

    Azure encrypts every disk with its own key at least; ``customer_key`` asks for the company's, be it by a
    disk encryption set or by Azure Disk Encryption inside of the machine.

    Why: who holds the key can make a disk that was left behind unreadable.
    Fix: az disk update --encryption-type EncryptionAtRestWithCustomerKey --disk-encryption-set SET.
    """
    own = disk.properties.own_key
    if customer_key and not own:
        return failed("encrypted with a key of Microsoft's")
    return passed(
        "encrypted with a key of the company's" if own else disk.properties.encryption.type
    )


def _at_rest(machine: VirtualMachine) -> Verdict | None:
    """``not_applicable`` where nothing runs that could be assessed."""
    return not_applicable(f"the machine is {machine.at_rest}") if machine.at_rest else None


def _assessed(
    machine: VirtualMachine, evidence: Evidence, keys: AbstractSet[str]
) -> list[Assessment]:
    found = evidence.index(Assessment, "resource_id", within="here")
    return [a for a in found.get(machine.id.casefold(), ()) if a.name.casefold() in keys]


@rule(
    criteria=["CC7.1", "CC6.8"],
    severity=Severity.HIGH,
    needs=[Assessment, PatchAssessment],
    known_as=[
        "prowler:defender_ensure_system_updates_are_applied",
        "powerpipe:compute_vm_system_updates_installed",
    ],
)
def azure_vm_patch(
    machine: VirtualMachine, evidence: Evidence, now: datetime, *, max_age_days: int = 30
) -> Verdict:
    """Virtual machines lack no critical or security updates, and are assessed regularly.

    Updates that wait for a restart are missing, too. Resource Graph keeps assessments for seven days: where it
    has none, a recommendation of Defender for Cloud can say that updates are missing, and not that somebody
    looked of late. A machine that is stopped cannot be assessed, and need not be until it starts.

    Why: what attackers scan for is what was fixed last month.
    Fix: az vm install-patches --ids MACHINE-ID --maximum-duration PT2H --reboot-setting IfRequired; az vm
        update --ids MACHINE-ID --set
        osProfile.linuxConfiguration.patchSettings.assessmentMode=AutomaticByPlatform.
    """
    unread = Unread()
    assessed = unread.of(lambda: _assessed(machine, evidence, UPDATES))
    if bad := [one for one in assessed if one.unhealthy]:
        return failed("Defender for Cloud says that system updates are missing", on=bad)
    results = evidence.index(PatchAssessment, "machine_id", within="here").get(
        machine.id.casefold(), ()
    )
    if not results:
        unread.demand_all()
        if good := [one for one in assessed if one.healthy]:
            return inconclusive(
                "Defender for Cloud says that no system update is missing, and no assessment shows since when",
                on=good,
            )
        if resting := _at_rest(machine):
            return resting
        if assessed:
            return inconclusive("Defender for Cloud has not assessed its updates", on=assessed)
        return failed("nothing assesses which updates it lacks")
    latest = max(results, key=lambda one: one.properties.last_modified_date_time)
    last = latest.properties
    seen = f"assessed on {last.last_modified_date_time:%Y-%m-%d}"
    due = days_after(last.last_modified_date_time, max_age_days)
    counts = last.available_patch_count_by_classification
    critical, security = (counts.critical, counts.security) if counts else (None, None)
    if critical or security:
        return failed(
            f"{seen}: {critical or 0} critical, {security or 0} security updates missing",
            on=[latest],
        )
    if now >= due:
        if resting := _at_rest(machine):
            return resting
        return failed(f"{seen}, and not again by {due:%Y-%m-%d}", on=[latest])
    if last.reboot_pending:
        return failed(f"{seen}: updates wait for a restart", on=[latest])
    unread.demand_all()
    if last.status.casefold() != "succeeded":
        return inconclusive(f"the last assessment ended as {last.status}", until=due)
    system = last.os_type or machine.properties.storage_profile.os_disk.os_type
    linux = chosen(system, "osType", good=("Linux",), bad=("Windows",))
    if security is None or (critical is None and not linux):
        return inconclusive("the assessment does not say how many updates are missing", until=due)
    return passed(f"{seen}: no critical or security update is missing", until=due, on=[latest])


@rule(
    criteria=["CC7.1", "CC6.8"],
    severity=Severity.MEDIUM,
    needs=[Assessment, VaSetting, DefenderPlan],
    known_as=[
        "prowler:defender_auto_provisioning_vulnerabilty_assessments_machines_on",
        "powerpipe:compute_vm_vulnerability_assessment_solution_enabled",
    ],
)
def azure_vm_va(machine: VirtualMachine, evidence: Evidence) -> Verdict:
    """Virtual machines are scanned for vulnerabilities.

    Judged by the recommendation of Defender for Cloud, which knows the scanners of others, too. Of a machine
    that it has not assessed, nobody can tell where the subscription gives machines a scanner, or has their
    disks scanned without an agent. A machine that is stopped is not assessed, and need not be until it starts.

    Why: a machine that nobody scans has the holes that nobody knows of.
    Fix: az rest --method put --url
        https://management.azure.com/subscriptions/ID/providers/Microsoft.Security/serverVulnerabilityAssessmentsSettings/azureServersSetting?api-version=2023-05-01
        with the kind AzureServersSetting and selectedProvider MdeTvm, and Defender for Servers.
    """
    found = _assessed(machine, evidence, VULNERABILITY_SCANNER)
    if bad := [one for one in found if one.unhealthy]:
        return failed("Defender for Cloud sees no vulnerability scanner on it", on=bad)
    if good := [one for one in found if one.healthy]:
        return passed("Defender for Cloud sees a vulnerability scanner on it", on=good)
    if resting := _at_rest(machine):
        return resting
    scanners = {
        f"the scanner {setting.properties.selected_provider}"
        for setting in evidence.here(VaSetting)
    }
    scanners |= {
        f"a scan without an agent, by the plan {plan.name}"
        for plan in evidence.here(DefenderPlan)
        if plan.scans_machines
    }
    if not scanners:
        return failed("not assessed, and machines of the subscription get no scanner")
    return inconclusive(f"machines get {listed(scanners)}; it has not been assessed")
