"""Cognito: how customers sign in."""

from __future__ import annotations

from soc2_collectors.aws.models.cognito import UserPool
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cognito_user_pool_mfa_enabled",
        "prowler:cognito_user_pool_password_policy_minimum_length_14",
        "prowler:cognito_user_pool_advanced_security_enabled",
        "prowler:cognito_user_pool_password_policy_lowercase",
        "prowler:cognito_user_pool_password_policy_number",
        "prowler:cognito_user_pool_password_policy_symbol",
        "prowler:cognito_user_pool_password_policy_uppercase",
    ],
)
def aws_customer_pool_mfa(
    pool: UserPool,
    *,
    mfa: tuple[str, ...] = ("ON", "OPTIONAL"),
    min_length: int = 14,
    threat_protection: bool = True,
) -> Verdict:
    """Customers may sign in with MFA and a strong password, and stolen ones are noticed.

    Why: passwords of customers are stolen elsewhere and tried here.
    Fix: aws cognito-idp set-user-pool-mfa-config --user-pool-id POOL --mfa-configuration OPTIONAL; aws
        cognito-idp update-user-pool --user-pool-id POOL --policies 'PasswordPolicy={MinimumLength=14,...}'
        --user-pool-add-ons AdvancedSecurityMode=ENFORCED.
    """
    details = pool.details
    found = []
    if details.mfa_configuration not in mfa:
        found.append(f"MFA is {details.mfa_configuration}")
    password = details.policies.password_policy
    if password is None:
        return (
            failed("; ".join(found))
            if found
            else inconclusive("AWS does not say the password policy")
        )
    if password.minimum_length < min_length:
        found.append(f"passwords of {password.minimum_length} characters, under {min_length}")
    lacking = [
        sort
        for sort, required in (
            ("capitals", password.require_uppercase),
            ("small letters", password.require_lowercase),
            ("digits", password.require_numbers),
            ("symbols", password.require_symbols),
        )
        if not required
    ]
    if lacking:
        found.append(f"passwords without {', '.join(lacking)}")
    mode = details.user_pool_add_ons.advanced_security_mode
    if threat_protection and mode not in ("AUDIT", "ENFORCED"):
        found.append(f"threat protection is {mode}")
    if found:
        return failed("; ".join(found))
    return passed(f"MFA is {details.mfa_configuration}, with a strong password policy")
