"""What other people's libraries log is tamed: their debug records quote whole requests and answers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_OURS = ("soc2_pac", "soc2_collectors", "soc2_rules")
WITHHELD = "withheld: debug records of a library may quote secrets"


def tame() -> None:
    """From now on no record of another package quotes an answer, and none quotes a credential.

    For a process of our own: record factories are one for all.
    """
    before = logging.getLogRecordFactory()
    if isinstance(before, _Tamed):
        return
    logging.setLogRecordFactory(_Tamed(before))


class _Tamed:
    """A factory of log records."""

    def __init__(self, before: Callable[..., logging.LogRecord]) -> None:
        self._before = before

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401 - as logging calls it
        from soc2_pac.collect.redact import scrub  # noqa: PLC0415 - with the first record only

        record = self._before(*args, **kwargs)
        if record.name.partition(".")[0] in _OURS:
            return record
        record.msg = WITHHELD if record.levelno < logging.INFO else scrub(record.getMessage())
        record.args = ()
        if record.exc_info and record.exc_info[0] is not None:
            record.msg = f"{record.msg} ({record.exc_info[0].__name__})"
            record.exc_info = None
        return record
