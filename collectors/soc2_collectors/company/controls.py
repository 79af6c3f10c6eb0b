"""Controls in force, with the evidence that they expect of people and have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.company.events import handed, said_by
from soc2_collectors.company.models.control import Control
from soc2_pac.acts.attestations import handed_in
from soc2_pac.acts.controls import in_force
from soc2_pac.model import Document, utc_time
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.company.client import Company


@collects(
    Control, calls=["READ controls", "READ attestations"], per="organization", cost="0: the store"
)
def controls(company: Company) -> Iterator[Document]:
    """Controls by id."""
    found = handed_in(company.acts("READ attestations")).values()
    for control_id, (act, control) in in_force(company.acts("READ controls")).items():
        body = {
            "id": control_id,
            "wording": control.wording,
            "owner": control.owner,
            "frequency": control.frequency,
            "grace_days": control.grace_days,
            "criteria": list(control.criteria),
            "rules": list(control.rules),
            "populations": list(control.populations),
            "expected": [
                {
                    "topic": topic,
                    "handed_in": [
                        handed(one)
                        for one in found
                        if one.said.control == control_id and one.said.topic == topic
                    ],
                }
                for topic in control.attestations
            ],
            "set_at": act.recorded_at,
            "set_by": said_by(act),
        }
        yield Document(control_id, control_id, body, utc_time(act.recorded_at))
