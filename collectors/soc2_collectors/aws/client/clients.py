"""botocore's clients, one for each service and region, shared by all accounts and units of a source.

Making a client costs milliseconds and megabytes, and an organisation has hundreds of accounts. So a
client belongs to nobody: who is asking (which credentials sign, which calls are declared, who counts)
is known to the thread that asks, for the time of the call.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import os
import threading
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from soc2_collectors.aws.actions import action
from soc2_collectors.aws.answers import JSON, NULLS, misfit, nulls, said_in, unreadable
from soc2_collectors.aws.client.accounts import rejected_profile
from soc2_collectors.aws.client.meaning import throttles
from soc2_collectors.aws.client.pace import Pace
from soc2_collectors.aws.client.sending import sent, wire
from soc2_pac.errors import CallRefused, ProviderError, Unexpected, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from botocore.credentials import ReadOnlyCredentials

    from soc2_collectors.aws.client.accounts import Account
    from soc2_collectors.aws.settings import AwsSettings
    from soc2_pac.hookspecs import Meter

_USUAL = 20.0
"""Requests a second: what EC2 gives back to its bucket for describing calls; others are alike or unstated."""
_OTHERWISE = {"cloudtrail": 2.0, "dynamodb": 10.0, "kms": 100.0, "organizations": 5.0, "s3": 100.0}
"""Services whose documented quotas are lower; or thousands, where each resource is asked for details."""
_HTTP_REDIRECT, _HTTP_SERVER = 300, 500
_LARGEST_PAGE = 1000
"""Where a description allows more, or any number."""
_LONGEST_BACK_OFF = 20.0
"""Seconds, of botocore's standard mode."""


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf a call is made."""

    account: Account
    meter: Meter
    allowed: frozenset[str]


_asking = threading.local()


def _asker() -> Asker:
    asker: Asker = _asking.asker
    return asker


@contextlib.contextmanager
def on_behalf_of(asker: Asker) -> Iterator[None]:
    """Calls of this thread, until the block ends, are the asker's."""
    before = getattr(_asking, "asker", None)
    _asking.asker = asker
    try:
        yield
    finally:
        _asking.asker = before


class Clients:
    """Makes and keeps clients. Safe to use from threads."""

    def __init__(self, settings: AwsSettings, declared: frozenset[str]) -> None:
        """Raises CredentialsRejected for a profile that is not there.

        ``declared``: IAM actions of the calls that will be made, as far as they are known.
        """
        self._settings = settings
        self._declared = declared
        self._session = _session(settings, declared)
        self._wire = wire(settings, self._session)
        self._clients: dict[tuple[str, str], Any] = {}
        self._pages: dict[tuple[str, str], int | None] = {}
        self._paces: dict[tuple[str, str, str], Pace] = {}
        self._everything = (
            Pace(settings.total_requests_per_second)
            if settings.total_requests_per_second is not None
            else None
        )
        self._worn: set[tuple[str, str, str, str]] = set()
        """Account, service, region and operation of calls whose attempts were all spent. Each gets one attempt until it
        succeeds: what does not answer for one resource holds up neither the next nor other units."""
        self._lock = threading.Lock()

    def declare(self, calls: frozenset[str]) -> None:
        """Make sure that clients have these calls, which a plugin may bring late."""
        if calls <= self._declared:
            return
        with self._lock:
            self._declared |= calls
            self._session = _session(self._settings, self._declared)
            self._clients.clear()

    def client(self, service: str, region: str) -> Any:  # noqa: ANN401 - made at run time by botocore
        """The client of a service in a region."""
        key = (service, region)
        found = self._clients.get(key)
        if found is None:
            with self._lock:  # sessions are not safe to make clients from several threads
                found = self._clients.get(key)
                if found is None:
                    found = self._clients[key] = self._make(service, region)
        return found

    def largest_page(self, service: str, operation: str, region: str) -> int | None:
        """The most items that a page of an operation may have; None where botocore's model does not say."""
        key = (service, operation)
        if key not in self._pages:
            model = self.client(service, region).meta
            name = model.method_to_api_mapping[operation]
            paging = self._session.get_paginator_model(service).get_paginator(name)
            limit = paging.get("limit_key")
            members = model.service_model.operation_model(name).input_shape.members
            largest = members[limit].metadata.get("max") if limit in members else None
            self._pages[key] = min(largest, _LARGEST_PAGE) if largest else None
        return self._pages[key]

    def parameters(self, service: str, operation: str, region: str) -> frozenset[str]:
        """The names of an operation's parameters."""
        model = self.client(service, region).meta
        shape = model.service_model.operation_model(
            model.method_to_api_mapping[operation]
        ).input_shape
        return frozenset(shape.members if shape else ())

    def lists_structures(self, service: str, operation: str, key: str, region: str) -> bool:
        """Whether a list of an operation's answer holds structures, not texts."""
        model = self.client(service, region).meta
        shape = model.service_model.operation_model(
            model.method_to_api_mapping[operation]
        ).output_shape
        of = shape.members.get(key) if shape else None
        return of is not None and of.type_name == "list" and of.member.type_name == "structure"

    def offered(self, service: str, region: str) -> bool:
        """Whether the SDK knows an address of the service for the region; True where it cannot say.

        A service that answers for a whole partition is in no list of regions.
        """
        known, here = self._session, self._settings.partition
        if known.get_available_regions(service, here, allow_non_regional=True):
            regions = known.get_available_regions(service, here)
            return not regions or region in regions
        return not any(
            known.get_available_regions(service, partition, allow_non_regional=True)
            for partition in known.get_available_partitions()
        )

    def _make(self, service: str, region: str) -> Any:  # noqa: ANN401
        from botocore.config import Config  # noqa: PLC0415

        settings = self._settings
        # botocore obeys the variable itself; what an address of one's own needs beside it is up to us.
        endpoint = settings.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
        config = Config(
            retries={"mode": "standard", "total_max_attempts": settings.max_attempts},
            # botocore's own is put together anew, of forty parts, for each request.
            user_agent=_user_agent(),
            s3={"addressing_style": "path"} if endpoint else None,
            # Addresses that hold an account's id would tie a client to one account.
            account_id_endpoint_mode="disabled",
        )
        client = self._session.create_client(
            service, region_name=region, endpoint_url=endpoint, config=config
        )
        events = client.meta.events
        # Refused before a request exists; counted at each attempt, retries included.
        events.register_first("before-parameter-build", _guard(service))
        events.register_first("before-send", self._admit(service, region))
        events.register_first("needs-retry", self._notice(service, region))
        events.register_first("after-call", _read(service))
        if service == "s3control" and endpoint:
            events.register("before-sign.s3-control", _without_account_host)
        return client

    def _pace(self, service: str, region: str) -> Pace:
        key = (_asker().account.id, region, service)
        with self._lock:
            found = self._paces.get(key)
            if found is None:
                usual = _OTHERWISE.get(service, _USUAL)
                found = self._paces[key] = Pace(self._settings.requests_per_second or usual)
            return found

    def _admit(self, service: str, region: str) -> Any:  # noqa: ANN401
        def admit(request: Any, event_name: str, **_: Any) -> Any:  # noqa: ANN401
            meter = _asker().meter
            wait = self._pace(service, region).reserve()
            if self._everything is not None:
                wait = max(wait, self._everything.reserve())
            if wait > 0:
                meter.pause(wait)
            call = action(service, event_name.rpartition(".")[2])
            meter.request(call)
            return sent(self._wire, request, meter, call)

        return admit

    def _notice(self, service: str, region: str) -> Any:  # noqa: ANN401
        def notice(
            response: Any,  # noqa: ANN401
            attempts: int,
            caught_exception: Any,  # noqa: ANN401
            event_name: str,
            **_: Any,  # noqa: ANN401
        ) -> None:
            if isinstance(caught_exception, ProviderError):
                return  # ours: it is not asked again
            call = (_asker().account.id, service, region, event_name.rpartition(".")[2])
            if response is not None:
                code = response[1].get("Error", {}).get("Code", "")
                if throttles(code, response[0].status_code):
                    self._pace(service, region).refused()
                elif response[0].status_code < _HTTP_SERVER:
                    self._worn.discard(call)
                    return
                else:
                    self._wear(call, attempts, response[1])
            elif caught_exception is not None:
                self._wear(call, attempts, caught_exception)
            # botocore would sleep before it asks again, and knows nothing of the unit's time.
            if attempts < self._settings.max_attempts:
                longest = min(_LONGEST_BACK_OFF, 2.0 ** (attempts - 1))
                if _asker().meter.left() < longest:
                    msg = "the time allowed for one listing does not suffice to ask again"
                    raise Unreachable(msg)

        return notice

    def _wear(self, call: tuple[str, str, str, str], attempts: int, said: Any) -> None:  # noqa: ANN401
        """Note that a call failed for all attempts; end one that did so before at its first.

        ``said``: the parsed answer, or what was raised instead of one. Raises it as botocore does.
        """
        from botocore.exceptions import ClientError  # noqa: PLC0415

        if attempts >= self._settings.max_attempts:
            self._worn.add(call)
        elif call in self._worn:
            raise said if isinstance(said, Exception) else ClientError(said, call[-1])


@functools.cache
def _user_agent() -> str:
    import botocore  # noqa: PLC0415

    return f"soc2-pac/{version('soc2-pac')} botocore/{botocore.__version__}"


def _guard(service: str) -> Any:  # noqa: ANN401
    def refuse_undeclared(model: Any, **_: Any) -> None:  # noqa: ANN401
        needed = action(service, model.name)
        if needed not in _asker().allowed:
            msg = f"{needed} is not among the declared calls of this collector: it was not made"
            raise CallRefused(msg, operation=needed)

    return refuse_undeclared


def _read(service: str) -> Any:  # noqa: ANN401
    def refuse_unreadable(http_response: Any, model: Any, parsed: Any, **_: Any) -> None:  # noqa: ANN401
        output = model.output_shape
        if http_response.status_code >= _HTTP_REDIRECT or output is None or not output.members:
            return
        payload = output.serialization.get("payload")
        body = http_response.content
        if payload and output.members[payload].type_name in ("string", "blob"):
            # A document of its own: a bucket policy. That there is none is said by an error.
            problem = None if body.strip() else "the answer is empty"
        else:
            spoken = model.service_model
            protocol = getattr(spoken, "resolved_protocol", None) or spoken.protocol
            problem = unreadable(protocol, model.name, body)
            if problem is None and protocol in JSON:
                said = said_in(body)
                problem = misfit(said, None if payload else output)
                parsed[NULLS] = frozenset() if problem else nulls(said, output)
        if problem:
            needed = action(service, model.name)
            msg = f"{needed}: {problem}"
            raise Unexpected(msg, operation=needed)

    return refuse_unreadable


def _without_account_host(request: Any, **_: Any) -> None:  # noqa: ANN401
    """S3 Control puts the account id before the host, which no address of an emulator can answer."""
    from urllib.parse import urlsplit, urlunsplit  # noqa: PLC0415

    parts = urlsplit(request.url)
    host = parts.netloc
    first, _, rest = host.partition(".")
    if first.isdigit() and len(first) == 12 and rest:  # noqa: PLR2004 - an account id's length
        request.url = urlunsplit(parts._replace(netloc=rest))


def _session(settings: AwsSettings, declared: frozenset[str]) -> Any:  # noqa: ANN401 - a botocore.session.Session
    import botocore.session  # noqa: PLC0415
    from botocore.credentials import Credentials  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415
    from botocore.hooks import EventAliaser, HierarchicalEmitter  # noqa: PLC0415
    from botocore.loaders import create_loader  # noqa: PLC0415
    from botocore.utils import EVENT_ALIASES  # noqa: PLC0415

    aliased = {old.partition(".")[0] for old in EVENT_ALIASES}

    class Events(EventAliaser):
        """Looks for former names of services only where one may be: for each event there are 300 of them."""

        def _alias_event_name(self, event_name: str) -> str:
            if aliased.isdisjoint(event_name.split(".")):
                return event_name
            looked_up: Any = super()._alias_event_name(event_name)  # type: ignore[misc]
            return str(looked_up)

    class Asking(Credentials):
        """Signs with the credentials of whoever asks."""

        def get_frozen_credentials(self) -> ReadOnlyCredentials:
            return _asker().account.credentials()

    hooks = HierarchicalEmitter()
    session: Any = botocore.session.Session(profile=settings.profile, event_hooks=hooks)
    session.register_component("event_emitter", Events(hooks))
    session._credentials = Asking("of", "the asker")  # noqa: SLF001 - botocore offers no public way to hand them in
    try:
        loader: Any = create_loader(session.get_config_variable("data_path"))
    except BotoCoreError as error:
        raise rejected_profile(error) from error
    loader.file_loader = _ServiceModels(declared)
    session.register_component("data_loader", loader)
    return session


class _ServiceModels:
    """Reads botocore's descriptions of services: of the operations only those that collectors declare.

    A client made of such a description has no method that a collector did not declare, so none that writes.
    And reading less keeps a run short: botocore's own way takes four times as long for all our kinds.
    """

    _OPEN: ClassVar[Mapping[str, Callable[[str, str], Any]]] = {
        ".json": open,
        ".json.gz": gzip.open,
    }

    def __init__(self, declared: frozenset[str]) -> None:
        self._declared = declared

    def exists(self, path: str) -> bool:
        """Whether there is such a file; the path comes without its ending."""
        return any(os.path.isfile(path + ending) for ending in self._OPEN)  # noqa: PTH113 - 400 services

    def load_file(self, path: str) -> Any:  # noqa: ANN401
        """What the file says; None where there is none, which botocore takes for "look elsewhere"."""
        for ending, opened in self._OPEN.items():
            if not os.path.isfile(path + ending):  # noqa: PTH113
                continue
            with opened(path + ending, "rb") as file:
                content = file.read()
            place = Path(path)
            if place.name == "service-2":  # .../ec2/2016-11-15/service-2
                return self._declared_of(place.parent.parent.name, content)
            return msgspec.json.decode(content)
        return None

    def _declared_of(self, service: str, content: bytes) -> dict[str, Any]:
        parts = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        operations = msgspec.json.decode(parts.pop("operations"), type=dict[str, msgspec.Raw])
        shapes = msgspec.json.decode(parts.pop("shapes"), type=dict[str, msgspec.Raw])
        return {
            **{name: msgspec.json.decode(part) for name, part in parts.items()},
            "operations": {
                name: msgspec.json.decode(told)
                for name, told in operations.items()
                if action(service, name) in self._declared
            },
            "shapes": _Shapes(shapes),
        }


class _Shapes(dict[str, Any]):
    """Shapes by name, each read when it is asked for: a service has hundreds, its listings need a few."""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - any JSON value
        found = super().__getitem__(name)
        if isinstance(found, msgspec.Raw):
            found = self[name] = msgspec.json.decode(found)
        return found

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """As a dictionary does."""
        return self[name] if name in self else default  # noqa: SIM401 - that would call itself
