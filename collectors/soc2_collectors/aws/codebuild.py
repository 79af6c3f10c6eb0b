"""CodeBuild: regional."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.codebuild import Project, SourceCredential
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_AT_ONCE = 100
"""As many projects as one ``BatchGetProjects`` takes."""
_USER_INFO = re.compile(r"^(\w+://)([^/@]*)@")
_FILE = re.compile(r"\S+\.ya?ml", re.IGNORECASE)


@collects(
    Project,
    calls=["codebuild:ListProjects", "codebuild:BatchGetProjects"],
    per="region",
    cost="pages of 100 + 1 per 100",
)
def projects(aws: Aws) -> Iterator[Document]:
    """Build projects."""
    names = aws.items("codebuild", "list_projects", "projects")
    while batch := list(islice(names, _AT_ONCE)):
        said = aws.ask("codebuild", "batch_get_projects", names=batch)
        for project in said["projects"]:
            yield Document(project["arn"], project["name"], _kept(project))


def _kept(project: dict[str, Any]) -> dict[str, Any]:
    """A project without what its URLs say of who reads them, and with where its buildspec is."""
    body = dict(project)
    if "source" in body:
        body["source"] = _source(body["source"])
        body["buildspecFrom"] = _buildspec_from(body["source"].get("buildspec") or "")
    if "secondarySources" in body:
        body["secondarySources"] = [_source(source) for source in body["secondarySources"]]
    return body


_REFERENCES = re.compile(r"( +)[\"']?(?:parameter-store|secrets-manager)[\"']?\s*:\s*(?:#.*)?")
"""The sections of ``env`` whose values name secrets (CodeBuild user guide, "Build specification reference")."""
_IN_JSON = re.compile(r"\"(?:parameter-store|secrets-manager)\"\s*:\s*\{[^{}]*\}")


def without_references(buildspec: str) -> str:
    """A buildspec without what names secrets that are kept elsewhere: ``DB_PASSWORD: prod/db:password``.

    What is left is looked into for credentials and redacted whole.
    """
    if buildspec.lstrip().startswith("{"):
        return _IN_JSON.sub('"": {}', buildspec)
    kept: list[str] = []
    within_env, dropped = False, 0
    for line in buildspec.splitlines():
        indent = len(line) - len(line.lstrip(" "))
        if line.strip() and not indent:
            within_env = line.startswith("env:")
        if dropped and line.strip() and indent <= dropped:
            dropped = 0
        found = _REFERENCES.fullmatch(line) if within_env and not dropped else None
        if found:
            dropped = len(found[1])
        if not dropped:
            kept.append(line)
    return "\n".join(kept)


def _source(source: dict[str, Any]) -> dict[str, Any]:
    """Bitbucket's own clone URLs hold a name, which is none of a credential; anything else there may be."""
    if source.get("buildspec"):
        source = {**source, "buildspec": without_references(source["buildspec"])}
    found = _USER_INFO.match(source.get("location") or "")
    if found is None or (source.get("type") == "BITBUCKET" and ":" not in found[2]):
        return source
    rest = source["location"][found.end() :]
    return {**source, "location": f"{found[1]}[redacted]@{rest}"}


def _buildspec_from(buildspec: str) -> str:
    """Nothing means ``buildspec.yml`` in the source; else a file there, an object in S3, or the text."""
    said = buildspec.strip()
    if said.startswith("arn:"):
        return "s3"
    return "source" if not said or _FILE.fullmatch(said) else "project"


@collects(SourceCredential, calls=["codebuild:ListSourceCredentials"], per="region", cost="1")
def source_credentials(aws: Aws) -> Iterator[Document]:
    """One for each host at most. The tokens themselves are never told."""
    for item in aws.items("codebuild", "list_source_credentials", "sourceCredentialsInfos"):
        yield Document(item["arn"], item.get("serverType") or item["arn"], item)
