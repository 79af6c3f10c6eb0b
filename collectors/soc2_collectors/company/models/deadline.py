"""By when failures are due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Open failures that are due on one day. Waived ones are not among them; those that nobody can see now are."""

    first: datetime
    """The instant at which the first of them is due."""
    count: int


class Deadline(Resource, frozen=True, kw_only=True):
    """Failures of one severity that are open, by the day on which they are due (``[sla]``)."""

    kind = "company.deadline"
    may_lack: ClassVar[Mapping[str, str]] = {"severity": "only named in the message"}
    any_value: ClassVar[Mapping[str, str]] = may_lack

    severity: str
    evaluated: bool
    """Whether anything had been evaluated when this was collected: before that, nothing is known to fail."""
    due: list[Due]
