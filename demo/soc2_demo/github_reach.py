"""What reaches the emulated GitHub company besides its people, and what it runs and ships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_demo.github_words import ENTERPRISE, LOGIN, Repo, account, days_ago, number_of

if TYPE_CHECKING:
    from datetime import datetime

_CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"
_TEST = f"""\
name: test
on: [push, pull_request]
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: {_CHECKOUT}
      - uses: actions/dependency-review-action@v4
        if: github.event_name == 'pull_request'
        with:
          deny-licenses: AGPL-3.0-only, SSPL-1.0
      - run: make test
"""
_PLAN = f"""\
name: plan
on: pull_request
permissions:
  contents: read
jobs:
  plan:
    runs-on: ubuntu-latest
    steps:
      - uses: {_CHECKOUT}
      - run: terraform plan
"""
_PREVIEW = f"""\
name: preview
on: pull_request_target
jobs:
  preview:
    runs-on: ubuntu-latest
    steps:
      - uses: {_CHECKOUT}
        with:
          ref: ${{{{ github.event.pull_request.head.sha }}}}
      - run: npm ci && npm run build
      - run: ./comment.sh "${{{{ github.event.pull_request.title }}}}"
"""
_BACKFILL = """\
name: backfill
on: workflow_dispatch
permissions:
  contents: read
jobs:
  backfill:
    runs-on: ubuntu-latest
    steps:
      - run: ./backfill.sh
        env:
          DATABASE_URL: ${{ secrets.WAREHOUSE_URL }}
"""


_LINT = """\
name: lint
on: push
permissions:
  contents: read
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: ./.github/actions/lint
"""
_LINT_ACTION = """\
name: lint
runs:
  using: composite
  steps:
    - run: npm ci && npm run lint
      shell: bash
"""


def actions(repo: Repo) -> dict[str, str]:
    """Files of the repository's own actions by their path."""
    return {".github/actions/lint/action.yml": _LINT_ACTION} if repo.name == "billing" else {}


def workflows(repo: Repo) -> dict[str, str]:
    """Files under ``.github/workflows`` by name."""
    found = {"test.yml": _PLAN if repo.language == "HCL" else _TEST}
    more = {
        "web": {"preview.yml": _PREVIEW},
        "billing": {"lint.yml": _LINT},
        "etl-jobs": {"backfill.yml": _BACKFILL},
    }
    return {} if repo.archived else {**found, **more.get(repo.name, {})}


def deployments(repo: Repo, now: datetime) -> list[dict[str, Any]]:
    """Deployments, the newest first."""
    people = {"api": "ana-kovac", "web": "chloe-martin", "billing": None}
    if repo.name not in people:
        return []
    login = people[repo.name]
    return [
        {
            "id": f"DE_{number_of(f'{repo.name} {day}'):x}",
            "databaseId": number_of(f"{repo.name} {day}"),
            "createdAt": days_ago(now, day),
            "commitOid": f"{number_of(f'{repo.name} {day}'):040x}",
            "environment": "production",
            "originalEnvironment": "production",
            "task": "deploy",
            "creator": login and {"__typename": "User", "login": login},
        }
        for day in (2, 9, 16, 200)
    ]


def release(repo: Repo, now: datetime) -> dict[str, Any] | None:
    """The latest release."""
    immutable = {"robot-firmware": True, "robot-sdk": False}.get(repo.name)
    if immutable is None:
        return None
    return {
        "id": f"RE_{number_of(repo.name):x}",
        "tagName": "v2.3.0",
        "isPrerelease": False,
        "createdAt": days_ago(now, 30),
        "publishedAt": days_ago(now, 30),
        "immutable": immutable,
        "releaseAssets": {
            "pageInfo": {"hasNextPage": False},
            "nodes": [{"name": f"{repo.name}-2.3.0.tar.gz"}],
        },
    }


def _key(now: datetime, title: str, *, read_only: bool) -> dict[str, Any]:
    return {
        "id": number_of(title),
        "key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI-an-invention",
        "title": title,
        "verified": True,
        "created_at": days_ago(now, 200),
        "read_only": read_only,
        "added_by": "ana-kovac",
        "last_used": days_ago(now, 3),
        "enabled": True,
    }


def deploy_keys(repo: Repo, now: datetime) -> list[dict[str, Any]]:
    """Deploy keys."""
    return {
        "robot-firmware": [_key(now, "flash-station", read_only=False)],
        "docs": [_key(now, "docs-host", read_only=True)],
    }.get(repo.name, [])


def _hook(now: datetime, number: int, url: str, *, secret: bool) -> dict[str, Any]:
    config = {"url": url, "content_type": "json", "insecure_ssl": "0"}
    return {
        "type": "Organization",
        "id": number,
        "name": "web",
        "active": True,
        "events": ["push"],
        "config": {**config, "secret": "********"} if secret else config,
        "created_at": days_ago(now, 700),
        "updated_at": days_ago(now, 300),
    }


def _secret(now: datetime, name: str, days: int) -> dict[str, Any]:
    return {"name": name, "created_at": days_ago(now, 900), "updated_at": days_ago(now, days)}


def _listed(key: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    return {"total_count": len(found), key: found}


def repository_reach(repo: Repo, now: datetime) -> dict[str, Any]:
    """What REST says of what reaches one repository, by path."""
    root = f"/repos/{LOGIN}/{repo.name}"
    secrets = {
        "infrastructure": [_secret(now, "AWS_SECRET_ACCESS_KEY", 800)],
        "etl-jobs": [_secret(now, "WAREHOUSE_URL", 100)],
    }.get(repo.name, [])
    hooks = (
        [_hook(now, 71, "https://ci.acme-robotics.example/hook", secret=True)]
        if repo.name == "api"
        else []
    )
    return {
        f"{root}/actions/secrets": _listed("secrets", secrets),
        f"{root}/hooks": hooks,
        f"{root}/keys": deploy_keys(repo, now),
        f"{root}/private-vulnerability-reporting": {"enabled": repo.name != "docs"},
    }


def _app(now: datetime, slug: str, selection: str, **permissions: str) -> dict[str, Any]:
    return {
        "id": number_of(slug),
        "app_id": number_of(f"app {slug}"),
        "app_slug": slug,
        "account": {"login": LOGIN, "id": 90417733, "type": "Organization"},
        "repository_selection": selection,
        "target_type": "Organization",
        "permissions": {"metadata": "read", **permissions},
        "events": [],
        "created_at": days_ago(now, 600),
        "updated_at": days_ago(now, 60),
        "suspended_at": None,
        "suspended_by": None,
    }


def _token(now: datetime, login: str, name: str, *, expires: bool) -> dict[str, Any]:
    return {
        "id": number_of(name),
        "owner": account(login),
        "repository_selection": "subset",
        "permissions": {"repository": {"metadata": "read", "contents": "read"}},
        "access_granted_at": days_ago(now, 40),
        "token_id": number_of(f"token {name}"),
        "token_name": name,
        "token_expired": False,
        "token_expires_at": days_ago(now, -50) if expires else None,
        "token_last_used_at": days_ago(now, 1),
    }


def _package(
    now: datetime, sort: str, name: str, visibility: str, repository: str
) -> dict[str, Any]:
    return {
        "id": number_of(name),
        "name": name,
        "package_type": sort,
        "owner": {"login": LOGIN},
        "version_count": 12,
        "visibility": visibility,
        "repository": {"id": number_of(repository), "full_name": f"{LOGIN}/{repository}"},
        "created_at": days_ago(now, 400),
        "updated_at": days_ago(now, 2),
    }


def organization_reach(now: datetime) -> dict[str, Any]:
    """What REST says of what reaches the whole organisation, by path."""
    apps = [
        _app(now, "dependency-bot", "selected", pull_requests="write", contents="write"),
        _app(now, "legacy-ci", "all", administration="write", contents="write"),
    ]
    return {
        f"/enterprises/{ENTERPRISE}/audit-log/streams": [
            {
                "id": 4,
                "stream_type": "Splunk",
                "stream_details": "log-archive",
                "enabled": True,
                "created_at": days_ago(now, 300),
                "updated_at": days_ago(now, 20),
                "paused_at": days_ago(now, 20),
            }
        ],
        f"/scim/v2/organizations/{LOGIN}/Users": {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 0,
            "itemsPerPage": 0,
            "startIndex": 1,
            "Resources": [],
        },
        f"/orgs/{LOGIN}/actions/secrets": _listed("secrets", [_secret(now, "NPM_TOKEN", 90)]),
        f"/orgs/{LOGIN}/hooks": [
            _hook(now, 70, "http://old-chat.acme-robotics.example/hook", secret=False)
        ],
        f"/orgs/{LOGIN}/installations": _listed("installations", apps),
        f"/orgs/{LOGIN}/personal-access-tokens": [
            _token(now, "erik-holm", "etl export", expires=False),
            _token(now, "hanna-virtanen", "release notes", expires=True),
        ],
        f"/orgs/{LOGIN}/credential-authorizations": [
            {
                "login": "kenji-mori",
                "credential_id": 161195,
                "credential_type": "personal access token",
                "token_last_eight": "0f1e2d3c",
                "credential_authorized_at": days_ago(now, 500),
                "credential_accessed_at": days_ago(now, 1),
                "authorized_credential_id": 7,
                "authorized_credential_note": "deploy",
                "authorized_credential_expires_at": None,
                "scopes": ["repo"],
            }
        ],
        f"/orgs/{LOGIN}/packages": [
            _package(now, "container", "robot-sim", "public", "robot-firmware"),
            _package(now, "npm", "ui-kit", "private", "web"),
        ],
    }
