"""The door to Azure: sign-in, paging, retries, the read-only guard, and the SDK, imported inside functions.

azure-identity gives the tokens and azure-core's pipeline makes the exchanges; no package of azure-mgmt is
used: their models drop fields that they do not know, and evidence is what Azure said.
"""

from soc2_collectors.azure.client.call import Azure
from soc2_collectors.azure.client.connection import AzureConnection

__all__ = ["Azure", "AzureConnection"]
