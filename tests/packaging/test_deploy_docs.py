"""What docs/deploy.md and the files for contributors say is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import chart
import click
import gen_deploy
import hcl2
import pytest
import yaml

from soc2_pac.cli import root as command_line

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
CONTAINER = (ROOT / "Containerfile").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}[^\n]*\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)


def _with(key: str) -> Any:
    (found,) = (read for read in map(yaml.safe_load, _blocks("yaml")) if key in read)
    return found


def test_the_table_of_reader_roles_is_that_of_the_generator() -> None:
    row = r"^\| `([\w./-]+)` \| .* \| `permissions (\w+) --format ([\w-]+)` \|$"
    rows = re.findall(row, TEXT, re.MULTILINE)
    assert {
        name if name.endswith(".yaml") else f"{name}/main.tf": (provider, form)
        for name, provider, form in rows
    } == gen_deploy.ROLES


def test_files_and_commands_that_are_named_exist() -> None:
    others = (ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md")
    texts = [TEXT, *(path.read_text(encoding="utf-8") for path in others)]
    for text in texts:
        for name in re.findall(r"(?:\./)?((?:deploy|docs|\.github)/[\w./-]*\w)", text):
            assert (ROOT / name).exists(), name
        said = re.findall(r"(?:[`$] |`)soc2-pac (?:--?[\w-]+ )*([a-z]+)", text)
        assert said
        commands = command_line.list_commands(click.Context(command_line))
        assert set(said) <= set(commands), said


def test_the_example_of_the_action_gives_inputs_that_it_has() -> None:
    inputs = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    job = _with("jobs")["jobs"]["evidence"]
    assert job["permissions"]["id-token"] == "write"
    (own,) = (step for step in job["steps"] if step["uses"].startswith("OWNER/"))
    assert own["with"].keys() <= inputs.keys()
    rows = re.findall(r"^\| `([\w-]+)` \| `([\w.-]+)` \|", TEXT, re.MULTILINE)
    assert dict(rows) == {name: one["default"] for name, one in inputs.items()}


def test_the_example_of_the_chart_renders() -> None:
    objects = [yaml.safe_load(text) for text in chart.render(_with("serviceAccount")).values()]
    assert "CronJob" in {one["kind"] for one in objects}


def test_the_example_of_terraform_gives_every_variable_that_is_needed() -> None:
    (block,) = _blocks("hcl")
    (module,) = (body for one in hcl2.loads(block)["module"] for body in one.values())
    folder = ROOT / str(module["source"]).strip('"')
    made = hcl2.loads((folder / "main.tf").read_text(encoding="utf-8"))
    variables = {n.strip('"'): v for one in made["variable"] for n, v in one.items()}
    given = {key for key in module if not key.startswith("__")} - {"source"}
    assert given <= set(variables)
    assert {name for name, one in variables.items() if "default" not in one} <= given


FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_issue_forms_are_well_formed(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.stem == "config":
        assert form.keys() <= {"blank_issues_enabled", "contact_links"}
        return
    assert form["name"]
    assert form["description"]
    for part in form["body"]:
        assert part["type"] in {"markdown", "input", "textarea"}
        assert part["attributes"].get("label") or part["type"] == "markdown"
    ids = [part["id"] for part in form["body"] if "id" in part]
    assert len(ids) == len(set(ids)) > 0


# -- the container file ---------------------------------------------------------------------------


def test_the_image_is_locked_not_root_and_says_how_it_is() -> None:
    for line in CONTAINER.splitlines():
        if "pip install" in line or "pip wheel" in line:
            assert "--require-hashes" in line or "--no-deps" in line, line
    last = CONTAINER.rpartition("\nFROM ")[2]
    assert "\nUSER 65532:65532\n" in last
    assert last.index("USER ") < last.index("ENTRYPOINT")
    assert "RUN " not in last, "the last stage holds what was built, and no more"
    assert re.search(r'HEALTHCHECK .* CMD \["soc2-pac", "(\w+)"\]', last)
    for label in ("title", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{label}=" in last


def test_what_is_copied_into_the_image_is_not_ignored() -> None:
    kept = {
        line[1:]
        for line in (ROOT / ".containerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = {
        name
        for words in re.findall(r"^COPY (?!--from)(.*)$", CONTAINER, re.MULTILINE)
        for name in words.split()[:-1]
    }
    assert copied == kept
    assert all((ROOT / name).exists() for name in copied)
