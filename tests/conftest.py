"""What all tests share: a clean environment, databases, recordings."""

from __future__ import annotations

import functools
import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from soc2_pac import plugins

from .databases import ENVIRONMENT, Postgres, Sqlite, start_server, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "recordings"
"""Recorded answers of providers; they stand beside the checkout, not in it."""

_OURS = ("AWS_", "GITHUB_", "GH_", "OKTA_", "SOC2_PAC_")
"""Settings of the person at the keyboard: tests neither use nor obey them."""


def pytest_configure(config: pytest.Config) -> None:
    """Under CI everything must be there. Nowhere may a test find somebody's credentials, or fail by its clock."""
    settings.register_profile("busy machine", parent=settings.default, deadline=None)
    settings.load_profile("busy machine")
    if os.environ.get("CI") and not RECORDINGS.is_dir():
        message = f"the recordings are missing under CI: {RECORDINGS}"
        raise pytest.UsageError(message)
    for name in list(os.environ):
        if name.startswith(_OURS) and name != ENVIRONMENT:
            del os.environ[name]
    os.environ.update(
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        SOC2_PAC_CACHE="",  # no index in the home of whoever runs them
        NO_PROXY="127.0.0.1,localhost",
        no_proxy="127.0.0.1,localhost",
    )
    # What is installed does not change under the tests, and thousands of them ask for it.
    vars(plugins)["entry_points"] = functools.cache(entry_points)


@pytest.fixture(scope="session")
def recordings() -> Callable[[str], Path]:
    """``recordings("aws")``: the folder of a provider's recorded answers."""

    def folder(provider: str) -> Path:
        path = RECORDINGS / provider
        if not path.is_dir():
            unavailable(f"the recordings of {provider} are not beside this checkout")
        return path

    return folder


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Sqlite:
    """SQLite for this test process."""
    return Sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[Postgres]:
    """PostgreSQL for this test process: started on first use, or what the environment names."""
    given = os.environ.get(ENVIRONMENT)
    with pytest.MonkeyPatch.context() as monkeypatch:
        url, leave = (given, _nothing) if given else start_server(monkeypatch)
        try:
            databases = Postgres(url)
            yield databases
            databases.close()
        finally:
            leave()


def _nothing() -> None:
    """A server that was given is left running."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_kind(request: pytest.FixtureRequest) -> str:
    """``sqlite`` and ``postgres``: a test that asks for a database runs on both."""
    kind: str = request.param
    return kind


@pytest.fixture
def make_store_url(
    database_kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., str]]:
    """``make_store_url()``: a new, empty store; ``(migrated=False)``: nothing there yet."""
    made: list[str] = []
    if database_kind == "sqlite":
        sqlite: Sqlite = request.getfixturevalue("sqlite_databases")
        yield lambda *, migrated=True: sqlite.create(tmp_path, migrated=migrated)
        return
    postgres: Postgres = request.getfixturevalue("postgres_databases")

    def make(*, migrated: bool = True) -> str:
        made.append(postgres.create(migrated=migrated))
        return made[-1]

    yield make
    for url in made:
        postgres.drop(url)


@pytest.fixture
def store_url(make_store_url: Callable[..., str]) -> str:
    """A migrated, empty store of this test's own, on SQLite and on PostgreSQL."""
    return make_store_url()


@pytest.fixture
def empty_store_url(make_store_url: Callable[..., str]) -> str:
    """Where a store can be created: no file yet, or a database without tables."""
    return make_store_url(migrated=False)
