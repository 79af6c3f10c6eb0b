"""Which programs a script calls, word by word."""

from __future__ import annotations

import time

import pytest

from soc2_collectors.github.models.shell import commands


@pytest.mark.parametrize(
    ("script", "programs"),
    [
        ("trivy fs . && echo done", ["trivy", "echo"]),
        ("# trivy\necho trivy # checkov", ["echo"]),
        ("sudo -E env A=1 /usr/local/bin/checkov -d .", ["checkov"]),
        ("set -e; if ! conftest test x; then exit 1; fi", ["set", "conftest", "exit", "fi"]),
        ("x=$(kics scan) | tee out", ["kics", "tee"]),
        ("npx --yes license-checker", ["license-checker"]),
        ("python3 -m piplicenses", ["piplicenses"]),
        ("pip install checkov", ["pip"]),
        ("cat <<'END' > f\ntrivy fs .\nEND\nmake", ["cat", "make"]),
        ("echo 'one; trivy fs .'", ["echo"]),
        ("make \\\n  trivy", ["make"]),
        ('echo "unbalanced', ["echo"]),
        ("${{ matrix.tool }} fs", ["fs"]),
        ("", []),
    ],
)
def test_the_programs_of_a_script(script: str, programs: list[str]) -> None:
    assert [words[0] for words in commands(script)] == programs


def test_an_image_is_the_program_of_a_container() -> None:
    found = [
        words[0] for words in commands("docker run --rm -v $PWD:/src aquasec/trivy:0.50 fs /src")
    ]
    assert "trivy" in found


@pytest.mark.parametrize(
    "script", ["<<A\n" * 60_000, "'" * 200_000, "a;" * 100_000, "\\\n" * 100_000]
)
def test_a_hostile_script_ends_soon(script: str) -> None:
    started = time.monotonic()
    list(commands(script))
    assert time.monotonic() - started < 10
