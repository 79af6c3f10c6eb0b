"""EC2: what new instances, volumes and images start with."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.ec2 import Address, LaunchTemplateVersion, RegionSettings
from soc2_collectors.aws.models.redacted import recognised
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.aws_metadata import asks_for_token

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCKED = frozenset({"block-all-sharing", "block-new-sharing"})
"""States in which nothing can be made public any more."""


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    known_as=["prowler:ec2_instance_account_imdsv2_enabled"],
)
def aws_imdsv2_account_default(region: RegionSettings) -> Verdict:
    """New instances ask for a metadata session token unless an image, a template or a caller says otherwise.

    A region counts as well that lets no instance start without, or switches the metadata service off by
    default.

    Why: what is started without thinking of it must not give its credentials away.
    Fix: aws ec2 modify-instance-metadata-defaults --http-tokens required --region REGION.
    """
    defaults = region.metadata_defaults
    if defaults is not None and defaults.http_tokens_enforced == "enabled":
        return passed("tokens are enforced: no instance starts without")
    if defaults is not None and defaults.http_endpoint == "disabled":
        return passed("the metadata service is off by default")
    if defaults is None or defaults.http_tokens is None:
        return failed("no default is set: the image or the caller decides")
    if defaults.http_tokens == "required":
        return passed("tokens are required by default")
    if defaults.http_tokens == "optional":
        return failed("tokens are optional by default")
    return inconclusive(f"tokens are {defaults.http_tokens!r} by default, which is not known")


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    needs=[RegionSettings],
    known_as=["prowler:ec2_launch_template_imdsv2_required"],
)
def aws_imdsv2_launch_template(template: LaunchTemplateVersion, evidence: Evidence) -> Verdict:
    """Instances of launch templates ask for a metadata session token, or have the metadata service off.

    Judged are the default and the latest version of a template. What a template leaves open the Region's default
    decides, and where there is none the image; where the template names none, or not by its number, nobody can tell.

    Why: every instance that an auto scaling group starts is made as the template says.
    Fix: aws ec2 create-launch-template-version with MetadataOptions={HttpTokens=required}, and make it
        the default.
    """
    return asks_for_token(template.data.metadata_options, evidence, lambda: template.images)


@rule(
    criteria=["CC6.1"],
    severity=Severity.CRITICAL,
    known_as=["prowler:ec2_launch_template_no_secrets"],
)
def aws_no_secrets_launch_template(template: LaunchTemplateVersion) -> Verdict:
    """Nothing in the user data of a launch template looks like a credential.

    Judged are the default and the latest version of a template.

    Why: everyone who may describe the template can read it, and every instance carries it.
    Fix: keep the secret in Secrets Manager or Parameter Store, let the instance's role read it, and
        delete the old versions.
    """
    seen = recognised(template.data.user_data)
    if not seen.there:
        return passed("no user data")
    if not seen.readable:
        return inconclusive("the user data could not be looked into")
    if seen.labels:
        return failed(f"looks like {seen.labels}")
    return passed("nothing in it looks like a credential")


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=["prowler:ec2_launch_template_no_public_ip"],
)
def aws_template_no_public_ip(template: LaunchTemplateVersion) -> Verdict:
    """Launch templates ask for no public IPv4 address.

    Judged are the default and the latest version of a template. Where a template leaves it open, the subnet
    decides: see aws-subnet-no-auto-public-ip.

    Why: a group that grows by itself should not grow onto the internet.
    Fix: aws ec2 create-launch-template-version with AssociatePublicIpAddress=false; put a load balancer
        in front.
    """
    asked = [one.associate_public_ip_address for one in template.data.network_interfaces]
    if any(asked):
        return failed("its instances get public addresses")
    if asked and all(one is False for one in asked):
        return passed("it refuses public addresses")
    return passed("it asks for no public address and leaves it to the subnet")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ec2_ebs_default_encryption",
        "powerpipe:ebs_encryption_by_default_enabled",
    ],
)
def aws_ebs_default_encryption(region: RegionSettings) -> Verdict:
    """New volumes are encrypted by default.

    Why: nobody has to remember it then.
    Fix: aws ec2 enable-ebs-encryption-by-default --region REGION.
    """
    return passed("on") if region.ebs_encryption.ebs_encryption_by_default else failed("off")


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ec2_ebs_snapshot_account_block_public_access",
        "prowler:ec2_ami_account_block_public_access",
    ],
)
def aws_snapshot_block_public(region: RegionSettings) -> Verdict:
    """The region refuses that snapshots and images are made public.

    What was public before may stay so under block-new-sharing: see aws-snapshot-not-public and
    aws-ami-private.

    Why: sharing a disk with everyone takes one wrong argument; this makes it take two decisions.
    Fix: aws ec2 enable-snapshot-block-public-access --state block-all-sharing, and aws ec2
        enable-image-block-public-access --image-block-public-access-state block-new-sharing.
    """
    unblocked = [what for what, state in _sharing(region) if state == "unblocked"]
    if unblocked:
        return failed(f"not blocked for {' and '.join(unblocked)}")
    states = {"snapshots": region.snapshot_sharing.state, "images": region.image_sharing.state}
    said = ", ".join(f"{what}: {state}" for what, state in states.items())
    return passed(said) if _BLOCKED.issuperset(states.values()) else inconclusive(said)


def _sharing(region: RegionSettings) -> Iterator[tuple[str, str]]:
    """What could be read of how sharing is set: either may be denied."""
    with suppress(FactUnavailable):
        yield "snapshots", region.snapshot_sharing.state
    with suppress(FactUnavailable):
        yield "images", region.image_sharing.state


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:ec2_elastic_ip_unassigned",
        "powerpipe:vpc_eip_associated",
    ],
)
def aws_eip_associated(address: Address) -> Verdict:
    """Elastic IP addresses are associated with something.

    Why: an address that is in allow-lists elsewhere, and that nobody uses, is an open door.
    Fix: aws ec2 release-address --allocation-id ID, after taking it out of the allow-lists.
    """
    holder = address.instance_id or address.network_interface_id or address.association_id
    if holder:
        return passed(f"associated with {holder}")
    return failed("associated with nothing")
