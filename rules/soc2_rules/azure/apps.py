"""App Service: encrypted connections, who is let in, identities and logs."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import chosen, recorded
from soc2_collectors.azure.models.web import Site
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule
from soc2_pac.text import listed

_NO_CONFIG = inconclusive("Azure does not show the configuration")
_NEW_TLS = frozenset({"1.2", "1.3"})
_OLD_TLS = frozenset({"1.0", "1.1"})
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
    """Apps answer by HTTPS of TLS 1.2 or later only, their deployment site too, and take no plain FTP.

    Deployment slots, which have settings of their own, are not judged.

    Why: over HTTP and FTP, sessions and passwords travel readable.
    Fix: az webapp update --https-only true; az webapp config set --min-tls-version 1.2 --ftps-state
        Disabled.
    """
    if not app.properties.https_only:
        return failed("plain HTTP is answered")
    if app.config is None:
        return _NO_CONFIG
    settings = app.config.properties
    version = settings.min_tls_version
    if not version or not chosen(version, "minTlsVersion", good=_NEW_TLS, bad=_OLD_TLS):
        return failed(f"the minimum version of TLS is {version or 'not set'}")
    scm = settings.scm_min_tls_version
    if scm and not chosen(scm, "scmMinTlsVersion", good=_NEW_TLS, bad=_OLD_TLS):
        return failed(f"the minimum version of TLS of the site for deployments is {scm}")
    ftps = settings.ftps_state or "AllAllowed"
    if not chosen(ftps, "ftpsState", good=("Disabled", "FtpsOnly"), bad=("AllAllowed",)):
        return failed("plain FTP is accepted")
    return passed(f"HTTPS only, minimum version {version}, FTP: {ftps}")


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
def azure_app_auth_identity(
    app: Site, *, authentication: bool = True, open_paths: tuple[str, ...] = ()
) -> Verdict:
    """Web apps ask who comes, sign in elsewhere with a managed identity, and allow no remote debugging.

    ``authentication``: whether App Service's own authentication is asked for; false where apps have their
    own. It must refuse who is not signed in; ``open_paths`` are paths, or patterns, that may be open. Who has
    an account with a configured provider counts as signed in. Deployment slots are not judged.

    Why: an app without an identity keeps passwords in its settings, where they are read and copied.
    Fix: az webapp auth update --name APP --resource-group GROUP --enabled true --action Return401; az webapp
        identity assign; az webapp config set --remote-debugging-enabled false.
    """
    if app.function:
        return _FUNCTION
    wrong: list[str] = []
    unsure: list[str] = []
    if not app.identified:
        wrong.append("no managed identity")
    if authentication and app.auth is not None:
        try:
            entrance = app.auth.entrance(open_paths)
        except FactUnavailable as error:
            unsure.append(str(error))
        else:
            if entrance.open:
                wrong.append(entrance.why)
    if app.config is not None and app.config.properties.remote_debugging_enabled:
        wrong.append("remote debugging is on")
    if wrong:
        return failed("; ".join(wrong))
    if app.config is None or (authentication and app.auth is None):
        return _NO_CONFIG
    if app.config.properties.remote_debugging_enabled is None:
        unsure.append("Azure does not say whether remote debugging is on")
    if unsure:
        return inconclusive("; ".join(unsure))
    asked = (
        "who is not signed in is refused" if authentication else "authentication is not asked about"
    )
    return passed(f"{asked}; a managed identity; no remote debugging")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:app_function_not_publicly_accessible",
        "powerpipe:appservice_function_app_restrict_public_acces",
    ],
)
def azure_function_not_public(app: Site, *, open_paths: tuple[str, ...] = ()) -> Verdict:
    """Function apps are not open to the internet or to all of Azure, or refuse who is not signed in.

    Restrictions are judged in their order, with what happens to whom none of them names. ``open_paths`` are
    paths, or patterns, that may be open without signing in. Of an app in an App Service Environment, whose
    load balancer may stand inside a network, only what closes it by itself is judged. Who has an account with
    a configured provider counts as signed in. Deployment slots are not judged, nor is the site for deployments
    (SCM), which has restrictions of its own.

    Why: a function that anybody may call is an entrance to whatever its identity may do.
    Fix: az functionapp update --name APP --resource-group GROUP --set publicNetworkAccess=Disabled, or az
        functionapp config access-restriction add; or az webapp auth update --enabled true --action Return401.
    """
    if not app.app_kind:
        return inconclusive("Azure does not say what sort of app it is")
    if not app.function:
        return not_applicable("not a function app")
    if not app.public:
        return passed("public network access is off")
    if app.config is None or app.auth is None:
        return _NO_CONFIG
    doubt = _inside(app)
    who = ""
    try:
        entrance = app.auth.entrance(open_paths)
    except FactUnavailable as error:
        doubt = str(error)
    else:
        if not entrance.open:
            return passed("App Service refuses who is not signed in")
        who = entrance.why
    settings = app.config.properties
    if shared := settings.shared:
        found = f"open to all of Azure, of whatever customer: {listed(shared)}"
    else:
        answer = settings.sources.is_open()
        if answer is False:
            return passed("chosen networks only")
        if answer is None:
            unknown = listed(settings.sources.unknown)
            return inconclusive(f"which addresses these are cannot be told: {unknown}")
        found = "open to the internet"
    return inconclusive(f"{found}; {doubt}") if doubt else failed(f"{found}, and {who}")


def _inside(app: Site) -> str:
    """Why an app that lets everybody in may be reached from inside of a network alone; empty where not."""
    if app.properties.hosting_environment_profile is None:
        return ""
    return "its App Service Environment may have an internal load balancer only, which is not collected"


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:app_http_logs_enabled",
        "powerpipe:appservice_web_app_http_logs_enabled",
    ],
)
def azure_app_logging(app: Site) -> Verdict:
    """Apps log the requests that they answer, to their file system or by a diagnostic setting.

    To their file system on Windows alone: on Linux the same setting keeps what a container prints.
    Of function apps, which write no log of requests of their own on every plan, a log of what they executed
    counts as well; where a diagnostic setting sends neither, Application Insights, which is not collected, may.
    Deployment slots, which have settings of their own, are not judged.

    Why: without them nobody can tell what an attacker asked for, and what he got.
    Fix: az monitor diagnostic-settings create --resource APP-ID --name requests --workspace WORKSPACE-ID
        --logs '[{"category": "AppServiceHTTPLogs", "enabled": true}]'; or az webapp log config
        --web-server-logging filesystem.
    """
    written = app.config is not None and app.config.properties.http_logging_enabled
    if written and app.linux is False:
        return passed("requests are logged to the file system")
    sent = recorded(app.diagnostics)
    if sent & (_REQUESTS - _EXECUTIONS if app.function else _REQUESTS):
        return passed("requests are logged by a diagnostic setting")
    if app.function:
        if sent & _EXECUTIONS:
            return passed("what the functions execute is logged by a diagnostic setting")
        return inconclusive(
            "a function app without a diagnostic setting for its logs: Application Insights, which is not "
            "collected, may have them"
        )
    if app.config is None:
        return _NO_CONFIG
    if written and app.linux is None:
        return inconclusive(
            "logged to the file system: of requests on Windows, of what a container prints on Linux, and Azure "
            "does not say on which of them the app runs"
        )
    why = ": on Linux the file system gets what a container prints alone" if written else ""
    return failed(f"requests are not logged{why}")


_REQUESTS = frozenset({"appservicehttplogs", "alllogs"})
_EXECUTIONS = frozenset({"functionapplogs", "alllogs"})
"""``allLogs`` is what there is: of a function app that need not be its requests."""
