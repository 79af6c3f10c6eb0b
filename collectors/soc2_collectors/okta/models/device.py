"""Devices: what a device must have before a sign-in from it counts.

Source: Okta Management API, "Device Assurance Policies"; Identity Engine only.
"""

from __future__ import annotations

from typing import Any

import msgspec

from soc2_pac.resources import Resource


class Included(msgspec.Struct, frozen=True):
    """A choice of values, one of which the device must have."""

    include: list[str] | None = None


class OsVersion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which version of the system is the oldest that counts."""

    minimum: str | None = None
    dynamic_version_requirement: dict[str, Any] | None = None

    @property
    def set(self) -> bool:
        """Whether anything is demanded."""
        return bool(self.minimum or self.dynamic_version_requirement)


class ChromeConnector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What Chrome's device trust connector must report."""

    os_version: OsVersion | None = None
    disk_encrypted: bool | None = None
    screen_lock_secured: bool | None = None


class Signals(msgspec.Struct, frozen=True):
    """What other parties must report of the device."""

    dtc: ChromeConnector | None = None


class DeviceAssurance(Resource, frozen=True, kw_only=True, rename="camel"):
    """A device assurance policy (``GET /api/v1/device-assurances``)."""

    kind = "okta.device_assurance"

    id: str
    name: str
    platform: str
    """``ANDROID``, ``IOS``, ``MACOS``, ``WINDOWS`` or ``CHROMEOS``."""
    os_version: OsVersion | None = None
    os_version_constraints: list[Any] | None = None
    """Windows: a demand for each major version."""
    disk_encryption_type: Included | None = None
    screen_lock_type: Included | None = None
    third_party_signal_providers: Signals | None = None
    device_posture_checks: Any = None
    """Queries of the company's own."""

    @property
    def demands(self) -> set[str]:
        """Of ``disk encryption``, ``OS version`` and ``screen lock`` those that a device must have.

        An iPhone is encrypted as soon as it has a screen lock, and Okta has no field for it.
        """
        chrome = (self.third_party_signal_providers or Signals()).dtc or ChromeConnector()
        versions = (self.os_version, chrome.os_version)
        locked = _any(self.screen_lock_type) or chrome.screen_lock_secured is True
        found = {
            "OS version": bool(self.os_version_constraints) or any(v and v.set for v in versions),
            "screen lock": locked,
            "disk encryption": _any(self.disk_encryption_type)
            or chrome.disk_encrypted is True
            or (self.platform == "IOS" and locked),
        }
        return {name for name, asked in found.items() if asked}


def _any(choice: Included | None) -> bool:
    return choice is not None and bool(choice.include)
