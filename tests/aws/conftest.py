"""What the tests of AWS share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .synthetic import SyntheticAws


@pytest.fixture(scope="module")
def aws() -> Iterator[SyntheticAws]:
    """A made-up AWS, and credentials for it."""
    from soc2_pac.collect import fetch

    from .synthetic import SyntheticAws
    from .walk import ANSWERS, SERVICES

    with (
        pytest.MonkeyPatch.context() as patch,
        SyntheticAws(answers=ANSWERS, services=SERVICES) as server,
    ):
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-real-secret-anywhere")
        yield server
        fetch.forget_connections()
