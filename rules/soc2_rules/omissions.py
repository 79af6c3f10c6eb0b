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
PARTS: dict[str, str] = {
    "prowler:cloudfunction_function_inside_vpc": (
        "a connector to a VPC is the way by which a function calls others; who calls the function is decided "
        "by its policy and its ingress, which gcp-serverless-not-public judges"
    ),
    "prowler:idp_smart_card_dod_approved_ca": (
        "which authorities a government approves is its list and changes with it; that smart cards are on "
        "is what okta-webauthn-available can ask, and who issues them stands in the identity providers"
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
