"""The reader role and its policies, generated from the calls that collectors declare."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from soc2_collectors.aws.actions import CALLER, READER, RESOURCES, grants
from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROLE = "soc2-pac-reader"
_ASSUME = "sts:AssumeRole"
_LARGEST = 6144
"""Characters of a managed policy, white space not counted (IAM's quota)."""
_MOST = 10
"""Managed policies of one role (IAM's default quota)."""


def policy(calls: Sequence[str], form: str) -> str:
    """What an administrator applies, for declared calls and discovery.

    Args:
        calls: IAM actions.
        form: ``text``, one action a line; ``json``, a policy document; ``cloudformation``, a template with
            the role, for one account or a StackSet; ``terraform``, a module with the role; ``caller``, the
            policy of the credentials that read an organisation.

    Raises:
        UsageError: another form.
    """
    if form == "caller":
        return json.dumps(_caller(calls), indent=2)
    actions = sorted({action for call in (*calls, *READER) for action in grants(call)})
    if form not in _FORMS:
        known = ", ".join(sorted([*_FORMS, "caller"]))
        msg = f"permissions aws cannot be written as '{form}'. Known: {known}"
        raise UsageError(msg)
    return _FORMS[form](actions)


def _caller(calls: Sequence[str]) -> dict[str, Any]:
    """What the credentials of an organisation's source need: its own reads, and to become the reader."""
    wanted = ("organizations:", "iam:ListOrganizations")
    reads = [action for call in calls if call.startswith(wanted) for action in grants(call)]
    document = _document("Soc2PacCaller", [*reads, *(c for c in CALLER if c != _ASSUME), *READER])
    assume = {
        "Sid": "Soc2PacBecomeReader",
        "Effect": "Allow",
        "Action": _ASSUME,
        "Resource": f"arn:*:iam::*:role/{ROLE}",
    }
    return {**document, "Statement": [*document["Statement"], assume]}


def _document(sid: str, actions: Sequence[str]) -> dict[str, Any]:
    # Describing and listing know no resource: AWS takes nothing but "*" for most of these actions.
    everywhere = sorted(set(actions) - set(RESOURCES))
    statements = [
        {"Sid": sid, "Effect": "Allow", "Action": everywhere, "Resource": "*"},
        *(
            {
                "Sid": f"{sid}{action.partition(':')[0].title()}",
                "Effect": "Allow",
                "Action": [action],
                "Resource": list(RESOURCES[action]),
            }
            for action in sorted(set(actions) & set(RESOURCES))
        ),
    ]
    return {"Version": "2012-10-17", "Statement": [s for s in statements if s["Action"]]}


def _size(document: dict[str, Any]) -> int:
    return len(json.dumps(document, separators=(",", ":")))


def documents(actions: Sequence[str]) -> list[dict[str, Any]]:
    """Policy documents that together grant the actions, each small enough for a managed policy."""
    found: list[list[str]] = [[]]
    for action in actions:
        if _size(_document(f"Soc2PacRead{len(found)}", [*found[-1], action])) > _LARGEST:
            found.append([])
        found[-1].append(action)
    assert len(found) <= _MOST, "more managed policies than one role may have"  # noqa: S101
    return [_document(f"Soc2PacRead{number}", part) for number, part in enumerate(found, start=1)]


def _text(actions: Sequence[str]) -> str:
    return "\n".join(actions)


def _json(actions: Sequence[str]) -> str:
    return json.dumps(_document("Soc2PacRead", actions), indent=2)


def _cloudformation(actions: Sequence[str]) -> str:
    policies = {
        f"Read{number}": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "Description": "The calls that soc2-pac makes, and no others",
                "PolicyDocument": document,
            },
        }
        for number, document in enumerate(documents(actions), start=1)
    }
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": {"Ref": "ReaderPrincipal"}},
        "Action": "sts:AssumeRole",
        "Condition": {
            "Fn::If": [
                "HasExternalId",
                {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
                {"Ref": "AWS::NoValue"},
            ]
        },
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role that soc2-pac reads this account by. It can change nothing.",
        "Parameters": {
            "ReaderPrincipal": {
                "Type": "String",
                "Description": "ARN of the role or user that soc2-pac runs as",
                "AllowedPattern": "arn:[a-z-]+:(iam|sts)::[0-9]{12}:.+",
            },
            "ExternalId": {
                "Type": "String",
                "Default": "",
                "NoEcho": True,
                "Description": "Asked for when the role is assumed; empty for none",
            },
            "RoleName": {"Type": "String", "Default": ROLE},
        },
        "Conditions": {"HasExternalId": {"Fn::Not": [{"Fn::Equals": [{"Ref": "ExternalId"}, ""]}]}},
        "Resources": {
            **policies,
            "Reader": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": {"Ref": "RoleName"},
                    "Description": "Read by soc2-pac: evidence for SOC 2",
                    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
                    "ManagedPolicyArns": [{"Ref": name} for name in policies],
                },
            },
        },
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Reader", "Arn"]}}},
    }
    note = (
        "# For every account of an organisation, as a StackSet that the management account deploys:\n"
        "#   aws cloudformation create-stack-set --stack-set-name soc2-pac-reader \\\n"
        "#     --template-body file://reader.yaml --capabilities CAPABILITY_NAMED_IAM \\\n"
        "#     --permission-model SERVICE_MANAGED \\\n"
        "#     --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false \\\n"
        "#     --parameters ParameterKey=ReaderPrincipal,ParameterValue=ARN\n"
        "#   aws cloudformation create-stack-instances --stack-set-name soc2-pac-reader \\\n"
        "#     --deployment-targets OrganizationalUnitIds=r-ROOT --regions us-east-1\n"
        "# It leaves out the management account itself, which soc2-pac reads by its own credentials.\n"
    )
    return note + yaml.safe_dump(template, sort_keys=False, width=110).rstrip()


def _terraform(actions: Sequence[str]) -> str:
    lists = "\n".join(
        "    [\n" + "".join(map(_terraform_statement, document["Statement"])) + "    ],"
        for document in documents(actions)
    )
    return _TERRAFORM.replace("@ROLE@", ROLE).replace("@LISTS@", lists)


def _terraform_statement(statement: dict[str, Any]) -> str:
    resources = statement["Resource"]
    wide = [resources] if isinstance(resources, str) else resources
    return (
        "      {\n"
        f'        Sid    = "{statement["Sid"]}"\n'
        '        Effect = "Allow"\n'
        f"        Action = [\n{_terraform_texts(statement['Action'])}        ]\n"
        f"        Resource = [\n{_terraform_texts(wide)}        ]\n"
        "      },\n"
    )


def _terraform_texts(texts: Sequence[str]) -> str:
    return "".join(f'          "{text}",\n' for text in texts)


_TERRAFORM = """\
# The role that soc2-pac reads an account by. It can change nothing.

variable "reader_principal" {
  description = "ARN of the role or user that soc2-pac runs as"
  type        = string
}

variable "external_id" {
  description = "Asked for when the role is assumed; null for none"
  type        = string
  default     = null
  sensitive   = true
}

variable "role_name" {
  type    = string
  default = "@ROLE@"
}

locals {
  # One managed policy holds 6,144 characters.
  soc2_pac_statements = [
@LISTS@
  ]
}

data "aws_iam_policy_document" "soc2_pac_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.reader_principal]
    }

    dynamic "condition" {
      for_each = nonsensitive(var.external_id != null) ? [1] : []

      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [var.external_id]
      }
    }
  }
}

resource "aws_iam_role" "soc2_pac" {
  name               = var.role_name
  description        = "Read by soc2-pac: evidence for SOC 2"
  assume_role_policy = data.aws_iam_policy_document.soc2_pac_trust.json
}

resource "aws_iam_policy" "soc2_pac" {
  count       = length(local.soc2_pac_statements)
  name        = "${var.role_name}-${count.index + 1}"
  description = "The calls that soc2-pac makes, and no others"

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.soc2_pac_statements[count.index]
  })
}

resource "aws_iam_role_policy_attachment" "soc2_pac" {
  count      = length(local.soc2_pac_statements)
  role       = aws_iam_role.soc2_pac.name
  policy_arn = aws_iam_policy.soc2_pac[count.index].arn
}

output "role_arn" {
  value = aws_iam_role.soc2_pac.arn
}"""


_FORMS: dict[str, Callable[[Sequence[str]], str]] = {
    "text": _text,
    "json": _json,
    "cloudformation": _cloudformation,
    "terraform": _terraform,
}
