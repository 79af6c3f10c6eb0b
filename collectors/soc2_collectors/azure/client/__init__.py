"""The door to Azure: sign-in, paging, the read-only guard. HTTP is :mod:`soc2_collectors.exchange`'s.

azure-identity gives the tokens, and is imported inside functions; no package of azure-mgmt is used: their
models drop fields that they do not know, and evidence is what Azure said.
"""

from soc2_collectors.azure.client.call import Azure
from soc2_collectors.azure.client.connection import AzureConnection

__all__ = ["Azure", "AzureConnection"]
