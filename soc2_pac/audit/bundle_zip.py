"""The zip file of a bundle: one form for the same content, to the last bit of every header.

Files are stored and not deflated, sorted by name, dated 1980-01-01, without extra fields (but for sizes and places
beyond 4 GiB) and comments. The headers are those of :mod:`soc2_pac.audit.bundle_check`, which refuses all others:
readers of zip files pass over most of what a header says, so that many of its bits can be changed unseen.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
from binascii import crc32
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from soc2_pac.audit.bundle_check import NAME, central_header, end_record, local_header
from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PART = 1 << 20


@dataclass(slots=True)
class Stored:
    """One file of a bundle."""

    place: int
    """Where its bytes stand in the temporary file."""
    size: int = 0
    crc: int = 0
    sha256: str = ""


class Writer:
    """Takes files in any order, and writes them in the one form. Memory does not grow with their size.

    Args:
        folder: where a temporary file may stand that is as large as the bundle.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._content: IO[bytes] = tempfile.TemporaryFile(dir=folder, prefix=".bundle-")  # noqa: SIM115 - closed by close
        self.files: dict[str, Stored] = {}

    def close(self) -> None:
        """Give the temporary file back."""
        self._content.close()

    def add(self, name: str, parts: Iterable[bytes]) -> Stored:
        """Add a file from its parts.

        Raises:
            ValueError: the name is taken, or none that a bundle has.
        """
        if not NAME.fullmatch(name) or name in self.files:
            msg = f"{name!r} is no name of a file of a bundle, or is taken"
            raise ValueError(msg)
        stored = Stored(self._content.seek(0, 2))
        digest = hashlib.sha256()
        for part in parts:
            self._content.write(part)
            digest.update(part)
            stored.crc = crc32(part, stored.crc)
            stored.size += len(part)
        stored.sha256 = digest.hexdigest()
        self.files[name] = stored
        return stored

    def add_lines(self, name: str, lines: Iterable[bytes]) -> int:
        """Add a file of lines, each of which is ended; returns how many there were."""
        count = 0

        def counted() -> Iterator[bytes]:
            nonlocal count
            waiting: list[bytes] = []
            for line in lines:
                count += 1
                waiting.append(line)
                if len(waiting) == 1000:  # noqa: PLR2004 - fewer writes
                    yield b"\n".join(waiting) + b"\n"
                    waiting.clear()
            if waiting:
                yield b"\n".join(waiting) + b"\n"

        self.add(name, counted())
        return count

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A file to write into, which is added at the end."""
        with tempfile.TemporaryFile(dir=self._folder, prefix=".bundle-") as file:
            yield file
            file.seek(0)
            self.add(name, iter(lambda: file.read(_PART), b""))

    def write(self, target: IO[bytes]) -> None:
        """Write the zip file."""
        place = 0
        directory: list[bytes] = []
        for name, stored in sorted(self.files.items()):
            said = (name.encode("ascii"), stored.size, stored.crc)
            header = local_header(*said)
            target.write(header)
            self._content.seek(stored.place)
            _copy(self._content, target, stored.size)
            directory.append(central_header(*said, place))
            place += len(header) + stored.size
        lines = b"".join(directory)
        target.write(lines + end_record(len(directory), len(lines), place))


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size:
        part = source.read(min(size, _PART))
        target.write(part)
        size -= len(part)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there only when all of it was written.

    Raises:
        UsageError: it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    except OSError as error:
        msg = f"-o {path} cannot be written: {error.strerror}"
        raise UsageError(msg) from error
    finally:
        unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def beside(path: Path) -> Iterator[IO[bytes]]:
    """A temporary file without a name in the folder of another one. Raises UsageError."""
    try:
        file = tempfile.TemporaryFile(dir=path.parent, prefix=".bundle-")  # noqa: SIM115 - closed below
    except OSError as error:
        msg = f"-o {path} cannot be written: {error.strerror}"
        raise UsageError(msg) from error
    with file:
        yield file


def of_files(files: Mapping[str, bytes]) -> bytes:
    """The zip file of some files, in memory."""
    target = io.BytesIO()
    with contextlib.closing(Writer(Path(tempfile.gettempdir()))) as writer:
        for name, content in files.items():
            writer.add(name, [content])
        writer.write(target)
    return target.getvalue()
