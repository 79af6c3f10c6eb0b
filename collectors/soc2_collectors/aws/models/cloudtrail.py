"""Views of CloudTrail: trails with their state and what they record, and changes made in the console."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from soc2_collectors.aws.models.arns import parsed
from soc2_collectors.samples import Answer, Sample, compared, every, negated, some
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource, fact

_S3_OBJECTS = "AWS::S3::Object"


class TrailStatus(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetTrailStatus``. An error stays until a delivery succeeds."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("LatestDeliveryError", "LatestDigestDeliveryError", "LatestCloudWatchLogsDeliveryError"),
        "there is one only after a delivery failed; CloudTrail API reference, GetTrailStatus",
    )
    is_logging: bool
    latest_delivery_error: str | None = None
    """Of the last delivery to the bucket."""
    latest_digest_delivery_error: str | None = None
    """Of the last delivery of a digest file to the bucket."""
    latest_cloud_watch_logs_delivery_error: str | None = None


class DataResource(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Data events that a basic selector records: ``arn:aws:s3`` for the objects of every bucket."""

    type: str = ""
    values: list[str] = []


class EventSelector(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A basic selector."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "ReadWriteType": "All by default; CloudTrail API reference, EventSelector",
        "IncludeManagementEvents": "true by default; CloudTrail API reference, EventSelector",
        "ExcludeManagementEventSources": "none by default; CloudTrail API reference, EventSelector",
    }
    read_write_type: str = "All"
    include_management_events: bool = True
    exclude_management_event_sources: list[str] = []
    data_resources: list[DataResource] = []

    def records(self, event: Sample) -> Answer:
        """Whether it records a management event."""
        read_only = event.read(("readOnly",))
        side = (
            {True: "read", False: "write"}.get(read_only) if isinstance(read_only, bool) else None
        )
        sides = _SIDES.get(self.read_write_type, set())
        left_out = [
            compared(event.read(("eventSource",)), source, lambda text, one=source: text == one)  # type: ignore[misc]
            for source in self.exclude_management_event_sources
        ]
        return every(
            [
                self.include_management_events,
                len(sides) > 1 or (side in sides if side else None),
                negated(some(left_out)),
            ]
        )


class FieldSelector(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A condition of an advanced selector. What is not listed here narrows in some other way."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("NotEquals", "StartsWith", "NotStartsWith", "EndsWith", "NotEndsWith"),
        "an operator that is not used; CloudTrail API reference, AdvancedFieldSelector",
    )
    field: str
    equals: list[str] | None = None
    not_equals: list[str] | None = None
    starts_with: list[str] | None = None
    not_starts_with: list[str] | None = None
    ends_with: list[str] | None = None
    not_ends_with: list[str] | None = None

    @property
    def only_equals(self) -> list[str] | None:
        """Its values, where it says nothing but ``Equals``."""
        others = (
            self.not_equals,
            self.starts_with,
            self.not_starts_with,
            self.ends_with,
            self.not_ends_with,
        )
        return None if any(others) else self.equals

    @property
    def only_not_equals(self) -> list[str] | None:
        """Its values, where it says nothing but ``NotEquals``."""
        others = (
            self.equals,
            self.starts_with,
            self.not_starts_with,
            self.ends_with,
            self.not_ends_with,
        )
        return None if any(others) else self.not_equals

    def holds(self, event: Sample) -> Answer:
        """Whether an event meets it. Which of several operators must hold AWS does not say: all will do."""
        value = event.read(self.field.split("."))
        answers = [
            made(some([compared(value, form.format(one), test(one)) for one in values]))
            for values, form, test, made in (
                (self.equals, "{}", _equal, _as_it_is),
                (self.starts_with, "{}*", _start, _as_it_is),
                (self.ends_with, "*{}", _end, _as_it_is),
                (self.not_equals, "{}", _equal, negated),
                (self.not_starts_with, "{}*", _start, negated),
                (self.not_ends_with, "*{}", _end, negated),
            )
            if values
        ]
        if not answers:
            return None
        found = every(answers)
        return None if len(answers) > 1 and found is False else found


def _equal(wanted: str) -> Callable[[str], bool]:
    return lambda text: text == wanted


def _start(wanted: str) -> Callable[[str], bool]:
    return lambda text: text.startswith(wanted)


def _end(wanted: str) -> Callable[[str], bool]:
    return lambda text: text.endswith(wanted)


def _as_it_is(answer: Answer) -> Answer:
    return answer


class AdvancedSelector(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An advanced selector: an event is recorded where every condition holds."""

    field_selectors: list[FieldSelector]

    def records(self, event: Sample) -> Answer:
        """Whether it records a management event."""
        return every([condition.holds(event) for condition in self.field_selectors] or [None])

    def whole_sides(self, category: str) -> set[str]:
        """``read``, ``write``, both or none: what it records of a category without leaving some out.

        A selector that narrows to certain events, other than by reads and writes, or (for management
        events) by leaving sources out, records no category as a whole.
        """
        sides = {"read", "write"}
        named = False
        for condition in self.field_selectors:
            values = condition.only_equals
            if condition.field == "eventCategory" and values == [category]:
                named = True
            elif condition.field == "readOnly" and values in (["true"], ["false"]):
                sides &= {"read"} if values == ["true"] else {"write"}
            elif condition.field == "resources.type" and values == [_S3_OBJECTS]:
                continue
            elif condition.field != "eventSource" or condition.only_not_equals is None:
                return set()
        return sides if named else set()

    @property
    def excluded_sources(self) -> set[str]:
        """Event sources that it leaves out."""
        return {
            source
            for condition in self.field_selectors
            if condition.field == "eventSource"
            for source in condition.only_not_equals or ()
        }

    @property
    def about_s3_objects(self) -> bool:
        """It speaks of data events of S3 objects."""
        return any(
            c.field == "resources.type" and c.only_equals == [_S3_OBJECTS]
            for c in self.field_selectors
        )


_SIDES = {"All": {"read", "write"}, "ReadOnly": {"read"}, "WriteOnly": {"write"}}


class Selectors(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetEventSelectors``: basic or advanced ones."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "AdvancedEventSelectors": "a trail has basic selectors or advanced ones; CloudTrail API reference, "
        "PutEventSelectors"
    }
    event_selectors: list[EventSelector] = []
    advanced_event_selectors: list[AdvancedSelector] = []

    def records(self, event: Sample) -> Answer:
        """Whether a management event is recorded."""
        return some(
            [
                *(one.records(event) for one in self.event_selectors),
                *(one.records(event) for one in self.advanced_event_selectors),
            ]
        )

    @property
    def management_sides(self) -> set[str]:
        """``read`` and ``write``, as far as management events of that side are recorded."""
        found: set[str] = set()
        for basic in self.event_selectors:
            if basic.include_management_events:
                found |= _SIDES.get(basic.read_write_type, set())
        for advanced in self.advanced_event_selectors:
            found |= advanced.whole_sides("Management")
        return found

    @property
    def excluded_sources(self) -> set[str]:
        """Sources whose management events are left out: KMS and the RDS Data API can be."""
        found = {
            source
            for basic in self.event_selectors
            if basic.include_management_events
            for source in basic.exclude_management_event_sources
        }
        for advanced in self.advanced_event_selectors:
            if advanced.whole_sides("Management"):
                found |= advanced.excluded_sources
        return found

    @property
    def s3_object_sides(self) -> set[str]:
        """``read`` and ``write``, as far as the objects of every bucket are recorded on that side."""
        found: set[str] = set()
        for basic in self.event_selectors:
            if any(
                resource.type == _S3_OBJECTS and any(_every_bucket(v) for v in resource.values)
                for resource in basic.data_resources
            ):
                found |= _SIDES.get(basic.read_write_type, set())
        for advanced in self.advanced_event_selectors:
            if advanced.about_s3_objects:
                found |= advanced.whole_sides("Data")
        return found


_DEFAULT = Selectors(event_selectors=[EventSelector()])
"""What a trail records that nobody chose anything for: all management events, and no data events."""


def _every_bucket(value: str) -> bool:
    """``arn:aws:s3`` or ``arn:aws:s3:::``."""
    return value.rstrip(":").endswith(":s3")


class Trail(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A trail as one region lists it: its home, or one that it reaches (a shadow)."""

    kind = "aws.cloudtrail.trail"
    may_lack: ClassVar[Mapping[str, str]] = {
        "HomeRegion": "without it a trail is judged wherever it is seen",
        "IncludeGlobalServiceEvents": "a trail of all Regions always has them: the API refuses it without; "
        "CloudTrail user guide, Global service events",
        "HasCustomEventSelectors": "asked only where no selector is named",
        "IsOrganizationTrail": "without it a trail is one of the account",
        "S3KeyPrefix": "there is none; CloudTrail API reference, Trail",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "HomeRegion": "a trail of a Region that is not read is judged wherever it is seen",
    }
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
    home_region: str = ""
    is_multi_region_trail: bool = False
    is_organization_trail: bool = False
    include_global_service_events: bool | None = None
    has_custom_event_selectors: bool | None = None
    log_file_validation_enabled: bool = False
    s3_bucket_name: str = ""
    s3_key_prefix: str | None = msgspec.field(default=None, name="S3KeyPrefix")
    kms_key_id: str | None = None
    cloud_watch_logs_log_group_arn: str | None = None
    status: TrailStatus = fact("GetTrailStatus")
    named_selectors: Selectors = fact("GetEventSelectors")

    @property
    def selectors(self) -> Selectors:
        """What it records. Raises FactUnavailable where AWS did not say: an empty answer is none.

        A member account cannot ask this of the organisation's trail: the owner's document has it.
        """
        named = self.named_selectors
        if named.event_selectors or named.advanced_event_selectors:
            return named
        if self.has_custom_event_selectors is False:
            return _DEFAULT
        msg = "GetEventSelectors names no selector of the trail"
        raise FactUnavailable(msg, kind=self.kind, field="GetEventSelectors", document=self)

    @property
    def account(self) -> str:
        """The account that owns it: of the organisation's trail, the management or a delegated one."""
        return parsed(self.arn).account

    @property
    def keys(self) -> str:
        """How the names of its files in the bucket begin (CloudTrail user guide, "Finding your log files")."""
        return f"{self.s3_key_prefix}/AWSLogs/" if self.s3_key_prefix else "AWSLogs/"

    @property
    def leaves_out_global(self) -> bool:
        """Whether it says that it leaves out events of IAM and of other services without a Region."""
        return self.include_global_service_events is False


class SessionIssuer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The role whose session made a request."""

    type: str = ""
    user_name: str = ""


class SessionContext(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """About temporary credentials."""

    session_issuer: SessionIssuer | None = None


class UserIdentity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who made a request."""

    type: str
    arn: str = ""
    """Left out by some sorts of identities."""
    session_context: SessionContext | None = None

    @property
    def role(self) -> str:
        """The name of the role whose session it is; nothing for users and root."""
        issuer = self.session_context.session_issuer if self.session_context else None
        if self.type != "AssumedRole" or issuer is None or issuer.type != "Role":
            return ""
        return issuer.user_name


class TouchedResource(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What an event is about, as far as CloudTrail knows."""

    resource_name: str = ""


class ConsoleChange(Resource, frozen=True, kw_only=True, rename="camel"):
    """A writing management event of a console session, of the last days (``LookupEvents``)."""

    kind = "aws.cloudtrail.console_change"
    may_lack: ClassVar[Mapping[str, str]] = {
        "errorCode": "left out where the request was carried out; CloudTrail user guide, record contents"
    }
    event_source: str
    """``ec2.amazonaws.com``."""
    event_name: str
    event_time: datetime
    user_identity: UserIdentity
    error_code: str | None = None
    """Left out where the request was carried out."""
    resources: list[TouchedResource] = []

    @property
    def action(self) -> str:
        """``ec2:RunInstances``."""
        return f"{self.event_source.partition('.')[0]}:{self.event_name}"
