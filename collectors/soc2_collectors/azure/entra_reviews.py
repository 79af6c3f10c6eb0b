"""Collects reviews of access with their rounds, and who decided the last one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.entra_reviews import AccessReview
from soc2_pac import clock
from soc2_pac.model import Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_REVIEWS = "/identityGovernance/accessReviews/definitions"
_ROUNDS = f"{_REVIEWS}/{{definitionId}}/instances"
_DECISIONS = f"{_ROUNDS}/{{instanceId}}/decisions"
_DECISION = "id,decision,reviewedBy,reviewedDateTime,principal,applyResult"


@collects(
    AccessReview,
    calls=[f"GRAPH GET {_REVIEWS}", f"GRAPH GET {_ROUNDS}", f"GRAPH GET {_DECISIONS}"],
    per="tenant",
    cost="pages + N + 1 for each resource of the last round of each",
)
def access_reviews(azure: Azure) -> Iterator[Document]:
    """Reviews of access with their rounds; Entra ID P2."""
    now = clock.now()

    def further(number: str) -> dict[str, object]:
        rounds = azure.graph_list_fact(_ROUNDS, top=None, definitionId=number)

        def instances() -> Any:  # noqa: ANN401 - a listing
            return azure.once(("rounds", number), rounds.call)

        def decisions() -> dict[str, object]:
            return {
                one: azure.graph_list_fact(
                    _DECISIONS, top=None, definitionId=number, instanceId=one, select=_DECISION
                ).call()
                for one in _last(instances(), now)
            }

        return {
            "instances": Fact(rounds.operation, instances),
            "decisions": Fact(f"GRAPH GET {_DECISIONS}", decisions),
        }

    for record in azure.graph_items(_REVIEWS, top=None):
        yield document(record, name="displayName", body=further)


def _last(instances: Sequence[dict[str, Any]], now: datetime) -> list[str]:
    """Ids of the rounds that ended and that began last: of one review, one for each resource."""
    ended: dict[str, str] = {}
    for one in instances:
        end = _moment(one.get("endDateTime"))
        if isinstance(one.get("id"), str) and end is not None and end <= now:
            ended[one["id"]] = str(one.get("startDateTime"))[:10]
    last = max(ended.values(), default="")
    return sorted(number for number, began in ended.items() if began == last)


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None
