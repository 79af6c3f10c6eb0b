"""A review of the emulated company: what real collectors leave can be reviewed whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from soc2_demo import github_company, okta_company, roster
from soc2_demo.github import GithubEmulator
from soc2_demo.okta import OktaEmulator
from soc2_pac import api, config, plugins
from soc2_pac.audit import reviews
from soc2_pac.collect import fetch
from soc2_pac.store import Store, open_store

from .company import ADMIN, frozen, line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from soc2_pac.audit.review_files import Row

WHO = {"reason": "a test", "owner": "ciso", "date": "2026-01-01"}
TOKEN = "t" * 40


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[api.Workspace, Store]]:
    folder: Path = tmp_path_factory.mktemp("demo")
    roster.write(folder)
    company = github_company.acme_robotics()
    company.mails = roster.verified_mails(company.members)
    state = okta_company.acme_robotics()
    state.token = TOKEN
    github, okta = GithubEmulator(company), OktaEmulator(state)
    patch = pytest.MonkeyPatch()
    patch.setenv("ACME_TOKEN", TOKEN)
    token = {"env": "ACME_TOKEN"}
    document = {
        "sources": {
            "hr": {
                "provider": "roster", "organization": "acme-robotics",
                "people": roster.PEOPLE_FILE, "accounts": roster.ACCOUNTS_FILE,
            },
            "github": {
                "provider": "github", "organization": "acme-robotics", "base_url": github.start(),
                "token": token,
            },
            "okta": {"provider": "okta", "org_url": okta.start(), "token": token},
        },
        "rules": {"include": [{"rule": "roster-access-reviewed", **WHO}]},
        "reviews": {"systems": ["github", "okta"]},
    }  # fmt: skip
    fetch.forget_connections()
    parsed = config.parse(document, folder / "soc2-pac.toml")
    workspace = api.make_workspace(parsed, plugins.load())
    try:
        with open_store("sqlite://", create=True) as store:
            api.run(workspace, store)
            yield workspace, store
    finally:
        github.stop()
        okta.stop()
        patch.undo()
        fetch.forget_connections()


@pytest.fixture(scope="module")
def rows(work: tuple[api.Workspace, Store]) -> tuple[Row, ...]:
    workspace, store = work
    review = reviews.start(
        store, api.reviewing(workspace.config, workspace.registry), systems=["github", "okta"],
        by=ADMIN, given=[line("ana.kovac@acme-robotics.example", deputy="ben.osei@acme-robotics.example")],
        partial=True,
    )  # fmt: skip
    assert review.said.partial == (), "a run collects all that a review needs"
    return frozen(store, review)


def test_every_member_and_every_user_is_there(
    work: tuple[api.Workspace, Store], rows: tuple[Row, ...]
) -> None:
    _, store = work
    accounts = {row.account for row in rows if row.sort == "account"}
    for kind in ("github.member", "okta.user"):
        assert {item.resource for item in store.evidence(kind=kind)} <= accounts


def test_what_groups_and_teams_give_is_expanded(rows: tuple[Row, ...]) -> None:
    assert [row.group for row in rows if row.group] == [], "every group was read"
    by = {row.paths[0] for row in rows if row.paths}
    assert {"team platform", "Engineering", "Everyone"} <= {path.partition(" >")[0] for path in by}
    wiki = [row for row in rows if row.what == "Wiki"]
    assert len(wiki) == len(
        {row.account for row in rows if row.system.startswith("okta") and row.holder == "person"}
    )


def test_administrators_are_marked(rows: tuple[Row, ...]) -> None:
    strong = {row.what for row in rows if row.privileged}
    assert {"owner of the organisation", "SUPER_ADMIN", "admin"} <= strong
