"""The AWS provider. Importing it loads no SDK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from soc2_collectors.aws.settings import AwsSettings
from soc2_pac.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_pac.hookspecs import Connection

_MODULES = (
    "cloudtrail",
    "config",
    "ec2",
    "guardduty",
    "iam",
    "kms",
    "rds",
    "s3",
    "vpc",
)


@dataclass(frozen=True, slots=True)
class AwsProvider:
    """:class:`soc2_pac.hookspecs.Provider` for AWS."""

    name: str = "aws"
    settings: type[AwsSettings] = AwsSettings
    modules: tuple[str, ...] = tuple(f"soc2_collectors.aws.{module}" for module in _MODULES)

    def connect(self, settings: AwsSettings) -> Connection:
        """A connection; loads boto3."""
        from soc2_collectors.aws.client import AwsConnection  # noqa: PLC0415

        return AwsConnection(settings)

    def permissions(self, calls: Sequence[str], form: str) -> str:
        """The IAM policy for declared calls."""
        from soc2_collectors.aws.permissions import policy  # noqa: PLC0415

        return policy(calls, form)


@hookimpl
def soc2_providers() -> list[AwsProvider]:
    """AWS."""
    return [AwsProvider()]
