"""Whether what is released is what was built."""

from __future__ import annotations

from soc2_collectors.github.models.activity import Release
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.8", "CC8.1"],
    severity=Severity.LOW,
    empty=not_applicable("no repository has a release"),
    known_as=[
        "prowler:repository_immutable_releases_enabled",
        "powerpipe:cis_supply_chain_v100_2_4_6",
        "scorecard:Signed-Releases",
        "scorecard:SBOM",
    ],
)
def github_release_integrity(
    release: Release,
    *,
    signatures: tuple[str, ...] = (
        ".sig",
        ".asc",
        ".minisig",
        ".sigstore",
        ".sigstore.json",
        ".intoto.jsonl",
        ".pem",
        ".cosign.bundle",
    ),
    bills_of_materials: tuple[str, ...] = (
        "sbom",
        "bom.json",
        "bom.xml",
        "spdx",
        "cyclonedx",
        ".cdx.",
    ),
    require_sbom: bool = False,
) -> Verdict:
    """The latest release cannot be changed, or its files are signed.

    GitHub attests to the files of an immutable release. A release with files of its own that can be changed
    needs a file that ends in one of ``signatures``. With ``require_sbom`` it needs one whose name holds one
    of ``bills_of_materials``, too.

    Why: whoever takes over an account can replace the files of a release that thousands install.
    Fix: in the repository, Settings, General, turn on "Enable release immutability"; sign files in the
        workflow that builds them, and add a bill of materials.
    """
    names = [asset.name.lower() for asset in release.release_assets.nodes]
    complete = not release.release_assets.page_info.has_next_page
    if require_sbom and not any(part in name for name in names for part in bills_of_materials):
        if not complete:
            return inconclusive(f"{release.label} has more files than were read")
        return failed(f"{release.label} has no bill of materials")
    if release.immutable:
        return passed(f"{release.label} is immutable")
    if any(name.endswith(signatures) for name in names):
        return passed(f"{release.label} can be changed; its files are signed")
    if not complete:
        return inconclusive(f"{release.label} has more files than were read")
    return failed(f"{release.label} can be changed, and none of its files is a signature")
