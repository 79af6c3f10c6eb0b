"""The reader role that administrators apply: exactly the declared calls, in every form."""

from __future__ import annotations

import json
from typing import Any

import hcl2
import pytest
import yaml

from soc2_collectors.aws.actions import READER, grants
from soc2_collectors.aws.permissions import documents, policy
from soc2_pac import plugins
from soc2_pac.errors import UsageError

from .regional import account

CALLS = sorted(
    {call for c in plugins.load().collectors.values() if c.provider == "aws" for call in c.calls}
)
WANTED = sorted({action for call in (*CALLS, *READER) for action in grants(call)})


def _actions(listed: list[dict[str, Any]]) -> list[str]:
    return sorted(a for d in listed for statement in d["Statement"] for a in statement["Action"])


def _only_reads(listed: list[dict[str, Any]]) -> bool:
    return all(
        statement["Effect"] == "Allow" and not any("*" in action for action in statement["Action"])
        for document in listed
        for statement in document["Statement"]
    )


def test_a_document_holds_what_is_declared() -> None:
    document = json.loads(policy(CALLS, "json"))
    assert _actions([document]) == WANTED == policy(CALLS, "text").splitlines()
    assert _only_reads([document])


def test_managed_policies_are_small_enough_and_lose_nothing() -> None:
    many = [f"service{n:03}:DescribeSomethingOfALongName" for n in range(900)]
    listed = documents(many)
    assert len(listed) > 3
    assert _actions(listed) == many
    # IAM counts the characters without white space.
    assert all(len("".join(json.dumps(document).split())) <= 6144 for document in listed)
    assert len({document["Statement"][0]["Sid"] for document in listed}) == len(listed)


def test_the_template_makes_the_role() -> None:
    template = yaml.safe_load(policy(CALLS, "cloudformation"))
    policies = [
        resource["Properties"]["PolicyDocument"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
    ]
    assert _actions(policies) == WANTED
    assert _only_reads(policies)
    # Moto drops this property: that the role gets every part is read off the template.
    attached = template["Resources"]["Reader"]["Properties"]["ManagedPolicyArns"]
    assert [reference["Ref"] for reference in attached] == [
        name for name in template["Resources"] if name != "Reader"
    ]
    with account() as made:
        made.client("cloudformation").create_stack(
            StackName="reader", TemplateBody=policy(CALLS, "cloudformation"),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": "ReaderPrincipal",
                 "ParameterValue": "arn:aws:iam::111122223333:role/auditor"},
                {"ParameterKey": "ExternalId", "ParameterValue": "shared"},
            ],
        )  # fmt: skip
        iam = made.client("iam")
        role = iam.get_role(RoleName="soc2-pac-reader")["Role"]
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"AWS": "arn:aws:iam::111122223333:role/auditor"}
        assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": "shared"}}


def test_the_module_makes_the_role() -> None:
    text = policy(CALLS, "terraform")
    module = hcl2.loads(text + "\n")
    (local,) = module["locals"]
    statements = [one for part in local["soc2_pac_statements"] for one in part]
    granted = sorted(action.strip('"') for one in statements for action in one["Action"])
    assert granted == WANTED
    (gateways,) = [one for one in statements if one["Action"] == ['"apigateway:GET"']]
    assert '"*"' not in gateways["Resource"]
    made = {name.strip('"') for block in module["resource"] for name in block}
    assert made == {"aws_iam_role", "aws_iam_policy", "aws_iam_role_policy_attachment"}


def test_the_caller_of_an_organisation_may_become_the_reader_and_nobody_else() -> None:
    reads, assume = json.loads(policy(CALLS, "caller"))["Statement"]
    assert assume["Action"] == "sts:AssumeRole"
    assert assume["Resource"].endswith(":role/soc2-pac-reader")
    assert "organizations:ListAccounts" in reads["Action"]
    assert all(
        a.partition(":")[0] in ("organizations", "iam", "ec2", "sts") for a in reads["Action"]
    )


def test_an_unknown_form_names_those_that_exist() -> None:
    with pytest.raises(
        UsageError, match="caller, cloudformation, cloudformation-organization, json, "
    ):
        policy(CALLS, "pdf")
