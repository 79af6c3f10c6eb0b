"""Systems Manager: documents, parameters, sessions and patches."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.ec2 import Instance
from soc2_collectors.aws.models.redacted import recognised
from soc2_collectors.aws.models.ssm import (
    Compliance,
    ManagedInstance,
    Parameter,
    RegionSettings,
    SsmDocument,
)
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.credential_names import sounds_like_credential
from soc2_rules.mechanisms.known import Unread, asked


@rule(
    criteria=["CC6.6"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:ssm_documents_set_as_public",
        "prowler:ssm_document_secrets",
        "powerpipe:ssm_document_prohibit_public_access",
    ],
)
def aws_ssm_docs_private(document: SsmDocument) -> Verdict:
    """Documents of Systems Manager are not shared with everyone, and hold no credentials.

    The text of the default version is looked into, its attachments are not.

    Why: a document says what is done on every machine, and how; a public one says it to everyone.
    Fix: aws ssm modify-document-permission --name NAME --permission-type Share --account-ids-to-remove all;
        keep secrets in Parameter Store and refer to them.
    """
    known, unread = asked((_shared, _text), lambda question: question(document))
    if problems := [answer for _, answer in known if answer]:
        return failed("; ".join(problems))
    if unread is not None:
        raise unread
    seen = recognised(document.text.content)
    if not seen.there:
        return inconclusive("AWS gives no text of it")
    if not seen.readable:
        return inconclusive("its text could not be looked into")
    shared = len(document.permission.account_ids)
    return passed(f"shared with {shared} accounts; nothing in it looks like a credential")


def _shared(document: SsmDocument) -> str:
    accounts = {account.lower() for account in document.permission.account_ids}
    return "shared with everyone" if "all" in accounts else ""


def _text(document: SsmDocument) -> str:
    seen = recognised(document.text.content)
    return f"looks like {seen.labels}" if seen.labels else ""


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:ssm_document_block_public_sharing_setting_enabled"],
)
def aws_ssm_public_sharing_blocked(region: RegionSettings) -> Verdict:
    """Nobody can share documents of Systems Manager with everyone.

    Why: one wrong click would do it.
    Fix: aws ssm update-service-setting --setting-id /ssm/documents/console/public-sharing-permission
        --setting-value Disable.
    """
    setting = region.public_sharing
    if setting.setting_value != "Disable":
        return failed(f"public sharing: {setting.setting_value}")
    if setting.status not in ("Customized", "Default"):
        return inconclusive(f"blocked by a setting whose status is {setting.status or 'not told'}")
    return passed("blocked")


_ABOUT = (
    "*_arn",
    "*_name",
    "*_length",
    "*_ttl",
    "*_expiry",
    "*_expiration",
    "*_policy",
    "*_issuer",
    "*_path",
    "*_region",
    "*_enabled",
    "*_required",
    "*_seconds",
    "*_minutes",
    "*_hours",
    "*_days",
    "*_expires_in",
    "*_alias",
    "*_provider",
    "*encryption_key_id",
    "*signing_key_id",
    "*token_url",
    "*token_uri",
    "*token_endpoint",
    "*max_tokens",
)
"""Names of what is about a secret: where it is kept or fetched, how long it lasts, what it has to look like; and the
tokens that models count."""


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=["powerpipe:ssm_parameter_encryption_enabled"],
)
def aws_ssm_secure_string(
    parameter: Parameter,
    *,
    names: tuple[str, ...] = (
        "*password*",
        "*passwd*",
        "*secret*",
        "*token*",
        "*api_key*",
        "*apikey*",
        "*private_key*",
        "*credential*",
        "*privatekey*",
        "*passphrase*",
        "*_pwd",
        "*_pass",
        "*_pat",
        "*license_key*",
        "*access_key*",
        "*accesskey*",
        "*signing_key*",
        "*signingkey*",
        "*connection_string*",
        "*connectionstring*",
        "*encryption_key*",
        "*encryptionkey*",
    ),
    about: tuple[str, ...] = _ABOUT,
    allowed_names: tuple[str, ...] = (),
) -> Verdict:
    """Parameters that are called like secrets are encrypted.

    ``names`` holds patterns, in any case, ``_`` for any of ``_ - . /`` and for where a capital letter begins a word;
    ``about`` those for what is about a secret and holds none, as its ARN. What only sounds like a secret goes into
    ``allowed_names``.

    Why: whoever may read parameters reads a plain one, and it stands in every log of a deployment.
    Fix: replace the secret, which was seen; aws ssm delete-parameter, then aws ssm put-parameter --name NAME
        --value VALUE --type SecureString: the type of a parameter cannot be changed.
    """
    if parameter.type == "SecureString":
        return passed("SecureString")
    if parameter.type not in ("String", "StringList"):
        return inconclusive(f"a type that is not known: {parameter.type}")
    if not sounds_like_credential(parameter.name, names) or parameter.name in allowed_names:
        return not_applicable("not called like a secret")
    if sounds_like_credential(parameter.name, about):
        return not_applicable("called like something about a secret, not like one")
    return failed(f"called like a secret, and a {parameter.type}")


@rule(criteria=["CC6.1", "CC7.2"], severity=Severity.MEDIUM)
def aws_session_logging(region: RegionSettings) -> Verdict:
    """Session Manager's preferences have shell sessions logged, and demand encrypted storage.

    Without the demand, whether it is encrypted is up to the bucket or log group. Tunnels (SSH, forwarded ports)
    cannot be logged, and a session by another document follows that one.

    Why: a shell on a machine leaves no other trace of what was typed.
    Fix: set cloudWatchLogGroupName with cloudWatchEncryptionEnabled, or s3BucketName with
        s3EncryptionEnabled, in the document SSM-SessionManagerRunShell.
    """
    if region.session is None:
        return failed("no preferences are set: sessions are not logged")
    session = region.session
    places = (
        ("CloudWatch Logs", session.group, session.group_encrypted),
        ("S3", session.bucket, session.bucket_encrypted),
    )
    kept = [(name, encrypted) for name, place, encrypted in places if place]
    if not kept:
        return failed("sessions are not logged")
    plain = [name for name, encrypted in kept if not encrypted]
    if plain:
        return failed(f"encryption is not demanded: {', '.join(plain)}")
    return passed(f"logged to {', '.join(name for name, _ in kept)}, where it is encrypted only")


@rule(
    criteria=["CC6.1", "CC7.1"],
    severity=Severity.MEDIUM,
    needs=[ManagedInstance],
    known_as=["prowler:ec2_instance_managed_by_ssm", "powerpipe:ec2_instance_ssm_managed"],
)
def aws_ssm_managed(instance: Instance, evidence: Evidence) -> Verdict:
    """Running instances report to Systems Manager.

    Instances that a service of AWS runs and patches (EKS Auto Mode), and lets nobody change, need not.

    Why: a machine that does not report is neither patched nor reached without keys and open ports.
    Fix: give the instance a profile with AmazonSSMManagedInstanceCore, and start the agent.
    """
    if instance.state.name != "running":
        return not_applicable(f"the instance is {instance.state.name or 'in an unknown state'}")
    found = evidence.index(ManagedInstance, "instance_id", within="here").get(
        instance.instance_id, ()
    )
    if not found and instance.operator.managed:
        return not_applicable(f"run and patched by {instance.operator.principal or 'AWS'}")
    if not found:
        return failed("it does not report")
    status = found[0].ping_status
    if status == "Online":
        return passed("online", on=found)
    return failed(f"its agent is {status}", on=found)


@rule(
    criteria=["CC6.1", "CC7.1"],
    severity=Severity.LOW,
    needs=[Compliance],
    known_as=["powerpipe:ssm_managed_instance_compliance_association_compliant"],
)
def aws_ssm_association_compliant(machine: ManagedInstance, evidence: Evidence) -> Verdict:
    """Machines are as State Manager's associations want them.

    Why: an association that does not succeed is a setting that is not there.
    Fix: aws ssm list-compliance-items for the machine, and fix what it names.
    """
    unread = Unread()
    found = unread.of(
        lambda: evidence.index(Compliance, "key", within="here").get(
            (machine.instance_id, "Association"), ()
        )
    )
    counts = machine.association_overview.by_status
    if wrong := counts.get("Failed", 0):
        return failed(f"{wrong} associations failed", on=found)
    unread.demand_all()
    if not found:
        if machine.association_status or any(counts.values()):
            status = machine.association_status or ", ".join(sorted(counts))
            return inconclusive(f"associations are {status}, and none has reported how it went")
        return not_applicable("no association")
    count = found[0].non_compliant.non_compliant_count
    if found[0].status == "NON_COMPLIANT" or count:
        return failed(f"{count} associations did not succeed", on=found)
    if found[0].status != "COMPLIANT":
        return inconclusive(f"a result that is not known: {found[0].status}", on=found)
    if rest := {state: number for state, number in counts.items() if number and state != "Success"}:
        said = ", ".join(f"{number} {state}" for state, number in sorted(rest.items()))
        return inconclusive(f"not every association has succeeded: {said}", on=found)
    if machine.ping_status != "Online":
        return inconclusive(
            f"every association succeeded, and its agent is {machine.ping_status}", on=found
        )
    return passed("every association succeeded", on=found)


@rule(
    criteria=["CC7.1"],
    severity=Severity.HIGH,
    needs=[Compliance, Instance],
    known_as=[
        "prowler:ssm_managed_compliant_patching",
        "powerpipe:ssm_managed_instance_compliance_patch_compliant",
    ],
)
def aws_patch_compliant(
    machine: ManagedInstance,
    evidence: Evidence,
    now: datetime,
    *,
    severities: tuple[str, ...] = (
        "Critical",
        "High",
        "Medium",
        "Low",
        "Informational",
        "Unspecified",
    ),
    max_scan_days: int = 30,
) -> Verdict:
    """Managed machines were scanned lately, and lack no patch that their baseline approves.

    AWS does not say since when a patch is missing; how long a finding may stay open is the configuration's
    [sla]. ``severities`` says which patches count. An instance that is stopped cannot be scanned, and need
    not be until it starts.

    Why: an attack on a known hole is the usual one.
    Fix: aws ssm send-command --document-name AWS-RunPatchBaseline --parameters Operation=Install, in a
        maintenance window.
    """
    found = evidence.index(Compliance, "key", within="here").get((machine.instance_id, "Patch"), ())
    if not found:
        return _at_rest(machine, evidence) or failed("no patch scan was reported")
    scanned = found[0].execution.execution_time
    told = f"scanned on {scanned:%Y-%m-%d}"
    due = days_after(scanned, max_scan_days)
    if now >= due:
        late = failed(f"{told}, over {max_scan_days} days before {due:%Y-%m-%d}", on=found)
        return _at_rest(machine, evidence) or late
    missing = found[0].non_compliant.non_compliant_count
    if found[0].status == "COMPLIANT" and not missing:
        return passed(f"{told}: no approved patch is missing", until=due, on=found)
    if found[0].status not in ("COMPLIANT", "NON_COMPLIANT"):
        return inconclusive(
            f"{told}, with a result that is not known: {found[0].status}", until=due, on=found
        )
    counts = found[0].non_compliant.severity_summary
    total = missing
    counted = {name: counts.get(f"{name}Count", 0) for name in severities}
    wanted = sum(counted.values())
    # What AWS puts under no severity counts: nobody may call it harmless.
    untold = total - sum(counts.values())
    if wanted or untold > 0 or not total:
        names = ", ".join(f"{number} {name.lower()}" for name, number in counted.items() if number)
        return failed(
            f"{told}: {total} patches are missing or failed{': ' + names if names else ''}",
            until=due,
            on=found,
        )
    return passed(f"{told}: {total} patches are missing, none that counts", until=due, on=found)


def _at_rest(machine: ManagedInstance, evidence: Evidence) -> Verdict | None:
    """``not_applicable`` where nothing runs that could be scanned: an instance of EC2 that is stopped, or ended."""
    if not machine.instance_id.startswith(_OF_EC2):
        return None
    found = evidence.index(Instance, "instance_id", within="here").get(machine.instance_id, ())
    states = [one.state.name for one in found if one.state.name in _RESTING]
    return not_applicable(f"the instance is {states[0]}", on=found) if states else None


_OF_EC2 = "i-"
"""How the ids of EC2's instances begin; those of other machines begin with ``mi-``."""
_RESTING = ("stopped", "shutting-down", "terminated")
