"""The door to Okta: sign-in, paging, the read-only guard. HTTP is :mod:`soc2_collectors.exchange`'s.

Okta's SDK is not used: importing it takes seconds, its models refuse some answers that Okta gives, and lose
the page with them.
"""

from soc2_collectors.okta.client.call import Okta
from soc2_collectors.okta.client.connection import OktaConnection

__all__ = ["Okta", "OktaConnection"]
