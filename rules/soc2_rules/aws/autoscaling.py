"""Launch configurations: what an auto scaling group starts."""

from __future__ import annotations

from soc2_collectors.aws.models.autoscaling import LaunchConfiguration
from soc2_collectors.aws.models.ec2 import RegionSettings
from soc2_collectors.aws.models.redacted import recognised
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.aws_metadata import asks_for_token


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    needs=[RegionSettings],
    known_as=["prowler:autoscaling_group_launch_configuration_requires_imdsv2"],
)
def aws_imdsv2_launch_configuration(
    configuration: LaunchConfiguration, evidence: Evidence
) -> Verdict:
    """Instances of launch configurations ask for a metadata session token, or have the metadata service off.

    What a configuration leaves open the Region's default decides, and where there is none the image.

    Why: every instance that the group starts answers the metadata service as the configuration says.
    Fix: move the group to a launch template with MetadataOptions={HttpTokens=required}: a launch
        configuration cannot be changed.
    """
    return asks_for_token(configuration.metadata_options, evidence, lambda: configuration.images)


@rule(
    criteria=["CC6.1"],
    severity=Severity.CRITICAL,
    known_as=["prowler:autoscaling_find_secrets_ec2_launch_configuration"],
)
def aws_no_secrets_launch_configuration(configuration: LaunchConfiguration) -> Verdict:
    """Launch configurations hold no credentials in their user data.

    Why: everyone who may describe the configuration can read it, and every instance carries it.
    Fix: keep the secret in Secrets Manager or Parameter Store, let the instance's role read it, and
        delete the configuration.
    """
    seen = recognised(configuration.user_data)
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
    known_as=["powerpipe:autoscaling_launch_config_public_ip_disabled"],
)
def aws_launch_configuration_no_public_ip(configuration: LaunchConfiguration) -> Verdict:
    """Launch configurations give no public IPv4 addresses.

    Why: a group that grows by itself should not grow onto the internet.
    Fix: move the group to a launch template with AssociatePublicIpAddress=false, behind a load balancer.
    """
    if configuration.associate_public_ip_address is None:
        return not_applicable(
            "it leaves that to the subnet, which aws-subnet-no-auto-public-ip judges"
        )
    if configuration.associate_public_ip_address:
        return failed("its instances get public IPv4 addresses")
    return passed("its instances get no public IPv4 address")
