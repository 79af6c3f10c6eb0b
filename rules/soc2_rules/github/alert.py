"""Whether what the scanners found is mended in time."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.github.models.alert import CodeAlert, DependabotAlert, SecretAlert
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC7.4", "CC7.3", "CC6.1"],
    severity=Severity.CRITICAL,
    empty=not_applicable("no secret alert is open"),
)
def github_secret_alerts_sla(alert: SecretAlert, now: datetime, *, max_days: int = 3) -> Verdict:
    """Leaked secrets are revoked in time.

    Why: a secret in a repository is known to everyone who can read it until it is revoked.
    Fix: revoke the secret at its issuer, replace it where it is used, then close the alert as
        revoked.
    """
    return _in_time(f"{alert.secret_type_display_name or 'a secret'}", alert, now, max_days)


@rule(
    criteria=["CC7.1", "CC7.3"],
    severity=Severity.HIGH,
    empty=not_applicable("no code alert is open"),
)
def github_code_alerts_sla(
    alert: CodeAlert, now: datetime, *, critical_days: int = 7, high_days: int = 30
) -> Verdict:
    """Critical and high findings in the code are mended in time.

    Why: a finding that stays open longer than agreed was reported and not handled.
    Fix: mend the code, or dismiss the alert with the reason why it does not apply.
    """
    days = {"critical": critical_days, "high": high_days}.get(alert.rule.level)
    if days is None:
        return not_applicable(f"its severity is {alert.rule.level}")
    return _in_time(f"{alert.rule.level}: {alert.rule.id or alert.tool.name}", alert, now, days)


@rule(
    criteria=["CC7.1", "CC7.3"],
    severity=Severity.HIGH,
    known_as=["scorecard:Vulnerabilities"],
    empty=not_applicable("no dependency alert is open"),
)
def github_dependabot_alerts_sla(
    alert: DependabotAlert, now: datetime, *, critical_days: int = 7, high_days: int = 30
) -> Verdict:
    """Critical and high flaws in dependencies are mended in time.

    Why: the flaw is public, and so is the way to use it.
    Fix: merge the update that Dependabot proposes, or dismiss the alert with the reason why it does
        not
        apply.
    """
    flaw = alert.security_vulnerability
    days = {"critical": critical_days, "high": high_days}.get(flaw.severity)
    if days is None:
        return not_applicable(f"its severity is {flaw.severity}")
    what = f"{flaw.severity}: {alert.security_advisory.ghsa_id} in {flaw.package.name}"
    return _in_time(what, alert, now, days)


def _in_time(
    what: str, alert: SecretAlert | CodeAlert | DependabotAlert, now: datetime, days: int
) -> Verdict:
    if alert.state != "open":
        return passed(f"{what}: {alert.state}")
    due = alert.created_at + timedelta(days=days)
    opened = f"open since {alert.created_at:%Y-%m-%d}"
    said = f"{what} in {alert.repository.full_name}, {opened}, due {due:%Y-%m-%d}"
    return passed(said, until=due) if now < due else failed(said)
