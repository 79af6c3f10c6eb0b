"""Evidence that people handed in, by topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.company.events import handed
from soc2_collectors.company.models.attestation import Attestation
from soc2_pac.acts.attestations import TOPICS, handed_in
from soc2_pac.acts.controls import in_force
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.company.client import Company


@collects(
    Attestation,
    calls=["READ controls", "READ attestations"],
    per="organization",
    cost="0: the store",
)
def attestations(company: Company) -> Iterator[Document]:
    """Each topic that rules know or a control names, and each on which something was handed in."""
    controls = in_force(company.acts("READ controls"))
    found = handed_in(company.acts("READ attestations")).values()
    named = {topic for _, control in controls.values() for topic in control.attestations}
    own = {t: shows for _, control in controls.values() for t, shows in control.topics.items()}
    for topic in sorted({*TOPICS, *named, *(one.said.topic for one in found)}):
        body = {
            "topic": topic,
            "shows": TOPICS.get(topic) or own.get(topic),
            "controls": [
                control_id
                for control_id, (_, control) in controls.items()
                if topic in control.attestations
            ],
            "handed_in": [handed(one) for one in found if one.said.topic == topic],
        }
        yield Document(topic, topic, body)
