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

_PEOPLE = "/workforcePools/"
_MACHINES = "gserviceaccount.com"


class FirstParty(msgspec.Struct, frozen=True, rename="camel"):
    """``firstPartyPrincipal``: an identity of Google's."""

    principal_email: str = ""


class Delegation(msgspec.Struct, frozen=True, rename="camel"):
    """``serviceAccountDelegationInfo``: who made the token of the service account that called."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "firstPartyPrincipal": "an identity of a pool has a subject instead",
        "principalSubject": "an identity of Google's has an address instead",
    }

    first_party_principal: FirstParty = FirstParty()
    principal_subject: str = ""

    @property
    def person(self) -> str:
        """The address or subject of a person; empty where it is a machine."""
        mail, subject = self.first_party_principal.principal_email, self.principal_subject
        if mail and not mail.endswith(_MACHINES):
            return mail
        if subject.startswith("user:"):
            return subject.removeprefix("user:")
        return subject if _PEOPLE in subject else ""


class Who(msgspec.Struct, frozen=True, rename="camel"):
    """``authenticationInfo``. People who sign in by a workforce pool have a subject and no address."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "serviceAccountDelegationInfo": "only of service accounts whose token somebody made; Cloud Audit Logs",
        "principalSubject": "whoever has an address is named by it; Cloud Audit Logs, AuthenticationInfo",
        "principalEmail": "people of a workforce pool have a subject instead; without both nothing is known",
    }

    principal_email: str = ""
    principal_subject: str = ""
    service_account_delegation_info: list[Delegation] = []

    @property
    def behind(self) -> str:
        """The person who acted as a service account; empty: it acted by itself, or no account did."""
        return next((one.person for one in self.service_account_delegation_info if one.person), "")


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
        """The address of who did it, else the subject; of who acted as a service account, the person.

        Raises FactUnavailable where nothing is said.
        """
        said = self.proto_payload.authentication_info
        if said.behind:
            return said.behind
        if found := said.principal_email or said.principal_subject:
            return found
        msg = "the entry does not say who did it"
        raise FactUnavailable(msg, kind=type(self).kind, field="protoPayload")

    @property
    def through(self) -> str:
        """The service account as which a person acted; empty: none."""
        said = self.proto_payload.authentication_info
        return said.principal_email if said.behind else ""

    @property
    def action(self) -> str:
        """``compute:v1.compute.instances.insert``."""
        payload = self.proto_payload
        return f"{payload.service_name.partition('.')[0]}:{payload.method_name}"
