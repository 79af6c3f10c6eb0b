"""Views of CodeBuild: build projects, and the credentials by which a region reads sources."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource


class Variable(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An environment variable; the value is redacted before it is kept."""

    name: str
    value: str | None = None
    type: str = "PLAINTEXT"
    """AWS takes a variable without a type for plain text."""


class Environment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where builds run."""

    environment_variables: list[Variable] = []


class SourceAuth(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a source is read: ``OAUTH``, ``CODECONNECTIONS`` or ``SECRETS_MANAGER``."""

    type: str
    resource: str | None = None
    """The connection or secret; where it is left out, the region's credential is used."""


class Source(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A source of a project."""

    type: str
    location: str = ""
    """Left out where there is none: ``CODEPIPELINE``, ``NO_SOURCE``. What stands before the host's ``@`` is
    cut out before it is kept; see the collector."""
    auth: SourceAuth | None = None
    source_identifier: str = ""
    """Only secondary sources have one."""


class WebhookFilter(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One condition of a filter group; all of a group must hold."""

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

    filter_groups: list[list[WebhookFilter]] = []
    branch_filter: str | None = None
    """The form from before filter groups: a regular expression on branches."""
    scope_configuration: Scope | None = None
    pull_request_build_policy: PullRequestPolicy | None = None


class CloudWatchLogs(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``cloudWatchLogs`` of ``logsConfig``."""

    status: str


class S3Logs(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``s3Logs`` of ``logsConfig``; they are encrypted unless somebody says otherwise."""

    status: str
    encryption_disabled: bool = False


class LogsConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where builds log to. AWS: CloudWatch Logs are on by default, logs in S3 are not."""

    cloud_watch_logs: CloudWatchLogs | None = None
    s3_logs: S3Logs | None = None


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
    name: str
    environment: Environment
    source: Source
    secondary_sources: list[Source] = []
    webhook: Webhook | None = None
    logs_config: LogsConfig = LogsConfig()
    project_visibility: str = "PRIVATE"
    """Answers from before 2021 leave it out: builds could not be made public."""
    buildspec_from: str
    """``source``: a file of the repository that is built; ``s3``; ``project``: it stands in the project.
    The collector's word, since the text itself is redacted."""

    @property
    def sources(self) -> list[Source]:
        """The primary source and the secondary ones."""
        return [self.source, *self.secondary_sources]


class SourceCredential(Resource, frozen=True, kw_only=True, rename="camel"):
    """The credential by which a region reads every source of one host (``ListSourceCredentials``)."""

    kind = "aws.codebuild.source_credential"
    server_type: str
    """``GITHUB``, ``BITBUCKET``, ...: the types of sources."""
    auth_type: str
    """``OAUTH``, ``CODECONNECTIONS``, ``SECRETS_MANAGER``, ``PERSONAL_ACCESS_TOKEN`` or ``BASIC_AUTH``."""
