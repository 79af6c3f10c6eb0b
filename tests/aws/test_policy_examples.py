"""Policies after the shape of those in AWS's user guides: who is let in, and who administers by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from soc2_collectors.aws.models.policy import statements
from soc2_collectors.aws.models.rights import grants_of, rights_of
from soc2_collectors.aws.models.trust import open_to_everyone, outsiders

EXAMPLES = yaml.safe_load(
    Path(__file__).with_name("policy_examples.yaml").read_text(encoding="utf-8")
)


def _page(example: dict[str, Any]) -> str:
    return str(example["page"])


@pytest.mark.parametrize("example", EXAMPLES["who is let in"], ids=_page)
def test_who_is_let_in(example: dict[str, Any]) -> None:
    found = statements({"Version": "2012-10-17", "Statement": example["statement"]})
    assert bool(open_to_everyone(found)) is example["public"]
    let_in = outsiders(found, "999999999999")
    assert {*let_in.strangers, *let_in.unclear} == set(example["trusted"])


@pytest.mark.parametrize("example", EXAMPLES["what makes an administrator"], ids=_page)
def test_what_makes_an_administrator(example: dict[str, Any]) -> None:
    def administers(statement: dict[str, Any]) -> bool | None:
        return rights_of(grants_of([statements({"Statement": [statement]})])).administrator

    assert administers(example["statement"]) is example["administrator"]
    assert administers({**example["statement"], "Effect": "Deny"}) is False
