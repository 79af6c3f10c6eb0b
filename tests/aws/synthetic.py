"""An AWS that has two of everything: every operation answers as its description says, or with a fault.

moto knows what many services do and some not at all. Here nothing has a meaning, but every operation that AWS
describes answers, in its own protocol, so that each kind can be walked through each fault.
"""

from __future__ import annotations

import copy
import functools
import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from botocore.utils import parse_timestamp

from soc2_collectors.aws.actions import PREFIXES, action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ACCOUNT, REGION = "111122223333", "eu-west-1"
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PAGE_TOKENS = re.compile(
    r"next.*token|next.*marker|^marker$|next.*page|position|^continuationtoken$|^lastevaluated",
    re.IGNORECASE,
)
_POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
_DEPTH = 7
_YEAR_5138 = 1e11
"""In seconds since 1970."""


@dataclass(frozen=True)
class Refused:
    """A fault that AWS tells."""

    status: int
    code: str
    message: str = "no"
    """What AWS says beside the code, where it matters."""


CUT = "cut"
"""The connection breaks in the middle of the answer."""

Fault = Refused | str


@dataclass
class SyntheticAws:
    """Use as a context manager; ``url`` is where it is."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    """What a test wants told instead of what is made up: IAM action -> members of the answer."""
    faults: dict[str, Fault] = field(default_factory=dict)
    """IAM action -> what goes wrong with it; ``*`` for all."""
    recorded: dict[tuple[str, str], Any] = field(default_factory=dict)
    """(boto3's name of a service, operation) -> all that is answered, or how it is refused."""
    after: int = 0
    """So many answers of an operation are right before its fault."""
    left_out: tuple[str, str] | None = None
    """(IAM action, member): what the first record of its listing lacks."""
    members: dict[str, set[str]] = field(default_factory=dict)
    """IAM action -> the members of the records that it listed."""
    asked: list[str] = field(default_factory=list)
    """The IAM actions of the requests so far."""
    replayed: int = 0
    """How often something recorded was told."""
    services: frozenset[str] = frozenset()
    """boto3's names of the services that may be asked."""
    _written: dict[tuple[str, str, str, bool], tuple[int, dict[str, str], bytes]] = field(
        default_factory=dict
    )
    """Answers that were made up: the same question has the same answer."""

    def respond(self, request: Request) -> tuple[int, dict[str, str], bytes, bool]:
        """(status, headers, body, whether it is cut off)."""
        service, operation = recognise(request, self.services)
        name = action(service, operation.name)
        before = self.asked.count(name)
        self.asked.append(name)
        fault = self.faults.get(name) or self.faults.get("*")
        protocol = spoken(service)
        told = self.recorded.get((service, operation.name))
        if told is not None:
            self.replayed += 1
            if isinstance(told, Refused):
                return told.status, *_refusal(protocol, told), False
            return *_answer(service, operation, shaped(told, operation.output_shape)), False
        if fault is not None and before >= self.after and isinstance(fault, Refused):
            return fault.status, *_refusal(protocol, fault), False
        cut = fault == CUT and before >= self.after
        left_out = self.left_out[1] if self.left_out and self.left_out[0] == name else ""
        continued = fault is not None and before < self.after
        key = (service, operation.name, left_out, continued)
        if key not in self._written:
            self._written[key] = self._made_up(service, operation, left_out, continued=continued)
        return *self._written[key], cut

    def _made_up(
        self, service: str, operation: Any, left_out: str, *, continued: bool
    ) -> tuple[int, dict[str, str], bytes]:
        name = action(service, operation.name)
        members = made(operation.output_shape, service, operation.name) or {}
        members.update(copy.deepcopy(self.answers.get(name, {})))
        for record in _records(members):
            self.members.setdefault(name, set()).update(record)
        if left_out:
            _leave_out(members, left_out)
        if continued:
            _continue(members, operation.output_shape)
        return _answer(service, operation, members)

    def __enter__(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: two would wait for an acknowledgement

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                told = dict(self.headers.items())
                status, headers, raw, cut = outer.respond(
                    Request(self.command, self.path, {k.lower(): v for k, v in told.items()}, body)
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw[: len(raw) // 2] if cut else raw)
                self.close_connection = self.close_connection or cut

            do_GET = do_POST = do_HEAD = do_PUT = _serve  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


# -- what is asked ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@functools.cache
def described(service: str) -> Any:
    """botocore's description of a service, as moto's writers take it."""
    from moto.core.utils import get_service_model

    return get_service_model(service)


def services_of(calls: Iterable[str]) -> frozenset[str]:
    """boto3's names of the services that IAM actions may belong to."""
    import botocore.loaders

    known = set(botocore.loaders.Loader().list_available_services("service-2"))
    prefixes = {call.partition(":")[0] for call in calls}
    found = {name for name, prefix in PREFIXES.items() if prefix in prefixes} | prefixes & known
    # One API under three names.
    return frozenset(
        found - {"docdb", "neptune"} | ({"apigatewayv2"} if "apigateway" in found else set())
    )


@functools.cache
def spoken(service: str) -> str:
    """The protocol that botocore speaks with a service."""
    return str(described(service).resolved_protocol)


@functools.cache
def _signing_names(services: frozenset[str]) -> list[tuple[str, str]]:
    """Every service with the name that its requests are signed for."""
    return [(service, described(service).signing_name) for service in sorted(services)]


def recognise(request: Request, services: frozenset[str]) -> tuple[str, Any]:
    """(boto3's name of the service, the operation) that a request asks for."""
    signed = re.search(
        r"Credential=[^/]+/\d+/[\w-]+/([\w-]+)/aws4_request",
        request.headers.get("authorization", ""),
    )
    of_control = request.target.startswith("/v20180820/")  # or it would be an object of S3
    for service, name in _signing_names(services):
        if signed is not None and name != signed[1]:
            continue
        model = described(service)
        if signed is not None and signed[1] == "s3" and of_control != (service == "s3control"):
            continue
        found = _operation(request, model, spoken(service))
        if found is not None:
            return service, model.operation_model(found)
    msg = f"nobody knows {request.method} {request.target} for {signed and signed[1]}"
    raise LookupError(msg)


def _operation(request: Request, model: Any, protocol: str) -> str | None:
    url = urlsplit(request.target)
    if protocol == "smithy-rpc-v2-cbor":
        found = re.fullmatch(r"/service/(\w+)/operation/(\w+)", url.path)
        return found[2] if found and found[1] == model.metadata["targetPrefix"] else None
    if protocol == "json":
        prefix, _, name = request.headers.get("x-amz-target", "").rpartition(".")
        return name if prefix == model.metadata["targetPrefix"] else None
    if protocol in {"query", "ec2"}:
        said = parse_qs(request.body.decode())
        known = said.get("Version") == [model.api_version]
        return said["Action"][0] if known else None
    best = [o for o in _routes(model) if o[0] == request.method and o[1].fullmatch(url.path)]
    flags = set(parse_qs(url.query, keep_blank_values=True))
    best = [o for o in best if o[2] <= flags]
    return max(best, key=lambda route: (len(route[2]), route[3]))[4] if best else None


@functools.cache
def _cached_routes(service: str) -> list[tuple[str, re.Pattern[str], frozenset[str], int, str]]:
    routes = []
    model = described(service)
    for name in model.operation_names:
        operation = model.operation_model(name)
        # ListDirectoryBuckets has the address of ListBuckets.
        if operation.deprecated or name == "ListDirectoryBuckets":
            continue
        http = operation.http
        path, _, query = http["requestUri"].partition("?")
        pattern = re.sub(r"\\{\w+\\\+\\}", ".+", re.escape(path))
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", pattern).rstrip("/") + "/?"
        flags = frozenset(parse_qs(query, keep_blank_values=True))
        literal = len(re.sub(r"\{[^}]+\}", "", path))
        routes.append((http["method"], re.compile(pattern), flags, literal, name))
    return routes


def _routes(model: Any) -> list[tuple[str, re.Pattern[str], frozenset[str], int, str]]:
    return _cached_routes(model.service_name)


# -- what is answered -------------------------------------------------------------------------------------


def made(shape: Any, service: str, operation: str) -> Any:
    """Two of each thing that an answer lists, one of what those list; tokens of pages are left out."""
    return None if shape is None else _made(shape, service, operation, "", "", 0)


def _made(shape: Any, service: str, operation: str, name: str, mark: str, depth: int) -> Any:
    kind = shape.type_name
    if kind == "structure":
        if depth > _DEPTH or getattr(shape, "is_document_type", False):
            return {}
        return {
            member: _made(of, service, operation, member, mark, depth + 1)
            for member, of in shape.members.items()
            if not PAGE_TOKENS.search(member)
            and not (
                getattr(shape, "is_tagged_union", False) and member != next(iter(shape.members))
            )
        }
    if kind == "list":
        marks = [mark] if mark else ["1", "2"]
        return [_made(shape.member, service, operation, name, m, depth + 1) for m in marks]
    if kind == "map":
        key = _made(shape.key, service, operation, name, mark, depth + 1)
        return {key: _made(shape.value, service, operation, name, mark, depth + 1)}
    return _SCALARS[kind](shape, service, name, mark or "1")


def _text(shape: Any, service: str, name: str, mark: str) -> str:
    if shape.enum:
        return str(shape.enum[0])
    lowered = f"{name} {shape.name}".lower()
    if "arn" in lowered:
        where = "" if service in {"iam", "cloudfront"} else REGION
        return f"arn:aws:{service}:{where}:{ACCOUNT}:thing/thing-{mark}"
    if "account" in lowered or "owner" in lowered:
        return ACCOUNT
    if "policy" in lowered and ("document" in lowered or "text" in lowered or name == "Policy"):
        return _POLICY
    if "region" in lowered:
        return REGION
    if "time" in lowered or "date" in lowered:
        return WHEN.isoformat()
    return f"thing-{mark}".ljust(shape.metadata.get("min", 0), "0")


_SCALARS: dict[str, Callable[[Any, str, str, str], Any]] = {
    "string": _text,
    "character": _text,
    "boolean": lambda *_: False,
    "integer": lambda *_: 1,
    "long": lambda *_: 1,
    "float": lambda *_: 1.0,
    "double": lambda *_: 1.0,
    "timestamp": lambda *_: WHEN,
    "blob": lambda *_: b"",
}


def shaped(value: Any, shape: Any) -> Any:
    """A recorded value as the serializer wants it: members that AWS describes, times as times, one page."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return {
            name: shaped(of, shape.members[name])
            for name, of in value.items()
            if name in shape.members and of is not None and not PAGE_TOKENS.search(name)
        }
    if kind == "list" and isinstance(value, list):
        return [shaped(of, shape.member) for of in value]
    if kind == "map" and isinstance(value, dict):
        return {name: shaped(of, shape.value) for name, of in value.items()}
    if kind == "timestamp" and isinstance(value, dict):  # as one recorder writes times
        return datetime(**{k: v for k, v in value.items() if k != "__class__"}, tzinfo=UTC)
    if kind == "timestamp":
        # Some examples give milliseconds where AWS gives seconds.
        milliseconds = isinstance(value, int | float) and value > _YEAR_5138
        return parse_timestamp(value / 1000 if milliseconds else value)
    if kind == "blob" and isinstance(value, str):
        return value.encode()
    return value


def _records(members: Any) -> Iterator[dict[str, Any]]:
    """The structures in the lists of an answer, those within others too."""
    if isinstance(members, dict):
        for value in members.values():
            yield from _records(value)
    elif isinstance(members, list):
        for item in members:
            if isinstance(item, dict):
                yield item
            yield from _records(item)


def _leave_out(members: Any, name: str) -> None:
    first = next((record for record in _records(members) if name in record), None)
    if first is not None:
        del first[name]


def _continue(members: dict[str, Any], shape: Any) -> None:
    """Say that there is another page."""
    for name, of in shape.members.items() if shape else ():
        if PAGE_TOKENS.search(name) and of.type_name == "string":
            members[name] = "page-2"
        elif name.lower() in {"istruncated", "truncated"}:
            members[name] = True
        elif name == "DistributionList":
            _continue(members[name], of)


def _answer(
    service: str, operation: Any, members: dict[str, Any]
) -> tuple[int, dict[str, str], bytes]:
    protocol = spoken(service)
    shape = operation.output_shape
    if protocol == "smithy-rpc-v2-cbor":
        return 200, _CBOR, _cbor(members, shape)
    from moto.core.serialize import SerializationContext, get_serializer_class

    serializer = get_serializer_class(service, protocol)(operation, SerializationContext("r"))
    told = serializer.serialize(members)
    body = told["body"]
    headers = {k: v for k, v in dict(told["headers"]).items() if k.lower() != "content-length"}
    return told["status_code"], headers, body if isinstance(body, bytes) else body.encode()


def _refusal(protocol: str, fault: Refused) -> tuple[dict[str, str], bytes]:
    if protocol == "smithy-rpc-v2-cbor":
        return _CBOR, _cbor({"__type": fault.code, "message": fault.message}, None)
    if protocol in {"json", "rest-json"}:
        body = json.dumps({"__type": fault.code, "message": fault.message}).encode()
        return {"Content-Type": "application/json", "x-amzn-errortype": fault.code}, body
    said = escape(fault.message)
    error = f"<Error><Code>{fault.code}</Code><Message>{said}</Message></Error>"
    wrapped = {
        "ec2": f"<Response><Errors>{error}</Errors></Response>",
        "query": f"<ErrorResponse>{error}</ErrorResponse>",
    }
    return {"Content-Type": "text/xml"}, wrapped.get(protocol, error).encode()


_CBOR = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}


def _cbor(value: Any, shape: Any) -> bytes:
    """As RFC 8949 writes it, what this server says."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value)
    if isinstance(value, float):
        import struct

        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, datetime):
        return b"\xc1" + _head(0, int(value.timestamp()))
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(_cbor(item, shape) for item in value)
    pairs = [_cbor(str(key), None) + _cbor(of, None) for key, of in value.items()]
    return _head(5, len(pairs)) + b"".join(pairs)


def _head(major: int, size: int) -> bytes:
    small = 24
    if size < small:
        return bytes([major << 5 | size])
    return bytes([major << 5 | 27]) + size.to_bytes(8, "big")
