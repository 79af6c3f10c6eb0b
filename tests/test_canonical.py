"""One byte form: numbers that JSON cannot say are refused wherever they stand."""

from __future__ import annotations

import pytest

from soc2_pac.canonical import canonical

NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    "body",
    [
        NAN,
        {"a": None, "b": INFINITE},
        [1, "x", None, -INFINITE],
        {"a": [{"b": (None, [True, {"c": NAN}])}]},
        [[1.5, None], (2.5, NAN)],
    ],
)
def test_a_number_that_is_none_is_refused(body: object) -> None:
    with pytest.raises(ValueError, match="NaN or infinity"):
        canonical(body)


def test_null_and_other_numbers_are_kept() -> None:
    body = {"b": [None, 1.5, (2, None)], "a": {"c": None, "d": [False, "null"]}}
    assert canonical(body) == b'{"a":{"c":null,"d":[false,"null"]},"b":[null,1.5,[2,null]]}'
