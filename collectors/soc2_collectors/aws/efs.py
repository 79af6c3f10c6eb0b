"""EFS and FSx: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.efs import FileSystem, FsxFileSystem
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    FileSystem,
    calls=["elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeBackupPolicy"],
    per="region",
    cost="pages of 100 + N",
)
def file_systems(aws: Aws) -> Iterator[Document]:
    """EFS file systems."""
    for item in aws.items("efs", "describe_file_systems", "FileSystems"):
        number = item["FileSystemId"]
        policy = aws.fact(
            "efs",
            "describe_backup_policy",
            key="BackupPolicy",
            absent=["PolicyNotFound"],
            FileSystemId=number,
        )
        yield Document(
            item["FileSystemArn"],
            item.get("Name") or number,
            {**item, "DescribeBackupPolicy": policy},
        )


@collects(FsxFileSystem, calls=["fsx:DescribeFileSystems"], per="region", cost="pages")
def fsx_file_systems(aws: Aws) -> Iterator[Document]:
    """FSx file systems of every type."""
    for item in aws.items("fsx", "describe_file_systems", "FileSystems"):
        tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags") or ()}
        number = item["FileSystemId"]
        yield Document(item["ResourceARN"], tags.get("Name") or number, item)
