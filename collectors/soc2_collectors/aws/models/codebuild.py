"""Views of CodeBuild: build projects, and the credentials by which a region reads sources."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource


class Variable(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An environment variable; the value is redacted before it is kept."""

    may_lack: ClassVar[dict[str, str]] = {
        "type": "without one it is plain text, and is looked into (API reference, EnvironmentVariable)",
        "value": "a variable without a value holds nothing",
    }
    any_value: ClassVar[dict[str, str]] = {
        "type": "what is no reference is plain text, and is looked into",
        "value": "any text is looked into",
    }
    name: str
    value: str | None = None
    type: str = "PLAINTEXT"
    """AWS takes a variable without a type for plain text."""


class Environment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where builds run."""

    may_lack: ClassVar[dict[str, str]] = {
        "environmentVariables": "an empty list says that there are none; without it the rule is inconclusive"
    }
    environment_variables: list[Variable] | None = None
    """``None`` where AWS did not say."""


class SourceAuth(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a source is read: ``OAUTH``, ``CODECONNECTIONS`` or ``SECRETS_MANAGER``."""

    may_lack: ClassVar[dict[str, str]] = {
        "resource": "without one the region's credential is used, and judged (API reference, SourceAuth)"
    }
    any_value: ClassVar[dict[str, str]] = {"resource": "an ARN: which one does not matter"}
    type: str
    resource: str | None = None
    """The connection or secret; where it is left out, the region's credential is used."""


class Source(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A source of a project."""

    may_lack: ClassVar[dict[str, str]] = {
        "auth": "without it the region's credential is used, and judged (API reference, ProjectSource)",
        "buildspec": "without one the file buildspec.yml of the source counts",
        "insecureSsl": "false where it is left out (API reference, ProjectSource)",
    }
    any_value: ClassVar[dict[str, str]] = {"buildspec": "any text is looked into"}
    type: str
    location: str = ""
    """Left out where there is none: ``CODEPIPELINE``, ``NO_SOURCE``. What stands before the host's ``@`` is
    cut out before it is kept; see the collector."""
    auth: SourceAuth | None = None
    buildspec: str | None = None
    """Redacted before it is kept."""
    insecure_ssl: bool = False
    """The certificate of the host is not looked at: anybody on the way may be it."""
    source_identifier: str = ""
    """Only secondary sources have one."""


class WebhookFilter(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One condition of a filter group; all of a group must hold."""

    may_lack: ClassVar[dict[str, str]] = {
        "excludeMatchedPattern": "false where it is left out (API reference, WebhookFilter)"
    }
    type: str
    pattern: str
    exclude_matched_pattern: bool = False


class PullRequestPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose comment starts the build of a pull request."""

    requires_comment_approval: str
    approver_roles: list[str] = []


class Scope(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The organisation or group whose repositories a webhook hears, where it is more than one."""

    name: str
    scope: str


class Webhook(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What starts builds by itself. Without filter groups every push and pull request does."""

    may_lack: ClassVar[dict[str, str]] = {
        "branchFilter": "the form from before filter groups: only looked into where it is there",
        "filterGroups": "without groups every event starts a build, which is stricter",
        "pullRequestBuildPolicy": "without one every pull request that the filters let in starts a build",
        "scopeConfiguration": "of webhooks of whole organisations only (API reference, Webhook)",
        "buildType": "an ordinary build where it is left out (API reference, Webhook)",
    }
    build_type: str = "BUILD"
    """``BUILD``, ``BUILD_BATCH``, or ``RUNNER_BUILDKITE_BUILD``: Buildkite starts its jobs."""
    filter_groups: list[list[WebhookFilter]] = []
    branch_filter: str | None = None
    """The form from before filter groups: a regular expression on branches."""
    scope_configuration: Scope | None = None
    pull_request_build_policy: PullRequestPolicy | None = None


class SourceVersion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which version of a secondary source is read."""

    source_identifier: str = ""
    source_version: str = ""


class CloudWatchLogs(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``cloudWatchLogs`` of ``logsConfig``."""

    status: str


class S3Logs(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``s3Logs`` of ``logsConfig``; they are encrypted unless somebody says otherwise."""

    may_lack: ClassVar[dict[str, str]] = {
        "encryptionDisabled": "logs in S3 are encrypted where nothing is said (API reference, S3LogsConfig)"
    }
    status: str
    encryption_disabled: bool = False


class LogsConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where builds log to. AWS: CloudWatch Logs are on by default, logs in S3 are not."""

    may_lack: ClassVar[dict[str, str]] = {
        "cloudWatchLogs": "on where nothing is said (API reference, LogsConfig)",
        "s3Logs": "off where nothing is said (API reference, LogsConfig)",
    }
    cloud_watch_logs: CloudWatchLogs | None = None
    s3_logs: S3Logs | None = None


class VpcConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The VPC in which builds run."""

    security_group_ids: list[str] = []


class Project(Resource, frozen=True, kw_only=True, rename="camel"):
    """A build project (``BatchGetProjects``)."""

    kind = "aws.codebuild.project"
    secret = (
        "environment.environmentVariables.*.value",
        "source.buildspec",
        "secondarySources.*.buildspec",
        "webhook.secret",
        "webhook.payloadUrl",
        "badge.badgeRequestUrl",
    )
    """Commands hold passwords as user data does; the two URLs carry tokens of their own."""
    may_lack: ClassVar[dict[str, str]] = {
        "webhook": "AWS leaves it out where there is none (API reference, Project)",
        "secondarySources": "AWS tells none, or an empty list, where there are none",
        "sourceVersion": "the default branch where it is left out (API reference, Project)",
        "secondarySourceVersions": "the default branches where it is left out (API reference, Project)",
        "logsConfig": "logs go to CloudWatch where nothing is said (API reference, LogsConfig)",
        "projectVisibility": "answers from before builds could be made public leave it out",
        "buildspecFrom": "only named in a message",
        "vpcConfig": "AWS leaves it out where builds run in no VPC (API reference, Project)",
    }
    name: str
    environment: Environment
    source: Source
    secondary_sources: list[Source] = []
    source_version: str = ""
    """A branch, a tag, a commit; or a pull request, whose code nobody has accepted."""
    secondary_source_versions: list[SourceVersion] = []
    webhook: Webhook | None = None
    logs_config: LogsConfig = LogsConfig()
    vpc_config: VpcConfig = VpcConfig()
    project_visibility: str = "PRIVATE"
    """Answers from before 2021 leave it out: builds could not be made public."""
    buildspec_from: str
    """``source``: a file of the repository that is built; ``s3``; ``project``: it stands in the project.
    The collector's word, since the text itself is redacted."""

    @property
    def sources(self) -> list[Source]:
        """The primary source and the secondary ones."""
        return [self.source, *self.secondary_sources]

    @property
    def versions(self) -> list[str]:
        """The versions that are read where a build names none."""
        named = (
            self.source_version,
            *(one.source_version for one in self.secondary_source_versions),
        )
        return [version for version in named if version]


class SourceCredential(Resource, frozen=True, kw_only=True, rename="camel"):
    """The credential by which a region reads every source of one host (``ListSourceCredentials``)."""

    kind = "aws.codebuild.source_credential"
    server_type: str
    """``GITHUB``, ``BITBUCKET``, ...: the types of sources."""
    auth_type: str
    """``OAUTH``, ``CODECONNECTIONS``, ``SECRETS_MANAGER``, ``PERSONAL_ACCESS_TOKEN`` or ``BASIC_AUTH``."""
