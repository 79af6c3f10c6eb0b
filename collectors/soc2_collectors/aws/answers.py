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
        return "the answer is not JSON, or was cut off" if said_in(body) is None else None
    root = _ROOT.search(body)
    if root is None:
        return "the answer is not XML"
    name = root[1].rpartition(b":")[2].decode()
    # S3 names the root of each answer differently; the others name it after the operation.
    foreign = name.lower() == "html" if protocol == "rest-xml" else name != f"{operation}Response"
    return f"the answer is a {name} document" if foreign else None


def said_in(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """What a JSON body says; ``None`` where it is none, which ``null`` is, too."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def misfit(said: Any, output: Any) -> str | None:  # noqa: ANN401 - any JSON value, a botocore shape
    """Why a JSON answer is not of the shape that AWS describes; ``None`` where it is.

    botocore takes a text where a list is described for a list of letters. ``output``: ``None`` where the
    answer is a single member, whose shape is not that of the answer.
    """
    if not isinstance(said, dict):
        return "the answer is no JSON object"
    if output is None:
        return None
    for member, shape in output.members.items():
        value = said.get(shape.serialization.get("name", member))
        wanted = None if getattr(shape, "is_document_type", False) else _SORTS.get(shape.type_name)
        if value is not None and wanted is not None and not isinstance(value, wanted):
            return f"{member} is no {shape.type_name}"
    return None


_SORTS: dict[str, type] = {"list": list, "map": dict, "structure": dict}


def nulls(said: dict[str, Any], output: Any) -> frozenset[str]:  # noqa: ANN401 - a botocore shape
    """The members of a JSON answer that came as ``null``."""
    return frozenset(
        member
        for member, shape in output.members.items()
        if said.get(name := shape.serialization.get("name", member), "") is None and name in said
    )
