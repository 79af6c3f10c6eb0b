"""Lambda, ECR and ECS: what a second call tells beside the listing, on moto."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from soc2_collectors.aws.ecr import is_image, repositories
from soc2_pac.model import Fact, Status

from .regional import HOME, Account, account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        yield made


def _function(aws: Account, name: str, key: str) -> None:
    """A function whose published version has a variable that the unpublished one has not any more."""
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
             "Principal": {"Service": "lambda.amazonaws.com"}}]}  # fmt: skip
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): return event\n")
    functions = aws.client("lambda")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="main.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": {"KEY_ID": key}},
    )
    functions.publish_version(FunctionName=name)
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"A": "b"}}
    )


def test_a_published_version_keeps_its_variables(aws: Account) -> None:
    _function(aws, "leaks", "AKIA1234567890ABCDEF")
    _function(aws, "clean", "none")
    bad = aws.judge("aws-lambda-no-secrets", "leaks", NOW)
    assert (bad.status, bad.message) == (
        Status.FAIL,
        "KEY_ID of version 1 looks like aws-access-key-id",
    )
    assert aws.judge("aws-lambda-no-secrets", "clean", NOW).status is Status.PASS
    assert aws.calls["lambda:ListVersionsByFunction"] == 2
    kinds = ("aws.lambda.function", "aws.lambda.qualified_function")
    assert not [s for kind in kinds for s in aws.collect(kind) if b"AKIA" in s.body]


def test_an_alias_has_a_policy_of_its_own(aws: Account) -> None:
    _function(aws, "aliased", "none")
    functions = aws.client("lambda")
    functions.create_alias(FunctionName="aliased", Name="live", FunctionVersion="1")
    found = {s.name: json.loads(s.body) for s in aws.collect("aws.lambda.qualified_function")}
    assert {"aliased:live", "aliased:1"} <= found.keys()
    assert not any(name.endswith("$LATEST") for name in found)
    assert found["aliased:1"]["GetPolicy"] is None
    assert found["aliased:1"]["Environment"] == {"Variables": {"KEY_ID": "[redacted]"}}
    assert found["aliased:live"]["FunctionVersion"] == "1"
    # Of URLs moto knows nothing, so that it never passes.
    assert aws.judge("aws-lambda-not-public", "aliased", NOW).status is not Status.FAIL
    functions.add_permission(
        FunctionName="aliased",
        Qualifier="live",
        StatementId="all",
        Action="lambda:InvokeFunction",
        Principal="*",
    )
    bad = aws.judge("aws-lambda-not-public", "aliased", NOW)
    assert bad.status is Status.FAIL
    assert "the policy of aliased:live lets everyone invoke it" in bad.message


DIGEST = "0" * 64


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, True),
        ({"artifactMediaType": "application/vnd.docker.container.image.v1+json"}, True),
        ({"artifactMediaType": "application/vnd.oci.image.config.v1+json"}, True),
        ({"artifactMediaType": "application/vnd.cncf.notary.signature"}, False),
        ({"artifactMediaType": "application/vnd.cncf.helm.config.v1+json"}, False),
        # A referrer says what it is about, whatever its media type (API reference, ImageDetail).
        (
            {
                "artifactMediaType": "application/vnd.oci.image.config.v1+json",
                "subjectManifestDigest": f"sha256:{DIGEST}",
            },
            False,
        ),
        ({"imageTags": [f"sha256-{DIGEST}.sig"]}, False),
        ({"imageTags": [f"sha256-{DIGEST}"]}, False),
        # An image that is called like a signature too is one.
        ({"imageTags": [f"sha256-{DIGEST}.sig", "v1"]}, True),
        ({"imageTags": ["sha256-abc"]}, True),
    ],
)
def test_what_is_said_about_an_image_is_none(found: dict[str, Any], *, expected: bool) -> None:
    assert is_image(found) is expected


def test_a_registry_without_a_policy_and_with_one(aws: Account) -> None:
    ecr = aws.client("ecr")
    (before,) = aws.collect("aws.ecr.registry")
    assert json.loads(before.body)["GetRegistryPolicy"] is None
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "all", "Effect": "Allow",
              "Principal": {"AWS": f"arn:aws:iam::{aws.number}:root"}, "Action": ["ecr:ReplicateImage"],
              "Resource": [f"arn:aws:ecr:{HOME}:{aws.number}:repository/*"]}]}  # fmt: skip
    ecr.put_registry_policy(policyText=json.dumps(policy))
    (after,) = aws.collect("aws.ecr.registry")
    assert "ecr:ReplicateImage" in json.loads(after.body)["GetRegistryPolicy"]


@pytest.mark.parametrize(("network", "told"), [("host", True), ("bridge", False)])
def test_rights_over_the_network_are_those_of_the_host_where_it_is_shared(
    aws: Account, *, network: str, told: bool
) -> None:
    aws.client("ecs").register_task_definition(
        family=f"mesh-{network}",
        networkMode=network,
        containerDefinitions=[
            {
                "name": "proxy",
                "image": "envoy",
                "memory": 128,
                "linuxParameters": {"capabilities": {"add": ["NET_ADMIN"]}},
                "logConfiguration": {"logDriver": "awslogs"},
            }
        ],
    )
    verdict = aws.judge("aws-ecs-task-hardening", f"mesh-{network}", NOW)
    assert ("capability NET_ADMIN" in verdict.message) is told
    assert verdict.status is (Status.FAIL if told else Status.PASS)


class _Ecr:
    """A client whose repositories hold these images."""

    def __init__(self, *images: dict[str, Any], scan: dict[str, Any] | None = None) -> None:
        self.images, self.scan = images, scan
        self.asked: list[str] = []

    def items(self, _service: str, operation: str, *_: str, **_more: str) -> Iterator[Any]:
        if operation == "describe_repositories":
            yield {"repositoryName": "web", "repositoryArn": "arn:web"}
        else:
            yield from self.images

    def fact(self, _service: str, operation: str, **asked: Any) -> Fact:
        def call() -> object:
            self.asked.append(asked["imageId"]["imageDigest"])
            return self.scan

        return Fact(f"ecr:{operation}", call)


def _scan_of(client: _Ecr) -> object:
    (found,) = repositories.function(cast("Aws", client))
    return cast("Fact", found.body["DescribeImageScanFindings"]).call()


def test_basic_scanning_tells_its_results_by_a_call_of_its_own() -> None:
    scan = {
        "imageId": {"imageDigest": "b"},
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": {"findings": [{"name": "CVE"}], "findingSeverityCounts": {"LOW": 1}},
    }
    client = _Ecr(_image("a", 1), _image("b", 2), scan=scan)
    assert _scan_of(client) == {
        "imageId": {"imageDigest": "b"},
        "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindings": {"findingSeverityCounts": {"LOW": 1}},
    }
    assert client.asked == ["b"]


@pytest.mark.parametrize(
    "more",
    [
        {"imageScanStatus": {"status": "ACTIVE"}},
        {"imageManifestMediaType": "application/vnd.oci.image.index.v1+json"},
    ],
)
def test_no_scan_is_asked_for_where_it_is_told_or_there_is_none(more: dict[str, Any]) -> None:
    client = _Ecr(_image("b", 1), _image("a", 2, **more))
    assert _scan_of(client) is None
    assert client.asked == []


def test_an_index_is_later_than_the_images_that_it_names() -> None:
    index = _image("a", 1, imageManifestMediaType="application/vnd.oci.image.index.v1+json")
    client = _Ecr(_image("b", 1), index)
    assert _scan_of(client) is None
    assert client.asked == []


def _image(digest: str, day: int, **more: object) -> dict[str, Any]:
    return {"imageDigest": digest, "imagePushedAt": datetime(2026, 1, day, tzinfo=UTC), **more}
