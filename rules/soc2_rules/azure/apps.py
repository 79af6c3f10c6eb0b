"""App Service: encrypted connections, who is let in, identities and logs."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import covers_internet, same
from soc2_collectors.azure.models.web import Site
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_NO_CONFIG = inconclusive("Azure does not show the configuration")
_NEW_TLS = frozenset({"1.2", "1.3"})
_FUNCTION = not_applicable("a function app, which has a rule of its own")


@rule(
    criteria=["CC6.7", "CC6.6"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:app_minimum_tls_version_12",
        "prowler:app_ensure_http_is_redirected_to_https",
        "prowler:app_ftp_deployment_disabled",
        "powerpipe:appservice_web_app_use_https",
        "powerpipe:appservice_web_app_latest_tls_version",
        "powerpipe:appservice_ftp_deployment_disabled",
    ],
)
def azure_app_https_tls(app: Site) -> Verdict:
    """Apps answer by HTTPS of TLS 1.2 or later only, and are not deployed by plain FTP.

    Why: over HTTP and FTP, sessions and passwords travel readable.
    Fix: az webapp update --https-only true; az webapp config set --min-tls-version 1.2 --ftps-state
        Disabled.
    """
    if not app.properties.https_only:
        return failed("plain HTTP is answered")
    if app.config is None:
        return _NO_CONFIG
    settings = app.config.properties
    if settings.min_tls_version not in _NEW_TLS:
        return failed(f"the minimum version of TLS is {settings.min_tls_version or 'not set'}")
    if same(settings.ftps_state or "AllAllowed", "AllAllowed"):
        return failed("plain FTP is accepted")
    return passed(f"HTTPS only, minimum version {settings.min_tls_version}, no plain FTP")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:app_ensure_auth_is_set_up",
        "prowler:app_register_with_identity",
        "powerpipe:appservice_authentication_enabled",
        "powerpipe:appservice_web_app_remote_debugging_disabled",
    ],
)
def azure_app_auth_identity(app: Site, *, authentication: bool = True) -> Verdict:
    """Web apps ask who comes, sign in elsewhere with a managed identity, and allow no remote debugging.

    ``authentication``: whether App Service's own authentication is asked for; false where apps have their
    own.

    Why: an app without an identity keeps passwords in its settings, where they are read and copied.
    Fix: az webapp auth update --enabled true; az webapp identity assign; az webapp config set
        --remote-debugging-enabled false.
    """
    if app.function:
        return _FUNCTION
    wrong: list[str] = []
    if app.config is None:
        return _NO_CONFIG
    if app.config.properties.remote_debugging_enabled:
        wrong.append("remote debugging is on")
    if not app.identified:
        wrong.append("no managed identity")
    if authentication:
        if app.auth is None:
            return _NO_CONFIG
        platform = app.auth.properties.platform
        if platform is None or not platform.enabled:
            wrong.append("everybody is let in without being asked")
    return failed("; ".join(wrong)) if wrong else passed("authentication and identity are set up")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:app_function_not_publicly_accessible",
        "powerpipe:appservice_function_app_restrict_public_acces",
    ],
)
def azure_function_not_public(app: Site) -> Verdict:
    """Function apps are reached from chosen networks only, or ask who comes.

    Why: a function that anybody may call is an entrance to whatever its identity may do.
    Fix: az functionapp update --set publicNetworkAccess=Disabled, or az functionapp config access-restriction
        add; or az webapp auth update --enabled true.
    """
    if not app.function:
        return not_applicable("not a function app")
    if not same(app.properties.public_network_access or "Enabled", "Enabled"):
        return passed("public network access is off")
    if app.config is None or app.auth is None:
        return _NO_CONFIG
    platform = app.auth.properties.platform
    if platform is not None and platform.enabled:
        return passed("App Service asks who comes")
    settings = app.config.properties
    rules = settings.ip_security_restrictions or []
    allowed = [(rule.ip_address or "Any") for rule in rules if same(rule.action, "Allow")]
    if any(same(where, "Any") for where in allowed) or covers_internet(allowed):
        return failed("reachable from every address of the internet")
    if not rules and not same(settings.ip_security_restrictions_default_action, "Deny"):
        return failed("reachable from every address of the internet")
    if not allowed and not same(settings.ip_security_restrictions_default_action, "Deny"):
        return failed("only some addresses are refused")
    return passed("chosen networks only")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:app_http_logs_enabled",
        "powerpipe:appservice_web_app_http_logs_enabled",
    ],
)
def azure_app_logging(app: Site) -> Verdict:
    """Apps log the requests that they answer.

    Why: without them nobody can tell what an attacker asked for, and what he got.
    Fix: az webapp log config --web-server-logging filesystem; better, a diagnostic setting with
        AppServiceHTTPLogs to a workspace as well.
    """
    if app.config is None:
        return inconclusive("Azure does not show the configuration")
    return (
        passed("requests are logged")
        if app.config.properties.http_logging_enabled
        else failed("requests are not logged")
    )
