"""The file of controls: what it may say, and what each mistake in it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from soc2_pac import plugins
from soc2_pac.acts.attestations import TOPICS
from soc2_pac.acts.controls import Control
from soc2_pac.audit.control_file import load, parse
from soc2_pac.audit.controls import rules_of
from soc2_pac.audit.history import KINDS
from soc2_pac.criteria import CRITERIA
from soc2_pac.errors import ConfigError

REGISTRY = plugins.load()
FILE = Path("controls.toml")
GOOD = """
[topics]
"policy-review" = "Policies were reviewed"

[[control]]
id = "AC-03"
wording = "Access is reviewed."
owner = "Head of IT"
frequency = "quarterly"
criteria = ["CC6.2"]
rules = ["aws-*-inactive"]
attestations = ["access-review", "policy-review"]
populations = ["github.pull_request"]
"""


def test_a_control_is_read_whole() -> None:
    assert parse(GOOD, FILE, REGISTRY) == {
        "AC-03": Control(
            wording="Access is reviewed.",
            owner="Head of IT",
            frequency="quarterly",
            criteria=("CC6.2",),
            rules=("aws-*-inactive",),
            attestations=("access-review", "policy-review"),
            populations=("github.pull_request",),
            grace_days=30,
            topics={"policy-review": "Policies were reviewed"},
        )
    }


def test_every_population_out_of_the_history_can_be_named() -> None:
    named = ", ".join(f'"{kind}"' for kind in KINDS)
    declared = parse(GOOD.replace('"github.pull_request"', named), FILE, REGISTRY)
    assert declared["AC-03"].populations == tuple(KINDS)


def test_an_empty_file_declares_no_control() -> None:
    assert parse("", FILE, REGISTRY) == {}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("aws-*-inactive", "aws-*-inactiv", "control 'AC-03': rules: no rule matches 'aws-*-inactiv'"),
        ("aws-*-inactive", "aws-root-mfaa", "rules: no rule matches ... Did you mean 'aws-root-mfa'"),
        ("CC6.2", "CC6.99", "control 'AC-03': criteria: there is no criterion 'CC6.99'"),
        ("CC6.2", "CC6", "criteria: there is no criterion 'CC6'"),
        ('["CC6.2"]', "[]", "criteria: name at least one"),
        ("github.pull_request", "github.pull_requests", "there is no population ... Did you mean 'github.pull_r"),
        ("github.pull_request", "github.repository", "there is no population 'github.repository'"),
        ("github.pull_request", "leaver", "no population 'leaver'. Did you mean 'leavers'? Known: priv"),
        ('["access-review', '["acces-review', "no topic 'acces-review'. Did you mean 'access-review'"),
        ('"policy-review"]', '"policies"]', "there is no topic 'policies' ... Next: say under [topics]"),
        ('"policy-review"]', '"access-review"]', "attestations: 'access-review' stands there twice"),
        ('"policy-review" =', '"access-review" =', "topics.access-review: soc2-pac knows this topic"),
        ('"policy-review" =', '"Policy review" =', "topics: 'Policy review' is no name of a topic"),
        ('"Policies were reviewed"', '" "', "topics.policy-review: say what evidence of it shows"),
        ("quarterly", "quaterly", "frequency: 'quaterly' is none. Did you mean 'quarterly'"),
        ('"Head of IT"', '" "', "control 'AC-03': owner: is empty"),
        ('"Access is reviewed."', '""', "control 'AC-03': wording: is empty"),
        ('owner = "Head of IT"\n', "", "control 'AC-03': ... missing required field `owner`"),
        ("owner =", "ownr =", "control 'AC-03'.ownr: unknown key. Did you mean 'owner'"),
        ('"AC-03"', '"AC 03"', "control 'AC 03': id: write letters, digits"),
        ('id = "AC-03"\n', "", "control 1: ... missing required field `id`"),
        ('"quarterly"', '"quarterly"\ngrace_days = -1', "grace_days: must be at least 0"),
        ("[[control]]", "[[controls]]", "controls: unknown table. Did you mean 'control'"),
        ("[[control]]", "[control]", "control: write one table a control, [[control]]"),
        ("[[control]]", "[[control", "not valid TOML"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as raised:
        parse(GOOD.replace(old, new, 1), FILE, REGISTRY)
    message = str(raised.value)
    assert message.startswith("controls.toml: ")
    assert [part for part in said.split(" ... ") if part not in message] == [], message


@pytest.mark.parametrize("spelled", ["AC-03", "ac-03"])
def test_an_id_stands_there_once(spelled: str) -> None:
    table = GOOD[GOOD.index("[[control]]") :].replace("AC-03", spelled)
    with pytest.raises(ConfigError, match=f"control '{spelled}': the id stands there twice"):
        parse(GOOD + table, FILE, REGISTRY)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "controls.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"controls\.toml: cannot be read"):
        load(path, REGISTRY)


# -- the starter set ----------------------------------------------------------------------------------

STARTER = parse(REGISTRY.starter_controls, FILE, REGISTRY)


def test_the_starter_set_carries_every_criterion() -> None:
    carried = {criterion for control in STARTER.values() for criterion in control.criteria}
    assert carried == set(CRITERIA)
    assert len(CRITERIA) == 61
    assert 60 <= len(STARTER) <= 80


def test_the_starter_set_carries_every_built_in_rule_under_one_of_its_criteria() -> None:
    lost = []
    for rule in REGISTRY.rules.values():
        named = [c for c in STARTER.values() if rules_of(c.rules, [rule.id])]
        if not any(set(c.criteria) & set(rule.criteria) for c in named):
            lost.append(rule.id)
    assert lost == []


def test_every_control_of_the_starter_set_names_evidence() -> None:
    assert [i for i, c in STARTER.items() if not (c.rules or c.attestations)] == []


def test_every_known_topic_has_a_control_in_the_starter_set() -> None:
    assert set(TOPICS) <= {topic for c in STARTER.values() for topic in c.attestations}
