"""Views of the Transfer Family: servers for files."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource, fact


class ServerDetails(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeServer``."""

    protocols: list[str]
    """``SFTP``, ``FTPS``, ``FTP``, ``AS2``."""


class Server(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A server (``ListServers``)."""

    kind = "aws.transfer.server"
    volatile = ("UserCount", "DescribeServer.UserCount")
    server_id: str
    details: ServerDetails = fact("DescribeServer")
