"""What ``check`` of one S3 rule over 20 buckets costs: requests and seconds, through boto3 over HTTP."""

from __future__ import annotations

import os
import time

from soc2_demo.aws import AwsEmulator
from soc2_pac import api, config, plugins

BUCKETS = 20
RULE = "aws-s3-public-access-blocked"


def main() -> None:
    """Measure and print a table."""
    with AwsEmulator() as aws:
        os.environ.update(aws.credentials)
        client = aws.client("s3", "us-east-1")
        for number in range(len(client.list_buckets()["Buckets"]), BUCKETS):
            client.create_bucket(Bucket=f"bench-{number}")
        source = {"provider": "aws", "regions": ["us-east-1"], "endpoint_url": aws.url}
        began = time.perf_counter()
        work = api.make_workspace(
            config.parse({"sources": {"bench": source}}, None), plugins.load()
        )
        checked = api.check_rules(work, [RULE])
        seconds = time.perf_counter() - began
    identity = checked.calls.pop("sts:GetCallerIdentity")
    print(f"{'':<40}{'measured':>10}{'allowed':>10}")
    print(f"{f'verdicts over {BUCKETS} buckets':<40}{len(checked.verdicts):>10}")
    print(f"{'requests':<40}{checked.calls.total():>10}{1 + BUCKETS:>10}")
    print(f"{'... and to learn whose account it is':<40}{identity:>10}")
    print(f"{'seconds, SDK import included':<40}{seconds:>10.2f}{2:>10}")


if __name__ == "__main__":
    main()
