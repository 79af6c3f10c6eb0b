"""What a name says of an environment, for all providers: ``non-production`` names one that is none."""

from __future__ import annotations

import re

_WORD = r"(?i:prod(?:uction)?|prd|live)"
_NOT = r"(?:(?<![A-Za-z])(?i:non|not|pre)|(?<=[a-z])(?:Non|Not|Pre))"
_OTHER = re.compile(rf"{_NOT}[\W_]*{_WORD}(?![a-z])")


def without_others(name: str) -> str:
    """The name with another word for each environment that it says is not production.

    ``eu-non-prod``, ``preprod``, ``webNonProduction``. What remains may name production all the same.
    """
    return _OTHER.sub("other", name)


def names_other(text: str) -> bool:
    """Whether a name, or a pattern for names, speaks of an environment that is not production."""
    return _OTHER.search(text) is not None
