"""The accounts of a source and the credentials that read each: the base's own, or an assumed role's."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from soc2_pac.config import SecretRef
from soc2_pac.errors import CredentialsRejected, ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.credentials import ReadOnlyCredentials

    from soc2_collectors.aws.settings import AwsSettings


class Account:
    """Whose credentials sign. Safe to use from threads."""

    def __init__(self, number: str, obtain: Callable[[], Any]) -> None:
        """``obtain`` makes botocore credentials, once; it may ask AWS. Raises ProviderError."""
        self.id = number
        self._obtain = obtain
        self._credentials: Any = None
        self._refused: ProviderError | None = None
        self._lock = threading.Lock()

    def credentials(self) -> ReadOnlyCredentials:
        """Keys that are good now: those of a role renew themselves.

        Raises:
            ProviderError: the role cannot be assumed; asked once, and told to everyone who asks again.
            botocore.exceptions.NoCredentialsError: the usual chain found none.
        """
        with self._lock:
            if self._refused is not None:
                raise self._refused
            if self._credentials is None:
                try:
                    self._credentials = self._obtain()
                except ProviderError as error:
                    self._refused = error
                    raise
        found: ReadOnlyCredentials = self._credentials.get_frozen_credentials()
        return found


def base_credentials(settings: AwsSettings) -> Callable[[], Any]:
    """The usual chain, a profile, or keys by reference. Raises CredentialsRejected, ConfigError."""
    import botocore.session  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, NoCredentialsError  # noqa: PLC0415

    given = (settings.access_key_id, settings.secret_access_key, settings.session_token)
    keys = [reference and reference.resolve() for reference in given]
    session: Any = botocore.session.Session(profile=settings.profile)
    try:
        session.get_scoped_config()  # reads the profile, where one is named
    except BotoCoreError as error:
        raise rejected_profile(error) from error
    if any(keys):
        session.set_credentials(*keys)

    def obtain() -> Any:  # noqa: ANN401 - botocore.credentials.Credentials
        found = session.get_credentials()
        if found is None:
            raise NoCredentialsError
        return found

    return obtain


def rejected_profile(error: Exception) -> CredentialsRejected:
    """A profile that botocore does not take."""
    return CredentialsRejected(f"the AWS profile cannot be used: {error}")


def assumed_role(
    settings: AwsSettings, number: str, ask: Callable[..., dict[str, Any]]
) -> Callable[[], Any]:
    """The configured role in an account. ``ask`` makes the call ``sts:AssumeRole``."""

    def fetch() -> dict[str, str]:
        arguments: dict[str, Any] = {
            "RoleArn": f"arn:{settings.partition}:iam::{number}:role/{settings.role}",
            "RoleSessionName": "soc2-pac",
        }
        if settings.external_id is not None:
            given = settings.external_id
            arguments["ExternalId"] = given.resolve() if isinstance(given, SecretRef) else given
        keys = ask(**arguments)["Credentials"]
        return {
            "access_key": keys["AccessKeyId"],
            "secret_key": keys["SecretAccessKey"],
            "token": keys["SessionToken"],
            "expiry_time": keys["Expiration"].isoformat(),
        }

    def obtain() -> Any:  # noqa: ANN401
        from botocore.credentials import RefreshableCredentials  # noqa: PLC0415

        # They renew themselves: a long run outlives one hour's credentials.
        return RefreshableCredentials.create_from_metadata(fetch(), fetch, "sts-assume-role")

    return obtain
