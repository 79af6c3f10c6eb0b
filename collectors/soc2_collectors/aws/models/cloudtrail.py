"""Views of CloudTrail: trails with their state and what they record."""

from __future__ import annotations

from typing import Any

import msgspec

from soc2_pac.resources import Resource, fact


class TrailStatus(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetTrailStatus``."""

    is_logging: bool
    latest_delivery_error: str | None = None


class EventSelector(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A basic selector."""

    read_write_type: str = "All"
    include_management_events: bool = True


class Selectors(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetEventSelectors``."""

    event_selectors: list[EventSelector] = []
    advanced_event_selectors: list[dict[str, Any]] = []

    @property
    def all_management_events(self) -> bool:
        """Reads and writes of management events are recorded."""
        if any(
            s.include_management_events and s.read_write_type == "All" for s in self.event_selectors
        ):
            return True
        return any(
            _all_management(s.get("FieldSelectors") or []) for s in self.advanced_event_selectors
        )


def _all_management(fields: list[dict[str, Any]]) -> bool:
    """Only the category is named, and it is Management: nothing narrows it."""
    return [(f.get("Field"), f.get("Equals")) for f in fields] == [
        ("eventCategory", ["Management"])
    ]


class Trail(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A trail, seen from its home region."""

    kind = "aws.cloudtrail.trail"
    volatile = (
        "GetTrailStatus.LatestDeliveryTime",
        "GetTrailStatus.LatestNotificationTime",
        "GetTrailStatus.LatestDigestDeliveryTime",
        "GetTrailStatus.LatestCloudWatchLogsDeliveryTime",
        "GetTrailStatus.LatestDeliveryAttemptTime",
        "GetTrailStatus.LatestNotificationAttemptTime",
        "GetTrailStatus.LatestNotificationAttemptSucceeded",
        "GetTrailStatus.LatestDeliveryAttemptSucceeded",
    )
    name: str
    arn: str = msgspec.field(name="TrailARN")
    is_multi_region_trail: bool = False
    include_global_service_events: bool = False
    log_file_validation_enabled: bool = False
    s3_bucket_name: str = ""
    kms_key_id: str | None = None
    cloud_watch_logs_log_group_arn: str | None = None
    status: TrailStatus = fact("GetTrailStatus")
    selectors: Selectors = fact("GetEventSelectors")
