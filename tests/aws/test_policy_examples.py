"""Policies after the shape of those in AWS's user guides: who is let in, and what is granted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from soc2_collectors.aws.models.policy import grants_everything, statements

EXAMPLES = yaml.safe_load(
    Path(__file__).with_name("policy_examples.yaml").read_text(encoding="utf-8")
)


def _page(example: dict[str, Any]) -> str:
    return str(example["page"])


@pytest.mark.parametrize("example", EXAMPLES["who is let in"], ids=_page)
def test_who_is_let_in(example: dict[str, Any]) -> None:
    (found,) = statements({"Version": "2012-10-17", "Statement": example["statement"]})
    assert found.public is example["public"]
    assert found.trusted() == set(example["trusted"])


@pytest.mark.parametrize("example", EXAMPLES["what grants everything"], ids=_page)
def test_what_grants_everything(example: dict[str, Any]) -> None:
    statement = example["statement"]
    assert grants_everything({"Statement": [statement]}) is example["everything"]
    assert not grants_everything({"Statement": [{**statement, "Effect": "Deny"}]})
