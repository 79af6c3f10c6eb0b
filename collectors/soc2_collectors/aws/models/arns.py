"""What an ARN says of where a thing is: ``arn:partition:service:region:account:resource``."""

from __future__ import annotations

from typing import NamedTuple

_PARTS = 6


class Arn(NamedTuple):
    """An ARN in its parts; all empty where a text is none."""

    partition: str = ""
    service: str = ""
    region: str = ""
    account: str = ""
    resource: str = ""
    """What follows the account, colons included: ``log-group:audit:*``."""

    @property
    def place(self) -> tuple[str, str]:
        """Account and Region."""
        return self.account, self.region


def parsed(text: str | None) -> Arn:
    """The parts of an ARN."""
    parts = (text or "").split(":", _PARTS - 1)
    return Arn(*parts[1:]) if len(parts) == _PARTS and parts[0] == "arn" else Arn()
