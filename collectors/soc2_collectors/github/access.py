"""Collects what reaches the organisation without being a member: tokens, Apps, keys, hooks, secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from soc2_collectors.github.inventory import REPOSITORY_DEPLOY_KEYS, listed
from soc2_collectors.github.models.access import (
    AppInstallation,
    AuditLogStream,
    CredentialAuthorization,
    DeployKeyList,
    PersonalAccessToken,
    SecretList,
    WebhookList,
)
from soc2_collectors.github.repositories import REPOSITORIES
from soc2_pac.collect.redact import scrub
from soc2_pac.errors import NotEnabled
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.client import Github

_ORGANIZATION_SECRETS = "/orgs/{org}/actions/secrets"
_SECRETS = "/repos/{owner}/{repo}/actions/secrets"
_ORGANIZATION_HOOKS = "/orgs/{org}/hooks"
_HOOKS = "/repos/{owner}/{repo}/hooks"
_KEYS = "/repos/{owner}/{repo}/keys"
_TOKENS = "/orgs/{org}/personal-access-tokens"
_CREDENTIALS = "/orgs/{org}/credential-authorizations"
_INSTALLATIONS = "/orgs/{org}/installations"
_STREAMS = "/enterprises/{enterprise}/audit-log/streams"


@collects(
    SecretList,
    calls=[f"GET {path}" for path in (REPOSITORIES, _ORGANIZATION_SECRETS, _SECRETS)],
    per="organization",
    cost="pages of 100 + 1 + N",
)
def secrets(github: Github) -> Iterator[Document]:
    """Names and times of the secrets of Actions, of the organisation and of each repository."""
    of_all = github.list_fact(_ORGANIZATION_SECRETS, key="secrets")
    yield _held_by_organization(github, {"secrets": of_all})
    for repository in _active(github):
        found = github.list_fact(_SECRETS, key="secrets", repo=repository.get("name", ""))
        yield _held(repository, {"secrets": found})


@collects(
    WebhookList,
    calls=[f"GET {path}" for path in (REPOSITORIES, _ORGANIZATION_HOOKS, _HOOKS)],
    per="organization",
    cost="pages of 100 + 1 + N",
)
def webhooks(github: Github) -> Iterator[Document]:
    """Webhooks of the organisation and of each repository."""

    def hooks(path: str, **params: str) -> Fact:
        def read() -> object:
            return [_where_to(hook) for hook in github.items(path, **params)]

        return Fact(f"GET {path}", read)

    yield _held_by_organization(github, {"hooks": hooks(_ORGANIZATION_HOOKS)})
    for repository in _active(github):
        yield _held(repository, {"hooks": hooks(_HOOKS, repo=repository.get("name", ""))})


def _where_to(hook: dict[str, Any]) -> dict[str, Any]:
    """A hook whose URL says only the host: receivers want their tokens in the path or the query."""
    config = hook.get("config")
    if not isinstance(config, dict) or not isinstance(config.get("url"), str):
        return hook
    url = scrub(config["url"])
    if not url.startswith("[redacted "):  # a URL that is known to be a credential by itself
        found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^/?#]*@)?([^/?#]*)", url)
        # A backslash is read as one host by some programs and as another by others: rules must see it.
        host = "\\" if "\\" in url else found[2] if found else ""
        url = f"{found[1]}{host}/[redacted]" if found else "[redacted]"
    return {**hook, "config": {**config, "url": url}}


@collects(
    DeployKeyList,
    calls=[REPOSITORY_DEPLOY_KEYS.call, f"GET {_KEYS}"],
    per="organization",
    cost="pages of 100 + 1 for each repository that has keys",
)
def deploy_keys(github: Github) -> Iterator[Document]:
    """Deploy keys of the repositories that have some, or that do not show to this identity whether."""
    for node in listed(github, REPOSITORY_DEPLOY_KEYS):
        if node["isArchived"]:
            continue
        if node["deployKeys"]["totalCount"] or not node["viewerCanAdminister"]:
            holder = {"name": node["nameWithOwner"], "node_id": node["id"]}
            keys = github.list_fact(_KEYS, repo=node["name"])
            yield Document(node["id"], node["nameWithOwner"], {"holder": holder, "keys": keys})


@collects(
    PersonalAccessToken, calls=[f"GET {_TOKENS}"], per="organization", cost="pages of 100 tokens"
)
def personal_access_tokens(github: Github) -> Iterator[Document]:
    """Fine-grained tokens that the organisation let in; GitHub tells Apps only."""
    for token in github.items(_TOKENS):
        owner = (token.get("owner") or {}).get("login")
        name = f"{owner}: {token.get('token_name') or token.get('token_id')}"
        yield Document(uid=str(token.get("id", "")), name=name, body=token)


@collects(
    CredentialAuthorization,
    calls=[f"GET {_CREDENTIALS}"],
    per="organization",
    cost="pages of 100 credentials",
)
def credential_authorizations(github: Github) -> Iterator[Document]:
    """Classic tokens, SSH keys and tokens of apps that members passed through single sign-on."""
    for credential in github.items(_CREDENTIALS):
        number = str(credential.get("credential_id", ""))
        name = f"{credential.get('login')}: {credential.get('credential_type')} {number}"
        yield Document(number, name, credential)


@collects(
    AppInstallation, calls=[f"GET {_INSTALLATIONS}"], per="organization", cost="pages of 100 Apps"
)
def app_installations(github: Github) -> Iterator[Document]:
    """GitHub Apps that are installed in the organisation."""
    for installation in github.items(_INSTALLATIONS, key="installations"):
        yield Document(
            str(installation.get("id", "")), installation.get("app_slug", ""), installation
        )


@collects(AuditLogStream, calls=[f"GET {_STREAMS}"], per="organization", cost="1")
def audit_log_streams(github: Github) -> Iterator[Document]:
    """Where the enterprise streams its audit log to."""
    if github.enterprise is None:
        msg = (
            "the audit log is streamed by the enterprise account: name it in this source, "
            'enterprise = "SLUG", where there is one'
        )
        raise NotEnabled(msg, operation=f"GET {_STREAMS}")
    for stream in github.items(_STREAMS, enterprise=github.enterprise):
        name = f"{github.enterprise}: {stream.get('stream_type')}"
        yield Document(str(stream.get("id", "")), name, stream)


def _active(github: Github) -> Iterator[dict[str, Any]]:
    """Repositories that are not archived."""
    return (
        repository
        for repository in github.items(REPOSITORIES, type="all")
        if not repository.get("archived")
    )


def _held_by_organization(github: Github, facts: dict[str, Fact]) -> Document:
    name = github.organization
    return Document("organization", name, {"holder": {"name": name}, **facts})


def _held(repository: dict[str, Any], facts: dict[str, Fact]) -> Document:
    name, uid = str(repository.get("full_name")), repository.get("node_id", "")
    holder = {"name": name, "node_id": uid}
    return Document(uid, name, {"holder": holder, **facts})
