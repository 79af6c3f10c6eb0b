"""The people of the demo: what was planted in the roster is found, through the real collectors."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from soc2_demo import roster
from soc2_demo.company import USERS
from soc2_demo.github import GithubEmulator
from soc2_demo.github_company import acme_robotics
from soc2_pac import api, config, plugins
from soc2_pac.canonical import canonical
from soc2_pac.collect import fetch
from soc2_pac.model import Scope
from soc2_pac.store import Store, open_store

from ..store.helpers import look  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AWS = Scope("aws", "111122223333")


def _arn(name: str) -> str:
    return f"arn:aws:iam::111122223333:user/{name}"


def _aws() -> list[Any]:
    """The company's IAM users as AWS would tell of them; its emulator is too slow for this."""
    users = {
        _arn(u.name): {
            "Arn": _arn(u.name),
            "UserName": u.name,
            "GroupList": [u.group] if u.group else [],
        }
        for u in USERS
    }
    rows = {
        _arn(u.name): {
            "user": u.name, "arn": _arn(u.name),
            "password_enabled": str(u.signed_in is not None).lower(),
            "mfa_active": str(u.mfa).lower(),
            "access_key_1_active": str(any(key.active for key in u.keys)).lower(),
            "access_key_2_active": "false", "cert_1_active": "false", "cert_2_active": "false",
        }
        for u in USERS
    }  # fmt: skip
    from datetime import UTC, datetime

    at = datetime.now(UTC)
    given: dict[str, dict[str, dict[str, Any]]] = {
        "aws.iam.user": users,
        "aws.iam.credential": rows,
        "aws.iam.group": {},
        "aws.identity_center.user": {},
    }
    return [look(found, at=at, scope=AWS, kind=kind) for kind, found in given.items()]


def _document(url: str) -> dict[str, Any]:
    return {
        "sources": {
            "hr": {
                "provider": "roster",
                "organization": "acme-robotics",
                "people": roster.PEOPLE_FILE,
                "accounts": roster.ACCOUNTS_FILE,
            },
            "github": {
                "provider": "github",
                "organization": "acme-robotics",
                "base_url": url,
                "token": {"env": "ACME_TOKEN"},
            },
            "aws": {"provider": "aws", "regions": ["us-east-1"]},
        },
        "rules": {
            "include": [
                {"rule": rule, "reason": "the subject", "owner": "test", "date": date(2026, 1, 1)}
                for rule in ("roster-*", "github-members-match-roster", "aws-users-match-roster")
            ]
        },
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("demo")
    roster.write(folder)
    company = acme_robotics()
    company.mails = roster.verified_mails(company.members)
    emulator = GithubEmulator(company)
    url = emulator.start()
    patch = pytest.MonkeyPatch()
    patch.setenv("ACME_TOKEN", "t" * 20)
    fetch.forget_connections()
    document = _document(url)
    work = api.make_workspace(
        config.parse(document, folder / "soc2-pac.toml"), plugins.load(), sources_needed=True
    )
    try:
        with open_store("sqlite://", create=True) as opened:
            api.run(work, opened, sources=["hr", "github"], judge=False)
            with opened.run("collect", config=None, tool_version="test") as run_id:
                for item in _aws():
                    opened.record(run_id, item)
            api.run(work, opened, fetch=False)
            yield opened
    finally:
        emulator.stop()
        patch.undo()
        fetch.forget_connections()


def _found(store: Store, rule: str) -> dict[str, str]:
    found = store.findings(rules=[rule])
    return {str(f.resource_name).rpartition("/")[2]: f.status.value for f in found}


@pytest.mark.parametrize("planted", roster.PLANTED, ids=lambda p: f"{p.rule}:{p.resource}")
def test_what_was_planted_is_found(store: Store, planted: Any) -> None:
    found = {f.resource_name: f for f in store.findings(rules=[planted.rule])}
    resource = planted.resource
    name = next(n for n in found if n and (n == resource or n.endswith(f"/{resource}")))
    assert found[name].status.value == "fail", found[name].message


def test_the_rest_is_right(store: Store) -> None:
    planted = {(p.rule, p.resource) for p in roster.PLANTED}
    other = [
        (rule, name)
        for rule in {p.rule for p in roster.PLANTED}
        for name, status in _found(store, rule).items()
        if status not in ("pass", "not_applicable") and (rule, name) not in planted
    ]
    # A member without a second factor is planted on GitHub's side.
    assert [item for item in other if item[0] != "roster-mfa-everywhere"] == []
    assert set(_found(store, "roster-no-shared-accounts").values()) == {"not_applicable"}


def test_a_check_says_what_a_run_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roster.write(tmp_path)
    monkeypatch.setenv("ACME_TOKEN", "t" * 20)
    company = acme_robotics()
    company.mails = roster.verified_mails(company.members)
    with GithubEmulator(company) as url, open_store("sqlite://", create=True) as opened:
        document = _document(url)
        del document["sources"]["aws"]
        work = api.make_workspace(
            config.parse(document, tmp_path / "soc2-pac.toml"), plugins.load()
        )
        fetch.forget_connections()
        api.run(work, opened)
        kept = {(f.rule, f.resource): f.status for f in opened.findings()}
        fetch.forget_connections()
        checked = api.check_rules(work, [])
        fetch.forget_connections()
    assert {(v.rule.id, v.uid): v.verdict.status for v in checked.verdicts} == kept
    statuses = {rule: {s.value for (r, _), s in kept.items() if r == rule} for rule, _ in kept}
    assert statuses["github-members-match-roster"] == {"pass", "fail"}
    assert "fail" in statuses["roster-leaver-accounts-closed"], "without AWS, too"


def test_a_leaver_is_named_in_every_system(store: Store) -> None:
    (finding,) = [
        f
        for f in store.findings(rules=["roster-leaver-accounts-closed"])
        if f.resource_name == "Erik Holm"
    ]
    assert "erik.holm in aws:111122223333 (accounts.csv line 6)" in finding.message
    assert (
        "erik-holm in github:acme-robotics (mail erik.holm@acme-robotics.example)"
        in finding.message
    )


def test_the_files_are_a_roster(tmp_path: Path) -> None:
    roster.write(tmp_path)
    lines = (tmp_path / roster.PEOPLE_FILE).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("id,name,mails,status,joined_at,left_at")
    assert canonical({"lines": len(lines)})
    assert "svc-" not in (tmp_path / roster.PEOPLE_FILE).read_text(encoding="utf-8")
