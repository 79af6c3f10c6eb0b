"""Whether what the scanners found is fixed in time."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.github.models.alert import CodeAlert, DependabotAlert, SecretAlert
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_CLOSED = frozenset({"resolved", "closed", "dismissed", "fixed", "auto_dismissed"})
_LESSER = frozenset({"medium", "moderate", "low", "warning", "note", "none"})
_STILL_THERE = frozenset({"fix_started", "no_bandwidth"})
"""Reasons for which an alert of Dependabot was dismissed while the flaw is there, and known to be."""
_HARMLESS = frozenset(
    {"revoked", "false_positive", "used_in_tests", "pattern_deleted", "pattern_edited"}
)


@rule(
    criteria=["CC7.4", "CC7.3", "CC6.1"],
    severity=Severity.CRITICAL,
    empty=not_applicable("no secret alert is open"),
)
def github_secret_alerts_sla(alert: SecretAlert, now: datetime, *, max_days: int = 3) -> Verdict:
    """No alert of a leaked secret stays open longer than agreed, or was closed with the secret alive.

    Of closed alerts those are read that were closed as ``wont_fix``, and those whose secret its issuer still
    accepts, whatever the reason was: both fail. Where GitHub does not ask the issuer nobody knows whether the
    secret of a closed alert lives on. Generic patterns and passwords are not read: GitHub lists their alerts
    only to who asks for each by name.

    Why: a secret in a repository is known to everyone who can read it until it is revoked.
    Fix: revoke the secret at its issuer, replace it where it is used, then close the alert as
        revoked.
    """
    what = alert.secret_type_display_name or "a secret"
    if alert.state == "resolved" and alert.validity == "active":
        how = alert.resolution or "resolved"
        return failed(
            f"{what} in {alert.repository.full_name} was closed as {how}, and its issuer accepts it"
        )
    if alert.state == "resolved" and alert.resolution not in _HARMLESS:
        said = f"{what} in {alert.repository.full_name} was closed as {alert.resolution}"
        known = alert.resolution == "wont_fix"
        return failed(f"{said}: it was not revoked") if known else inconclusive(f"{said}: unknown")
    if alert.state == "resolved" and alert.validity not in (None, "inactive", "unknown"):
        return inconclusive(f"{what}: to its issuer the secret is {alert.validity}: unknown")
    return _in_time(what, alert, now, max_days)


@rule(
    criteria=["CC7.1", "CC7.3"],
    severity=Severity.HIGH,
    empty=not_applicable("no code alert is open"),
)
def github_code_alerts_sla(
    alert: CodeAlert, now: datetime, *, critical_days: int = 7, high_days: int = 30
) -> Verdict:
    """No critical or high finding in the code stays open longer than agreed.

    A finding to which the tool gives no security severity is high where the tool calls it an error.
    Findings that somebody dismissed are not read, whatever the reason was.

    Why: a finding that stays open longer than agreed was reported and not handled.
    Fix: correct the code, or dismiss the alert with the reason why it does not apply.
    """
    days = {"critical": critical_days, "high": high_days}.get(alert.rule.level)
    if days is None:
        return _below(alert.rule.level)
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
    """No critical or high flaw in a dependency stays open longer than agreed.

    One that was dismissed although the flaw is there (``fix_started``, ``no_bandwidth``) counts as open. What
    rules of Dependabot dismissed by themselves is not read.

    Why: the flaw is public, and so is the way to use it.
    Fix: merge the update that Dependabot proposes, or dismiss the alert with the reason why it does
        not
        apply.
    """
    flaw = alert.security_vulnerability
    days = {"critical": critical_days, "high": high_days}.get(flaw.severity)
    if days is None:
        return _below(flaw.severity)
    what = f"{flaw.severity}: {alert.security_advisory.ghsa_id} in {flaw.package.name}"
    if alert.state == "dismissed" and alert.dismissed_reason in _STILL_THERE:
        return _until_due(f"{what}, dismissed as {alert.dismissed_reason},", alert, now, days)
    return _in_time(what, alert, now, days)


def _below(severity: str) -> Verdict:
    said = f"its severity is {severity}"
    return not_applicable(said) if severity in _LESSER else inconclusive(f"{said}: unknown")


def _in_time(
    what: str, alert: SecretAlert | CodeAlert | DependabotAlert, now: datetime, days: int
) -> Verdict:
    if alert.state in _CLOSED:
        return passed(f"{what}: {alert.state}")
    if alert.state != "open":
        return inconclusive(f"{what}: the state is {alert.state}: unknown")
    return _until_due(what, alert, now, days)


def _until_due(
    what: str, alert: SecretAlert | CodeAlert | DependabotAlert, now: datetime, days: int
) -> Verdict:
    due = alert.created_at + timedelta(days=days)
    opened = f"open since {alert.created_at:%Y-%m-%d}"
    said = f"{what} in {alert.repository.full_name}, {opened}, due {due:%Y-%m-%d}"
    return passed(said, until=due) if now < due else failed(said)
