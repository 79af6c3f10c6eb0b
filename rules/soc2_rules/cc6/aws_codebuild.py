"""CodeBuild: what stands in the environment of builds."""

from __future__ import annotations

from fnmatch import fnmatchcase

from soc2_collectors.aws.models.codebuild import Project
from soc2_collectors.aws.models.redacted import recognised
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule

_REFERENCES = ("PARAMETER_STORE", "SECRETS_MANAGER")
"""Types whose value names a secret and is none."""


@rule(
    criteria=["CC6.1", "CC7.2", "CC8.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:codebuild_project_no_secrets_in_variables",
        "powerpipe:codebuild_project_plaintext_env_variables_no_sensitive_aws_values",
    ],
)
def aws_codebuild_no_plaintext_secrets(
    project: Project,
    *,
    names: tuple[str, ...] = (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "*PASSWORD",
        "*PASSWD",
        "*SECRET",
        "*TOKEN",
        "*API_KEY",
        "*APIKEY",
        "*PRIVATE_KEY",
    ),
    allowed_names: tuple[str, ...] = (),
) -> Verdict:
    """Environment variables of builds hold no credentials in plain text.

    Why: whoever may look at a build project reads its variables, and every build prints them into its log.
    Fix: keep the value in Secrets Manager or Parameter Store and change the variable's type to
        SECRETS_MANAGER or PARAMETER_STORE (aws codebuild update-project --environment); then replace the
        credential, which was seen. A variable that only sounds like one goes into allowed_names.
    """
    found: list[str] = []
    unread: list[str] = []
    plain = [v for v in project.environment.environment_variables if v.type not in _REFERENCES]
    for variable in sorted(plain, key=lambda v: v.name):
        seen = recognised(variable.value)
        if not seen.readable:
            unread.append(variable.name)
        elif seen.labels:
            found.append(f"{variable.name} looks like {seen.labels}")
        elif seen.there and _named(variable.name, names) and variable.name not in allowed_names:
            found.append(f"{variable.name} is called like a credential")
    if found:
        return failed(f"in plain text: {', '.join(found)}")
    if unread:
        return inconclusive(f"not redacted, so not looked at: {', '.join(unread)}")
    return passed(f"{len(plain)} variables in plain text, none of which looks like a credential")


def _named(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name.upper(), pattern.upper()) for pattern in patterns)
