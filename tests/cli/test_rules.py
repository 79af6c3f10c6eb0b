"""``rules``: list, show, new and test."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import plugins
from soc2_pac.cases import idle_overrides, load_cases, mismatch, run_case
from soc2_pac.model import Status
from soc2_pac.rule_files import rules_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended

REGISTRY = plugins.load()


def _listed(cli: Callable[..., Ended], *arguments: str) -> list[dict[str, Any]]:
    ended = cli("rules", "list", "--format", "json", *arguments)
    assert ended.code == 0
    rows: list[dict[str, Any]] = json.loads(ended.out)
    return rows


# -- list -------------------------------------------------------------------------------------------


def test_list_names_every_rule(cli: Callable[..., Ended]) -> None:
    assert [row["rule"] for row in _listed(cli)] == list(REGISTRY.rules)
    table = cli("rules", "list").out.splitlines()
    assert table[0].split() == ["rule", "severity", "criteria", "title"]
    assert len(table) == len(REGISTRY.rules) + 1


def test_list_is_what_rules_alone_means(cli: Callable[..., Ended]) -> None:
    assert cli("rules") == cli("rules", "list")
    assert cli("rules", "--provider", "aws") == cli("rules", "list", "--provider", "aws")


def test_list_as_csv(cli: Callable[..., Ended]) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("rules", "list", "--format", "csv").out)))
    assert [row["rule"] for row in rows] == list(REGISTRY.rules)


def test_list_filters(cli: Callable[..., Ended]) -> None:
    assert {row["rule"].partition("-")[0] for row in _listed(cli, "--provider", "github")} == {
        "github"
    }
    assert {row["severity"] for row in _listed(cli, "--severity", "critical")} == {"critical"}
    several = _listed(cli, "--severity", "critical", "--severity", "low")
    assert {row["severity"] for row in several} == {"critical", "low"}
    assert all("CC8.1" in row["criteria"] for row in _listed(cli, "--criterion", "CC8.1"))
    series = _listed(cli, "--criterion", "CC7")
    assert series
    assert all(any(c.startswith("CC7.") for c in row["criteria"]) for row in series)
    reading = {row["rule"] for row in _listed(cli, "--kind", "aws.s3.bucket")}
    assert reading == {r.id for r in REGISTRY.rules.values() if "aws.s3.bucket" in r.kinds}


def test_list_finds_a_rule_by_the_name_that_another_tool_gives_it(
    cli: Callable[..., Ended],
) -> None:
    rule = next(rule for rule in REGISTRY.rules.values() if rule.known_as)
    alias = rule.known_as[0]
    assert rule.id in {row["rule"] for row in _listed(cli, "--known-as", alias)}
    bare = alias.partition(":")[2]
    assert rule.id in {row["rule"] for row in _listed(cli, "--known-as", bare)}


def test_list_says_when_nothing_matches(cli: Callable[..., Ended]) -> None:
    assert cli("rules", "list", "--known-as", "nobody:x") == (0, "", "No rule matches.\n")


def test_list_of_rules_that_are_off_says_why(cli: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "soc2-pac.toml").write_text(
        '[rules]\nexclude = [{ rule = "aws-root-mfa", reason = "no root", owner = "ciso", date = 2026-01-01 }]\n',
        encoding="utf-8",
    )
    ended = cli("rules", "list", "--off")
    assert ended.out.splitlines()[1].split("  ")[0] == "aws-root-mfa"
    assert ended.out.rstrip().endswith("no root (ciso, 2026-01-01)")
    assert len(ended.out.splitlines()) == 2


# -- show -------------------------------------------------------------------------------------------


def test_show_tells_all(cli: Callable[..., Ended]) -> None:
    rule = REGISTRY.rules["aws-access-key-age"]
    ended = cli("rules", "show", rule.id)
    assert ended.code == 0
    text = " ".join(ended.out.split())
    for part in (
        rule.title, rule.why, rule.fix, "CC6.1 Assets are known", "max_age_days = 90",
        "aws.iam.credential: iam:GenerateCredentialReport", *rule.known_as, rule.function.__module__,
        *(case.name for case in load_cases(rule)),
    ):  # fmt: skip
        assert part in text
    assert max(map(len, ended.out.splitlines())) <= 80


def test_show_prints_what_a_rule_does_not_ask(cli: Callable[..., Ended]) -> None:
    shown = " ".join(cli("rules", "show", "aws-waf-logging").out.split())
    assert "what the company's own groups of rules do is not read." in shown
    assert "``" not in shown


@pytest.mark.parametrize("rule_id", list(REGISTRY.rules))
def test_show_works_for_every_rule(cli: Callable[..., Ended], rule_id: str) -> None:
    ended = cli("rules", "show", rule_id)
    assert (ended.code, ended.err) == (0, "")
    assert "NO INSTALLED COLLECTOR" not in ended.out
    for heading in ("Criteria", "Why", "Fix", "Reads", "Cases"):
        assert f"\n{heading}\n" in ended.out


# -- test -------------------------------------------------------------------------------------------


def test_test_runs_the_cases_of_the_rules_named(cli: Callable[..., Ended]) -> None:
    number = len(load_cases(REGISTRY.rules["aws-root-mfa"]))
    assert cli("rules", "test", "aws-root-mfa") == (
        0,
        f"1 rule: {number} cases passed, 0 failed\n",
        "",
    )
    verbose = cli("rules", "test", "aws-root-mfa", "-v").out.splitlines()
    assert len(verbose) == number + 1
    assert all(line.startswith("ok     aws-root-mfa: ") for line in verbose[:-1])
    assert cli("rules", "test", "aws-root-*", "aws-root-mfa").code == 0


def _written(cli: Callable[..., Ended], folder: Path) -> tuple[Path, Path]:
    ended = cli("rules", "new", "aws-foo-bar", "--kind", "aws.s3.bucket", "--folder", folder)
    assert ended.code == 0, ended.err
    return folder / "aws_foo_bar.py", folder / "aws_foo_bar.cases.yaml"


def test_a_failing_case_is_told_and_ends_in_1(cli: Callable[..., Ended], tmp_path: Path) -> None:
    module, cases = _written(cli, tmp_path)
    cases.write_text(cases.read_text().replace("status: fail", "status: not_applicable"))
    ended = cli("rules", "test", module)
    assert ended.code == 1
    lines = ended.out.splitlines()
    assert lines[0] == "FAILED aws-foo-bar: no case ends in fail"
    assert lines[1].startswith("FAILED aws-foo-bar: there is no ")
    assert "expected not_applicable, got fail" in lines[1]
    assert lines[2] == "1 rule: 1 cases passed, 2 failed"


def test_an_idle_override_fails(cli: Callable[..., Ended], tmp_path: Path) -> None:
    module, cases = _written(cli, tmp_path)
    cases.write_text(cases.read_text().replace("set: {", "set: {Extra: 1, "))
    ended = cli("rules", "test", module)
    assert ended.code == 1
    assert "it also fails without: set Extra" in ended.out


def test_a_wrong_case_file_fails_and_the_others_are_still_tested(
    cli: Callable[..., Ended], tmp_path: Path
) -> None:
    module, cases = _written(cli, tmp_path)
    cases.write_text("aws-foo-bar: {cases: []}")
    ended = cli("rules", "test", module, "aws-root-mfa")
    assert ended.code == 1
    assert "missing required field `base`" in ended.out
    assert ended.out.splitlines()[-1].startswith("2 rules: ")


def test_a_path_that_leads_nowhere_fails(cli: Callable[..., Ended], tmp_path: Path) -> None:
    module, cases = _written(cli, tmp_path)
    cases.write_text(cases.read_text().replace("set: {", "remove: [Nowhere], set: {"))
    ended = cli("rules", "test", module)
    assert ended.code == 1
    assert "there is nothing to remove at Nowhere" in ended.out


def test_no_cases_at_all_are_loud(cli: Callable[..., Ended], tmp_path: Path) -> None:
    module, cases = _written(cli, tmp_path)
    cases.unlink()
    ended = cli("rules", "test", module)
    assert ended.code == 1
    assert "no case ends in pass" in ended.out
    assert "no case ends in fail" in ended.out


def test_a_file_without_rules_is_an_error(cli: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("X = 1")
    assert cli("rules", "test", "x.py").code == 2
    assert cli("rules", "test", "y.py").err == "Error: there is no Python file y.py\n"


def test_the_file_of_an_installed_rule_can_be_named(cli: Callable[..., Ended]) -> None:
    from soc2_rules.aws import s3 as aws_s3

    here = [r for r in REGISTRY.rules.values() if r.function.__module__ == aws_s3.__name__]
    ended = cli("rules", "test", aws_s3.__file__)
    assert ended.code == 0
    assert ended.out.startswith(f"{len(here)} rules: ")


# -- new --------------------------------------------------------------------------------------------


def test_new_writes_two_files_that_run(cli: Callable[..., Ended], tmp_path: Path) -> None:
    ended = cli("rules", "new", "aws-foo-bar", "--kind", "aws.s3.bucket")
    assert ended.code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "aws_foo_bar.cases.yaml",
        "aws_foo_bar.py",
    ]
    assert "soc2-pac rules test aws_foo_bar.py" in ended.out
    assert cli("rules", "test", "aws_foo_bar.py") == (0, "1 rule: 2 cases passed, 0 failed\n", "")


@pytest.mark.parametrize("kind", list(REGISTRY.collectors))
def test_new_works_for_every_kind(cli: Callable[..., Ended], tmp_path: Path, kind: str) -> None:
    rule_id = f"{kind.partition('.')[0]}-foo-bar"
    assert cli("rules", "new", rule_id, "--kind", kind).code == 0
    (rule,) = rules_in(tmp_path / f"{rule_id.replace('-', '_')}.py")
    assert (rule.id, rule.kind) == (rule_id, kind)
    cases = load_cases(rule)
    assert [mismatch(case, run_case(rule, case)) for case in cases] == [None, None]
    assert [case.status for case in cases] == [Status.PASS, Status.FAIL]
    assert idle_overrides(rule, cases[1]) == []


def test_new_overwrites_nothing(cli: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "aws_foo_bar.cases.yaml").write_text("mine")
    ended = cli("rules", "new", "aws-foo-bar", "--kind", "aws.s3.bucket")
    assert ended.code == 2
    assert "aws_foo_bar.cases.yaml is there already: it is left alone" in ended.err
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("rule_id", "kind", "says"),
    [
        ("aws_foo", "aws.s3.bucket", "'aws_foo' is no rule id"),
        ("../aws-foo", "aws.s3.bucket", "is no rule id"),
        ("aws-root-mfa", "aws.s3.bucket", "there is a rule aws-root-mfa already"),
        ("aws-foo-bar", "aws.s3.bukcet", "Did you mean 'aws.s3.bucket'?"),
    ],
)
def test_new_refuses(
    cli: Callable[..., Ended], tmp_path: Path, rule_id: str, kind: str, says: str
) -> None:
    ended = cli("rules", "new", rule_id, "--kind", kind)
    assert ended.code == 2
    assert says in ended.err
    assert list(tmp_path.iterdir()) == []
