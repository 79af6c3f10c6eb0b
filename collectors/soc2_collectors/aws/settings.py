"""What a ``[sources.NAME]`` table with ``provider = "aws"`` may say."""

from __future__ import annotations

from typing import Literal

import msgspec

from soc2_pac.config import SecretRef
from soc2_pac.decisions import Decision, latest_day

HOME = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
    "aws-us-gov": "us-gov-west-1",
}
"""Where each partition's account-wide services answer."""

_BEGINNINGS = {
    "cn-": "aws-cn",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "us-gov-": "aws-us-gov",
}
"""How the names of regions begin, of every partition but the first."""


def _partition_of(region: str) -> str:
    of = (name for beginning, name in _BEGINNINGS.items() if region.startswith(beginning))
    return next(of, "aws")


class ExcludedAccount(Decision, frozen=True, kw_only=True):
    """An account of the organisation that is not read."""

    account: str
    """Twelve digits."""

    def check(self) -> None:
        """Raises ValueError where an auditor would ask."""
        if problem := self.lacks(latest_day()):
            msg = f"exclude_accounts: {self.account}: {problem}"
            raise ValueError(msg)


class AwsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way into AWS: the usual chain of credentials, a profile, or keys by reference."""

    regions: tuple[str, ...] | Literal["all"] = "all"
    """Region names, or every region that is enabled in each account (``ec2:DescribeRegions``)."""
    accounts: tuple[str, ...] = ()
    """Twelve-digit ids read through ``role``; empty: the account of the credentials."""
    organization: bool = False
    """Read every active account of the organisation (``organizations:ListAccounts``) through ``role``. The
    credentials are the management account's or a delegated administrator's; their own account is read
    without a role."""
    exclude_accounts: tuple[ExcludedAccount, ...] = ()
    """Accounts of the organisation to leave out, each with reason, owner and date; each leaves a record that
    says so."""
    role: str | None = None
    """Name of the role to assume in each account; a path comes first, as in ``audit/soc2-pac-reader``."""
    external_id: str | SecretRef | None = None
    """What the role asks for, so that nobody else's use of this tool can read the account."""
    profile: str | None = None
    """A profile of the AWS configuration files."""
    access_key_id: SecretRef | None = None
    """With ``secret_access_key``: a key in place of the usual chain. Prefer roles."""
    secret_access_key: SecretRef | None = None
    """Belongs to ``access_key_id``."""
    session_token: SecretRef | None = None
    """Belongs to the key where it is a temporary one."""
    endpoint_url: str | None = None
    """Another address for every service: an emulator, a private endpoint."""
    partition: Literal[
        "aws",
        "aws-cn",
        "aws-eusc",
        "aws-iso",
        "aws-iso-b",
        "aws-iso-e",
        "aws-iso-f",
        "aws-us-gov",
    ] = "aws"
    """Credentials belong to one: an account in China or in GovCloud is an account of its own."""
    max_attempts: int = 5
    """Attempts of one call, the first included, with back-off and jitter between them."""
    timeout_seconds: int = 30
    """Of one exchange, the reading of its answer included."""
    requests_per_second: float | None = None
    """The most that one service of one region of one account is asked; less where it answers "too many".
    When left out: 20, and what AWS documents for services with lower or far higher quotas."""
    total_requests_per_second: float | None = None
    """The most that all are asked together; unlimited when left out."""

    def __post_init__(self) -> None:
        """Raises ValueError for settings that do not go together."""
        for one in self.exclude_accounts:
            one.check()
        if self.organization:
            self._check_organization()
        elif bool(self.accounts) != bool(self.role):
            msg = "accounts and role go together: the role is assumed in each account"
            raise ValueError(msg)
        elif self.exclude_accounts:
            msg = "exclude_accounts belongs to organization = true"
            raise ValueError(msg)
        for rate in (self.requests_per_second, self.total_requests_per_second):
            if rate is not None and rate <= 0:
                msg = "requests_per_second and total_requests_per_second must be more than 0"
                raise ValueError(msg)
        if (self.access_key_id is None) != (self.secret_access_key is None):
            msg = "access_key_id and secret_access_key go together"
            raise ValueError(msg)
        for region in () if self.regions == "all" else self.regions:
            if (of := _partition_of(region)) != self.partition:
                msg = f"regions: '{region}' is in the partition {of}; set partition = \"{of}\""
                raise ValueError(msg)
        for account in (*self.accounts, *(one.account for one in self.exclude_accounts)):
            if not (account.isdigit() and len(account) == 12):  # noqa: PLR2004 - an account id's length
                msg = f"accounts: '{account}' is no account id of twelve digits"
                raise ValueError(msg)

    def _check_organization(self) -> None:
        if not self.role:
            msg = "organization = true needs role: the name of the reader role in each account"
            raise ValueError(msg)
        if self.accounts:
            msg = "organization = true finds the accounts itself: leave accounts out"
            raise ValueError(msg)
