"""Cloud Audit Logs: changes that a person made.

Source: Cloud Logging API v2, ``LogEntry``; Cloud Audit Logs, ``AuditLog``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.values import Moment
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource


class Who(msgspec.Struct, frozen=True, rename="camel"):
    """``authenticationInfo``. People who sign in by a workforce pool have a subject and no address."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "principalSubject": "whoever has an address is named by it; Cloud Audit Logs, AuthenticationInfo",
        "principalEmail": "people of a workforce pool have a subject instead; without both nothing is known",
    }

    principal_email: str = ""
    principal_subject: str = ""


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """How it ended. Google leaves out the code of what was carried out."""

    may_lack: ClassVar[Mapping[str, str]] = {"code": "0, OK, is left out; google.rpc.Status"}
    code: int = 0
    message: str = ""


class AuditLog(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``AuditLog``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "status": "it is empty where it was carried out; Cloud Audit Logs, AuditLog"
    }
    service_name: str
    method_name: str
    resource_name: str = ""
    authentication_info: Who
    status: Status = Status()


class HumanChange(Resource, frozen=True, kw_only=True, rename="camel"):
    """A change of the last days by a person, from the admin activity log. Shape from documentation."""

    kind = "gcp.logging.human_change"
    volatile = ("receiveTimestamp",)
    secret = (
        "protoPayload.request",
        "protoPayload.response",
        "protoPayload.metadata",
        "protoPayload.requestMetadata",
    )

    insert_id: str
    timestamp: Moment
    proto_payload: AuditLog

    @property
    def who(self) -> str:
        """The address of who did it, else the subject. Raises FactUnavailable where neither is said."""
        said = self.proto_payload.authentication_info
        if found := said.principal_email or said.principal_subject:
            return found
        msg = "the entry does not say who did it"
        raise FactUnavailable(msg, kind=type(self).kind, field="protoPayload")

    @property
    def action(self) -> str:
        """``compute:v1.compute.instances.insert``."""
        payload = self.proto_payload
        return f"{payload.service_name.partition('.')[0]}:{payload.method_name}"
