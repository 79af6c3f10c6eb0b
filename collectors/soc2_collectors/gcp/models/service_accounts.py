"""Service accounts, their keys, and the workloads outside that they trust.

Source: IAM API v1, ``ServiceAccount``, ``ServiceAccountKey``, ``WorkloadIdentityPoolProvider``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held
from soc2_collectors.gcp.models.federation import SAML, X509
from soc2_collectors.gcp.models.values import Moment
from soc2_pac.identity import Account, Grant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from soc2_pac.identity import Access
    from soc2_pac.model import Scope


_ENTITY = re.compile(r"""<(?:\w+:)?EntityDescriptor\b[^>]*\bentityID\s*=\s*["']([^"']+)["']""")
"""The name of a server of SAML, in its metadata."""


class ServiceAccountData(msgspec.Struct, frozen=True, rename="camel"):
    """``ServiceAccount``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "disabled": "left out where it is false (IAM, ServiceAccount); an enabled account is judged",
    }

    email: str
    display_name: str = ""
    disabled: bool = False


class ServiceAccount(Asset, frozen=True, kw_only=True, rename="camel"):
    """A service account. The account itself as recorded, as an asset from documentation."""

    kind = "gcp.iam.service_account"
    resource: Held[ServiceAccountData]

    @property
    def account(self) -> ServiceAccountData:
        """What IAM says."""
        return self.resource.data

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """The account; what it may do the policies say."""
        said = self.account
        yield Account(
            system=f"gcp:{scope.boundary}",
            uid=said.email,
            login=said.email,
            name=said.display_name,
            mails=(),
            active=not said.disabled,
            privileged=None,
            mfa=None,
            sort="service",
            signs_in=False,
        )


class KeyData(msgspec.Struct, frozen=True, rename="camel"):
    """``ServiceAccountKey``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "disabled": "left out where it is false (IAM, ServiceAccountKey); an enabled key is judged",
        "keyType": "whatever is not SYSTEM_MANAGED is judged as a key that people keep",
        "validBeforeTime": "only ends a key; without it the key is judged as one that does not end",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "keyType": "whatever is not SYSTEM_MANAGED is judged as a key that people keep",
    }

    name: str
    key_type: str
    """``USER_MANAGED`` or ``SYSTEM_MANAGED``."""
    valid_after_time: Moment
    valid_before_time: Moment | None = None
    disabled: bool = False

    @property
    def system(self) -> bool:
        """Whether Google keeps it."""
        return self.key_type == "SYSTEM_MANAGED"

    def ended(self, now: datetime) -> bool:
        """Whether it was made for a time that is over."""
        return self.valid_before_time is not None and self.valid_before_time <= now


class ServiceAccountKey(Asset, frozen=True, kw_only=True, rename="camel"):
    """A key of a service account. The key itself as recorded, as an asset from documentation."""

    kind = "gcp.iam.service_account_key"
    resource: Held[KeyData]

    @property
    def key(self) -> KeyData:
        """What IAM says."""
        return self.resource.data

    @property
    def account(self) -> str:
        """The service account that it is of."""
        return self.key.name.partition("/serviceAccounts/")[2].partition("/")[0]

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """A key that somebody keeps, and that is the account wherever it is used."""
        if self.key.system:
            return
        ends = self.key.valid_before_time
        made = f"made {self.key.valid_after_time:%Y-%m-%d}"
        yield Grant(
            f"gcp:{scope.boundary}",
            self.account,
            f"key {self.short_name}",
            "key",
            note=f"{made}, until {ends:%Y-%m-%d}" if ends else made,
        )


class Oidc(msgspec.Struct, frozen=True, rename="camel"):
    """An issuer of OpenID Connect tokens."""

    issuer_uri: str
    allowed_audiences: list[str] = []


class ProviderData(msgspec.Struct, frozen=True, rename="camel"):
    """``WorkloadIdentityPoolProvider``. Google leaves out what is false or empty."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "state": "only DELETED takes a provider out (IAM, WorkloadIdentityPoolProvider); others are judged",
        "disabled": "left out where it is false; a provider that is on is judged",
        "attributeMapping": "only adds names for claims, which a condition may name by themselves",
        "aws": "one of aws, oidc, saml, x509 is there; without aws the condition decides",
        "attributeCondition": "an AWS account, or an issuer of one's own, says by itself who comes in",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "state": "only DELETED takes a provider out (IAM, WorkloadIdentityPoolProvider); others are judged",
    }

    name: str
    state: str = "ACTIVE"
    disabled: bool = False
    attribute_condition: str = ""
    attribute_mapping: dict[str, str] = {}
    oidc: Oidc | None = None
    aws: dict[str, Any] | None = None
    saml: dict[str, Any] | None = None
    x509: dict[str, Any] | None = None

    @property
    def issuer(self) -> str:
        """Who says who a workload is: the issuer's address, the name of a server of SAML, or in what way."""
        if self.oidc is not None:
            return self.oidc.issuer_uri
        if self.saml is None:
            return X509 if self.x509 is not None else ""
        found = _ENTITY.search(str(self.saml.get("idpMetadataXml") or ""))
        return found[1] if found else SAML


class WorkloadIdentityProvider(Asset, frozen=True, kw_only=True, rename="camel"):
    """A provider of a workload identity pool. Shape from documentation."""

    kind = "gcp.iam.workload_identity_provider"
    resource: Held[ProviderData]

    @property
    def provider(self) -> ProviderData:
        """What IAM says."""
        return self.resource.data


class LastUse(msgspec.Struct, frozen=True, rename="camel"):
    """When something signed in last, by the day."""

    last_authenticated_time: Moment | None = None


class Activity(msgspec.Struct, frozen=True, rename="camel"):
    """``Activity``: the last use of an account, or of one of its keys."""

    full_resource_name: str
    activity: LastUse


class ServiceAccountUse(Asset, frozen=True, kw_only=True, rename="camel"):
    """A service account with its keys and their last use, by Activity Analyzer. Shape from documentation."""

    kind = "gcp.iam.service_account_use"
    volatile = ("updateTime", "keys.*.updateTime", "activities.*.observationPeriod")

    resource: Held[ServiceAccountData]
    keys: list[ServiceAccountKey]
    activities: list[Activity]
    """Google lists what was used since it began to look; what it does not list was not."""

    @property
    def account(self) -> ServiceAccountData:
        """What IAM says."""
        return self.resource.data

    def last_use(self, key: str = "") -> datetime | None:
        """The last use of the account, or of a key by its id; ``None``: none is on record."""
        end = f"/serviceAccounts/{self.account.email}{f'/keys/{key}' if key else ''}"
        found = (
            one.activity.last_authenticated_time
            for one in self.activities
            if one.full_resource_name.endswith(end)
        )
        return max((moment for moment in found if moment), default=None)
