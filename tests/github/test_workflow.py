"""Workflow files are read without running, exploding or breaking anything."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_collectors.github.models.repository import RepositoryNode
from soc2_collectors.github.models.workflow import Blob, Unreadable, Workflow
from soc2_pac.model import Scope, Status
from soc2_rules.github.workflow import github_pipeline_as_code, github_workflow_hardening

HERE = Scope("github", "acme")
NINE = ", ".join(["*a{}"] * 9)
LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{NINE.format(*[n - 1] * 9)}]" for n in range(1, 12)]
    + ["jobs: {b: {c: *a11}}"]
)
LONG = (
    "jobs: {a: &x {run: '"
    + "y" * 200_000
    + "'}, "
    + ", ".join(f"b{n}: *x" for n in range(40))
    + "}"
)


def workflow(text: str) -> Workflow:
    return Workflow(
        name="x.yml",
        repository=RepositoryNode(name_with_owner="acme/api", is_archived=False),
        object=Blob(byte_size=len(text.encode()), text=text),
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 200_000, "nested"),
        ("{a: " * 20_000, "nested"),
        ("- " * 30_000, "nested"),
        (LAUGHS, "stands for more"),
        (LONG, "stands for more"),
        ("jobs: &j {b: {c: *j}}", "not valid YAML"),
        ("jobs: {? [a] : b}", "not valid YAML"),
        ("jobs: {a: b", "not valid YAML"),
        ("a: 1\n--- \nb: 2", "not valid YAML"),
        ("x" * 300_000, "too many"),
        ("", "no jobs"),
        ("jobs: text", "no jobs"),
    ],
)
def test_a_file_that_is_not_read_says_why(text: str, why: str) -> None:
    started = time.monotonic()
    with pytest.raises(Unreadable, match=why):
        workflow(text).content()
    assert time.monotonic() - started < 5


def test_nothing_of_a_file_is_run() -> None:
    found = workflow("jobs: {a: {steps: [{run: !!python/object/apply:os.getcwd []}]}}").content()
    assert found.steps[0].run == ""


def test_on_is_on() -> None:
    assert workflow("on: push\njobs: {}").content().triggers == {"push"}
    assert workflow("on: [push, issues]\njobs: {}").content().triggers == {"push", "issues"}
    assert workflow("on: {push: {}}\njobs: {}").content().triggers == {"push"}


_LEAVES = st.sampled_from(
    ["", "push", "write-all", "inherit", "a/b@v1", "${{ github.head_ref }}", "./x", "\x00", "{}"]
) | st.text(max_size=6)
_KEYS = st.sampled_from(
    [
        "on",
        "jobs",
        "steps",
        "uses",
        "run",
        "with",
        "script",
        "ref",
        "permissions",
        "environment",
        "name",
    ]
) | st.text(max_size=3)
_DOCUMENTS = st.recursive(
    _LEAVES | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.one_of(st.text(), st.builds(yaml.safe_dump, _DOCUMENTS)))
def test_whatever_a_file_holds_the_rules_answer(text: str) -> None:
    seen = workflow(text)
    for verdict in (
        github_workflow_hardening.function(seen, HERE),
        github_pipeline_as_code.function(seen),
    ):
        assert verdict.status in (Status.PASS, Status.FAIL, Status.INCONCLUSIVE)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(_DOCUMENTS, _DOCUMENTS)
def test_whatever_a_job_holds_the_rules_answer(job: object, on: object) -> None:
    text = yaml.safe_dump({"on": on, "jobs": {"a": job, "b": {"steps": [job]}}})
    assert github_workflow_hardening.function(workflow(text), HERE).status is not Status.ERROR
    assert github_pipeline_as_code.function(workflow(text)).status is not Status.ERROR
