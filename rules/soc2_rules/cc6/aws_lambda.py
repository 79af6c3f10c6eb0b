"""Lambda: what functions carry, and who may invoke them."""

from __future__ import annotations

from fnmatch import fnmatchcase

from soc2_collectors.aws.models.lambda_ import Function
from soc2_collectors.aws.models.redacted import credentials_among, recognised
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:awslambda_function_no_secrets_in_variables",
        "powerpipe:lambda_function_variables_no_sensitive_data",
    ],
)
def aws_lambda_no_secrets(
    function: Function,
    *,
    names: tuple[str, ...] = (
        "AWS_SECRET_ACCESS_KEY",
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
    """Environment variables of functions hold no credentials.

    Why: everyone who may list functions can read them, and so can every library that the function loads.
    Fix: keep the secret in Secrets Manager or Parameter Store and let the function's role read it. A variable
        that only sounds like a credential goes into allowed_names.
    """
    if function.environment.error is not None:
        return inconclusive("AWS did not tell its variables: their key was denied")
    variables = function.environment.variables
    if not variables:
        return passed("no environment variables")
    found, unread = credentials_among(variables)
    told = [f"{name} looks like {labels}" for name, labels in found.items()]
    told += [
        f"{name} is called like a credential"
        for name, value in sorted(variables.items())
        if name not in found
        and name not in allowed_names
        and recognised(value).there
        and any(fnmatchcase(name.upper(), pattern.upper()) for pattern in names)
    ]
    if told:
        return failed("; ".join(told))
    if unread:
        return inconclusive(f"not redacted, so not looked at: {', '.join(unread)}")
    return passed(f"{len(variables)} variables, none of which looks like a credential")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:awslambda_function_not_publicly_accessible",
        "prowler:awslambda_function_url_public",
        "powerpipe:lambda_function_restrict_public_access",
    ],
)
def aws_lambda_not_public(function: Function, *, public_functions: tuple[str, ...] = ()) -> Verdict:
    """Nobody may invoke functions without signing in.

    Why: whoever knows the address runs the code, with the rights of the function's role.
    Fix: aws lambda update-function-url-config --auth-type AWS_IAM; aws lambda remove-permission for the
        statement that allows everyone. A public service by intent goes into public_functions.
    """
    found = []
    if any(statement.public for statement in function.statements):
        found.append("its policy lets everyone invoke it")
    if any(url.auth_type != "AWS_IAM" for url in function.urls):
        found.append("its URL asks nobody to sign in")
    if not found:
        return passed("not public")
    if function.name in public_functions:
        return passed(f"public by intent: {'; '.join(found)}")
    return failed("; ".join(found))


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:awslambda_function_inside_vpc",
        "powerpipe:lambda_function_in_vpc",
    ],
)
def aws_lambda_in_vpc(function: Function, *, private: tuple[str, ...] = ("*",)) -> Verdict:
    """Functions that touch private data run inside a VPC.

    ``private`` holds patterns for the names of functions that do.

    Why: outside of one a function reaches the whole internet, and no flow log records whom it talked to.
    Fix: aws lambda update-function-configuration --vpc-config with private subnets; name in private only the
        functions that touch private data.
    """
    if not any(fnmatchcase(function.name, pattern) for pattern in private):
        return not_applicable("not among the functions that touch private data")
    if function.vpc_config.vpc_id:
        return passed(f"in {function.vpc_config.vpc_id}")
    return failed("in no VPC")
