"""Nitro enclaves: the hosts that they run on, and the keys that only they should use."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.ec2 import Instance, SecurityGroup, reached
from soc2_collectors.aws.models.kms import Key
from soc2_collectors.aws.models.network import ManagedPrefixList
from soc2_collectors.reach import NO_SOURCE
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import openings
from soc2_rules.mechanisms.known import Unread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_collectors.aws.models.conditions import Condition
    from soc2_collectors.aws.models.ec2 import MetadataOptions
    from soc2_collectors.aws.models.network import Resolve
    from soc2_collectors.aws.models.policy import Statement


@rule(
    criteria=["CC6.6", "CC7.2"],
    severity=Severity.LOW,
    needs=[SecurityGroup],
    where_sourced=[ManagedPrefixList],
    known_as=[
        "prowler:ec2_confidential_workload_host_public_ip",
        "prowler:ec2_confidential_workload_host_unrestricted_ingress",
        "prowler:ec2_confidential_workload_host_vsock_proxy_exposed",
        "prowler:ec2_confidential_workload_host_imdsv2_not_enforced",
    ],
)
def aws_confidential_host_isolation(
    instance: Instance, evidence: Evidence, *, proxy_ports: tuple[int, ...] = (8000,)
) -> Verdict:
    """Hosts of Nitro enclaves are neither public nor open to the internet, and ask for metadata tokens.

    ``proxy_ports`` are TCP ports by which processes on the host reach the enclave's proxy: no range of
    addresses may reach them, not even a private one; other security groups may. All groups of the host count
    together, and prefix lists are looked into. A tenth of the public addresses of IPv4 or of IPv6 counts as
    the internet.

    Why: the host is the enclave's only way out; whoever is on it talks to the enclave and to its keys.
    Fix: aws ec2 modify-instance-metadata-options --instance-id ID --http-tokens required; move the instance to
        a private subnet; take the wide entries out of its security groups (aws ec2
        revoke-security-group-ingress --group-id GROUP --security-group-rule-ids RULE).
    """
    if instance.ended:
        return not_applicable("terminated")
    if instance.enclave_options is None or not instance.enclave_options.enabled:
        return not_applicable("it hosts no enclave")
    found = [f"has the address {address}" for address in instance.public_addresses]
    unclear = [] if instance.state.name in _STATES else [f"its state {instance.state.name}"]
    tokens, unknown = _metadata(instance.metadata_options)
    found += tokens
    unclear += unknown
    if not instance.network_interfaces:
        unclear.append("its interfaces")
    ids = sorted({group.group_id for one in instance.interfaces for group in one.groups})
    unread = Unread()
    groups = [
        group for group in unread.of(lambda: evidence.here(SecurityGroup)) if group.group_id in ids
    ]
    network = openings.with_prefix_lists(
        evidence,
        lambda resolve: _network(groups, proxy_ports, resolve),
        lambda: {one for group in groups for entry in group.ip_permissions for one in entry.lists},
    )
    if network.status is Status.FAIL:
        found.append(network.message)
    if found:
        return failed("; ".join(found), on=[*groups, *network.on])
    unread.demand_all()
    if network.status is Status.INCONCLUSIVE:
        unclear.append(network.message)
    unclear += [
        f"the group {number}, which was not collected"
        for number in ids
        if all(group.group_id != number for group in groups)
    ]
    unclear += [] if ids else ["its groups"]
    if unclear:
        return inconclusive(f"not known: {'; '.join(dict.fromkeys(unclear))}", on=network.on)
    options = instance.metadata_options
    off = options is not None and options.http_endpoint == "disabled"
    return passed(
        f"no public address; {len(groups)} security groups are closed to the internet; the metadata service"
        f" {'is off' if off else 'asks for tokens'}",
        on=[*groups, *network.on],
    )


def _metadata(options: MetadataOptions | None) -> tuple[list[str], list[str]]:
    """What is wrong with the metadata service, and what is not known of it."""
    if options is None:
        return [], ["whether the metadata service answers"]
    unclear = []
    if options.changing is not None:
        unclear.append(f"its metadata options, which are {options.changing}")
    if options.http_endpoint == "disabled":
        return [], unclear
    if options.http_endpoint != "enabled":
        unclear.append("whether the metadata service answers")
    if options.http_tokens == "optional":
        return ["the metadata service answers without a token"], unclear
    if options.http_tokens != "required":
        unclear.append("whether the metadata service asks for a token")
    return [], unclear


_STATES = ("pending", "running", "stopping", "stopped")


def _network(
    groups: list[SecurityGroup], proxy_ports: tuple[int, ...], resolve: Resolve
) -> Verdict:
    """Whom all groups of a host let in, together: no internet, and no address at all to the proxy."""
    every = NO_SOURCE
    for group in groups:
        for entry in group.ip_permissions:
            every |= entry.sources(resolve)
    proxy = reached(groups, "tcp", openings.wanted("tcp", proxy_ports), resolve)
    by_address = [p for p in proxy_ports for o in proxy if o.first <= p <= o.last]
    sure = [p for p in proxy_ports for o in proxy if o.first <= p <= o.last and o.sources.certain]
    names = ", ".join(group.group_id for group in groups)
    found = [f"{names} is open to the internet"] if every.is_open() else []
    found += [f"{names} lets addresses reach the proxy's port {p}" for p in dict.fromkeys(sure)]
    if found:
        return failed("; ".join(found))
    if every.is_open() is None or by_address:
        unknown = {*every.unknown, *(name for one in proxy for name in one.sources.unknown)}
        return inconclusive(f"whom {names} lets in, which depends on {', '.join(sorted(unknown))}")
    return passed("closed")


_ATTESTED = "kms:recipientattestation:"
"""How the condition keys begin that speak of what an enclave proves about itself."""
_USES = (
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:DeriveSharedSecret",
    "kms:ReEncryptFrom",
)
"""Operations that hand out what a key protects: those that take an attestation, and one that takes none.

ReEncrypt puts what the key protects under another key, which the host may have. Source: KMS Developer Guide,
"AWS KMS condition keys for attested platforms".
"""
_EQUAL = ("stringequals", "stringequalsignorecase", "stringlike")
_UNEQUAL = ("stringnotequals", "stringnotequalsignorecase", "stringnotlike")
_WHOLE_IMAGE = ("imagesha384", "pcr0", "pcr8", "nitrotpmpcr4", "nitrotpmpcr7")
"""Measurements that tell one program from another: the image, or who signed it. Of an instance that proves itself by
NitroTPM these are PCR4 and PCR7 (EC2 User Guide, "Prepare AWS KMS for attestation")."""
_PARTS = ("pcr1", "pcr2")
"""The kernel and the application: the image only together."""
_OF_THE_DEPLOYMENT = ("pcr3", "pcr4")
"""Measurements of where it runs: the role and the instance of the host."""
_KEY_STATES = ("Creating", "Enabled", "Disabled", "Unavailable", "Updating")
_DEBUG = re.compile(r"0+")
"""What an enclave in debug mode measures: nothing, written in zeros."""


@rule(
    criteria=["CC6.1", "CC6.3", "CC7.1", "CC7.2"],
    severity=Severity.LOW,
    known_as=[
        "prowler:kms_key_enclave_attestation_not_enforced",
        "prowler:kms_key_enclave_attestation_bypassable_path",
        "prowler:kms_key_enclave_attestation_no_deployment_binding",
    ],
)
def aws_kms_enclave_attestation(
    key: Key,
    *,
    enclave_keys: tuple[str, ...] = (),
    measurements: tuple[str, ...] = (),
    bound_to_deployment: bool = False,
) -> Verdict:
    """Key policies let only the measured enclave use its key, in every statement.

    A key is an enclave's where its policy speaks of attestation, or its id is in ``enclave_keys``. An instance that
    proves by NitroTPM what it booted counts as an enclave.
    ``measurements``: the values that are known; any other in the policy fails. ``bound_to_deployment`` asks
    for the host's role or instance (PCR3, PCR4) as well. Grants, and what enclaves really proved, are not
    looked at.

    Why: one statement without the condition, be it the usual one for the account, lets the host itself
        decrypt what only the enclave should see.
    Fix: aws kms put-key-policy with StringEqualsIgnoreCase on kms:RecipientAttestation:ImageSha384 in each
        statement that allows kms:Decrypt or kms:GenerateDataKey, or a Deny with
        StringNotEqualsIgnoreCase for every principal.
    """
    state = key.metadata.key_state
    if not key.metadata.customer:
        return not_applicable("AWS manages this key")
    if state in ("PendingDeletion", "PendingReplicaDeletion", "PendingImport"):
        return not_applicable(f"the key is {state}")
    listed = key.statements
    spoken = any(one.key.startswith(_ATTESTED) for s in listed for one in s.conditions)
    if not spoken and not any(fnmatchcase(key.key_id, pattern) for pattern in enclave_keys):
        return not_applicable("its policy does not speak of enclaves")
    denies = [
        s for s in listed if not s.allow and s.anyone and not s.not_principals and s.every_resource
    ]
    ways: list[tuple[str, _Asked]] = []
    for use in _USES:
        allowing = [s for s in listed if s.allow and s.covers(use)]
        fence = _together(_asked(s, _UNEQUAL) for s in denies if s.covers(use) and _alone(s))
        # What every fence asks for holds in each statement.
        ways += [(use, fence + _asked(s, _EQUAL)) for s in allowing]
    if not ways:
        return inconclusive("no statement gives its use: who uses it does so by grants")
    found = [
        weakness
        for use, asked in ways
        for weakness in _weak(asked, use, measurements, bound=bound_to_deployment)
    ]
    if found:
        return failed("; ".join(dict.fromkeys(found)))
    if state not in _KEY_STATES:
        return inconclusive(f"what the state {state} is is not known")
    return passed("every way to use the key asks for the enclave's measurement")


_Asked = list[tuple[str, str, str]]
"""(measurement, operator, value) of each condition on what an enclave proves."""


def _asked(statement: Statement, operators: tuple[str, ...]) -> _Asked:
    return [
        (one.key.removeprefix(_ATTESTED), one.test, value)
        for one in statement.conditions
        if one.key.startswith(_ATTESTED) and one.test in operators and _asks(one)
        for value in one.values
    ]


def _asks(condition: Condition) -> bool:
    """Whether requests without an attestation are kept out: not allowed, or denied."""
    if condition.negated:
        return condition.quantifier != "foranyvalue" and condition.without_key() is True
    return condition.names_values


def _alone(statement: Statement) -> bool:
    """Whether a denying statement has one condition: with two it denies only what breaks both."""
    return len(statement.conditions) == 1


def _together(parts: Iterable[_Asked]) -> _Asked:
    return [one for part in parts for one in part]


def _weak(asked: _Asked, use: str, known: tuple[str, ...], *, bound: bool) -> list[str]:
    """Why a way to use the key is open to others than the measured enclave."""
    names = {name for name, _, _ in asked}
    if not names & set(_WHOLE_IMAGE) and not names >= set(_PARTS):
        return [f"a statement gives {use} without the measurement of an image"]
    found = []
    if bound and not names & set(_OF_THE_DEPLOYMENT):
        found.append("enclaves anywhere are accepted, whatever the role or instance of their host")
    listed = {value.lower() for value in known}
    for name, operator, value in asked:
        if operator.endswith("like") and set(value) & set("*?"):
            found.append(f"{name} may be anything like {value}")
        elif _DEBUG.fullmatch(value):
            found.append(f"{name} of zeros admits every enclave in debug mode")
        elif listed and name in (*_WHOLE_IMAGE, *_PARTS) and value.lower() not in listed:
            found.append(f"{name} {value} is not among the known measurements")
    return found
