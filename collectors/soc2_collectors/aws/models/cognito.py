"""Views of Cognito: user pools, where a company's customers sign in."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource, fact


class PasswordPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What a password must be."""

    minimum_length: int
    require_uppercase: bool = False
    require_lowercase: bool = False
    require_numbers: bool = False
    require_symbols: bool = False


class Policies(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Policies of a pool."""

    password_policy: PasswordPolicy | None = None


class AddOns(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Threat protection."""

    advanced_security_mode: str = "OFF"


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeUserPool``."""

    mfa_configuration: str = "OFF"
    """``ON``, ``OPTIONAL`` or ``OFF``; AWS: off where nobody said otherwise."""
    policies: Policies = Policies()
    user_pool_add_ons: AddOns = AddOns()


class UserPool(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A user pool."""

    kind = "aws.cognito.user_pool"
    volatile = (
        "LastModifiedDate",
        "DescribeUserPool.LastModifiedDate",
        "DescribeUserPool.EstimatedNumberOfUsers",
    )
    id: str
    name: str
    details: Details = fact("DescribeUserPool")
