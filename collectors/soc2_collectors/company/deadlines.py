"""How long failures stay open, by severity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.company.models.deadline import Deadline
from soc2_pac.model import Document, Severity
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.company.client import Company


@collects(Deadline, calls=["READ failures"], per="organization", cost="0: the store")
def deadlines(company: Company) -> Iterator[Document]:
    """Each severity with its open failures by the day on which they are due, as the last evaluation left them."""
    found = company.failures("READ failures")
    for severity in Severity:
        body = {
            "severity": severity.value,
            "evaluated": found is not None,
            "due": [
                {"day": one.day, "first": one.first, "count": one.count, "oldest": one.oldest}
                for one in found or ()
                if one.severity == severity.value
            ],
        }
        yield Document(severity.value, f"failures of severity {severity.value}", body)
