"""One source: who it is, which accounts and regions it reaches, and a client for each scope."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.actions import DISCOVERY
from soc2_collectors.aws.client.accounts import Account, assumed_role, base_credentials
from soc2_collectors.aws.client.call import Aws
from soc2_collectors.aws.client.clients import Asker, Clients
from soc2_collectors.aws.settings import HOME
from soc2_collectors.exchange.outside import Outside, Spending
from soc2_pac.errors import (
    CredentialsRejected,
    Denied,
    NotEnabled,
    ProviderError,
    Unexpected,
)
from soc2_pac.model import EVERYWHERE, CollectionStatus, Identity, Scope, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from soc2_collectors.aws.settings import AwsSettings
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection


_ORGANIZATION = "organization"
_AT_ONCE = 16
"""Accounts asked side by side for their regions."""


class AwsConnection:
    """One source. Clients and credentials are made when they are needed; safe to use from threads."""

    def __init__(self, settings: AwsSettings, declared: Iterable[str] = ()) -> None:
        """Raises ConfigError when a referenced secret is not there, CredentialsRejected for a bad profile.

        ``declared``: the calls of the provider's own collectors.
        """
        self._settings = settings
        self._home = HOME[settings.partition]
        self._base = Account("the source's own", base_credentials(settings))
        self._clients = Clients(settings, frozenset(declared) | frozenset(DISCOVERY))
        self._spending = Spending()
        self._lock = threading.RLock()
        self._within: Meter | None = None
        """What bounds and counts the discovery that is under way."""
        self._identity: Identity | None = None
        self._reached: dict[str, Account] = {}
        self._accounts: list[str | Unread] | None = None
        self._regions: dict[str, list[str]] = {}

    def whoami(self) -> Identity:
        """``sts:GetCallerIdentity``, asked once."""
        with self._lock:
            if self._identity is None:
                told = self._asks().ask("sts", "get_caller_identity")
                settings = self._settings
                of = told["Arn"].split(":")[1]
                if of != settings.partition:
                    msg = f'the credentials belong to the partition {of}: set partition = "{of}"'
                    raise CredentialsRejected(msg, operation="sts:GetCallerIdentity")
                details = {"accounts": ", ".join(settings.accounts)} if settings.accounts else {}
                if settings.organization:
                    details = {"accounts": "all of the organisation"}
                self._identity = Identity(told["Arn"], told["Account"], details)
            return self._identity

    def discover(
        self, per: str, only: Selection = EVERYWHERE, meter: Meter | None = None
    ) -> Iterator[Scope | Unread]:
        """Accounts, accounts x regions, or the organisation. What cannot be read is said so.

        Raises:
            ProviderError: not even the accounts are known.
        """
        self._within = meter
        try:
            if per == _ORGANIZATION:
                yield self._organization()
            elif per == "account":
                yield from self._each_account(only, self._scope_of_account)
            elif per == "region":
                yield from self._each_account(only, self._scopes_of_regions)
            else:
                msg = f"AWS has no scopes per '{per}'"
                raise Unexpected(msg)
        finally:
            self._within = None

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Aws:
        """What a collector takes."""
        self._clients.declare(allowed)
        own = scope.region == _ORGANIZATION or scope.account.startswith("o-")
        account = self._base if own else self._account(scope.account)
        region = self._home if own else scope.region or self._home
        asker = Asker(account, meter, allowed)
        return Aws(self._clients, asker, scope, region, self._settings.partition)

    def _asks(self, account: Account | None = None) -> Aws:
        """What the connection itself asks by."""
        counted = Outside(self._spending.spend, self._within)
        asker = Asker(account or self._base, counted, frozenset(DISCOVERY))
        scope = Scope("aws", "discovery")
        partition = self._settings.partition
        return Aws(self._clients, asker, scope, self._home, partition, lenient=False)

    def expecting(self, calls: frozenset[str]) -> None:
        """Learn which calls may be made, before clients are made without them. Asks nothing."""
        self._clients.declare(calls)

    @property
    def spent(self) -> dict[str, int]:
        """Requests of discovery and sign-in, by IAM action."""
        return self._spending.spent

    # -- accounts -------------------------------------------------------------------------------------------

    def _account(self, number: str) -> Account:
        with self._lock:
            if number not in self._reached:
                settings = self._settings
                own = settings.organization and number == self.whoami().account
                # The base's own account is read as who it is: StackSets leave out the management account.
                self._reached[number] = (
                    self._base
                    if own or not settings.role
                    else Account(number, assumed_role(settings, number, self._assume_role))
                )
            return self._reached[number]

    def _assume_role(self, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        return self._asks().ask("sts", "assume_role", **arguments)

    def _listed(self) -> list[str | Unread]:
        """Every account of the source, asked once. An organisation's that cannot be read come as such."""
        with self._lock:
            if self._accounts is None:
                settings = self._settings
                if settings.organization:
                    self._accounts = list(self._of_organization())
                    if (
                        not self._accounts
                    ):  # not even the management account: that is no organisation
                        msg = "the organisation lists no accounts"
                        raise Unexpected(msg, operation="organizations:ListAccounts")
                else:
                    self._accounts = list(settings.accounts or [self.whoami().account])
            return self._accounts

    def _of_organization(self) -> Iterator[str | Unread]:
        excluded = {one.account: one for one in self._settings.exclude_accounts}
        for account in self._asks().items("organizations", "list_accounts", "Accounts"):
            number = account["Id"]
            # AWS replaces Status by State; answers may have either.
            state = account.get("State") or account.get("Status") or "unknown"
            why = None
            if number in excluded:
                why = f"account {number} is left out by exclude_accounts: {excluded[number]}"
            elif state != "ACTIVE":
                why = f"account {number} is {state.lower().replace('_', ' ')} in the organisation"
            yield (Unread(Scope("aws", number), CollectionStatus.SKIPPED, why) if why else number)

    def _each_account(
        self, only: Selection, scopes_of: Callable[[str | Unread], Iterable[Scope | Unread]]
    ) -> Iterator[Scope | Unread]:
        wanted = [
            account
            for account in self._listed()
            if only.takes(account.scope if isinstance(account, Unread) else Scope("aws", account))
        ]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="discover") as pool:
            for found in pool.map(lambda account: list(scopes_of(account)), wanted):
                yield from (item for item in found if only.takes(_scope(item)))

    def _scope_of_account(self, account: str | Unread) -> Iterable[Scope | Unread]:
        if isinstance(account, Unread):
            return [account]
        scope = Scope("aws", account)
        try:
            if self._settings.role:
                # Asked now, once: else every kind would find out for itself.
                self._account(account).credentials()
        except ProviderError as error:
            return [_unread(scope, error)]
        return [scope]

    # -- regions --------------------------------------------------------------------------------------------

    def _scopes_of_regions(self, account: str | Unread) -> Iterable[Scope | Unread]:
        wanted = [] if self._settings.regions == "all" else list(self._settings.regions)
        if isinstance(account, Unread):
            return [
                Unread(
                    Scope("aws", f"{account.scope.account}/{region}"),
                    account.status,
                    account.reason,
                )
                for region in wanted or ["?"]
            ]
        try:
            enabled = self._enabled_regions(account)
        except ProviderError as error:
            return [
                _unread(Scope("aws", f"{account}/{region}"), error) for region in wanted or ["?"]
            ]
        return [
            Scope("aws", f"{account}/{region}")
            if region in enabled
            else Unread(
                Scope("aws", f"{account}/{region}"),
                CollectionStatus.SKIPPED,
                f"the region {region} is not enabled in account {account}",
            )
            for region in wanted or enabled
        ]

    def _enabled_regions(self, account: str) -> list[str]:
        found = self._regions.get(account)
        if found is None:
            told = self._asks(self._account(account)).ask(
                "ec2", "describe_regions", AllRegions=False
            )
            found = self._regions[account] = sorted(r["RegionName"] for r in told["Regions"])
        return found

    # -- the organisation -----------------------------------------------------------------------------------

    def _organization(self) -> Scope | Unread:
        """Its scope, where the source's own credentials can read it. Raises ProviderError.

        Only the management account and delegated administrators can. ``organization = true`` says that the
        source is one; of others, only the management account knows itself.
        """
        own = self.whoami().account
        seen_from = Scope("aws", f"{own}/{_ORGANIZATION}")
        try:
            told = self._asks().ask("organizations", "describe_organization")["Organization"]
        except NotEnabled as error:
            if "AWSOrganizationsNotInUse" not in str(error):
                raise
            reason = f"account {own} is in no organisation"
            return Unread(seen_from, CollectionStatus.COMPLETE, reason)
        except (Denied, CredentialsRejected) as error:
            return _unread(seen_from, error)
        if self._settings.organization or told.get("MasterAccountId") == own:
            return Scope("aws", told["Id"])
        reason = (
            f"account {own} is a member: only the management account or a delegated administrator can read "
            "the organisation; set organization = true in a source that is one"
        )
        return Unread(seen_from, CollectionStatus.SKIPPED, reason)


def _scope(item: Scope | Unread) -> Scope:
    return item.scope if isinstance(item, Unread) else item


def _unread(scope: Scope, error: ProviderError) -> Unread:
    denied = isinstance(error, Denied | CredentialsRejected)
    status = CollectionStatus.DENIED if denied else CollectionStatus.FAILED
    return Unread(scope, status, str(error), error.permission)
