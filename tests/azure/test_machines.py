"""Machines that are stopped: nothing can be assessed on them, and what was seen before stays seen."""

from __future__ import annotations

from typing import Any

import pytest

from soc2_pac import plugins
from soc2_pac.model import Status
from soc2_pac.testing import judge_document

RULES = plugins.load().rules
_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/web"
_EDR = "06e3a6db-6c0c-4ad9-943f-31d9d73ecf6c"


def _machine(state: str) -> dict[str, Any]:
    code = {"code": f"PowerState/{state}", "displayStatus": f"VM {state}", "level": "Info"}
    return {
        "id": _ID,
        "name": "web",
        "properties": {
            "storageProfile": {"osDisk": {"osType": "Windows"}},
            "extended": {"instanceView": {"powerState": code, "osVersion": "10.0.20348"}},
        },
    }


def _assessed(key: str, code: str) -> dict[str, Any]:
    return {
        "id": f"{_ID}/providers/Microsoft.Security/assessments/{key}",
        "name": key,
        "properties": {"status": {"code": code}},
    }


@pytest.mark.parametrize("state", ["running", "starting", "stopping", "deallocating", "unknown"])
def test_a_machine_that_is_not_stopped_must_be_assessed(state: str) -> None:
    given: dict[str, list[dict[str, Any]]] = {
        "azure.security.assessment": [],
        "azure.security.setting": [],
    }
    found = judge_document(RULES["azure-vm-endpoint-protection"], _machine(state), given)
    assert found.status is Status.FAIL


@pytest.mark.parametrize("state", ["deallocated", "stopped", "Deallocated"])
def test_what_a_machine_lacked_before_it_was_stopped_fails(state: str) -> None:
    given = {
        "azure.security.assessment": [_assessed(_EDR, "Unhealthy")],
        "azure.security.setting": [],
    }
    found = judge_document(RULES["azure-vm-endpoint-protection"], _machine(state), given)
    assert found.status is Status.FAIL
    given["azure.security.assessment"] = []
    found = judge_document(RULES["azure-vm-endpoint-protection"], _machine(state), given)
    assert found.status is Status.NOT_APPLICABLE
