"""The door to Okta: sign-in, paging, retries, the read-only guard, and the SDK, imported inside functions.

Calls go through the SDK's ``RequestExecutor``, which gives raw bodies. The SDK's own client is not used:
importing it takes seconds, its models refuse some answers that Okta gives, and lose the page with them.
"""

from soc2_collectors.okta.client.call import Okta
from soc2_collectors.okta.client.connection import OktaConnection

__all__ = ["Okta", "OktaConnection"]
