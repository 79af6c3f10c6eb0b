"""Views of AWS Config."""

from __future__ import annotations

from soc2_pac.resources import Resource, fact

import msgspec  # isort: skip


class RecordingGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is recorded."""

    all_supported: bool = False


class RecorderStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``DescribeConfigurationRecorderStatus``."""

    recording: bool
    last_status: str | None = None


class Recorder(Resource, frozen=True, kw_only=True, rename="camel"):
    """A region's configuration recorder."""

    kind = "aws.config.recorder"
    volatile = (
        "DescribeConfigurationRecorderStatus.lastStatusChangeTime",
        "DescribeConfigurationRecorderStatus.lastStartTime",
        "DescribeConfigurationRecorderStatus.lastStopTime",
    )
    name: str
    recording_group: RecordingGroup | None = None
    status: RecorderStatus | None = fact("DescribeConfigurationRecorderStatus")
