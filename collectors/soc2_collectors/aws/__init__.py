"""The AWS provider. Importing it loads no SDK."""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from soc2_collectors.aws.objects import S3
from soc2_collectors.aws.settings import AwsSettings
from soc2_pac.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_pac.hookspecs import Connection


@dataclass(frozen=True, slots=True)
class AwsProvider:
    """:class:`soc2_pac.hookspecs.Provider` for AWS."""

    name: str = "aws"
    settings: type[AwsSettings] = AwsSettings
    modules: tuple[str, ...] = tuple(
        # Every module of this package: a collector is found where it stands.
        f"{__name__}.{module.name}"
        for module in iter_modules(__path__)
        if not module.ispkg
    )

    def connect(self, settings: AwsSettings) -> Connection:
        """A connection; loads botocore."""
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


@hookimpl
def soc2_object_stores() -> list[S3]:
    """S3."""
    return [S3()]
