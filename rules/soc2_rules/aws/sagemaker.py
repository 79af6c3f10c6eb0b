"""SageMaker: notebooks off the internet, and keys of one's own."""

from __future__ import annotations

from soc2_collectors.aws.models.sagemaker import EndpointConfig, Notebook
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:sagemaker_notebook_instance_without_direct_internet_access_configured",
        "prowler:sagemaker_notebook_instance_encryption_enabled",
        "powerpipe:sagemaker_notebook_instance_direct_internet_access_disabled",
        "powerpipe:sagemaker_notebook_instance_encryption_at_rest_enabled",
    ],
)
def aws_sagemaker_private(notebook: Notebook) -> Verdict:
    """Notebook instances have no internet access of their own, and are encrypted with a KMS key.

    Why: a notebook holds copies of the data that models learn from, and runs whatever is pasted into it.
    Fix: make a notebook with --direct-internet-access Disabled, a subnet and --kms-key-id; neither can be
        changed later.
    """
    details = notebook.details
    found = []
    if details.direct_internet_access == "Enabled":
        found.append("it has internet access of its own")
    if not details.kms_key_id:
        found.append("not encrypted with a KMS key")
    if found:
        return failed("; ".join(found))
    if details.direct_internet_access != "Disabled":
        return inconclusive(f"internet access is {details.direct_internet_access or 'not told'}")
    return passed("no internet access of its own, and encrypted with a KMS key")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:sagemaker_endpoint_config_kms_encryption_enabled",
        "powerpipe:sagemaker_endpoint_configuration_encryption_at_rest_enabled",
    ],
)
def aws_sagemaker_endpoint_encrypted(config: EndpointConfig) -> Verdict:
    """The storage volumes of endpoints are encrypted with a KMS key.

    Disks that are built into instances are encrypted by the instances themselves, whatever the key. Where every
    instance has such disks, or there is none, no volume is left for a key.

    Why: model files and requests lie on the volumes of an endpoint's instances.
    Fix: aws sagemaker create-endpoint-config --endpoint-config-name NAME --production-variants
        file://variants.json --kms-key-id KEY, then aws sagemaker update-endpoint.
    """
    variants = config.details.variants
    if variants and all(one.serverless_config and not one.types for one in variants):
        return not_applicable("serverless: it has no instances, and no volumes")
    if variants and not any(one.volumes for one in variants):
        return not_applicable("the disks of its instances are built in, and encrypted by them")
    if config.details.kms_key_id:
        return passed("encrypted with a KMS key")
    return failed("not encrypted with a KMS key")
