"""The page of the configuration names every key, and its examples are configurations."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from soc2_pac import config, plugins

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import config_page

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDERS = plugins.load().providers


@pytest.fixture(scope="module")
def parts() -> Mapping[str, str]:
    """The page by its headings."""
    text = "\n".join(config_page.lines(plugins.load()))
    _, *found = re.split(r"^#{2,3} ", text, flags=re.MULTILINE)
    return {one.partition("\n")[0]: one for one in found}


@pytest.mark.parametrize("name", config.TABLES)
def test_an_example_is_a_configuration(name: str) -> None:
    lines = list(config_page.example(name, config.TABLES[name]))
    read = config.parse(tomllib.loads("\n".join(lines)), None)
    assert getattr(read, name) == config.TABLES[name]()
    every = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines))[name]
    inner = {key.name for key, _, _ in config_page._tables_in(config.TABLES[name])}
    assert every.keys() == set(config.TABLES[name].__struct_fields__) - inner


@pytest.mark.parametrize("name", config.TABLES)
def test_each_key_of_a_table_is_there(name: str, parts: Mapping[str, str]) -> None:
    for field in config.TABLES[name].__struct_fields__:
        assert f"| `{field}` |" in parts[f"[{name}]"]


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_key_of_a_source_is_there(name: str, parts: Mapping[str, str]) -> None:
    for field in PROVIDERS[name].settings.__struct_fields__:
        assert f"| `{field}` |" in parts[f"Source: {name}"]


def test_a_key_that_says_nothing_is_refused() -> None:
    class Silent(msgspec.Struct):
        told: int = 1
        """Something."""
        untold: int = 2

    with pytest.raises(ValueError, match=r"Silent\.untold: say in a docstring"):
        config_page.keys(Silent)


def test_what_stands_in_no_comment_of_an_example_is_the_default() -> None:
    assert "max_days = 365" in config_page.example("waivers", config.WaiversTable)
    assert '# reason = "..."' in config_page.example("waivers", config.WaiversTable)
