"""The pages say what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from soc2_pac.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def inspector(store_url: str) -> Iterator[sa.Inspector]:
    database = Database(store_url)
    with database.reading() as connection:
        yield sa.inspect(connection)
    database.close()


def _sections() -> dict[str, str]:
    text = (ROOT / "docs" / "views.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (v_\w+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_view_is_documented_and_no_other(inspector: sa.Inspector) -> None:
    assert set(_sections()) == set(inspector.get_view_names())


def test_every_column_is_documented(inspector: sa.Inspector) -> None:
    for view, section in _sections().items():
        words = set(re.findall(r"`(\w+)`", section))
        columns = {column["name"] for column in inspector.get_columns(view)}
        assert columns <= words, view


def test_the_example_queries_run(inspector: sa.Inspector) -> None:
    text = (ROOT / "docs" / "views.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.*?)```", text, flags=re.DOTALL)
    assert queries
    for query in queries:
        inspector.bind.execute(sa.text(query.rstrip().rstrip(";"))).all()  # type: ignore[union-attr]


def _generate(docs: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/gen_docs.py", "--docs", str(docs), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_pages_that_are_not_up_to_date_are_found(tmp_path: Path) -> None:
    done = _generate(tmp_path)
    assert done.returncode == 0, done.stderr
    assert _generate(tmp_path, "--check").returncode == 0
    (tmp_path / "rules" / "removed.md").write_bytes((tmp_path / "kinds.md").read_bytes())
    (tmp_path / "criteria.md").write_text("another text", encoding="utf-8")
    (tmp_path / "cli.md").unlink()
    done = _generate(tmp_path, "--check")
    assert done.returncode == 1
    for name in ("rules/removed.md (left over)", "criteria.md", "cli.md"):
        assert f"{name} is not up to date" in done.stderr
    assert "kinds.md" not in done.stderr
