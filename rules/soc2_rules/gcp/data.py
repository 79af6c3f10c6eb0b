"""Dataproc and AlloyDB: whose keys data is encrypted with."""

from __future__ import annotations

from soc2_collectors.gcp.models.alloydb import AlloyCluster
from soc2_collectors.gcp.models.dataproc import DataprocCluster
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_GOOGLE = failed("encrypted with Google's key")


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:dataproc_encrypted_with_cmks_disabled",
        "powerpipe:dataproc_cluster_encryption_with_cmek",
    ],
)
def gcp_dataproc_alloydb_cmek(cluster: DataprocCluster) -> Verdict:
    """Disks of Dataproc clusters are encrypted with a key of one's own.

    Clusters of AlloyDB are judged by gcp-alloydb-cmek.

    Why: a key of one's own can be taken away, and its use is logged.
    Fix: create the cluster anew with --gce-pd-kms-key=KEY.
    """
    config = cluster.resource.data.config
    if config is None and cluster.resource.data.virtual_cluster_config is None:
        return inconclusive("the inventory does not say how the cluster is set up")
    if config is None:
        return not_applicable("it runs on GKE, and has no disks of its own")
    key = config.encryption_config
    if key is not None and (key.gce_pd_kms_key_name or key.kms_key):
        return passed(f"encrypted with {key.gce_pd_kms_key_name or key.kms_key}")
    return _GOOGLE


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    known_as=["powerpipe:alloydb_cluster_encrypted_with_cmk"],
)
def gcp_alloydb_cmek(cluster: AlloyCluster) -> Verdict:
    """AlloyDB clusters are encrypted with a key of one's own.

    Why: a key of one's own can be taken away, and its use is logged.
    Fix: create the cluster anew with --kms-key=KEY, from a backup.
    """
    key, now = cluster.resource.data.encryption_config, cluster.resource.data.encryption_info
    if key is None or not key.kms_key_name:
        return _GOOGLE
    if now is not None and now.encryption_type != "CUSTOMER_MANAGED_ENCRYPTION":
        said = now.encryption_type or "not said"
        verdict = failed if said == "GOOGLE_DEFAULT_ENCRYPTION" else inconclusive
        return verdict(f"{key.kms_key_name} was asked for, and the encryption is {said}")
    return passed(f"encrypted with {key.kms_key_name}")
