"""CodeBuild: what boto3 reads from moto and from recorded answers, and what must not be kept of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.aws import codebuild
from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.collect.redact import redact_paths
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Status

from .faulty import Answer, FaultyAws
from .regional import HOME, Account, account
from .test_client import client
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCOPE = Scope("aws", f"111122223333/{HOME}")
KIND = "aws.codebuild.project"
KEY = "AKIA" + "1234567890ABCDEF"


def _project(made: Account, name: str, **changes: Any) -> None:
    project = {
        "name": name,
        "source": {"type": "S3", "location": "bucket/source.zip"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {
            "type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL", "environmentVariables": [],
        },
        "serviceRole": f"arn:aws:iam::{made.number}:role/service-role/build",
    }  # fmt: skip
    made.client("codebuild").create_project(**{**project, **changes})


BUILDSPEC = """version: 0.2
env:
  variables:
    STAGE: production
  parameter-store:
    DB_PASSWORD: /prod/db/password

    API_KEY: /prod/api
  secrets-manager:   # names, no values
    API_TOKEN: prod/api:token
phases:
  build:
    commands:
      - make
"""
IN_JSON = '{"version": 0.2, "env": {"secrets-manager": {"API_TOKEN": "prod/api:token"}}}'


@pytest.mark.parametrize(
    ("buildspec", "expected"),
    [
        (BUILDSPEC, "[redacted]"),
        (IN_JSON, "[redacted]"),
        (BUILDSPEC.replace("STAGE: production", "DB_PASSWORD: hunter2"), "found"),
        (BUILDSPEC.replace("- make", "- mysql --password=hunter2"), "found"),
        # Elsewhere a section of that name names nothing.
        ("version: 0.2\nphases:\n  parameter-store:\n    DB_PASSWORD: hunter2\n", "found"),
        (IN_JSON.replace("secrets-manager", "variables"), "found"),
    ],
)
def test_what_a_buildspec_names_is_no_credential(buildspec: str, expected: str) -> None:
    project = {"source": {"type": "GITHUB", "buildspec": buildspec}}
    kept = redact_paths(codebuild._kept(project), ["source.buildspec"])
    assert expected in kept["source"]["buildspec"]
    assert kept["buildspecFrom"] == "project"


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        _project(made, "good")
        environment = {
            "type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "KEY", "value": KEY, "type": "PLAINTEXT"}],
        }  # fmt: skip
        _project(
            made,
            "bad",
            environment=environment,
            logsConfig={"cloudWatchLogs": {"status": "DISABLED"}},
        )
        yield made


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("aws-codebuild-no-plaintext-secrets", "good", "bad"),
        ("aws-codebuild-logging", "good", "bad"),
    ],
)
def test_good_and_bad(aws: Account, rule: str, good: str, bad: str) -> None:
    assert aws.judge(rule, good, NOW).status is Status.PASS
    assert aws.judge(rule, bad, NOW).status is Status.FAIL


def test_values_are_not_kept(aws: Account) -> None:
    kept = aws.one(KIND, "bad").body
    assert KEY.encode() not in kept
    assert b"[redacted: found aws-access-key-id]" in kept


def test_projects_are_described_a_hundred_at_a_time() -> None:
    with account() as made:
        for number in range(101):
            _project(made, f"p{number:03}")
        assert len(made.collect(KIND)) == 101
        assert made.calls["codebuild:BatchGetProjects"] == 2


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ({"type": "GITHUB", "location": "https://abc123@ghe.acme.com/a/b"}, "[redacted]@ghe.acme.com"),
        ({"type": "BITBUCKET", "location": "https://jo:pw@bitbucket.org/a/b"}, "[redacted]@bitbucket"),
        ({"type": "BITBUCKET", "location": "https://jo@bitbucket.org/a/b"}, "jo@bitbucket.org/a/b"),
        ({"type": "GITHUB", "location": "https://github.com/a/b@c"}, "https://github.com/a/b@c"),
    ],
)  # fmt: skip
def test_who_reads_a_url_is_cut_out(source: dict[str, str], kept: str) -> None:
    body = codebuild._kept({"source": source, "secondarySources": [source]})
    for one in (body["source"], *body["secondarySources"]):
        assert kept in one["location"]
        assert "abc123" not in one["location"]
        assert "pw" not in one["location"]


@pytest.mark.parametrize(
    ("buildspec", "where"),
    [
        ("", "source"),
        ("ci/buildspec.yml", "source"),
        ("arn:aws:s3:::bucket/buildspec.yml", "s3"),
        ("version: 0.2\nphases: {}", "project"),
        ('{"version": 0.2}', "project"),
    ],
)
def test_where_the_buildspec_is(buildspec: str, where: str) -> None:
    body = codebuild._kept({"source": {"type": "GITHUB", "buildspec": buildspec}})
    assert body["buildspecFrom"] == where


def _guard(webhook: dict[str, Any]) -> Status:
    body = {
        "name": "p", "environment": {}, "buildspecFrom": "source", "webhook": webhook,
        "source": {"type": "GITHUB", "location": "https://github.com/acme/api"},
    }  # fmt: skip
    rule = plugins.load().rules["aws-codebuild-trigger-guard"]
    return judge(rule, canonical(body), now=NOW, scope=SCOPE).status


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ({"requiresCommentApproval": "ALL_PULL_REQUESTS", "approverRoles": ["GITHUB_WRITE"]}, Status.PASS),
        ({"requiresCommentApproval": "FORK_PULL_REQUESTS"}, Status.INCONCLUSIVE),
        ({"requiresCommentApproval": "FORK_PULL_REQUESTS", "approverRoles": ["GITLAB_OWNER"]}, Status.PASS),
        ({"requiresCommentApproval": "ALL_PULL_REQUESTS", "approverRoles": ["GITHUB_READ"]}, Status.FAIL),
        ({"requiresCommentApproval": "DISABLED", "approverRoles": ["GITHUB_ADMIN"]}, Status.FAIL),
        ({"requiresCommentApproval": "SOME_OF_THEM"}, Status.FAIL),
    ],
)  # fmt: skip
def test_whose_comment_starts_a_build(policy: dict[str, Any], status: Status) -> None:
    assert _guard({"pullRequestBuildPolicy": policy}) is status


@pytest.mark.parametrize(
    ("events", "exclude", "status"),
    [
        ("PUSH", False, Status.PASS),
        ("PULL_REQUEST_MERGED", False, Status.PASS),
        ("PUSH, PULL_REQUEST_REOPENED", False, Status.FAIL),
        ("PULL_REQUEST_CREATED, PULL_REQUEST_UPDATED, PULL_REQUEST_REOPENED", True, Status.FAIL),
        (
            "PULL_REQUEST_CREATED, PULL_REQUEST_UPDATED, PULL_REQUEST_REOPENED, PULL_REQUEST_CLOSED",
            True,
            Status.PASS,
        ),
        ("PULL_REQUEST_CREATED", True, Status.FAIL),
    ],
)
def test_which_events_are_those_of_strangers(events: str, exclude: object, status: Status) -> None:
    group = [{"type": "EVENT", "pattern": events, "excludeMatchedPattern": exclude}]
    assert _guard({"filterGroups": [group]}) is status


@pytest.mark.parametrize(
    ("pattern", "status"),
    [
        ("^refs/heads/(main|release)$", Status.PASS),
        ("^refs/heads/[a|b]$", Status.PASS),
        (r"^refs/heads/a\|b$", Status.PASS),
        ("refs/heads/main$", Status.FAIL),
        ("^refs/heads/main$|^refs/heads/dev", Status.FAIL),
        ("", Status.FAIL),
    ],
)
def test_anchors(pattern: str, status: Status) -> None:
    group = [{"type": "EVENT", "pattern": "PUSH"}, {"type": "HEAD_REF", "pattern": pattern}]
    assert _guard({"filterGroups": [group]}) is status


def test_recorded_projects(recordings: Callable[[str], Path]) -> None:
    found = [
        codebuild._kept(project)
        for _, said in answers(recordings("aws"), "codebuild.BatchGetProjects")
        for project in said["projects"]
    ]
    assert found
    assert all(judged(KIND, project) for project in found)
    rule = plugins.load().rules["aws-codebuild-source-auth"]
    evidence = JoinedEvidence(
        rule, GivenDocuments(SCOPE, {"aws.codebuild.source_credential": []})
    ).at(SCOPE)
    said = {
        json.loads(canonical(project))["name"]: judge(
            rule, canonical(project), now=NOW, scope=SCOPE, evidence=evidence
        ).status
        for project in found
    }
    assert said["codebuild-demo-project2"] is Status.NOT_APPLICABLE
    assert said["test-delete-codebuild"] is Status.PASS


def test_source_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    # moto does not know the operation.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    arn = "arn:aws:codebuild:eu-west-1:111122223333:token/github"
    said = {"arn": arn, "serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN"}
    with FaultyAws(Answer(body=json.dumps({"sourceCredentialsInfos": [said]}))) as server:
        aws, meter = client(server.url, "codebuild:ListSourceCredentials")
        (found,) = codebuild.source_credentials.function(aws)
    assert (found.uid, found.name, found.body) == (arn, "GITHUB", said)
    assert meter.calls == {"codebuild:ListSourceCredentials": 1}
