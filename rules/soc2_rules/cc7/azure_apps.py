"""App Service: seeing who called."""

from __future__ import annotations

from soc2_collectors.azure.models.web import Site
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule


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
