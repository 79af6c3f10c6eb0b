"""What people call a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def tagged_name(item: Mapping[str, object], otherwise: str) -> str:
    """The value of its ``Name`` tag, else ``otherwise``."""
    tags = item.get("Tags")
    for tag in tags if isinstance(tags, list) else []:
        if tag.get("Key") == "Name" and tag.get("Value"):
            return str(tag["Value"])
    return otherwise
