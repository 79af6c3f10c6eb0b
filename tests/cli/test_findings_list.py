"""A list of verdicts says where nobody judged anew for longer than evidence counts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from soc2_pac import clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended

CONFIG = """
[evidence]
max_age_days = 5
[sources.people]
provider = "roster"
organization = "acme"
people = "people.csv"
"""


@pytest.mark.parametrize(("days", "said"), [(4, False), (6, True)])
@pytest.mark.parametrize("form", ["table", "csv", "json", "sarif"])
def test_old_verdicts_are_told(
    cli: Callable[..., Ended],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    said: bool,  # noqa: FBT001 - a parameter of the test
    form: str,
) -> None:
    (tmp_path / "soc2-pac.toml").write_text(CONFIG)
    (tmp_path / "people.csv").write_text("id,name,mails,status\n1,Ann,ann@example.org,active\n")
    assert cli("run", "--quiet").code in (0, 1, 3)
    now = clock.now() + timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: now)
    ended = cli("findings", "list", "--format", form)
    assert ended.code == 0
    assert ended.out
    told = "more than 5 days earlier: what passed then may not hold now. Next: soc2-pac run"
    assert (told in ended.err) is said
    assert told not in ended.out
