"""Views of virtual machines and disks.

Source: Azure REST API, "Virtual Machines", "Disks"; Resource Graph, table ``patchassessmentresources``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.azure.models.arm import Arm, Moment, chosen, same


class ManagedDisk(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A reference to a disk that Azure manages."""

    id: str | None = None


class VmDisk(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A disk of a machine; without a managed one it is a blob."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "lun": "of data disks; asked for where single disks are left out of backups",
    }

    name: str = ""
    lun: int | None = None
    """The number of a data disk in the machine."""
    os_type: str | None = None
    managed_disk: ManagedDisk | None = None

    @property
    def managed(self) -> bool:
        """Whether Azure manages it."""
        return self.managed_disk is not None and bool(self.managed_disk.id)


class ImageReference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """From which image a machine was made."""

    publisher: str | None = None
    offer: str | None = None
    id: str | None = None
    """Of a private image, or of one of a gallery."""
    community_gallery_image_id: str | None = None
    shared_gallery_image_id: str | None = None


class StorageProfile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Disks and image."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "dataDisks": "a list that may be empty: a machine may have its system disk alone",
    }

    os_disk: VmDisk
    data_disks: list[VmDisk] | None = None
    image_reference: ImageReference | None = None


class LinuxConfiguration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Of a machine with Linux."""

    disable_password_authentication: bool | None = None
    """Left out: passwords are accepted."""


class OsProfile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the system was set up; machines of specialised disks have none."""

    linux_configuration: LinuxConfiguration | None = None


class Uefi(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Secure boot and virtual TPM; left out: off."""

    secure_boot_enabled: bool | None = None
    v_tpm_enabled: bool | None = None


class SecurityProfile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Trusted launch; left out: standard."""

    encryption_at_host: bool | None = None
    """Whether the host encrypts temporary disks and caches, too; left out: no."""
    security_type: str | None = None
    """``TrustedLaunch``, ``ConfidentialVM``, ``Standard``."""
    uefi_settings: Uefi | None = None


class PowerState(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a machine runs."""

    code: str
    """``PowerState/running``, ``PowerState/deallocated`` and so on."""


class ExtendedView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What Resource Graph keeps of the instance view."""

    power_state: PowerState | None = None


class Extended(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What Resource Graph adds to the model of a machine. Shape from documentation."""

    instance_view: ExtendedView | None = None


class VmProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a machine."""

    storage_profile: StorageProfile
    os_profile: OsProfile | None = None
    security_profile: SecurityProfile | None = None
    extended: Extended | None = None


_AT_REST = ("PowerState/deallocated", "PowerState/stopped")
"""States in which no system runs; one that is only on its way there still does."""


class VirtualMachine(Arm, frozen=True, kw_only=True, rename="camel"):
    """A virtual machine."""

    kind = "azure.compute.virtual_machine"
    volatile = (
        "etag",
        "properties.extended.instanceView.computerName",
        "properties.extended.instanceView.osName",
        "properties.extended.instanceView.osVersion",
        "properties.instanceView",
        "properties.provisioningState",
    )
    secret = (
        "properties.userData",
        "properties.osProfile.customData",
        "properties.osProfile.adminPassword",
    )

    properties: VmProperties

    @property
    def linux(self) -> bool:
        """Whether it runs Linux. Raises FactUnavailable where Azure does not say what it runs."""
        sort = self.properties.storage_profile.os_disk.os_type
        return chosen(sort, "osType", good=("Linux",), bad=("Windows",))

    @property
    def at_rest(self) -> str:
        """The word of Azure for a machine on which nothing runs; empty: it runs, or Azure does not say."""
        extended = self.properties.extended
        view = extended.instance_view if extended else None
        code = view.power_state.code if view and view.power_state else ""
        resting = any(same(code, one) for one in _AT_REST)
        return code.rpartition("/")[2].lower() if resting else ""


class DiskEncryption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """With what a disk is encrypted; it always is."""

    type: str
    """``EncryptionAtRestWithPlatformKey``, ``...CustomerKey``, ``...PlatformAndCustomerKeys``."""


class DiskSecurity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Of a disk of a confidential machine."""

    security_type: str | None = None


class DiskEncryptionSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Azure Disk Encryption: the machine encrypts with a key in the company's vault."""

    enabled: bool


class DiskProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a disk."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "publicNetworkAccess": "left out is Enabled: then the other setting decides; Azure REST API, Disks",
        "securityProfile": "of disks of confidential machines alone; Azure REST API, Disks",
        "encryptionSettingsCollection": "of disks with Azure Disk Encryption alone; Azure REST API, Disks",
        "networkAccessPolicy": "left out is AllowAll: then the other setting decides; Azure REST API, Disks",
    }

    encryption: DiskEncryption
    encryption_settings_collection: DiskEncryptionSettings | None = None
    network_access_policy: str | None = None
    """``AllowAll``, ``AllowPrivate``, ``DenyAll``; left out: allow all."""
    public_network_access: str | None = None
    """Left out: enabled."""
    security_profile: DiskSecurity | None = None

    @property
    def own_key(self) -> bool:
        """Whether it is encrypted with a key of the company's. Raises FactUnavailable for a sort not known.

        The disk of a confidential machine, and one with Azure Disk Encryption, are so inside of the machine,
        whatever else is said.
        """
        inside = self.encryption_settings_collection
        if inside is not None and inside.enabled:
            return True
        profile = self.security_profile
        if profile and same(profile.security_type, _CONFIDENTIAL):
            return True
        return chosen(self.encryption.type, "encryption.type", good=_OWN_KEYS, bad=_PLATFORM_KEYS)


_CONFIDENTIAL = "ConfidentialVM_DiskEncryptedWithCustomerKey"
_OWN_KEYS = ("EncryptionAtRestWithCustomerKey", "EncryptionAtRestWithPlatformAndCustomerKeys")
_PLATFORM_KEYS = ("EncryptionAtRestWithPlatformKey",)


class Disk(Arm, frozen=True, kw_only=True, rename="camel"):
    """A managed disk."""

    kind = "azure.compute.disk"
    volatile = ("properties.LastOwnershipUpdateTime",)

    managed_by: str | None = None
    properties: DiskProperties


class PatchCounts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Missing updates by classification; Linux knows no critical ones."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "critical": "of Windows alone, whose assessments need it; Azure Update Manager, query logs",
    }

    critical: int | None = None
    security: int | None = None


class PatchProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An assessment of missing updates."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "osType": "the machine itself says what it runs, too",
        "rebootPending": "set where updates wait for a restart; Azure REST API, patch assessments",
    }

    status: str
    os_type: str | None = None
    reboot_pending: bool | None = None
    """Whether installed updates wait for a restart."""
    last_modified_date_time: Moment
    available_patch_count_by_classification: PatchCounts | None = None


class PatchAssessment(Arm, frozen=True, kw_only=True, rename="camel"):
    """What Azure Update Manager found missing on a machine. Shape from documentation."""

    kind = "azure.compute.patch_assessment"

    properties: PatchProperties

    @property
    def machine_id(self) -> str:
        """The id of the machine, folded."""
        return self.id.casefold().partition("/patchassessmentresults/")[0]
