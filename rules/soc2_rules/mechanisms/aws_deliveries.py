"""Logs that services of AWS send by deliveries of CloudWatch, beside the settings of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_rules.mechanisms.known import asked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_collectors.aws.models.logs import DeliverySource


def delivered(
    sources: Iterable[DeliverySource], resource: str, *types: str
) -> list[DeliverySource]:
    """The sources that send logs of one of these types about a resource somewhere.

    Args:
        sources: those of the account, or of the Region.
        resource: its ARN, or what is known of its end: ``:s3:::data``.
        types: as CloudWatch calls the logs: ``ALB_ACCESS_LOGS``. Source: CloudWatch Logs API, PutDeliverySource.

    Raises:
        FactUnavailable: none is known to send, and of one nobody could ask where to.
    """
    known, unread = asked(
        (source for source in sources if source.is_of(resource, *types)),
        lambda source: source.deliveries,
    )
    found = [source for source, deliveries in known if deliveries]
    if not found and unread is not None:
        raise unread
    return found
