"""The door to Google Cloud: sign-in, paging, the read-only guard. HTTP is :mod:`soc2_collectors.exchange`'s.

google-auth signs in; organisation, folders and projects are read by google-cloud-resource-manager. Both are
loaded when they are used. Requests are built from Google's discovery documents, as far as they are declared:
:mod:`soc2_collectors.gcp.methods`.
"""

from soc2_collectors.gcp.client.call import Gcp
from soc2_collectors.gcp.client.connection import GcpConnection

__all__ = ["Gcp", "GcpConnection"]
