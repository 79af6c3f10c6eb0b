"""Devices: what a device must have before a sign-in from it counts.

Source: Okta Management API, "Device Assurance Policies"; Identity Engine only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import msgspec

from soc2_collectors.okta.models.policy import duration
from soc2_pac.resources import Resource

ENCRYPTED = frozenset({"ALL_INTERNAL_VOLUMES", "FULL", "USER"})
"""Sorts of disk encryption: of computers, and of Android the whole disk or each user's part."""
LOCKED = frozenset({"BIOMETRIC", "PASSCODE"})
"""Sorts of screen locks. ``NONE`` admits a device without one."""
_COMPLEX = frozenset({"LOW", "MEDIUM", "HIGH"})
_DEMANDING = frozenset({"EXACT", "EXACT_ANY_SUPPORTED", "MINIMUM", "NOT_ALLOWED"})


class Included(msgspec.Struct, frozen=True):
    """A choice of values, one of which the device must have."""

    include: list[str] | None = None

    def only(self, good: frozenset[str]) -> bool:
        """Whether one of these is demanded."""
        return bool(self.include) and set(self.include or ()) <= good


class DynamicVersion(msgspec.Struct, frozen=True):
    """A demand that moves with the versions that a maker publishes."""

    type: str | None = None
    """``MINIMUM``, ``EXACT``, ``EXACT_ANY_SUPPORTED``, or ``NOT_ALLOWED`` (no version at all)."""


class OsVersion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which version of the system is the oldest that counts."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "minimum": "one of the two is set: a version, or a requirement that moves (Device Assurance API)",
        "dynamicVersionRequirement": "one of the two is set: a version, or a requirement that moves",
    }

    minimum: str | None = None
    dynamic_version_requirement: DynamicVersion | None = None

    @property
    def demanded(self) -> bool:
        """Whether anything is demanded."""
        moving = self.dynamic_version_requirement
        return bool(self.minimum) or (moving is not None and moving.type in _DEMANDING)


class ChromeConnector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What Chrome's device trust connector must report."""

    os_version: OsVersion | None = None
    disk_encrypted: bool | None = None
    screen_lock_secured: bool | None = None


class AndroidTrust(msgspec.Struct, frozen=True, rename="camel"):
    """What Android's own device trust must report."""

    screen_lock_complexity: str | None = None
    """``NONE``, ``LOW``, ``MEDIUM`` or ``HIGH``."""


class Management(msgspec.Struct, frozen=True, rename="camel"):
    """What the company's own device management must report, by a provider of identities."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "compliant": "without it nothing is demanded of the management (Device Assurance API)",
    }

    compliant: bool | None = None
    """Whether the device must meet the demands that were made there."""


class Signals(msgspec.Struct, frozen=True, rename="camel"):
    """What other parties must report of the device."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "devicePostureIdP": "only where the device management reports, which can only add demands",
    }

    dtc: ChromeConnector | None = None
    device_posture_id_p: Management | None = None
    android_device_trust: AndroidTrust | None = None


class GracePeriod(msgspec.Struct, frozen=True):
    """For how long a device that does not meet the demands is let in all the same."""

    type: str | None = None
    """``BY_DATE_TIME``: up to an instant; ``BY_DURATION``: for so long after it was first seen to fail."""
    expiry: Any = None
    """An instant, or a length of time (``P7D``)."""

    @property
    def until(self) -> datetime | None:
        """Of ``BY_DATE_TIME``, the instant; ``None`` where it is none."""
        try:
            found = datetime.fromisoformat(self.expiry) if self.type == "BY_DATE_TIME" else None
        except (TypeError, ValueError):
            return None
        return found if found is not None and found.tzinfo is not None else None

    @property
    def lasts(self) -> timedelta | None:
        """Of ``BY_DURATION``, the length of time; ``None`` where it is none."""
        said = self.expiry if self.type == "BY_DURATION" and isinstance(self.expiry, str) else None
        return duration(said)


class DeviceAssurance(Resource, frozen=True, kw_only=True, rename="camel"):
    """A device assurance policy (``GET /api/v1/device-assurances``)."""

    kind = "okta.device_assurance"
    may_lack: ClassVar[Mapping[str, str]] = {
        "osVersion": "of Windows, constraints for each major version stand in its place; where both are "
        "missing no version is demanded",
        "osVersionConstraints": "of Windows only, in place of one version",
        "diskEncryptionType": "Chrome and third parties report it by thirdPartySignalProviders, and iOS has "
        "no field for it",
        "screenLockType": "ChromeOS and third parties report it by thirdPartySignalProviders",
        "thirdPartySignalProviders": "only where another party reports; what nobody reports is not demanded",
        "gracePeriod": "Okta's examples leave it out of policies without one (Device Assurance API)",
        "devicePostureChecks": "queries of the company's own, which can only add demands",
    }

    id: str
    name: str
    platform: str
    """``ANDROID``, ``IOS``, ``MACOS``, ``WINDOWS`` or ``CHROMEOS``."""
    os_version: OsVersion | None = None
    os_version_constraints: list[OsVersion] | None = None
    """Windows: a demand for each major version."""
    disk_encryption_type: Included | None = None
    screen_lock_type: Included | None = None
    third_party_signal_providers: Signals | None = None
    device_posture_checks: Any = None
    """Queries of the company's own."""
    grace_period: GracePeriod | None = None

    @property
    def demands(self) -> set[str]:
        """Of ``disk encryption``, ``OS version`` and ``screen lock`` those that a device must have.

        An iPhone is encrypted as soon as it has a screen lock, and Okta has no field for it.
        """
        signals = self.third_party_signal_providers or Signals()
        chrome = signals.dtc or ChromeConnector()
        android = signals.android_device_trust or AndroidTrust()
        constraints = self.os_version_constraints or []
        locked = (
            (self.screen_lock_type or Included()).only(LOCKED)
            or chrome.screen_lock_secured is True
            or android.screen_lock_complexity in _COMPLEX
        )
        found = {
            "OS version": any(v and v.demanded for v in (self.os_version, chrome.os_version))
            or (bool(constraints) and all(one.demanded for one in constraints)),
            "screen lock": locked,
            "disk encryption": (self.disk_encryption_type or Included()).only(ENCRYPTED)
            or chrome.disk_encrypted is True
            or (self.platform == "IOS" and locked),
        }
        return {name for name, asked in found.items() if asked}

    @property
    def has_own_checks(self) -> bool:
        """Whether queries of the company's own, or its device management, must be satisfied as well."""
        signals = self.third_party_signal_providers
        management = signals.device_posture_id_p if signals else None
        if management is not None and management.compliant:
            return True
        checks = self.device_posture_checks
        return bool(checks.get("include") if isinstance(checks, dict) else checks)

    @property
    def oldest(self) -> str:
        """The oldest version that it admits, for a message."""
        versions = [self.os_version, *(self.os_version_constraints or ())]
        said = [one.minimum or "one that moves" for one in versions if one and one.demanded]
        return " or ".join(said) or "one that another party reports"
