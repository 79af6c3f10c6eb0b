"""What redaction looks into: a secret that is packed is a secret."""

from __future__ import annotations

import base64
import gzip
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from soc2_pac.collect.redact import REDACTED, UNREADABLE, redact_paths

SCRIPT = b"#!/bin/sh\nexport DB_PASSWORD=correct-horse\n"
PROGRAM = bytes(range(128, 256)) * 2
FOUND = "[redacted: found password-assignment]"


def redacted(value: bytes) -> str:
    found = redact_paths({"UserData": base64.b64encode(value).decode()}, ["UserData"])
    return str(found["UserData"])


def mime(script: bytes) -> bytes:
    parts = MIMEMultipart()
    if script is PROGRAM:
        parts.attach(MIMEApplication(PROGRAM))
        return parts.as_bytes()
    parts.attach(MIMEText("#cloud-config\npackages: [nginx]\n", "cloud-config", "utf-8"))
    parts.attach(MIMEText(script.decode(), "x-shellscript", "utf-8"))
    return parts.as_bytes()


@pytest.mark.parametrize(
    "value",
    [
        SCRIPT,
        gzip.compress(SCRIPT, mtime=0),
        SCRIPT.decode().encode("utf-16"),
        SCRIPT.decode().encode("utf-16-le"),
        mime(SCRIPT),
        gzip.compress(mime(SCRIPT), mtime=0),
        b"write_files:\n- encoding: gz+b64\n  content: "
        + base64.b64encode(gzip.compress(SCRIPT, mtime=0)),
        b"powershell -EncodedCommand " + base64.b64encode(SCRIPT.decode().encode("utf-16-le")),
        ("# " + "\u043f\u0430\u0440\u043e\u043b\u044c" * 20 + "\n").encode() + SCRIPT,
    ],
    ids=[
        "plain",
        "gzip",
        "utf-16",
        "utf-16 unmarked",
        "mime",
        "mime in gzip",
        "a file",
        "a command",
        "another script than Latin",
    ],
)
def test_a_packed_secret_is_found(value: bytes) -> None:
    assert redacted(value) == FOUND


@pytest.mark.parametrize(
    "value",
    [
        b"PK\x03\x04" + SCRIPT,
        gzip.compress(b"#!/bin/sh\ndate\n", mtime=0)[:-12],
        gzip.compress(b"a" * 6_000_000, mtime=0),
        b"\x28\xb5\x2f\xfd" + SCRIPT,
        PROGRAM,
        mime(PROGRAM),
    ],
    ids=["zip", "cut off", "too large", "zstandard", "no text", "a program in mime"],
)
def test_what_cannot_be_looked_into_is_not_clean(value: bytes) -> None:
    assert redacted(value) == UNREADABLE
    assert redact_paths({"a": UNREADABLE}, ["a"]) == {"a": UNREADABLE}


@pytest.mark.parametrize(
    "value", [b"#!/bin/sh\nyum update -y\n", gzip.compress(b"#!/bin/sh\ndate\n", mtime=0)]
)
def test_what_was_looked_into_and_holds_nothing(value: bytes) -> None:
    assert redacted(value) == REDACTED


@pytest.mark.parametrize(
    "value", ["test", "production", "aGVsbG8=", "a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4"]
)
def test_a_word_that_looks_packed(value: str) -> None:
    assert redact_paths({"a": value}, ["a"]) == {"a": REDACTED}
