"""What redaction looks into: a secret that is packed is a secret."""

from __future__ import annotations

import base64
import gzip
import json
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from soc2_pac.canonical import canonical
from soc2_pac.collect import detect, redact
from soc2_pac.collect.redact import REDACTED, REFERENCE, UNREADABLE, redact_paths, scrub

from .secret_forms import FORMS, plain

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


SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:orders-db-AbCdEf"


@pytest.mark.parametrize(
    "value",
    [
        SECRET_ARN,
        f"{SECRET_ARN}:password::",
        "arn:aws:ssm:eu-central-1:111122223333:parameter/prod/token",
        "{{resolve:secretsmanager:orders:SecretString:password}}",
    ],
)
def test_what_names_a_secret_is_none(value: str) -> None:
    assert redact_paths({"a": value}, ["a"]) == {"a": REFERENCE}
    assert redact_paths({"a": REFERENCE}, ["a"]) == {"a": REFERENCE}
    script = f"#!/bin/sh\nfetch --from '{value}'\n"
    assert redact_paths({"a": script}, ["a"]) == {"a": REDACTED}


@pytest.mark.parametrize(
    "value",
    [
        f"{SECRET_ARN} password=hunter2",
        f"{SECRET_ARN.rpartition(':')[0]}:password=hunter2",
        "secret:hunter2",
        "{{resolve:ssm:/prod/db}} token: hunter2",
    ],
)
def test_a_secret_beside_the_name_of_one_is_found(value: str) -> None:
    found = redact_paths({"a": value}, ["a"])
    assert found == {"a": "[redacted: found password-assignment]"}


@pytest.mark.parametrize(
    "script",
    [
        "#cloud-config\nusers:\n- name: ops\n  lock_passwd: true\n",
        "#cloud-config\npassword: null\nlock_passwd: false",
        "[string]$token = Invoke-RestMethod -Method PUT -Uri http://169.254.169.254/latest/api/token",
        "$Password = (Get-SSMParameter -Name /prod/db -WithDecryption $true).Value",
        "$Secret = Get-SECSecretValue -SecretId prod/db",
        "token = requests.put('http://169.254.169.254/latest/api/token').text",
        "api_key = os.environ['API_KEY']",
    ],
)
def test_a_value_that_is_fetched_or_a_switch_is_no_secret(script: str) -> None:
    assert redacted(script.encode()) == REDACTED


@pytest.mark.parametrize(
    "script",
    [
        "$Password = ConvertTo-SecureString 'correct-horse' -AsPlainText -Force",
        "password: true-horse",
        "PASSWORD=get-horse1",
        "PASSWORD=New-Horse1",
        "token=correct.horse",
    ],
)
def test_a_secret_that_begins_like_a_command_or_a_switch_is_found(script: str) -> None:
    assert redacted(script.encode()) == FOUND


# -- forms and names ------------------------------------------------------------------------------------------

each_form = pytest.mark.parametrize("form", FORMS)


@each_form
def test_a_credential_is_cut_out_of_any_text(form: str) -> None:
    secret = FORMS[form]("a seed")
    for text in (
        secret.text,
        f"could not deliver to {secret.text} of acme",
        f"({secret.text})",
        f'"{secret.text}"',
        f"first\n{secret.text}\nlast",
    ):
        said = scrub(text)
        assert secret.core not in said
        assert "[redacted " in said
        assert scrub(said) == said, "what was redacted stays as it is"
    whole = redact.kept({"Description": f"see {secret.text}"}, (), ())
    assert secret.core.encode() not in whole
    assert json.dumps(secret.core)[1:-1].encode() not in whole


@each_form
def test_a_declared_value_says_which_credential_it_held(form: str) -> None:
    found = redact_paths({"a": f"x {FORMS[form]('a seed').text}"}, ["a"])["a"]
    assert found.startswith("[redacted: found "), "rules about secrets read this"
    assert redact_paths({"a": found}, ["a"]) == {"a": found}


@pytest.mark.parametrize(
    "text",
    [
        "permissions:\n  id-token: write\n  contents: read",
        "token: ${{ secrets.GITHUB_TOKEN }}",
        'run: curl -H "Authorization: Bearer $TOKEN" https://api.acme.example/v1',
        "password = $(aws secretsmanager get-secret-value --secret-id db)",
        "PASSWORD={{resolve:secretsmanager:db}}",
        "uses: actions/checkout@8f4b7f84864484a7bf31766abe9204da3cbe65b3",
        "persist-credentials: false",
        "secret: projects/1/secrets/db/versions/1",
        '{ ($.userIdentity.type = "Root") && ($.eventName = DeleteAccessKey) }',
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:db-AbCdEf",
        "Basic authentication is off for all mailboxes",
        "the bearer of this role may read",
        "git@github.com:acme-robotics/infra.git and https://github.com/acme-robotics/infra",
        "AKIAIOSFODNN7EXAMPLE",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "token.actions.githubusercontent.com:sub",
        "passwords expire after 90 days; tokens: see the policy",
        "if password == old_password:",
        'resource.type="gce_instance" AND protoPayload.methodName="SetIamPolicy"',
        "HttpTokens=required",
        "https://acme.example/docs?page=2&code=",
        "https://hooks.acme.example/github/push",
        "PGP MESSAGE",
        "skip-this, sk-1, key-rotation, SKU, npm_config_cache, eyJ",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    assert scrub(text) == text
    assert json.loads(redact.kept({"text": text}, (), ())) == {"text": text}


@pytest.mark.parametrize(
    "name",
    [
        "password", "DBPassword", "db_password", "DB_PASS", "clientSecret", "client_secret", "apiKey",
        "API_KEY", "authToken", "accountKey", "connectionString", "privateKey", "SecretAccessKey", "token",
        "SPLUNK_TOKEN", "sharedSecret", "routingKey", "splunk-token", "MasterUserPassword",
    ],
)  # fmt: skip
def test_a_text_under_the_name_of_a_secret_is_one(name: str) -> None:
    core = plain(name).core
    for body in (
        {"settings": {name: core}},
        {"environment": [{"name": name, "value": core}]},
        {"Tags": [{"Value": core, "Key": name}]},
        {"Parameters": [{"ParameterKey": name, "ParameterValue": core}]},
    ):
        kept = redact.kept(body, (), ())
        assert core.encode() not in kept, body
        assert b"[redacted" in kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "ENABLED"),
        ("token", "required"),
        ("NextToken", "AAAAabcdef"),
        ("ClientToken", "7f0e-4d"),
        ("secret", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:db"),
        (
            "connectionString",
            "@Microsoft.KeyVault(SecretUri=https://acme.vault.azure.net/secrets/a)",
        ),
        ("KmsKeyId", "1234abcd-12ab"),
        ("Key", "Department"),
        ("password_last_changed", "2026-01-01T00:00:00Z"),
        ("MasterUserPassword", "{{resolve:ssm-secure:db}}"),
        ("tokenEndpoint", "https://acme.example/token"),
        ("compass", "north-west-17"),
    ],
)
def test_a_name_that_speaks_of_secrets_and_holds_none(name: str, value: str) -> None:
    for body in ({name: value}, {"name": name, "value": value}):
        assert redact.kept(body, (), ()) == canonical(body)


def test_every_sort_of_credential_is_proved() -> None:
    proved = {label for form in FORMS.values() for label in detect.sorts_in(form("b").text)}
    assert detect.labels() - proved == set(), "a new sort needs a form in secret_forms.py"
