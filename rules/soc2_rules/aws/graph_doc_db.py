"""Neptune and DocumentDB: how clusters and what is copied of them are encrypted, and who may restore it."""

from __future__ import annotations

from soc2_collectors.aws.models.rds import DbCluster, DbClusterSnapshot
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

ENGINES = {"neptune": "Neptune", "docdb": "DocumentDB"}
"""RDS lists the clusters of both services among its own: its name of the engine -> the service's."""


@rule(
    criteria=["CC6.1", "CC6.7"],
    severity=Severity.HIGH,
    needs=[DbClusterSnapshot],
    known_as=[
        "prowler:neptune_cluster_snapshot_encrypted",
        "prowler:neptune_cluster_storage_encrypted",
        "prowler:neptune_cluster_public_snapshot",
        "prowler:documentdb_cluster_storage_encrypted",
        "prowler:documentdb_cluster_public_snapshot",
    ],
)
def aws_graph_doc_db_encrypted(cluster: DbCluster, evidence: Evidence) -> Verdict:
    """Neptune and DocumentDB clusters and their snapshots are encrypted, and no snapshot is public.

    Why: a snapshot is the whole database, and is copied and shared more easily than the cluster.
    Fix: restore a snapshot into a new cluster with --kms-key-id: encryption cannot be switched on in place.
        aws rds modify-db-cluster-snapshot-attribute --attribute-name restore --values-to-remove all.
    """
    if not cluster.engine:
        return inconclusive("AWS does not say which engine this is")
    service = ENGINES.get(cluster.engine)
    if service is None:
        return not_applicable(f"its engine is {cluster.engine}")
    index = evidence.index(DbClusterSnapshot, "cluster", within="here")
    snapshots = index.get(cluster.identifier, ())
    if not cluster.storage_encrypted:
        return failed(f"the {service} cluster is not encrypted")
    if plain := sorted(s.identifier for s in snapshots if not s.encrypted):
        return failed(f"snapshots are not encrypted: {', '.join(plain)}")
    if public := sorted(s.identifier for s in snapshots if "all" in s.restorable_by):
        return failed(f"everyone may restore: {', '.join(public)}")
    return passed(f"{service}: the cluster and {len(snapshots)} manual snapshots")
