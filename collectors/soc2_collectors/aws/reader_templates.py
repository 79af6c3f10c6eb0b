"""The reader role as CloudFormation templates and Terraform modules, for an account and an organisation.

All four hold the same policy documents and the same trust: one principal, and an external id that is required.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Json = dict[str, Any]

ROLE = "soc2-pac-reader"
"""Name of the role, unless somebody chooses another."""
_LARGEST_TEMPLATE = 51_200
"""Bytes of a template that is handed over as text (quota of CloudFormation)."""

_PARAMETERS: dict[str, dict[str, Any]] = {
    "ReaderPrincipal": {
        "Type": "String",
        "Description": "ARN of the role or user that soc2-pac runs as",
        "AllowedPattern": "arn:[a-z-]+:(iam|sts)::[0-9]{12}:.+",
    },
    # Length and characters are those that sts:AssumeRole takes. It is echoed: whoever may read the role reads
    # it in the trust policy, and AWS says that it is no secret (IAM user guide, "How to use an external ID").
    "ExternalId": {
        "Type": "String",
        "Description": "A random text that soc2-pac must send when it assumes the role",
        "MinLength": 2,
        "MaxLength": 1224,
        "AllowedPattern": "[A-Za-z0-9_+=,.@:/-]+",
    },
    "RoleName": {"Type": "String", "Default": ROLE},
}


def account(documents: Sequence[Json]) -> str:
    """A template with the role for one account. Takes policy documents of the size of a managed policy."""
    note = (
        "# The reader role of one account:\n"
        "#   aws cloudformation deploy --stack-name soc2-pac-reader --template-file account.yaml \\\n"
        "#     --capabilities CAPABILITY_NAMED_IAM \\\n"
        "#     --parameter-overrides ReaderPrincipal=ARN ExternalId=TEXT\n"
        "# For a whole organisation: soc2-pac permissions aws --format cloudformation-organization\n"
    )
    return note + _yaml(_account(documents))


def organization(documents: Sequence[Json]) -> str:
    """A template for the management account: the role in it, and by a StackSet in every other account.

    CloudFormation deploys no StackSet with service-managed permissions to the management account (StackSets
    user guide, "Considerations"), so the role there is a resource of the template itself.
    """
    note = (
        "# The reader role in every account of an organisation, the management account included.\n"
        "# Deploy it in the management account, in one region (IAM is global):\n"
        "#   aws cloudformation activate-organizations-access\n"
        "#   aws cloudformation deploy --stack-name soc2-pac-reader --template-file organization.yaml \\\n"
        "#     --capabilities CAPABILITY_NAMED_IAM \\\n"
        "#     --parameter-overrides ReaderPrincipal=ARN ExternalId=TEXT OrganizationalUnitIds=r-ROOT\n"
        "# Accounts that join the organisation later get the role by themselves.\n"
    )
    return note + _yaml(_organization(documents))


def _yaml(template: Json) -> str:
    text = yaml.safe_dump(template, sort_keys=False, width=110).rstrip()
    assert len(text.encode()) <= _LARGEST_TEMPLATE - 1_000, "the template is too large"  # noqa: S101
    return text


def _account(documents: Sequence[Json]) -> Json:
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role that soc2-pac reads this account by. It can change nothing.",
        "Parameters": _PARAMETERS,
        "Resources": _role(documents),
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Reader", "Arn"]}}},
    }


def _role(documents: Sequence[Json]) -> Json:
    policies = {
        f"Read{number}": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "Description": "The calls that soc2-pac makes, and no others",
                "PolicyDocument": document,
            },
        }
        for number, document in enumerate(documents, start=1)
    }
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": {"Ref": "ReaderPrincipal"}},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
    }
    reader = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Ref": "RoleName"},
            "Description": "Read by soc2-pac: evidence for SOC 2",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "ManagedPolicyArns": [{"Ref": name} for name in policies],
        },
    }
    return {**policies, "Reader": reader}


def _organization(documents: Sequence[Json]) -> Json:
    members = {
        "Type": "AWS::CloudFormation::StackSet",
        "Properties": {
            "StackSetName": {"Ref": "RoleName"},
            "Description": "The role that soc2-pac reads the accounts of this organisation by",
            "PermissionModel": "SERVICE_MANAGED",
            "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": False},
            "ManagedExecution": {"Active": True},
            # An account that refuses keeps no other account from getting the role.
            "OperationPreferences": {
                "FailureTolerancePercentage": 100,
                "MaxConcurrentPercentage": 100,
            },
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": {"Ref": name}} for name in _PARAMETERS
            ],
            "StackInstancesGroup": [
                {
                    "DeploymentTargets": {
                        "OrganizationalUnitIds": {"Ref": "OrganizationalUnitIds"}
                    },
                    "Regions": [{"Ref": "AWS::Region"}],
                }
            ],
            "TemplateBody": json.dumps(_account(documents), separators=(",", ":")),
        },
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role that soc2-pac reads every account by. It can change nothing.",
        "Parameters": {
            **_PARAMETERS,
            "OrganizationalUnitIds": {
                "Type": "CommaDelimitedList",
                "Description": "The root of the organisation (r-...), or organisational units (ou-...)",
            },
        },
        "Resources": {**_role(documents), "Members": members},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Reader", "Arn"]}}},
    }


def account_module(documents: Sequence[Json]) -> str:
    """A Terraform module with the role for one account."""
    lists = "\n".join(
        "    [\n" + "".join(map(_statement, document["Statement"])) + "    ],"
        for document in documents
    )
    return _filled(_HEAD + _ACCOUNT, {"LISTS": lists})


def organization_module(documents: Sequence[Json]) -> str:
    """A Terraform module for the management account: it deploys the template of the organisation."""
    body = json.dumps(_organization(documents), indent=1)
    assert "${" not in body, "Terraform would read it as its own"  # noqa: S101
    assert "%{" not in body, "Terraform would read it as its own"  # noqa: S101
    return _filled(_HEAD + _ORGANIZATION, {"TEMPLATE": body})


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in {"ROLE": ROLE, **values}.items():
        text = text.replace(f"@{name}@", value)
    return text.rstrip()


def _statement(statement: Json) -> str:
    resources = statement["Resource"]
    wide = [resources] if isinstance(resources, str) else resources
    return (
        "      {\n"
        f'        Sid    = "{statement["Sid"]}"\n'
        '        Effect = "Allow"\n'
        f"        Action = [\n{_texts(statement['Action'])}        ]\n"
        f"        Resource = [\n{_texts(wide)}        ]\n"
        "      },\n"
    )


def _texts(texts: Sequence[str]) -> str:
    return "".join(f'          "{text}",\n' for text in texts)


_HEAD = """\
# The role that soc2-pac reads by. It can change nothing.

terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "reader_principal" {
  description = "ARN of the role or user that soc2-pac runs as"
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:(iam|sts)::[0-9]{12}:.+$", var.reader_principal))
    error_message = "Write the ARN of a role or a user."
  }
}

variable "external_id" {
  description = "A random text that soc2-pac must send when it assumes the role"
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@:/-]{2,1224}$", var.external_id))
    error_message = "Write 2 to 1,224 characters: letters, digits, and _+=,.@:/- only."
  }
}

variable "role_name" {
  type    = string
  default = "@ROLE@"
}

"""

_ACCOUNT = """\
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

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
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
}
"""

_ORGANIZATION = """\
variable "organizational_unit_ids" {
  description = "The root of the organisation (r-...), or organisational units (ou-...)"
  type        = list(string)
}

# Applied in the management account: the role there, and a StackSet for every other account.
resource "aws_cloudformation_stack" "soc2_pac" {
  name         = var.role_name
  capabilities = ["CAPABILITY_NAMED_IAM"]

  parameters = {
    ReaderPrincipal       = var.reader_principal
    ExternalId            = var.external_id
    RoleName              = var.role_name
    OrganizationalUnitIds = join(",", var.organizational_unit_ids)
  }

  template_body = <<-TEMPLATE
@TEMPLATE@
  TEMPLATE
}

output "role_arn" {
  value = aws_cloudformation_stack.soc2_pac.outputs["RoleArn"]
}
"""
