"""Whether what is released is what was built."""

from __future__ import annotations

from soc2_collectors.github.models.activity import Release
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_PROVENANCE = ".intoto.jsonl"


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
        ".cosign.bundle",
    ),
    checksums: tuple[str, ...] = ("sha256", "sha512", "checksum"),
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
    """The latest release cannot be changed, or each of its files comes with a signature.

    GitHub attests to the files of an immutable release. Of a release that can be changed each file needs another
    of its name that ends in one of ``signatures``, or the release a list of checksums (its name holds one of
    ``checksums``) that comes with one, or provenance for all (``.intoto.jsonl``, called after no file of the
    release). Signatures are not verified. With ``require_sbom`` the release needs a file whose name holds one of
    ``bills_of_materials``, too.

    Why: whoever takes over an account can replace the files of a release that thousands install.
    Fix: in the repository, Settings, General, turn on "Enable release immutability"; sign files in the
        workflow that builds them, and add a bill of materials.
    """
    shown = [asset for asset in release.release_assets.nodes if asset is not None]
    names = [asset.name.lower() for asset in shown]
    more = release.release_assets.page_info.has_next_page
    complete = not more and len(shown) == len(release.release_assets.nodes)
    if require_sbom and not any(part in name for name in names for part in bills_of_materials):
        if not complete:
            return inconclusive(f"{release.label} has more files than were read")
        return failed(f"{release.label} has no bill of materials")
    if release.immutable:
        return passed(f"{release.label} is immutable")
    if not complete:
        return inconclusive(f"{release.label} has more files than were read")
    bare = _unsigned(names, signatures, checksums)
    if bare:
        return failed(f"{release.label} can be changed, and {bare[0]} has no signature")
    if all(name.endswith((*signatures, ".pem")) for name in names):
        return failed(f"{release.label} can be changed, and has no file that could be signed")
    return passed(f"{release.label} can be changed; its {len(names)} files come with signatures")


def _unsigned(
    names: list[str], signatures: tuple[str, ...], checksums: tuple[str, ...]
) -> list[str]:
    """Files that nothing signs."""
    known = set(names)

    def signed(name: str) -> bool:
        return any(f"{name}{ending}" in known for ending in signatures)

    payload = [name for name in names if not name.endswith((*signatures, ".pem"))]
    # Provenance that is called after one file vouches for that file alone.
    for_all = any(
        name.endswith(_PROVENANCE) and name.removesuffix(_PROVENANCE) not in known for name in names
    ) or any(signed(name) for name in payload if any(part in name for part in checksums))
    return [] if for_all else [name for name in payload if not signed(name)]
