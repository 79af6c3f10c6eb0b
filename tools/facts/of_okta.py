"""Facts of Okta, from the models of its own SDK, which are generated from the management API's description."""

from __future__ import annotations

import enum
import functools
import importlib
import inspect
import pkgutil
import re
import typing
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import okta.models
from pydantic import BaseModel
from views import Laying, Member, Shape, facts_of, fields_of, name_of, speaks_of_secrets

from soc2_pac import plugins

if TYPE_CHECKING:
    from collections.abc import Collection

    from views import Struct

NEEDS = ("okta",)
"""What is installed beside the project."""
_SHAPES: dict[str, tuple[str, ...]] = {
    # Where the fields alone do not say which model the API answers with, and where it has several.
    "okta.models.app:App": ("OpenIdConnectApplication",),
    "okta.models.app:ClientRole": ("CustomRole", "StandardRole"),
    "okta.models.app:GroupAssignment": ("ApplicationGroupAssignment",),
    "okta.models.app:UserAssignment": ("AppUser",),
    "okta.models.authenticator:Authenticator": (
        "AuthenticatorKeyEmail",
        "AuthenticatorKeyOktaVerify",
        "AuthenticatorKeyPhone",
    ),
    "okta.models.authenticator:MethodState": ("AuthenticatorMethodBase",),
    "okta.models.detection:BehaviorRule": ("BehaviorRule",),
    "okta.models.detection:LogStream": ("LogStream",),
    "okta.models.device:DeviceAssurance": (
        "DeviceAssuranceAndroidPlatform",
        "DeviceAssuranceChromeOSPlatform",
        "DeviceAssuranceIOSPlatform",
        "DeviceAssuranceMacOSPlatform",
        "DeviceAssuranceWindowsPlatform",
    ),
    # The SDK has no models of Identity Governance.
    "okta.models.governance:Campaign": (),
    "okta.models.governance:Review": (),
    "okta.models.identity_provider:IdentityProvider": ("IdentityProvider",),
    "okta.models.log:LogEvent": ("LogEvent",),
    "okta.models.network:NetworkZone": (
        "DynamicNetworkZone",
        "EnhancedDynamicNetworkZone",
        "IPNetworkZone",
    ),
    "okta.models.policy:AccessPolicy": ("AccessPolicy",),
    "okta.models.policy:AccessRule": ("AccessPolicyRule",),
    "okta.models.policy:EnrollmentPolicy": ("AuthenticatorEnrollmentPolicy",),
    "okta.models.policy:EnrollmentRule": ("AuthenticatorEnrollmentPolicyRule",),
    "okta.models.policy:GracePeriod": (
        "ByDateTimeAuthenticatorGracePeriodExpiry",
        "EnrollmentPolicyAuthenticatorGracePeriod",
    ),
    "okta.models.policy:PasswordPolicy": ("PasswordPolicy",),
    "okta.models.policy:PasswordRule": ("PasswordPolicyRule",),
    "okta.models.policy:SignOnPolicy": ("OktaSignOnPolicy",),
    "okta.models.policy:SignOnRule": ("OktaSignOnPolicyRule",),
    "okta.models.policy:VerificationMethod": (
        "AssuranceMethod",
        "AuthenticationMethodChainMethod",
        "IdProofingMethod",
    ),
    "okta.models.role:Admin": ("RoleAssignedUser",),
    "okta.models.role:CustomRole": ("IamRole",),
    "okta.models.role:Group": ("Group",),
    "okta.models.role:GroupMember": ("User",),
    "okta.models.role:GroupProfile": ("OktaUserGroupProfile",),
    "okta.models.role:Permission": ("Permission",),
    "okta.models.role:RoleAssignment": ("CustomRole", "StandardRole"),
    "okta.models.user:Factor": ("UserFactor",),
    "okta.models.user:User": ("User",),
}


@functools.cache
def _models() -> dict[str, type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {}
    for module in pkgutil.iter_modules(okta.models.__path__):
        loaded = importlib.import_module(f"okta.models.{module.name}")
        found |= {
            name: value
            for name, value in vars(loaded).items()
            if isinstance(value, type)
            and issubclass(value, BaseModel)
            and value.__module__ == loaded.__name__
        }
    return found


@functools.cache
def _shape(name: str) -> Shape | None:
    model = _models().get(name.partition(".")[2])
    if model is None:
        return None
    values = _values(model)
    return {
        (info.alias or field): _member(info.annotation, values.get(field))._replace(
            secret=speaks_of_secrets(info.description or "")
        )
        for field, info in model.model_fields.items()
    }


def _values(model: type[BaseModel]) -> dict[str, list[str]]:
    """Field -> the values that its validator takes."""
    text = inspect.getsource(model)
    found: dict[str, list[str]] = {}
    for field, body in re.findall(
        r'@field_validator\("(\w+)"\)\n(.*?)return value', text, re.DOTALL
    ):
        listed = re.search(r"set\(\s*\[(.*?)\]", body, re.DOTALL)
        if listed:
            found[field] = sorted(re.findall(r'"([^"]+)"', listed.group(1)))
    return found


def _member(of: Any, values: list[str] | None) -> Member:
    inner = [one for one in typing.get_args(of) if one is not type(None)]
    if typing.get_origin(of) is typing.Union and len(inner) == 1:
        return _member(inner[0], values)
    if typing.get_origin(of) is typing.Annotated:
        return _member(inner[0], values)
    if typing.get_origin(of) is list:
        held = _member(inner[0], values)
        return Member(f"list of {held.type}", held.shape)
    if typing.get_origin(of) is dict:
        return Member("map of any")
    if isinstance(of, type) and issubclass(of, BaseModel):
        return Member(f"object okta.{of.__name__}", f"okta.{of.__name__}")
    if isinstance(of, type) and issubclass(of, enum.Enum):
        return Member("enum: " + "|".join(sorted(str(one.value) for one in of)))
    if values:
        return Member("enum: " + "|".join(values))
    scalars = {bool: "boolean", int: "number", float: "number", datetime: "time", str: "string"}
    return Member(scalars.get(of, "any"))


class _Okta(Laying):
    """Lays a view over the models of :data:`_SHAPES` where it has any there, also deep within another."""

    def lay(
        self, where: str, struct: Struct, name: str | None, only: Collection[str] | None = None
    ) -> None:
        """As in Laying, once for each model."""
        chosen = _SHAPES.get(name_of(struct))
        for one in (name,) if chosen is None else (f"okta.{model}" for model in chosen):
            super().lay(where, struct, one, only)


def main() -> None:
    """Extract and write."""
    laying = _Okta("okta", _shape)
    candidates = [(0, f"okta.{name}") for name in sorted(_models())]
    for collector in plugins.load().collectors.values():
        if collector.provider != "okta":
            continue
        struct, facts = collector.resource, facts_of(collector.resource)
        plain = fields_of(struct).keys() - facts
        if plain:
            laying.lay(collector.kind, struct, laying.best(plain, candidates), only=plain)
        for name in sorted(facts):
            for inner in fields_of(struct)[name]:
                shape = laying.best(fields_of(inner), candidates)
                laying.lay(f"{collector.kind} {name}", inner, shape)
    laying.write(f"okta {version('okta')}")


if __name__ == "__main__":
    main()
