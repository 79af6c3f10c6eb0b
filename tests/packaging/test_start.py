"""What a command imports before it does anything: what one rule or one store does not need is not imported."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from soc2_pac.index import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

RULE = "aws-s3-public-access-blocked"
SDKS = {"azure", "boto3", "botocore", "github", "google", "jwt", "moto", "msal", "okta", "requests"}
DATABASE = {"alembic", "mako", "psycopg", "sqlalchemy"}
ELSE = {"asyncio", "cryptography", "flask", "urllib3"}

_MAIN = """
import atexit, sys
atexit.register(lambda: print("IMPORTED", *sys.modules, file=sys.stderr))
from soc2_pac.cli import main
main(sys.argv[1:])
"""


class _Started:
    """Runs commands with an index that is made already, and tells what each imported."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {**os.environ, ENVIRONMENT: str(home / "cache")}

    def __call__(self, *arguments: str, code: int = 0) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-c", _MAIN, *arguments],
            cwd=self.home, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr[-2000:]
        return set(done.stderr.rpartition("IMPORTED ")[2].split())


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> _Started:
    start = _Started(tmp_path_factory.mktemp("start"))
    for _ in range(20):
        start("plugins")
        if list(start.home.glob("cache/index-*.json")):
            return start
        time.sleep(1)  # a file of the checkout changed within two seconds
    pytest.fail("no index was made: does a file of the packages lie in the future?")


def _roots(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def _ours(modules: set[str], package: str) -> set[str]:
    """Modules with rules, or with collectors: not what is imported with a plugin."""
    return {
        name
        for name in modules
        if name.startswith(f"{package}.")
        and name.rpartition(".")[2] not in ("objects", "settings")
        and name.count(".") > 1
    }


def test_plugins_imports_no_rule_and_no_collector(started: _Started) -> None:
    modules = started("plugins")
    assert "soc2_pac.index" in modules
    assert _roots(modules) & (SDKS | DATABASE | ELSE | {"yaml"}) == set()
    assert _ours(modules, "soc2_rules") | _ours(modules, "soc2_collectors") == set()


def test_rules_list_imports_no_rule(started: _Started) -> None:
    modules = started("rules", "list", "--criterion", "CC6")
    assert _roots(modules) & (SDKS | DATABASE | ELSE) == set()
    assert _ours(modules, "soc2_rules") | _ours(modules, "soc2_collectors") == set()


def test_rules_show_imports_that_rules_module_alone(started: _Started) -> None:
    modules = started("rules", "show", RULE)
    assert _roots(modules) & (SDKS | DATABASE | ELSE) == set()
    assert {n for n in _ours(modules, "soc2_rules") if "mechanisms" not in n} == {
        "soc2_rules.aws.s3"
    }
    collectors = _ours(modules, "soc2_collectors")
    assert {name.split(".")[1] for name in collectors} == {"aws"}
    assert {n.split(".")[2] for n in collectors} == {"models"}, "no collector is asked for its code"


def test_a_query_of_the_store_imports_no_plugin_and_no_migration(started: _Started) -> None:
    store = f"sqlite:///{started.home}/store.db"
    made = started("db", "upgrade", "--store", store)
    assert "alembic" in _roots(made), "so the measurement sees it"
    modules = started("findings", "list", "--store", store, code=3)  # nothing was judged
    modules |= started("evidence", "list", "--store", store)
    assert "sqlalchemy" in modules
    assert (
        _roots(modules) & (SDKS | {"alembic", "mako", "psycopg", "soc2_collectors", "soc2_rules"})
        == set()
    )
    assert not any(name.startswith("sqlalchemy.dialects.postgresql") for name in modules)
    assert not any(name.startswith("soc2_pac.store.verify") for name in modules)


@pytest.mark.parametrize("command", ["serve", "tokens", "auditors"])
def test_help_of_the_pages_imports_no_server_and_no_store(started: _Started, command: str) -> None:
    modules = started(command, "--help")
    assert "soc2_pac.cli" in modules
    assert _roots(modules) & (SDKS | DATABASE | ELSE | {"jinja2", "starlette", "uvicorn"}) == set()
    assert not any(name.startswith("soc2_pac.web") for name in modules)


def test_a_live_check_of_one_rule_imports_neither_the_store_nor_other_rules(
    started: _Started,
) -> None:
    # Nobody answers: what is imported on the way to the first request is what counts.
    (started.home / "soc2-pac.toml").write_text(
        '[run]\nunit_timeout_seconds = 5\n[sources.aws]\nprovider = "aws"\nregions = ["eu-west-1"]\n'
        'endpoint_url = "http://127.0.0.1:9"\nmax_attempts = 1\n'
    )
    started.environment |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    modules = started("check", RULE, code=3)
    assert "botocore" in modules
    others = SDKS - {"botocore", "requests"}
    # botocore has a module of that name within itself.
    assert _roots(modules) & (others | DATABASE | {"asyncio", "yaml"}) == set()
    assert "s3transfer" not in _roots(modules)
    assert {n for n in _ours(modules, "soc2_rules") if "mechanisms" not in n} == {
        "soc2_rules.aws.s3"
    }
    collecting = {n for n in modules if n.startswith("soc2_collectors.") and ".models" not in n}
    assert {n.split(".")[1] for n in collecting if n.count(".") > 1} <= {
        "aws", "azure", "company", "exchange", "gcp", "github", "okta", "roster",
    }  # fmt: skip
    assert "soc2_collectors.aws.ec2" not in modules
    assert not any(name.startswith("soc2_pac.store") for name in modules)
