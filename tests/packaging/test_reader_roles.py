"""Reader roles below deploy/: generated from the declarations, and nothing in them writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gen_deploy
import hcl2
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc2_pac import plugins

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = plugins.load()
CALLS = {
    provider: sorted(
        {
            c
            for kind in REGISTRY.collectors.values()
            if kind.provider == provider
            for c in kind.calls
        }
    )
    for provider in ("aws", "azure", "gcp", "github", "okta")
}
ACCESS: dict[str, str] = json.loads(
    (ROOT / "tests" / "facts" / "permissions" / "aws.json").read_text(encoding="utf-8")
)["known"]
"""IAM action -> its access level in AWS's service authorization reference."""
GCP_READS = re.compile(r"(get|list|search|query|fetch)\w*", re.IGNORECASE)
AZURE_WIDE = "microsoft.compute/virtualmachines/patchassessmentresults/*"
"""Every action behind it reads, and no narrower name stands for the type itself."""


def _printed(provider: str, form: str, calls: list[str] | None = None) -> str:
    asked = CALLS[provider] if calls is None else calls
    return REGISTRY.providers[provider].permissions(asked, form)


def _terraform(text: str) -> Any:
    return hcl2.loads(text.rstrip() + "\n")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from (str(name), *_texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value.strip('"')


# -- what is granted, by the form -----------------------------------------------------------------


def _policies(template: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        resource["Properties"]["PolicyDocument"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
    ]


def _aws(form: str, text: str) -> list[list[dict[str, Any]]]:
    """The roles that a form makes, each as its policy documents."""
    if form == "terraform":
        (local,) = _terraform(text)["locals"]
        clean = json.loads(json.dumps(local["soc2_pac_statements"]).replace('\\"', ""))
        return [[{"Version": "2012-10-17", "Statement": part} for part in clean]]
    if form == "terraform-organization":
        text = text.split("<<-TEMPLATE\n")[1].split("\n  TEMPLATE", maxsplit=1)[0]
    template = yaml.safe_load(text)
    roles = [_policies(template)]
    if form.endswith("organization"):
        members = template["Resources"]["Members"]["Properties"]
        assert members["PermissionModel"] == "SERVICE_MANAGED"
        roles.append(_policies(json.loads(members["TemplateBody"])))
    return roles


def _actions(policies: list[dict[str, Any]]) -> list[str]:
    return sorted(a for p in policies for s in p["Statement"] for a in s["Action"])


AWS_FORMS = ("cloudformation", "cloudformation-organization", "terraform", "terraform-organization")


@pytest.mark.parametrize("form", AWS_FORMS)
def test_the_roles_of_aws_read_what_is_declared_within_the_limits_of_iam(form: str) -> None:
    roles = _aws(form, _printed("aws", form))
    assert len(roles) == (2 if form.endswith("organization") else 1), "the management account, too"
    for policies in roles:
        assert _actions(policies) == _printed("aws", "text").splitlines()
        assert 1 <= len(policies) <= 10
        for document in policies:
            assert len("".join(json.dumps(document).split())) <= 6144
            assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}


@pytest.mark.parametrize("form", AWS_FORMS)
def test_the_external_id_is_required(form: str) -> None:
    text = _printed("aws", form)
    if form.startswith("terraform"):
        variables = {
            n.strip('"'): v for one in _terraform(text)["variable"] for n, v in one.items()
        }
        assert "default" not in variables["external_id"]
        assert "default" not in variables["reader_principal"]
    if form == "terraform":
        (trust,) = (d for one in _terraform(text)["data"] for d in one.values())
        assert "sts:ExternalId" in list(_texts(trust))
        return
    body = text.split("<<-TEMPLATE\n")[-1].split("\n  TEMPLATE")[0]
    template = yaml.safe_load(body)
    members = template["Resources"].get("Members")
    inner = [json.loads(members["Properties"]["TemplateBody"])] if members else []
    for one in (template, *inner):
        assert "Default" not in one["Parameters"]["ExternalId"]
        assert one["Parameters"]["ExternalId"]["MinLength"] == 2
        trust = one["Resources"]["Reader"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert [s["Condition"] for s in trust] == [
            {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
        ]
    if members:
        handed_on = {p["ParameterKey"] for p in members["Properties"]["Parameters"]}
        assert handed_on == set(inner[0]["Parameters"])


def _azure_actions(text: str) -> tuple[list[str], list[str]]:
    resources = {
        kind.strip('"'): body
        for one in _terraform(text)["resource"]
        for kind, named in one.items()
        for body in named.values()
    }
    (permissions,) = resources["azurerm_role_definition"]["permissions"]
    assert {key for key in permissions if not key.startswith("__")} == {"actions"}
    graph = resources["azuread_app_role_assignment"]["for_each"]
    return (
        [action.strip('"') for action in permissions["actions"]],
        re.findall(r"[A-Z]\w+(?:\.\w+)+", str(graph)),
    )


def _gcp_permissions(text: str) -> list[str]:
    return [
        permission.strip('"')
        for one in _terraform(text)["resource"]
        for named in one.values()
        for body in named.values()
        for permission in body.get("permissions", ())
    ]


def _writes(provider: str, calls: list[str]) -> list[str]:
    """What the roles for these calls grant that is no reading."""
    if provider == "aws":
        listed = _printed(provider, "text", calls).splitlines()
        granted = {
            a
            for form in AWS_FORMS
            for p in _aws(form, _printed(provider, form, calls))
            for a in _actions(p)
        }
        assert granted == set(listed)
        return [a for a in granted if ACCESS.get(a, "").partition(";")[0] not in {"List", "Read"}]
    if provider == "azure":
        actions, graph = _azure_actions(_printed(provider, "terraform", calls))
        wrong = [a for a in actions if not a.lower().endswith("/read") and a.lower() != AZURE_WIDE]
        return wrong + [g for g in graph if "Write" in g or ".Read" not in g]
    if provider == "gcp":
        forms = ("terraform", "terraform-project")
        granted = {p for form in forms for p in _gcp_permissions(_printed(provider, form, calls))}
        return [p for p in granted if not GCP_READS.fullmatch(p.rpartition(".")[2])]
    said = json.loads(_printed(provider, "json", calls))
    if provider == "github":
        return [name for name, access in said["default_permissions"].items() if access != "read"]
    return [scope for scope in said["scopes"] if not scope.endswith(".read")]


@pytest.mark.parametrize("provider", sorted(CALLS))
def test_no_declared_call_brings_a_write_action(provider: str) -> None:
    assert _writes(provider, CALLS[provider]) == []


@pytest.mark.parametrize("provider", sorted(CALLS))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_choice_of_rules_brings_a_write_action(provider: str, data: st.DataObject) -> None:
    calls = data.draw(
        st.lists(st.sampled_from(CALLS[provider]), min_size=1, max_size=8, unique=True)
    )
    assert _writes(provider, calls) == []


def test_a_write_action_would_be_found() -> None:
    assert _writes("aws", ["s3:DeleteBucket"]) == ["s3:DeleteBucket"]


# -- the files ------------------------------------------------------------------------------------


def test_the_files_are_up_to_date_and_drift_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gen_deploy.main(["--check"]) == 0
    assert gen_deploy.main(["--deploy", str(tmp_path)]) == 0
    (tmp_path / "cloudformation" / "account.yaml").write_text("edited", encoding="utf-8")
    (tmp_path / "terraform" / "gcp-project" / "main.tf").unlink()
    left = tmp_path / "terraform" / "old.tf"
    left.write_text(gen_deploy.MARK, encoding="utf-8")
    assert gen_deploy.main(["--check", "--deploy", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    for name in (
        "cloudformation/account.yaml",
        "terraform/gcp-project/main.tf",
        "old.tf (left over)",
    ):
        assert f"{name} is not up to date" in said
    assert "aws-account" not in said
