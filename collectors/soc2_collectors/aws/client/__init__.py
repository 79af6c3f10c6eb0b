"""The way to AWS: credentials, paging, pacing, retries, the read-only guard, and the meaning of every error.

botocore is imported when a connection is made. Nothing else of the provider touches it.
"""

from soc2_collectors.aws.client.call import Aws
from soc2_collectors.aws.client.connection import AwsConnection

__all__ = ["Aws", "AwsConnection"]
