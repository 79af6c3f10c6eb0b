"""Views of Compute Engine: machines, projects, disks, images, snapshots.

Source: Compute Engine API v1, ``instances``, ``projects``, ``disks``, ``images``, ``snapshots``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.located import Held, Located

_DEFAULT_ACCOUNT = re.compile(r"(\d+-compute@developer|.+@appspot)\.gserviceaccount\.com|default")
"""Those of Compute Engine and of App Engine."""
_TRUE = frozenset({"TRUE", "True", "true", "1"})
_FALSE = frozenset({"false", "0", "no", "n"})
"""Google's page knows Y and Yes as well, and any case. Its guest agent, which acts on keys and OS Login, does
not: what only one of the two takes for on is unclear."""
SETTINGS = frozenset(
    {
        "block-project-ssh-keys",
        "enable-oslogin",
        "enable-oslogin-2fa",
        "enable-oslogin-sk",
        "serial-port-enable",
    }
)
"""Metadata that is a setting of Google's. Whatever else stands there may be a secret."""
FULL_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of metadata. Only settings keep their value."""

    key: str
    value: str = ""


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata of a machine or of a project; without items there is none."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "items": "left out where nothing is set (Compute Engine, Metadata); then the defaults hold",
    }

    items: list[Item] = []

    def says(self, key: str, *, unclear: bool) -> bool | None:
        """Whether a setting is on; ``None`` where nothing is said. The last one counts.

        ``unclear``: what a value counts as that is neither TRUE nor FALSE in any of their forms.
        """
        said = [item.value for item in self.items if item.key.lower() == key]
        if not said:
            return None
        if said[-1] in _TRUE:
            return True
        return False if said[-1].strip().lower() in _FALSE else unclear


class External(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address of a network interface that the internet reaches; a stopped machine has none yet."""

    nat_ip: str = msgspec.field(default="", name="natIP")
    external_ip: str = msgspec.field(default="", name="externalIp")
    """The same, as the inventory writes it."""
    external_ipv6: str = msgspec.field(default="", name="externalIpv6")

    @property
    def address(self) -> str:
        """The number; of one that is given at the next start, that."""
        return self.nat_ip or self.external_ip or self.external_ipv6 or "given when it starts"


class Interface(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A network interface."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "accessConfigs": "an interface without an external address has none (NetworkInterface)",
        "ipv6AccessConfigs": "an interface without an external IPv6 address has none (NetworkInterface)",
        "ipv6AccessType": "only of interfaces with IPv6 (NetworkInterface)",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "ipv6AccessType": "EXTERNAL alone is reached from the internet; its address stands beside it as well",
    }

    access_configs: list[External] = []
    ipv6_access_configs: list[External] = msgspec.field(
        default_factory=list, name="ipv6AccessConfigs"
    )
    ipv6_access_type: str = msgspec.field(default="", name="ipv6AccessType")

    @property
    def external(self) -> list[str]:
        """Addresses that the internet reaches it by."""
        found = [one.address for one in (*self.access_configs, *self.ipv6_access_configs)]
        if self.ipv6_access_type == "EXTERNAL" and not self.ipv6_access_configs:
            found.append("IPv6 from the internet")
        return found


class RunsAs(msgspec.Struct, frozen=True, kw_only=True):
    """A service account that a machine runs as."""

    email: str
    scopes: list[str] = []

    @property
    def default(self) -> bool:
        """Whether it is the one that Google makes for the project."""
        return _DEFAULT_ACCOUNT.fullmatch(self.email) is not None


class Shielded(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Shielded VM; what is left out is off."""

    enable_secure_boot: bool = False
    enable_vtpm: bool = msgspec.field(default=False, name="enableVtpm")
    enable_integrity_monitoring: bool = False


class Confidential(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Confidential computing, by the older switch or by the newer type."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enableConfidentialCompute": "the newer type says the same; without both it is off",
        "confidentialInstanceType": "the older switch says the same; without both it is off",
    }

    enable_confidential_compute: bool = False
    confidential_instance_type: str = ""

    @property
    def on(self) -> bool:
        """Whether memory is encrypted."""
        return self.enable_confidential_compute or self.confidential_instance_type in (
            "SEV",
            "SEV_SNP",
            "TDX",
            "CCA",
        )


class InForce(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings as Google reckons them from the machine, its zone and its project."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "blockProjectSshKeysMetadataValue",
            "enableOsloginMetadataValue",
            "serialPortEnableMetadataValue",
        ),
        "where it is not reckoned, the machine's metadata and its project's count (ResourceStatus)",
    )

    block_project_ssh_keys_metadata_value: bool | None = None
    enable_oslogin_metadata_value: bool | None = None
    serial_port_enable_metadata_value: bool | None = None


class ResourceStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a machine is, beside what was asked for."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "effectiveInstanceMetadata": "where it is not reckoned, the machine's metadata and its project's count",
    }

    effective_instance_metadata: InForce = InForce()


class InstanceData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A machine as Compute Engine shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "labels": "left out where there are none (Instance); labels only take machines out",
        "serviceAccounts": "a machine that runs as no account has none (Instance)",
        "metadata": "without items nothing is set; where all of it is missing nothing passes",
        "resourceStatus": "where it is not said, the machine's metadata and its project's count",
    }

    name: str
    status: str
    can_ip_forward: bool | None = None
    """The API always says it: where it is missing nothing is known."""
    network_interfaces: list[Interface]
    service_accounts: list[RunsAs] = []
    metadata: Metadata | None = None
    """The API always has it, without items where nothing is set: missing, nothing is known."""
    shielded_instance_config: Shielded | None = None
    confidential_instance_config: Confidential | None = None
    labels: dict[str, str] = {}
    resource_status: ResourceStatus = ResourceStatus()


class Instance(Located, frozen=True, kw_only=True, rename="camel"):
    """A virtual machine (``instances.list``)."""

    kind = "gcp.compute.instance"
    secret = ("resource.data.metadata.items.*.secretValue",)

    resource: Held[InstanceData]

    @property
    def machine(self) -> InstanceData:
        """What Compute Engine says of it."""
        return self.resource.data

    def in_force(self, key: str) -> bool | None:
        """A setting as Google reckons it, its zone's metadata considered; ``None``: not said."""
        said = self.machine.resource_status.effective_instance_metadata
        return {
            "block-project-ssh-keys": said.block_project_ssh_keys_metadata_value,
            "enable-oslogin": said.enable_oslogin_metadata_value,
            "serial-port-enable": said.serial_port_enable_metadata_value,
        }.get(key)

    @property
    def gke_node(self) -> bool:
        """Whether GKE made it as a node of a cluster and sets it up."""
        return "goog-gke-node" in self.machine.labels

    @property
    def external_addresses(self) -> list[str]:
        """Addresses that the internet reaches it by. One that is given at the next start has no number."""
        return [
            address
            for interface in self.machine.network_interfaces
            for address in interface.external
        ]

    def marks(self, wanted: tuple[str, ...]) -> list[str]:
        """Which of these labels it has, written ``key`` or ``key=value``."""
        return marks(self.machine.labels, wanted)


def marks(labels: dict[str, str], wanted: tuple[str, ...]) -> list[str]:
    """Which of the wanted labels are there, written ``key`` or ``key=value``.

    A key alone is there whatever its value, but for one that denies it: ``appliance=false``.
    """
    pairs = {f"{key}={value}" for key, value in labels.items()}
    keys = {key for key, value in labels.items() if value not in _DENIED}
    return sorted(label for label in wanted if label in keys or label in pairs)


_DENIED = frozenset({"0", "false", "no", "off"})


class ProjectData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A project as Compute Engine shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "commonInstanceMetadata": "without items nothing is set; where all of it is missing nothing passes",
    }

    name: str
    common_instance_metadata: Metadata | None = None


class ComputeProject(Located, frozen=True, kw_only=True, rename="camel"):
    """What a project sets for all its machines (``projects.get`` of Compute Engine)."""

    kind = "gcp.compute.project"
    secret = ("resource.data.commonInstanceMetadata.items.*.secretValue",)

    resource: Held[ProjectData]

    @property
    def metadata(self) -> Metadata | None:
        """Metadata that its machines inherit where they say nothing themselves; ``None``: not known."""
        return self.resource.data.common_instance_metadata


class Key(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The key that a disk is encrypted with."""

    kms_key_name: str = ""
    sha256: str = ""
    """Of a key that the customer supplies with each request."""


class DiskData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A disk as Compute Engine shows it."""

    name: str
    disk_encryption_key: Key | None = None
    """Left out where Google manages the key."""
    labels: dict[str, str] = {}


class Disk(Located, frozen=True, kw_only=True, rename="camel"):
    """A disk, of a zone or of a region (``disks.list``)."""

    kind = "gcp.compute.disk"
    resource: Held[DiskData]


class Image(Located, frozen=True, kw_only=True, rename="camel"):
    """An image of the project's own (``images.list``)."""

    kind = "gcp.compute.image"


class Snapshot(Located, frozen=True, kw_only=True, rename="camel"):
    """A snapshot of a disk (``snapshots.list``)."""

    kind = "gcp.compute.snapshot"
