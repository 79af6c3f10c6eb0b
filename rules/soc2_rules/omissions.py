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

_ENCLAVE = (
    "what an enclave really proved stands only in CloudTrail's events of Decrypt calls, too many to read at "
    "two requests a second; the measurements that the key's policy asks for are judged"
)
_CLASSIC = (
    "AWS WAF Classic ended on 2025-09-30: no web ACL of it is left, and its calls no longer answer; those of "
    "WAF are judged by aws-waf-logging and aws-waf-global-logging"
)
_AGENT = (
    "the Log Analytics agent ended in August 2024, and with it the setting that installs it: machines are "
    "assessed without it, which azure-vm-endpoint-protection, azure-vm-patch and azure-vm-va judge"
)
_FUNCTION_SETTINGS = (
    "keys and settings of a function app are given out only by calls that give the secrets themselves "
    "(listKeys, appsettings/list), which a role that reads may not make; who reaches it is judged"
)
_MFA_DELETE = (
    "MFA delete asks for the root user's device, and only the root user can switch it on; "
    "aws-trail-bucket-protected asks for versions, which keep what is deleted"
)
PARTS: dict[str, str] = {
    "prowler:cloudtrail_bucket_requires_mfa_delete": _MFA_DELETE,
    "prowler:rds_instance_deprecated_engine_version": (
        "it holds engines against a list of versions that are deprecated; our rule asks for automatic minor updates"
    ),
    "prowler:apikeys_key_exists": (
        "it fails every project that has a key; our rule asks whether the keys that there are have restrictions"
    ),
    "powerpipe:project_no_api_key": (
        "it fails every project that has a key; our rule asks whether the keys that there are have restrictions"
    ),
    "powerpipe:cloudtrail_trail_bucket_mfa_enabled": _MFA_DELETE,
    "prowler:cloudfunction_function_inside_vpc": (
        "a connector to a VPC is the way by which a function calls others; who calls the function is decided "
        "by its policy and its ingress, which gcp-serverless-not-public judges"
    ),
    "prowler:iam_custom_role_has_permissions_to_administer_resource_locks": (
        "that locks are administered by a role of their own is how one company divides its work; who can "
        "take locks away shows in the assignments of Owner and User Access Administrator, which are judged"
    ),
    "prowler:defender_ensure_defender_for_dns_is_on": (
        "Defender for DNS is not sold any more: since August 2023 it is a part of Defender for Servers, "
        "whose plan azure-defender-servers-core asks for"
    ),
    "prowler:defender_ensure_iot_hub_defender_is_on": (
        "only a company with IoT Hubs has anything to protect by it, and it is set hub by hub; "
        "azure-defender-integrations judges what holds for a subscription"
    ),
    "prowler:defender_auto_provisioning_log_analytics_agent_vms_on": _AGENT,
    "powerpipe:securitycenter_automatic_provisioning_monitoring_agent_on": _AGENT,
    "powerpipe:appservice_web_app_diagnostic_logs_enabled": (
        "detailed error pages and traces of failed requests are means of debugging that may hold personal "
        "data; the log of requests is what azure-app-logging asks for"
    ),
    "prowler:app_function_access_keys_configured": _FUNCTION_SETTINGS,
    "prowler:app_function_latest_runtime_version": _FUNCTION_SETTINGS,
    "prowler:keyvault_key_rotation_enabled": (
        "the listing of keys leaves their rotation policy out, and each would take a call of its own; "
        "that keys end, so that they must be replaced, is what azure-kv-expiry asks for"
    ),
    "prowler:network_public_ip_shodan": (
        "what a search engine of a third party says is its knowledge, at its time; what Azure itself lets "
        "through to an address is judged by azure-public-ip-exposure"
    ),
    "prowler:idp_smart_card_dod_approved_ca": (
        "which authorities a government approves is its list and changes with it; that smart cards are on "
        "is what okta-webauthn-available can ask, and who issues them stands in the identity providers"
    ),
    "prowler:signon_global_session_idle_timeout_15min": (
        "okta-session-idle admits Okta's own two hours unless max_minutes says 15, the limit of a "
        "government's guide"
    ),
    "prowler:authenticator_password_minimum_length_15": (
        "okta-password-length expects 12 characters unless min_length says 15, as a government's guide does"
    ),
    "prowler:authenticator_password_lockout_threshold_3": (
        "okta-lockout admits Okta's own ten attempts unless max_attempts says 3, as a government's guide does"
    ),
    "prowler:authenticator_password_maximum_age_60d": (
        "NIST advises against passwords that expire: okta-password-history-age asks for it where "
        "max_age_days says 60"
    ),
    "prowler:authenticator_okta_verify_fips_compliant": (
        "only some contracts ask for validated cryptography: okta-okta-verify-hardening does so by fips"
    ),
    "prowler:authenticator_smart_card_active": (
        "smart cards are one of several ways that no false site can relay: okta-webauthn-available asks for "
        "them alone where accepted says cert"
    ),
    "prowler:user_inactivity_automation_35d_enabled": (
        "Okta's API does not show its automations; okta-inactive-users judges what they leave behind, by "
        "default after 90 days"
    ),
    "powerpipe:waf_web_acl_logging_enabled": _CLASSIC,
    "prowler:cloudtrail_bedrock_logging_enabled": (
        "data events of Bedrock are a choice that depends on what models are used for; the prompts "
        "themselves are in its invocation logs. Objects of S3 are what aws-trail-data-events asks for"
    ),
    "prowler:waf_global_webacl_logging_enabled": _CLASSIC,
    "prowler:kms_key_enclave_attestation_pcr_mismatch": _ENCLAVE,
    "prowler:kms_key_enclave_attestation_unknown_image": _ENCLAVE,
    "prowler:kms_key_enclave_debug_attestation_detected": _ENCLAVE,
}
"""A peer's check -> why the rule that answers its question leaves this part out."""
