"""Credentials: Application Default Credentials, a key, federation, and acting as a service account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soc2_pac.errors import ConfigError, CredentialsRejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_collectors.gcp.settings import GcpSettings

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
"""Cloud Asset Inventory takes no narrower one. What may be done is bounded by the role that is granted."""
_SIGN_IN = "sign-in"


def credentials(settings: GcpSettings) -> Any:  # noqa: ANN401 - any of the SDK's classes
    """The identity that the settings name. Fetches secrets; asks nobody for a token.

    Raises ConfigError, CredentialsRejected.
    """
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415

    if settings.endpoint:
        return AnonymousCredentials()  # type: ignore[no-untyped-call]
    found = _base(settings)
    if settings.impersonate:
        from google.auth import impersonated_credentials  # noqa: PLC0415

        found = impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
            source_credentials=found,
            target_principal=settings.impersonate,
            target_scopes=[SCOPE],
        )
    if settings.quota_project:
        found = found.with_quota_project(settings.quota_project)
    return found


def delegated(settings: GcpSettings, scopes: Sequence[str]) -> Any:  # noqa: ANN401
    """The key's service account in the name of the Workspace administrator. Raises as ``credentials``."""
    if settings.key is None or not settings.workspace_admin:
        msg = "users of Workspace are read with workspace_admin and key, which are not set"
        raise ConfigError(msg)
    return from_key(settings.key.resolve(), list(scopes)).with_subject(settings.workspace_admin)


def principal(found: Any) -> str:  # noqa: ANN401 - any of the SDK's classes
    """Who the credentials say they are; never a credential."""
    for name in ("service_account_email", "account"):
        said = getattr(found, name, None)
        if isinstance(said, str) and said and said != "default":
            return said
    return f"{type(found).__module__.rpartition('.')[2]} credentials"


def _base(settings: GcpSettings) -> Any:  # noqa: ANN401 - any of the SDK's classes
    if settings.key is not None:
        return from_key(settings.key.resolve(), [SCOPE])
    if settings.federation:
        return _federated(Path(settings.federation))
    import google.auth  # noqa: PLC0415
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415

    try:
        found, _ = google.auth.default(scopes=[SCOPE])
    except GoogleAuthError as error:
        msg = (
            "there are no Application Default Credentials: run 'gcloud auth application-default login', "
            "or name key or federation"
        )
        raise CredentialsRejected(msg, operation=_SIGN_IN) from error
    return found


def from_key(text: str, scopes: list[str]) -> Any:  # noqa: ANN401
    """The service account of a key. Raises CredentialsRejected for what is none."""
    from google.oauth2 import service_account  # noqa: PLC0415

    try:
        info = json.loads(text)
        return service_account.Credentials.from_service_account_info(info, scopes=scopes)  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001 - whatever a malformed key makes the libraries raise
        msg = f"key is no key of a service account ({type(error).__name__}): JSON, whole?"
        raise CredentialsRejected(msg, operation=_SIGN_IN) from None


def _federated(path: Path) -> Any:  # noqa: ANN401
    from google.auth import aws, identity_pool  # noqa: PLC0415

    try:
        info = json.loads(path.read_text(encoding="utf-8"))
        source = info["credential_source"]
        known = info["type"] == "external_account"
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"federation: {path} is no workload identity federation file ({type(error).__name__})"
        raise ConfigError(msg) from None
    if not known or not isinstance(source, dict) or "executable" in source:
        msg = f"federation: {path} is not of type external_account with a file, URL or AWS as its source"
        raise ConfigError(msg)
    on_aws = str(source.get("environment_id", "")).startswith("aws")
    sort = aws.Credentials if on_aws else identity_pool.Credentials
    try:
        return sort.from_info(info, scopes=[SCOPE])  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001 - whatever a malformed file makes the library raise
        msg = f"federation: {path} cannot be used ({type(error).__name__})"
        raise ConfigError(msg) from None
