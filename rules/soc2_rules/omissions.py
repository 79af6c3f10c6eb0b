"""Questions that a machine cannot answer honestly, and why: the docs have them as a page.

An auditor may ask them all the same; the evidence then comes from people.
"""

from __future__ import annotations

from typing import NamedTuple


class Omission(NamedTuple):
    """A question without a rule."""

    question: str
    criteria: tuple[str, ...]
    reason: str


OMITTED: dict[str, Omission] = {
    "github-backup-exists": Omission(
        "Repository mirror or backup succeeded inside N days",
        ("CC7.5",),
        "GitHub knows of no backup that was made elsewhere: an export by its migrations API says that an "
        "archive was asked for, not that it was fetched, kept or can be restored. The backup's own log, and "
        "the protocol of a restore, are the evidence.",
    ),
    "okta-user-notifications": Omission(
        "People are told by mail of new sign-ins, changed factors and changed passwords, and can report them",
        ("CC7.2", "CC7.3"),
        "Okta's API has no call that reads the settings under Security, General: mails to people and "
        "suspicious activity reporting; a screenshot or a test mail shows them",
    ),
}
"""By the id that the rule would have."""

PARTS: dict[str, str] = {
    "powerpipe:project_no_api_key": (
        "it fails every project that has a key; our rule asks whether the keys that there are have "
        "restrictions"
    ),
    "powerpipe:cloudtrail_trail_bucket_mfa_enabled": (
        "MFA delete asks for the root user's device, and only the root user can switch it on; aws-trail-"
        "bucket-protected asks for versions, which keep what is deleted"
    ),
    "powerpipe:securitycenter_automatic_provisioning_monitoring_agent_on": (
        "the Log Analytics agent ended in August 2024, and with it the setting that installs it: "
        "machines are assessed without it, which azure-vm-endpoint-protection, azure-vm-patch and azure-"
        "vm-va judge"
    ),
    "powerpipe:appservice_web_app_diagnostic_logs_enabled": (
        "detailed error pages and traces of failed requests are means of debugging that may hold "
        "personal data; the log of requests is what azure-app-logging asks for"
    ),
    "powerpipe:waf_web_acl_logging_enabled": (
        "AWS WAF Classic ended on 2025-09-30: no web ACL of it is left, and its calls no longer answer; "
        "those of WAF are judged by aws-waf-logging and aws-waf-global-logging"
    ),
}
"""A check of Powerpipe -> why the rule that answers its question leaves this part out. Those of Prowler stand in
``prowler``."""
