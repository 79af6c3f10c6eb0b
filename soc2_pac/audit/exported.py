"""Checkpoints that each run takes by itself, kept where whoever can change the store should not be able to.

A folder (a share that grows only, or a git repository that is pushed elsewhere), an object store, or both: see
``[checkpoints]``. Nothing there is ever overwritten.
"""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soc2_pac.audit.attachments import Folder
from soc2_pac.audit.timestamps import SUFFIX
from soc2_pac.config import convert
from soc2_pac.errors import Soc2PacError, UsageError
from soc2_pac.store import checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.config import Config
    from soc2_pac.hookspecs import ObjectStores
    from soc2_pac.plugins import Registry
    from soc2_pac.store import Store

_GIT_SECONDS = 60
_NO_FOLDER = "name the folder, which stands in a git repository"
_NO_URL = "there is no url that it could be for"


def check(config: Config, registry: Registry) -> None:
    """Hold ``[checkpoints]`` against what it names; connect to nothing. Raises ConfigError."""
    table = config.checkpoints
    if table.git and table.folder is None:
        raise config.wrong("checkpoints.git", _NO_FOLDER)
    if table.access and table.url is None:
        raise config.wrong("checkpoints.access", _NO_URL)
    if table.url is not None:
        _store_of(config, registry)


def export(config: Config, registry: Registry, store: Store) -> list[str]:
    """Take a checkpoint and keep it in every configured place; returns where it is. Nothing is configured: empty.

    Raises:
        Soc2PacError: it could not be kept in one of them.
    """
    table = config.checkpoints
    if table.folder is None and table.url is None:
        return []
    key = config.signing.key.resolve() if config.signing.key is not None else None
    taken = store.checkpoint()
    content = checkpoint.dump(taken, key).encode()
    # The instant is part of the name: without new entries two runs leave two.
    at = taken.recorded_at.replace("-", "").replace(":", "").replace(".", "")
    name = f"checkpoint-{taken.seq:010}-{at}.json"
    where = []
    if table.folder is not None:
        folder = _folder(config, table.folder)
        if not folder.is_dir():
            # Not made here: a disk that is not mounted would be missed.
            msg = f"there is no folder {folder}. Next: create it"
            raise config.wrong("checkpoints.folder", msg)
        Folder(folder).put(name, io.BytesIO(content), len(content))
        if table.git:
            _commit(folder, name, taken.seq)
        where.append(str(folder / name))
    if table.url is not None:
        stores, settings = _store_of(config, registry)
        stores.connect(table.url.rstrip("/"), settings).put(name, io.BytesIO(content), len(content))
        where.append(f"{table.url.rstrip('/')}/{name}")
    return where


def kept(config: Config) -> list[Path]:
    """The files of the checkpoints in the configured folder, oldest first."""
    if config.checkpoints.folder is None:
        return []
    return sorted(_folder(config, config.checkpoints.folder).glob("checkpoint-*.json"))


def read(files: Iterable[Path]) -> dict[str, bytes | None]:
    """Text of each checkpoint -> the time stamp that stands beside its file, if there is one.

    Raises:
        UsageError: one cannot be read.
    """
    found: dict[str, bytes | None] = {}
    for path in files:
        stamp = path.with_name(path.name + SUFFIX)
        try:
            text = path.read_text(encoding="utf-8")
            found[text] = stamp.read_bytes() if stamp.exists() else found.get(text)
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{path} cannot be read: {error}"
            raise UsageError(msg) from error
    return found


def _folder(config: Config, text: str) -> Path:
    here = config.path.resolve().parent if config.path is not None else Path()
    return here / Path(text).expanduser()


def _store_of(config: Config, registry: Registry) -> tuple[ObjectStores, Any]:
    table = config.checkpoints
    url = str(table.url)
    for stores in registry.object_stores:
        if stores.takes(url):
            settings = convert(config.path, "checkpoints.access", table.access, stores.settings)
            return stores, settings
    msg = f"'{url}' is of no object store that is installed"
    raise config.wrong("checkpoints.url", msg)


def _commit(folder: Path, name: str, seq: int) -> None:
    """Commit one file in the repository in which the folder stands."""
    for arguments in (
        ["add", "--", name],
        ["commit", "--quiet", "-m", f"Checkpoint {seq}", "--", name],
    ):
        try:
            done = subprocess.run(  # noqa: S603 - git, and a name that was made here
                ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
                capture_output=True,
                text=True,
                timeout=_GIT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            msg = f"{folder}: git cannot be run: {error}"
            raise Soc2PacError(msg) from error
        if done.returncode:
            said = (done.stderr or done.stdout).strip().partition("\n")[0]
            msg = f"{folder / name} was written and not committed: {said}"
            raise Soc2PacError(msg)
