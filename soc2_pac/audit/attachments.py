"""Files of people: what they are, where they are kept, and how they are read back.

A file is known by the SHA-256 of its bytes. Small ones stand in the store itself, larger ones in a folder or
an object store that the configuration names. What is read back is held against its digest.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from soc2_pac.audit.given import opened
from soc2_pac.config import convert
from soc2_pac.errors import ConfigError, Gone, IntegrityError, UsageError
from soc2_pac.store.acts import File

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.config import Config
    from soc2_pac.hookspecs import ObjectStore, ObjectStores
    from soc2_pac.plugins import Registry

INSIDE_BYTES = 5_000_000
"""Larger files are kept outside of the store."""
LARGEST_BYTES = 5_000_000_000
"""What every object store takes at once."""
_PART = 1 << 20
_BLANKS = b" \t\r\n\v\f\0\xef\xbb\xbf\xff\xfe\xc2\xa0"
"""What stands in files that show nothing: white space, zero bytes, marks of byte order, fixed spaces."""
_HEAD = 512

_BY_EXTENSION = {
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".eml": "message/rfc822",
    ".gif": "image/gif",
    ".gz": "application/gzip",
    ".htm": "text/html",
    ".html": "text/html",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".txt": "text/plain",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xml": "application/xml",
    ".zip": "application/zip",
}
_BY_START = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
"""How files of a type begin, as their specifications say."""
_ZIPPED = "application/vnd.openxmlformats-officedocument."
UNKNOWN = "application/octet-stream"


def media_type(name: str, head: bytes) -> str:
    """The media type of a file by its name and its first bytes.

    Raises:
        UsageError: the name says a type whose files begin otherwise.
    """
    extension = Path(name).suffix.lower()
    named = _BY_EXTENSION.get(extension)
    begins = next((kind for start, kind in _BY_START if head.startswith(start)), None)
    if named is None:
        return begins or UNKNOWN
    expected = "application/zip" if named.startswith(_ZIPPED) else named
    known = expected in {kind for _, kind in _BY_START}
    if begins != expected and (known or begins is not None):
        msg = f"{name} is named {extension}, and its content is not: is it the right file?"
        raise UsageError(msg)
    return named


# -- places -----------------------------------------------------------------------------------------


class Place(Protocol):
    """Where large files are kept."""

    def put(self, name: str, content: IO[bytes], size: int) -> bool:
        """Keep a file unless something has that name; see :class:`soc2_pac.hookspecs.ObjectStore`."""

    def get(self, name: str) -> Iterator[bytes]:
        """Its bytes. Raises Gone."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine, or one that is mounted here."""

    path: Path

    def put(self, name: str, content: IO[bytes], size: int) -> bool:
        """Keep a file. It is there whole, or not at all. Raises UsageError where it cannot be written."""
        del size
        target = self.path / name
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, made = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
            try:
                with os.fdopen(handle, "wb") as file:
                    while part := content.read(_PART):
                        file.write(part)
                    file.flush()
                    os.fsync(file.fileno())
                try:
                    os.link(made, target)  # fails where something has that name
                except FileExistsError:
                    return False
            finally:
                Path(made).unlink(missing_ok=True)
        except OSError as error:
            msg = f"{self.path}: the file cannot be kept there: {error.strerror or type(error).__name__}"
            raise UsageError(msg) from error
        return True

    def get(self, name: str) -> Iterator[bytes]:
        """Its bytes in parts. Raises Gone where there is none, UsageError where it cannot be read."""
        try:
            with (self.path / name).open("rb") as file:
                while part := file.read(_PART):
                    yield part
        except FileNotFoundError as error:
            msg = f"{self.path / name} is not there"
            raise Gone(msg) from error
        except OSError as error:
            msg = f"{self.path / name} cannot be read: {error.strerror or type(error).__name__}"
            raise UsageError(msg) from error


@dataclass(frozen=True, slots=True)
class Outside:
    """The place that the configuration names for large files, and how it is written down."""

    base: str
    """``s3://acme-evidence/soc2``, or ``file:///srv/evidence``."""
    place: Place | ObjectStore

    def location(self, name: str) -> str:
        """Where a file of that name is."""
        return f"{self.base}/{name}"


def outside(config: Config, registry: Registry) -> Outside | None:
    """The configured place for large files; ``None`` where there is none.

    Raises:
        ConfigError: both a folder and a URL, a folder that is not there, a URL of no known object store, or
            wrong settings of it.
    """
    table = config.attachments
    if table.folder is not None and table.url is not None:
        raise config.wrong("attachments", "name a folder or a url, not both")
    if table.folder is not None:
        here = config.path.resolve().parent if config.path is not None else Path()
        folder = here / Path(table.folder).expanduser()
        if table.access:
            raise config.wrong("attachments.access", "a folder needs none")
        if not folder.is_dir():
            # Not made here: a disk that is not mounted would be missed.
            raise config.wrong(
                "attachments.folder", f"there is no folder {folder}. Next: create it"
            )
        return Outside(folder.resolve().as_uri(), Folder(folder))
    chosen = _chosen(config, registry)
    if chosen is None:
        return None
    url, stores, settings = chosen
    return Outside(url, stores.connect(url, settings))


def check(config: Config, registry: Registry) -> None:
    """Hold ``[attachments]`` against what it names; connect to nothing.

    Raises:
        ConfigError: a URL of no known object store, or wrong settings of it: a secret in plain text, say.
    """
    _chosen(config, registry)


def _chosen(config: Config, registry: Registry) -> tuple[str, ObjectStores, Any] | None:
    """The URL, the sort of object store and its settings; ``None`` where no URL is named."""
    table = config.attachments
    if table.url is None:
        if table.access:
            raise config.wrong("attachments.access", "there is no url that it could be for")
        return None
    for stores in registry.object_stores:
        if stores.takes(table.url):
            settings = convert(config.path, "attachments.access", table.access, stores.settings)
            return table.url.rstrip("/"), stores, settings
    raise config.wrong(
        "attachments.url",
        f"'{table.url}' is of no known object store. Write s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or "
        "https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX",
    )


# -- keeping ----------------------------------------------------------------------------------------


def object_name(digest: str) -> str:
    """What a file is called outside: its digest, in folders of a size that people can list."""
    return f"attachments/{digest[:2]}/{digest}"


def inside(name: str, content: bytes) -> File:
    """A file whose bytes somebody sent, to be recorded with its act.

    Raises:
        UsageError: it holds nothing, is too large for the store, or is not what its name says.
    """
    if not content:
        msg = f"{name} is empty: it shows nothing"
        raise UsageError(msg)
    if len(content) > INSIDE_BYTES:
        msg = (
            f"{name} has {len(content):,} bytes, and a page takes {INSIDE_BYTES:,}. "
            "Next: soc2-pac attestations add"
        )
        raise UsageError(msg)
    return File.inside(content, media_type(name, content[:_HEAD]))


def keep(path: Path, where: Outside | None) -> File:
    """Read a file once, and keep it: inside, to be recorded with its act, or outside.

    Raises:
        UsageError: it is no file, a link, cannot be read, holds nothing, or is too large to be kept.
        ConfigError: it is too large for the store, and no other place is configured.
        ProviderError: the place for large files did not take it.
    """
    source, before = opened(path, links=False)
    try:
        with source, tempfile.SpooledTemporaryFile(INSIDE_BYTES + 1) as spool:
            if before > INSIDE_BYTES:
                _place_for(path.name, before, where)  # before anything of it is copied
            # Kept is what was hashed, also where somebody writes to the file meanwhile.
            digest, size, head = _copied(source, spool, path.name)
            spool.seek(0)
            kind = media_type(path.name, head)
            if size <= INSIDE_BYTES:
                return File.inside(spool.read(), kind)
            chosen = _place_for(path.name, size, where)
            name = object_name(digest)
            file = File(digest, size, kind, None, chosen.location(name))
            if not chosen.place.put(name, spool, size):
                # Something has that name already: the same file, or evidence of nothing.
                for _ in read(file, chosen):
                    pass
            return file
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or type(error).__name__}"
        raise UsageError(msg) from error


def _place_for(name: str, size: int, where: Outside | None) -> Outside:
    """Where a large file goes. Raises UsageError or ConfigError for one that can be kept nowhere."""
    if size > LARGEST_BYTES:
        msg = f"{name} has more than {LARGEST_BYTES:,} bytes. Next: hand in a part of it, or a list of its digests"
        raise UsageError(msg)
    if where is None:
        msg = (
            f"{name} has {size:,} bytes, and files over {INSIDE_BYTES:,} are kept outside of the store. "
            'Next: name a place in the configuration, [attachments] folder = "..." or url = "..."'
        )
        raise ConfigError(msg)
    return where


def _copied(source: IO[bytes], target: IO[bytes], name: str) -> tuple[str, int, bytes]:
    """(SHA-256, size, first bytes) of what was copied."""
    hashed, size, head, blank = hashlib.sha256(), 0, b"", True
    while part := source.read(_PART):
        blank = blank and not part.strip(_BLANKS)
        head = head or part[:_HEAD]
        hashed.update(part)
        size += len(part)
        if size > LARGEST_BYTES:  # somebody writes to it
            msg = f"{name} grows while it is read. Next: hand it in when it is whole"
            raise UsageError(msg)
        target.write(part)
    if blank:
        what = "holds nothing but blanks" if size else "is empty"
        msg = f"{name} {what}: it shows nothing. Next: check that it was saved"
        raise UsageError(msg)
    return hashed.hexdigest(), size, head


def read(file: File, where: Outside | None) -> Iterator[bytes]:
    """The bytes of a kept file, in parts; at their end they are known to be those that were handed in.

    Raises:
        IntegrityError: they are other bytes, or the file is not where it was kept.
        ConfigError: it is kept where the configuration does not point.
    """
    hashed = hashlib.sha256()
    parts = iter([file.content]) if file.content is not None else _from_outside(file, where)
    for part in parts:
        hashed.update(part)
        yield part
    if hashed.hexdigest() != file.digest:
        at = file.location or "the store"
        msg = f"the file {file.digest[:12]} in {at} is not the one that was handed in"
        raise IntegrityError(msg)


def _from_outside(file: File, where: Outside | None) -> Iterator[bytes]:
    name = object_name(file.digest)
    if where is None or file.location != where.location(name):
        msg = (
            f"the file {file.digest[:12]} is kept at {file.location}, which is not the place that the configuration "
            "names. Next: [attachments] folder or url"
        )
        raise ConfigError(msg)
    try:
        yield from where.place.get(name)
    except Gone as error:
        msg = f"the file {file.digest[:12]} is not at {file.location} any more"
        raise IntegrityError(msg) from error


def same(path: Path, file: File) -> None:
    """Check that a file here is the one that was handed in.

    Raises:
        IntegrityError: it is another one; it changed since. UsageError: it cannot be read.
    """
    hashed = hashlib.sha256()
    source, _ = opened(path)
    try:
        with source:
            while part := source.read(_PART):
                hashed.update(part)
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or type(error).__name__}"
        raise UsageError(msg) from error
    if hashed.hexdigest() != file.digest:
        msg = (
            f"{path.name} is not the file that was handed in: its SHA-256 is {hashed.hexdigest()}, "
            f"that of the other {file.digest}"
        )
        raise IntegrityError(msg)
