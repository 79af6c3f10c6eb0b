"""Workflow files are read without running, exploding or breaking anything."""

from __future__ import annotations

import time
from types import SimpleNamespace

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_collectors.github.models.repository import RepositoryNode
from soc2_collectors.github.models.strangers import Place, words
from soc2_collectors.github.models.workflow import Blob, Unreadable, Workflow
from soc2_pac.model import Scope, Status, Verdict
from soc2_rules.github.workflow import github_pipeline_as_code, github_workflow_hardening

HERE = Scope("github", "acme")
NOBODY = SimpleNamespace(account=lambda _: ())
"""Evidence of nothing."""


def verdicts(seen: Workflow) -> list[Verdict]:
    return [
        github_workflow_hardening.function(seen, HERE, NOBODY),
        github_pipeline_as_code.function(seen, NOBODY),
    ]


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
        object=Blob(byte_size=len(text.encode()), is_truncated=False, text=text),
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        # Newer libyaml has a bound of its own, and says so before ours does.
        ("[" * 200_000, "nested|not valid YAML"),
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
    for verdict in verdicts(seen):
        assert verdict.status in (Status.PASS, Status.FAIL, Status.INCONCLUSIVE)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(_DOCUMENTS, _DOCUMENTS)
def test_whatever_a_job_holds_the_rules_answer(job: object, on: object) -> None:
    text = yaml.safe_dump({"on": on, "jobs": {"a": job, "b": {"steps": [job]}}})
    assert Status.ERROR not in [verdict.status for verdict in verdicts(workflow(text))]


# -- what would take a reader for ever -------------------------------------------------------------------

CHAIN = ", ".join(f"v{n}: '{f'${{{{ env.v{n + 1} }}}}' * 3}'" for n in range(3000))
"""Each stands three times for the next."""
SLOW = {
    "variables that stand for variables": f"on: issues\nenv: {{{CHAIN}}}\n"
    "jobs: {a: {steps: [{run: 'x ${{ env.v0 }}'}]}}",
    "brackets without end": 'on: issues\njobs: {a: {steps: [{run: "' + "${{ '" * 40_000 + '"}]}}',
    "git without a word": "on: issue_comment\njobs: {a: {steps: [{run: '"
    + "git -a " * 30_000
    + "'}]}}",
    "an expression of many words": "on: issues\njobs: {a: {steps: [{run: '${{ "
    + "a || " * 40_000
    + "b }}'}]}}",
    "an expression of many brackets": "on: issues\njobs: {a: {steps: [{run: '${{ "
    + "(" * 100_000
    + " }}'}]}}",
    "xargs": "on: issues\njobs: {a: {steps: [{run: '" + "xargs " * 40_000 + "'}]}}",
    "pulls": "on: issue_comment\njobs: {a: {steps: [{run: '" + "/pulls/" * 35_000 + "'}]}}",
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_a_hostile_file_ends_soon(text: str) -> None:
    started = time.monotonic()
    found = verdicts(workflow(text))
    assert time.monotonic() - started < 10
    assert found[0].status in (Status.FAIL, Status.INCONCLUSIVE, Status.PASS)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("github.event.issue.title", "CHOSEN"),
        ("GitHub['event'].ISSUE.Title", "CHOSEN"),
        ("github.event.issue", "CHOSEN"),
        ("toJSON(github)", "CHOSEN"),
        ("github.event.pull_request.head.repo.default_branch", "CHOSEN"),
        ("github.event.workflow_run.display_title", "CHOSEN"),
        ("github.event.pages[0].page_name", "CHOSEN"),
        ("fromJSON(toJSON(github.event.comment)).body", "UNKNOWN"),
        ("true && github.head_ref", "CHOSEN"),
        ("github.head_ref && 'x'", "SAFE"),
        ("contains(github.event.comment.body, 'x')", "SAFE"),
        ("github.event.comment.body == 'x'", "SAFE"),
        ("github.event.issue.number", "SAFE"),
        ("github.event.pull_request.head.sha", "SAFE"),
        ("github.event.pull_request.head.repo.full_name", "SAFE"),
        ("github.event.sender.login", "SAFE"),
        ("secrets.X || vars.Y", "SAFE"),
        ("steps.a.outcome", "SAFE"),
        ("steps.a.outputs.b", "UNKNOWN"),
        ("env.NOWHERE", "UNKNOWN"),
        ("github.event.something.new", "UNKNOWN"),
        ("newfunction(github.sha)", "UNKNOWN"),
        ("not an expression", "UNKNOWN"),
    ],
)
def test_whose_words_an_expression_holds(expression: str, said: str) -> None:
    content = workflow(
        "on: [issue_comment, pull_request_target]\njobs: {a: {steps: [{}]}}"
    ).content()
    place = Place(content, content.jobs[0], None, content.triggers)
    assert words("${{ " + expression + " }}", place).grade.name == said


@pytest.mark.parametrize(
    ("triggers", "state", "status"),
    [
        ("issues", "disabled_manually", Status.NOT_APPLICABLE),
        ("issues", "active", Status.FAIL),
        ("issues", None, Status.FAIL),
        ("[issues, workflow_call]", "disabled_manually", Status.FAIL),
    ],
)
def test_a_workflow_that_is_switched_off_is_asked_where_others_call_it(
    triggers: str, state: str | None, status: Status
) -> None:
    text = f"on: {triggers}\njobs: {{a: {{steps: [{{run: 'echo ${{{{ github.event.issue.title }}}}'}}]}}}}"
    seen = msgspec.structs.replace(workflow(text), state=state)
    assert github_workflow_hardening.function(seen, HERE, NOBODY).status is status
