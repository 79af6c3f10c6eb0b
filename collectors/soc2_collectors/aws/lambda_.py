"""Lambda: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.lambda_ import Function, Qualified
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_NO_POLICY = ["ResourceNotFoundException~the resource you requested does not exist"]
"""What AWS says of a function without a policy; a function that is gone is called by its ARN."""
_OF_VERSION = ("Version", "Environment", "Runtime", "PackageType")
"""What matters of a published version: what it carries, and what it runs on."""
_PAGE = {"PageSize": 50}
"""As many functions as AWS puts on a page, whatever it is asked for."""


@collects(
    Function,
    calls=[
        "lambda:ListFunctions",
        "lambda:GetPolicy",
        "lambda:ListFunctionUrlConfigs",
        "lambda:ListFunctionEventInvokeConfigs",
        "lambda:GetFunctionConcurrency",
    ],
    per="region",
    cost="pages of 50 + 4 N",
)
def functions(aws: Aws) -> Iterator[Document]:
    """Functions, by their unpublished versions."""
    for item in aws.items("lambda", "list_functions", "Functions", PaginationConfig=_PAGE):
        name = item["FunctionName"]
        yield Document(
            item["FunctionArn"],
            name,
            {
                **item,
                "GetPolicy": aws.fact(
                    "lambda", "get_policy", key="Policy", absent=_NO_POLICY, FunctionName=name
                ),
                "ListFunctionUrlConfigs": _all(
                    aws, "list_function_url_configs", "FunctionUrlConfigs", name
                ),
                "ListFunctionEventInvokeConfigs": _all(
                    aws, "list_function_event_invoke_configs", "FunctionEventInvokeConfigs", name
                ),
                "GetFunctionConcurrency": aws.fact(
                    "lambda", "get_function_concurrency", FunctionName=name
                ),
            },
        )


def _all(aws: Aws, operation: str, key: str, name: str) -> Fact:
    asked = aws.fact("lambda", operation, FunctionName=name)

    def call() -> list[Any]:
        return list(aws.items("lambda", operation, key, FunctionName=name))

    return Fact(asked.operation, call)


@collects(
    Qualified,
    calls=[
        "lambda:ListFunctions",
        "lambda:ListAliases",
        "lambda:ListVersionsByFunction",
        "lambda:GetPolicy",
    ],
    per="region",
    cost="pages of 50 + 2 N + 1 per alias and published version",
)
def qualified_functions(aws: Aws) -> Iterator[Document]:
    """Aliases and published versions: what they are about, and their resource policies.

    They are a kind of their own: a function may have hundreds of versions, and AWS answers 15 such calls a second.
    """
    for function in aws.items("lambda", "list_functions", "Functions", PaginationConfig=_PAGE):
        asked = {"FunctionName": function["FunctionName"], "PaginationConfig": _PAGE}
        for alias in aws.children("lambda", "list_aliases", "Aliases", **asked):
            yield _qualified(aws, function, alias["Name"], alias)
        for version in aws.children("lambda", "list_versions_by_function", "Versions", **asked):
            number = version["Version"]
            if number != "$LATEST":  # which is the function itself
                kept = {key: version[key] for key in _OF_VERSION if key in version}
                yield _qualified(aws, function, number, kept)


def _qualified(
    aws: Aws, function: dict[str, Any], qualifier: str, body: dict[str, Any]
) -> Document:
    name = function["FunctionName"]
    policy = aws.fact(
        "lambda",
        "get_policy",
        key="Policy",
        absent=_NO_POLICY,
        FunctionName=name,
        Qualifier=qualifier,
    )
    body = {**body, "FunctionName": name, "Qualifier": qualifier, "GetPolicy": policy}
    return Document(f"{function['FunctionArn']}:{qualifier}", f"{name}:{qualifier}", body)
