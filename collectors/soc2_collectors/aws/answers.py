"""Whether the body of a successful answer is one that AWS could have sent.

botocore reads what it knows of any body and finds nothing in the rest: an answer that was cut off, or the
page of a proxy, would be an empty listing, and an empty listing says that everything is gone.
"""

from __future__ import annotations

import json
import re
from typing import Any

NULLS = "$null"
"""Where the client notes the members of an answer that came as ``null``: botocore leaves them out."""
JSON = ("json", "rest-json")
_XML = ("query", "ec2", "rest-xml")
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
"""The first element: what begins with ``<?`` or ``<!`` is none."""


def unreadable(protocol: str, operation: str, body: bytes) -> str | None:
    """Why a body that ought to hold members of the answer is unusable; ``None`` where it is not.

    Args:
        protocol: botocore's name of the wire format: ``json``, ``query``, ...
        operation: the API operation, ``DescribeVolumes``.
        body: the bytes as they came, of an answer that is no error.
    """
    if protocol not in (*JSON, *_XML):
        return None
    if not body.strip():
        return "the answer is empty"
    if protocol in JSON:
        return _not_json(body)
    root = _ROOT.search(body)
    if root is None:
        return "the answer is not XML"
    name = root[1].rpartition(b":")[2].decode()
    # S3 names the root of each answer differently; the others name it after the operation.
    foreign = name.lower() == "html" if protocol == "rest-xml" else name != f"{operation}Response"
    return f"the answer is a {name} document" if foreign else None


def _not_json(body: bytes) -> str | None:
    try:
        parsed = json.loads(body)
    except ValueError:
        return "the answer is not JSON, or was cut off"
    return None if isinstance(parsed, dict) else "the answer is no JSON object"


def nulls(body: bytes, output: Any) -> frozenset[str]:  # noqa: ANN401 - a botocore shape
    """The members of a JSON answer that came as ``null``."""
    if b"null" not in body:
        return frozenset()
    said = json.loads(body)
    return frozenset(
        member
        for member, shape in output.members.items()
        if said.get(name := shape.serialization.get("name", member), "") is None and name in said
    )
