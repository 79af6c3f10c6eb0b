"""The door to Google Cloud: sign-in, paging, retries, the read-only guard, and the SDK, loaded when used.

Requests are built from the discovery documents that ``google-api-python-client`` brings, and sent by a
session of each thread: its own transport, httplib2, is not safe to share. Organisation, folders and projects
are read by ``google-cloud-resource-manager``.
"""

from soc2_collectors.gcp.client.call import Gcp
from soc2_collectors.gcp.client.connection import GcpConnection

__all__ = ["Gcp", "GcpConnection"]
