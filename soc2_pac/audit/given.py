"""Files that people hand in: opened so that nothing else than a file is read, and nothing is waited for."""

from __future__ import annotations

import errno
import os
import stat
from typing import IO, TYPE_CHECKING

from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def opened(path: Path, *, links: bool = True) -> tuple[IO[bytes], int]:
    """Open a file to read it; returns it with its size in bytes.

    Args:
        path: which.
        links: whether it may be a symbolic link. What a link shows can be another file tomorrow, so evidence is
            none.

    Raises:
        UsageError: it is no regular file (a folder, a pipe, a device), a link, or cannot be opened.
    """
    # Without O_NONBLOCK, opening a pipe waits for somebody who writes into it. Windows has none of these flags.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not links:
        _refuse_link(path)
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            _refuse_link(path)
        msg = f"{path} cannot be read: {error.strerror}. Next: check the name and who may read it"
        raise UsageError(msg) from error
    found = os.fstat(handle)
    if stat.S_ISREG(found.st_mode):
        return os.fdopen(handle, "rb"), found.st_size
    os.close(handle)
    what = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe or a device"
    msg = f"{path} is {what}, and no file. Next: name a file"
    raise UsageError(msg)


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        there = path.resolve()
        msg = f"{path} is a link, which may show another file tomorrow. Next: name the file itself, {there}"
        raise UsageError(msg)
