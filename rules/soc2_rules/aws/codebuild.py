"""CodeBuild: who can start which build, with which credentials, and who sees what it did."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.codebuild import (
    Project,
    Source,
    SourceCredential,
    Webhook,
    WebhookFilter,
)
from soc2_collectors.aws.models.redacted import recognised
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.credential_names import CREDENTIALS, sounds_like_credential

if TYPE_CHECKING:
    from collections.abc import Sequence


_REFERENCES = ("PARAMETER_STORE", "SECRETS_MANAGER")
"""Types whose value names a secret and is none."""


@rule(
    criteria=["CC6.1", "CC7.2", "CC8.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:codebuild_project_no_secrets_in_variables",
        "powerpipe:codebuild_project_plaintext_env_variables_no_sensitive_aws_values",
    ],
)
def aws_codebuild_no_plaintext_secrets(
    project: Project,
    *,
    names: tuple[str, ...] = CREDENTIALS,
    allowed_names: tuple[str, ...] = (),
) -> Verdict:
    """Variables of build projects, and buildspecs that stand in them, hold no credentials in plain text.

    Why: whoever may look at a build project reads its variables, and every build prints them into its log.
    Fix: keep the value in Secrets Manager or Parameter Store and change the variable's type to SECRETS_MANAGER
        or PARAMETER_STORE (aws codebuild update-project --name NAME --environment); then replace the
        credential, which was seen. A variable that only sounds like one goes into allowed_names.
    """
    found: list[str] = []
    unread: list[str] = []
    variables = project.environment.environment_variables
    plain = [v for v in variables or () if v.type not in _REFERENCES]
    for variable in sorted(plain, key=lambda v: v.name):
        seen = recognised(variable.value)
        if not seen.readable:
            unread.append(variable.name)
        elif seen.labels:
            found.append(f"{variable.name} looks like {seen.labels}")
        elif (
            seen.there
            and sounds_like_credential(variable.name, names)
            and variable.name not in allowed_names
        ):
            found.append(f"{variable.name} is called like a credential")
    for source in project.sources:
        seen = recognised(source.buildspec)
        if seen.labels:
            found.append(f"the buildspec{_of(source)} looks like {seen.labels}")
        elif not seen.readable:
            unread.append(f"the buildspec{_of(source)}")
    if found:
        return failed(f"in plain text: {', '.join(found)}")
    if variables is None:
        return inconclusive("AWS does not say which variables it has")
    if unread:
        return inconclusive(f"could not be looked into: {', '.join(unread)}")
    return passed(f"{len(plain)} variables in plain text, none of which looks like a credential")


def _of(source: Source) -> str:
    return f" of {source.source_identifier}" if source.source_identifier else ""


@rule(
    criteria=["CC7.2", "CC8.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:codebuild_project_logging_enabled",
        "prowler:codebuild_project_s3_logs_encrypted",
        "powerpipe:codebuild_project_logging_enabled",
    ],
)
def aws_codebuild_logging(project: Project) -> Verdict:
    """Builds write logs, to CloudWatch Logs or encrypted to S3.

    Why: without its log nobody can tell what a build ran, or why it released what it did.
    Fix: aws codebuild update-project --name NAME --logs-config 'cloudWatchLogs={status=ENABLED}'; for logs in
        S3 set encryptionDisabled=false.
    """
    cloudwatch, s3 = project.logs_config.cloud_watch_logs, project.logs_config.s3_logs
    to_s3 = s3 is not None and s3.status == "ENABLED"
    if to_s3 and s3 is not None and s3.encryption_disabled:
        return failed("the logs in S3 are not encrypted")
    # AWS logs to CloudWatch where nothing is said of it.
    to_cloudwatch = cloudwatch is None or cloudwatch.status == "ENABLED"
    where = [name for name, on in (("CloudWatch Logs", to_cloudwatch), ("S3", to_s3)) if on]
    return passed(f"logs to {' and '.join(where)}") if where else failed("builds write no logs")


_HOSTS = ("GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET")
"""Types of sources that are read from a host outside AWS, with a credential."""
_ANCHORED = (
    "ACTOR_ACCOUNT_ID",
    "HEAD_REF",
    "BASE_REF",
    "TAG_NAME",
    "REPOSITORY_NAME",
    "ORGANIZATION_NAME",
)
"""Filters of which a pattern without ^ and $ lets in what only holds the wanted value."""
_FROM_PROPOSALS = (
    "PULL_REQUEST_CREATED",
    "PULL_REQUEST_UPDATED",
    "PULL_REQUEST_REOPENED",
    "PULL_REQUEST_CLOSED",
)
"""Events whose code nobody has accepted: whoever made a pull request may close it, too."""
_ACCEPTED = ("PUSH", "PULL_REQUEST_MERGED", "RELEASED", "PRERELEASED")
"""Events that only somebody with rights in the repository can cause."""
_WORKFLOW = "WORKFLOW_JOB_QUEUED"
"""The event by which a project serves as a runner: of pull requests too, as far as the host lets them."""
_ACTORS = re.compile(r"\^(?:[\w{}:-]+|\((?:\?:)?[\w{}:-]+(?:\|[\w{}:-]+)*\))\$")
"""One account id, or several in brackets; anything else may match more accounts than one reads."""
_APPROVERS = (
    "GITHUB_TRIAGE",
    "GITHUB_WRITE",
    "GITHUB_MAINTAIN",
    "GITHUB_ADMIN",
    "GITLAB_PLANNER",
    "GITLAB_REPORTER",
    "GITLAB_DEVELOPER",
    "GITLAB_MAINTAINER",
    "GITLAB_OWNER",
    "BITBUCKET_WRITE",
    "BITBUCKET_ADMIN",
)
"""Roles that somebody has to give; others everybody has in a public repository."""
_BUILDKITE = "RUNNER_BUILDKITE_BUILD"
_POLICIES = ("ALL_PULL_REQUESTS", "FORK_PULL_REQUESTS")
_PROPOSAL = re.compile(r"(?:refs/)?(?:pr|pull|merge-requests)/[^{}]*", re.IGNORECASE)
"""A version that is a pull request, whatever is pushed to it. With a commit behind it, it is that commit."""
_OWNER = re.compile(r"^\w+://(?:[^/@]*@)?[^/]+/([^/]+)/")
_USER_INFO = re.compile(r"^\w+://([^/@]*)@")


@rule(
    criteria=["CC8.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:codebuild_project_webhook_filters_use_anchored_patterns",
        "prowler:codebuild_project_uses_allowed_github_organizations",
        "prowler:codebuild_project_not_publicly_accessible",
        "prowler:codebuild_project_user_controlled_buildspec",
    ],
)
def aws_codebuild_trigger_guard(
    project: Project, *, organizations: tuple[str, ...] = ()
) -> Verdict:
    """Strangers can neither start builds, nor say what they do, nor look at them.

    CodeBuild does not say whether a repository is private: everybody is taken for able to make pull requests. Waive it
    where only members can.

    Why: a build runs with the project's role; a stranger's pull request that starts one runs the stranger's
        commands with it.
    Fix: aws codebuild update-webhook --filter-groups with patterns of the form ^...$ and an ACTOR_ACCOUNT_ID
        filter (^(123|456)$) on pull requests, or a pull request build policy that asks for a maintainer's
        comment; aws codebuild update-project-visibility --project-arn ARN --project-visibility PRIVATE; name
        the owners whose repositories may be built in organizations.
    """
    found = []
    if project.project_visibility != "PRIVATE":
        found.append(f"its builds are {project.project_visibility}")
    found += _foreign(project, organizations)
    found += [
        f"what it builds is the pull request {version}: whoever made it says what is run"
        for version in project.versions
        if _PROPOSAL.fullmatch(version.strip())
    ]
    if project.webhook is not None:
        found += _loose(project.webhook)
        if project.webhook.build_type != _BUILDKITE and not _guarded(project.webhook):
            steps = " and its buildspec" if project.buildspec_from == "source" else ""
            found.append(f"pull requests of anybody start builds: their code{steps} is run")
    if found:
        return failed("; ".join(found))
    if project.webhook is not None and _for_workflows(project.webhook):
        return inconclusive("who may start workflow jobs on it is decided where the repository is")
    if strange := _strange(project):
        return inconclusive(f"not known: {', '.join(strange)}")
    started = "no webhook starts it" if project.webhook is None else "its webhook is guarded"
    hosted = any(source.type in _HOSTS for source in project.sources)
    owners = (
        "; organizations is not set, so every owner is accepted"
        if hosted and not organizations
        else ""
    )
    return passed(f"private, {started}{owners}")


def _strange(project: Project) -> list[str]:
    """What this rule does not know, and cannot call safe."""
    found = [
        f"a source of type {source.type}"
        for source in project.sources
        if source.type not in (*_HOSTS, *_WITHIN_AWS)
    ]
    webhook = project.webhook
    if webhook is None:
        return found
    if webhook.build_type not in ("BUILD", "BUILD_BATCH"):
        found.append(f"who starts a {webhook.build_type}")
    policy = webhook.pull_request_build_policy
    if (
        policy is not None
        and policy.requires_comment_approval in _POLICIES
        and not policy.approver_roles
    ):
        found.append("who may approve pull requests")
    for group in webhook.filter_groups:
        for condition in group:
            if condition.type == "EVENT":
                named = {event.strip() for event in condition.pattern.split(",")}
                found += [
                    f"the event {event or 'without a name'}"
                    for event in sorted(named - {*_FROM_PROPOSALS, *_ACCEPTED, _WORKFLOW})
                ]
    return found


def _foreign(project: Project, organizations: tuple[str, ...]) -> list[str]:
    """Owners of repositories that are not on the list, where there is one."""
    if not organizations:
        return []
    allowed = {name.lower() for name in organizations}
    found = []
    scope = project.webhook.scope_configuration if project.webhook else None
    if scope is not None and scope.name.lower() not in allowed:
        found.append(f"its webhook hears {scope.name}")
    for source in project.sources:
        if source.type not in _HOSTS:
            continue
        match = _OWNER.match(source.location)
        owner = match[1] if match else ""
        whole = scope is not None and not owner  # the webhook says whose repositories they are
        if not whole and owner.lower() not in allowed:
            found.append(f"{source.location or 'a source without a location'} is not on the list")
    return found


def _loose(webhook: Webhook) -> list[str]:
    """Patterns that match more than they say. What is excluded may well be more than was meant."""
    patterns = [
        (condition.type, condition.pattern)
        for group in webhook.filter_groups
        for condition in group
        if condition.type in _ANCHORED and not condition.exclude_matched_pattern
    ]
    if webhook.branch_filter:
        patterns.append(("the branch filter", webhook.branch_filter))
    return [
        f"{what} is not anchored: {pattern}" for what, pattern in patterns if not _whole(pattern)
    ]


def _whole(pattern: str) -> bool:
    """Whether each alternative of a regular expression is about the whole value, or ends in ``.*`` openly."""
    return all(
        part.startswith("^") and (part.endswith((".*", ".+")) or _ends(part))
        for part in _alternatives(pattern.strip())
    )


def _ends(part: str) -> bool:
    """``$`` at the end that is no escaped dollar."""
    body = part.removesuffix("$")
    return body != part and (len(body) - len(body.rstrip("\\"))) % 2 == 0


def _alternatives(pattern: str) -> list[str]:
    """What ``|`` separates outside of every bracket."""
    found, depth, in_class, start, escaped = [], 0, False, 0, False
    for at, char in enumerate(pattern):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            found.append(pattern[start:at])
            start = at + 1
    return [*found, pattern[start:]]


def _guarded(webhook: Webhook) -> bool:
    """Whether no pull request of a stranger starts a build by itself."""
    policy = webhook.pull_request_build_policy
    if (
        policy is not None
        and policy.requires_comment_approval in _POLICIES
        and set(policy.approver_roles) <= set(_APPROVERS)
    ):
        return True
    # Without groups every push and pull request starts a build.
    return bool(webhook.filter_groups) and all(
        not _from_proposals(group) or _by_known_actors(group) for group in webhook.filter_groups
    )


def _from_proposals(group: Sequence[WebhookFilter]) -> bool:
    """Whether the group lets in events of pull requests that nobody has merged."""
    left = set(_FROM_PROPOSALS)
    for condition in group:
        if condition.type == "EVENT":
            named = {event.strip() for event in condition.pattern.split(",")}
            left = left - named if condition.exclude_matched_pattern else left & named
    return bool(left)


def _for_workflows(webhook: Webhook) -> bool:
    """Whether it runs jobs of the host's own workflows, whoever caused them."""
    return any(
        condition.type == "EVENT"
        and _WORKFLOW in condition.pattern
        and not condition.exclude_matched_pattern
        and not _by_known_actors(group)
        for group in webhook.filter_groups
        for condition in group
    )


def _by_known_actors(group: Sequence[WebhookFilter]) -> bool:
    return any(
        condition.type == "ACTOR_ACCOUNT_ID"
        and not condition.exclude_matched_pattern
        and all(
            _ACTORS.fullmatch(part) is not None for part in _alternatives(condition.pattern.strip())
        )
        for condition in group
    )


@rule(
    criteria=["CC8.1", "CC7.2"],
    severity=Severity.MEDIUM,
    needs=[SourceCredential],
    known_as=[
        "prowler:codebuild_project_source_repo_url_no_sensitive_credentials",
        "powerpipe:codebuild_project_source_repo_oauth_configured",
    ],
)
def aws_codebuild_source_auth(project: Project, evidence: Evidence) -> Verdict:
    """Builds read their source by a connection, OAuth or a kept secret, and no URL holds a token.

    The certificate of the host has to be looked at, too.

    Why: a personal token speaks for a person, does not end when the person leaves, and in a URL is read by
        everybody who sees the project.
    Fix: aws codeconnections create-connection, then aws codebuild import-source-credentials --server-type
        GITHUB --auth-type CODECONNECTIONS --token ARN-OF-THE-CONNECTION; take the token out of the location and
        revoke it.
    """
    sources = [source for source in project.sources if source.type in _HOSTS]
    unknown = {s.type for s in project.sources} - {*_HOSTS, *_WITHIN_AWS}
    if unknown:
        return inconclusive(f"not known: sources of type {', '.join(sorted(unknown))}")
    if not sources:
        return not_applicable("its source is not read from a host outside AWS")
    # What the project itself says needs no credential of the region.
    if wrong := [verdict.message for source in sources if (verdict := _in_url(source))]:
        return failed("; ".join(dict.fromkeys(wrong)))
    told = [_read_by(source, evidence) for source in sources]
    # Two sources of one host share its credential.
    on = list({id(document): document for verdict in told for document in verdict.on}.values())
    told += [
        inconclusive(f"AWS does not say where its {source.type} source is")
        for source in sources
        if not source.location
    ]
    for status in (Status.FAIL, Status.INCONCLUSIVE):
        worst = [verdict.message for verdict in told if verdict.status is status]
        if worst:
            said = "; ".join(dict.fromkeys(worst))
            return failed(said, on=on) if status is Status.FAIL else inconclusive(said, on=on)
    return passed("; ".join(dict.fromkeys(verdict.message for verdict in told)), on=on)


_WITHIN_AWS = ("CODECOMMIT", "CODEPIPELINE", "S3", "NO_SOURCE")
_KEPT_WELL = ("OAUTH", "CODECONNECTIONS", "SECRETS_MANAGER")
_PERSONAL = ("PERSONAL_ACCESS_TOKEN", "BASIC_AUTH")


def _in_url(source: Source) -> Verdict | None:
    if source.insecure_ssl:
        return failed(f"reads {source.type} from whoever answers: its certificate is not looked at")
    found = _USER_INFO.match(source.location)
    if found is None:
        return None
    only_a_name = ":" not in found[1] and "redacted" not in found[1]
    if source.type == "BITBUCKET" and only_a_name:
        return None
    return failed(f"the URL of {source.source_identifier or 'the source'} holds a credential")


def _read_by(source: Source, evidence: Evidence) -> Verdict:
    auth = source.auth
    if auth is not None and auth.type not in _KEPT_WELL:
        return inconclusive(f"not known: reads {source.type} by {auth.type}")
    if auth is not None and auth.resource:
        return passed(f"reads {source.type} by {auth.type}")
    # What the project itself says is for the console; the region's credential is the one that is used.
    kept = evidence.index(SourceCredential, "server_type", within="here").get(source.type, ())
    by = {credential.auth_type for credential in kept}
    if by & set(_PERSONAL):
        return failed(
            f"reads {source.type} by the region's {', '.join(sorted(by & set(_PERSONAL)))}", on=kept
        )
    if by - set(_KEPT_WELL):
        return inconclusive(f"not known: reads {source.type} by {', '.join(sorted(by))}", on=kept)
    if by:
        return passed(f"reads {source.type} by the region's {', '.join(sorted(by))}", on=kept)
    if auth is not None:
        return passed(f"reads {source.type} by {auth.type}")
    return passed(f"reads {source.type} without any credential: what everybody can read")
