"""``bundle``, ``verify FILE``, and the checkpoints that runs export."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest

from soc2_pac import plugins
from soc2_pac.audit import exported, sealed, timestamps
from soc2_pac.config import Config, parse
from soc2_pac.errors import ConfigError, IntegrityError, Soc2PacError, UsageError
from soc2_pac.store import checkpoint, open_store

from ..cli.conftest import cli  # noqa: F401, TID252 - a fixture; tests are no package
from ..store.helpers import T0, look, one_run, user  # noqa: TID252 - as above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..cli.conftest import Ended  # noqa: TID252 - as above


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store of one day."""
    name = f"sqlite:///{tmp_path / 'store.db'}"
    with open_store(name, create=True) as store:
        people = {"a": user("ann"), "b": user("bob", GetMfa=False)}
        one_run(store, [look(people), look({"t": {"name": "core"}}, kind="fake.team")])
        one_run(store, [look(people, at=T0.replace(day=2))], at=T0.replace(day=2))
    return name


@pytest.fixture
def configured(tmp_path: Path, url: str) -> tuple[Path, str]:
    """A configuration that signs and keeps checkpoints; and the public key."""
    private, public = checkpoint.generate_key()
    (tmp_path / "key.pem").write_text(private, encoding="utf-8")
    (tmp_path / "kept").mkdir()
    path = tmp_path / "soc2-pac.toml"
    path.write_text(
        f'[store]\nurl = "{url}"\n[signing]\nkey = {{ file = "{tmp_path / "key.pem"}" }}\n'
        '[checkpoints]\nfolder = "kept"\n',
        encoding="utf-8",
    )
    return path, public


def config_of(path: Path, **table: object) -> Config:
    return parse({"checkpoints": table}, path / "soc2-pac.toml")


def test_a_bundle_is_written_and_verified(
    cli: Callable[..., Ended],  # noqa: F811 - the fixture
    configured: tuple[Path, str],
    url: str,
) -> None:
    path, public = configured
    with open_store(url) as store:
        loaded = config_of(path.parent, folder="kept")
        exported.export(loaded, plugins.load(), store)
    made = cli(
        "bundle", "--period", "2026-01-01..2026-01-31", "-o", "evidence.zip", "--config", path
    )
    assert made.code == 0, made.err
    assert "Signed by the key" in made.out
    with zipfile.ZipFile(path.parent / "evidence.zip") as opened:
        names = set(opened.namelist())
        report = json.loads(opened.read("reports/type2.json"))
    assert {f"reports/type2.{form}" for form in ("html", "json", "md", "oscal.json")} <= names
    assert "reports/tables/deviations.csv" in names
    assert sum(name.startswith("checkpoints/") for name in names) == 1
    (table,) = (one for one in report["tables"] if one["name"] == "checkpoints")
    assert [row["what"] for row in table["rows"]].count("checkpoint") == 1
    done = cli("verify", "evidence.zip", "--public-key", public, "--replay")
    assert done.code == 0, done.out
    assert "All that was checked is as it was recorded." in done.out
    # The made-up rules are not installed, and another version judged: neither is a difference.
    assert "Judged again: 0 verdicts" in done.out
    assert "soc2-pac test judged" in done.out
    other = cli("verify", "evidence.zip", "--public-key", checkpoint.generate_key()[1])
    assert other.code == 4
    assert "WRONG" in other.out


def test_an_unsigned_bundle_says_so(cli: Callable[..., Ended], url: str) -> None:  # noqa: F811
    made = cli("bundle", "--period", "2026-01-01..2026-01-31", "-o", "e.zip", "--store", url)
    assert made.code == 0, made.err
    assert "The bundle is not signed." in made.err
    done = cli("verify", "e.zip")
    assert done.code == 0
    assert "NOT SIGNED" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "e.zip", "--size", "5"), "--size goes with --seed"),
        (("-o", "e.zip.age"), "ends in .zip.age"),
        (("-o", "e.zip", "--encrypt-to", "age1x"), "ends in .zip.age"),
        (("-o", "nowhere/e.zip"), "cannot be written"),
        (("-o", "e.zip", "--checkpoint", "none.json"), "cannot be read"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    cli: Callable[..., Ended],  # noqa: F811 - the fixture
    url: str,
    tmp_path: Path,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    ended = cli("bundle", "--period", "2026-01-01..2026-01-31", "--store", url, *arguments)
    assert ended.code == 2
    assert said in ended.err
    assert not list(tmp_path.glob("*.zip*"))


def test_options_of_bundles_go_with_bundles(cli: Callable[..., Ended], url: str) -> None:  # noqa: F811
    ended = cli("verify", "--replay", "--store", url)
    assert ended.code == 2
    assert "--replay is for a bundle" in ended.err


def test_an_encrypted_bundle_is_for_its_reader_alone(
    cli: Callable[..., Ended],  # noqa: F811 - the fixture
    url: str,
    tmp_path: Path,
) -> None:
    age = pytest.importorskip("pyrage", reason="the extra 'encryption' is not installed")
    reader = age.x25519.Identity.generate()
    plain = cli("bundle", "--period", "2026-01-01..2026-01-31", "-o", "e.zip", "--store", url)
    ended = cli(
        "bundle", "--period", "2026-01-01..2026-01-31", "-o", "e.zip.age", "--store", url, "--encrypt-to",
        reader.to_public(),
    )  # fmt: skip
    assert (plain.code, ended.code) == (0, 0)
    assert "Next: age --decrypt" in ended.out
    sealed_bytes = (tmp_path / "e.zip.age").read_bytes()
    assert age.decrypt(sealed_bytes, [reader]) == (tmp_path / "e.zip").read_bytes()
    with pytest.raises(age.DecryptError):
        age.decrypt(sealed_bytes, [age.x25519.Identity.generate()])
    told = cli("verify", "e.zip.age")
    assert told.code == 2
    assert "age --decrypt -i KEYFILE e.zip.age > e.zip" in told.err
    with pytest.raises(UsageError, match="is no public key of age"):
        sealed.parsed(["age1x"])


# -- checkpoints of runs ----------------------------------------------------------------------------


def test_each_run_leaves_a_checkpoint(tmp_path: Path, url: str) -> None:
    (tmp_path / "kept").mkdir()
    config = config_of(tmp_path, folder="kept")
    with open_store(url) as store:
        (first,) = exported.export(config, plugins.load(), store)
        (second,) = exported.export(config, plugins.load(), store)
    assert first != second
    texts = list(exported.read(exported.kept(config)))
    assert len(texts) == 2
    assert {checkpoint.load(text).seq for text in texts} == {json.loads(texts[0])["count"]}


def test_each_one_is_committed(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    for name, value in (("NAME", "Ann"), ("EMAIL", "ann@acme.example")):
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    config = config_of(tmp_path, folder="repository", git=True)
    with open_store(url) as store:
        exported.export(config, plugins.load(), store)
    log = subprocess.run(
        ["git", "-C", folder, "log", "--name-only", "--format=%s"], capture_output=True, text=True, check=True
    )  # fmt: skip
    assert log.stdout.startswith("Checkpoint ")
    assert ".json" in log.stdout


def test_a_checkpoint_that_cannot_be_kept_is_an_error(tmp_path: Path, url: str) -> None:
    with open_store(url) as store:
        with pytest.raises(ConfigError, match="there is no folder"):
            exported.export(config_of(tmp_path, folder="kept"), plugins.load(), store)
        (tmp_path / "plain").mkdir()
        with pytest.raises(Soc2PacError, match="was written and not committed"):
            exported.export(config_of(tmp_path, folder="plain", git=True), plugins.load(), store)
        assert exported.export(config_of(tmp_path), plugins.load(), store) == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"git": True}, "checkpoints.git"),
        ({"access": {"x": 1}}, "checkpoints.access"),
        ({"url": "ftp://x"}, "checkpoints.url"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, table: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        exported.check(config_of(tmp_path, **table), plugins.load())


_AUTHORITY = """
[tsa]
default_tsa = own
[own]
serial = {0}/serial
crypto_device = builtin
signer_cert = {0}/tsa.pem
signer_key = {0}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[str]:
    """The address of a time stamp authority of our own; its root stands in ca.pem."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to sign time stamps with")
    pytest.importorskip("rfc3161_client", reason="the extra 'timestamps' is not installed")

    def run(*arguments: object) -> None:
        subprocess.run(
            ["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=tmp_path
        )

    (tmp_path / "serial").write_text("01\n", encoding="utf-8")
    (tmp_path / "tsa.cnf").write_text(_AUTHORITY.format(tmp_path), encoding="utf-8")
    (tmp_path / "ext.cnf").write_text(
        "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n",
        encoding="utf-8",
    )
    own = ("-newkey", "rsa:2048", "-nodes", "-subj")
    run("req", "-x509", *own, "/CN=root", "-days", 2, "-keyout", "ca.key", "-out", "ca.pem")
    run("req", *own, "/CN=tsa", "-keyout", "tsa.key", "-out", "tsa.csr")
    run("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", 2,
        "-extfile", "ext.cnf", "-out", "tsa.pem")  # fmt: skip

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            (tmp_path / "asked.tsq").write_bytes(body)
            run(
                "ts",
                "-reply",
                "-queryfile",
                "asked.tsq",
                "-config",
                "tsa.cnf",
                "-out",
                "answer.tsr",
            )
            self.send_response(200)
            self.end_headers()
            self.wfile.write((tmp_path / "answer.tsr").read_bytes())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_time_stamp_goes_along_and_is_checked(
    cli: Callable[..., Ended],  # noqa: F811 - the fixture
    url: str,
    authority: str,
    tmp_path: Path,
) -> None:
    assert cli("checkpoint", "--store", url, "-o", "c.json").code == 0
    done = cli("checkpoint", "timestamp", "c.json", "--tsa", authority)
    assert done.code == 0, done.err
    assert cli("checkpoint", "timestamp", "c.json", "--tsa", authority).code == 2
    cli(
        "bundle",
        "--period",
        "2026-01-01..2026-01-31",
        "-o",
        "e.zip",
        "--store",
        url,
        "--checkpoint",
        "c.json",
    )
    done = cli("verify", "e.zip", "--tsa-root", "ca.pem")
    assert done.code == 0, done.out
    assert "by the word of a time stamp authority" in done.out
    assert "1 time stamps were not checked" in cli("verify", "e.zip").out
    other = cli("verify", "e.zip", "--tsa-root", "tsa.pem")
    assert other.code == 4
    assert "the time stamp does not hold" in other.out
    stamp = (tmp_path / "c.json.tsr").read_bytes()
    root = (tmp_path / "ca.pem").read_bytes()
    with pytest.raises(IntegrityError):
        timestamps.check(stamp, b"another text", [root])
    with pytest.raises(IntegrityError):
        timestamps.check(stamp[:-1], (tmp_path / "c.json").read_bytes(), [root])


def test_only_an_address_is_asked(cli: Callable[..., Ended], url: str) -> None:  # noqa: F811
    pytest.importorskip("rfc3161_client", reason="the extra 'timestamps' is not installed")
    cli("checkpoint", "--store", url, "-o", "c.json")
    ended = cli("checkpoint", "timestamp", "c.json", "--tsa", "file:///etc/passwd")
    assert ended.code == 2
    assert "begins with https:// or http://" in ended.err


def test_an_object_store_keeps_them_too(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[str, bytes] = {}

    class Stores:
        name = "made up"

        def connect(self, *_: object) -> Stores:
            return self

        def put(self, name: str, content: object, size: int) -> bool:
            kept[name] = content.read()  # type: ignore[attr-defined]
            return len(kept[name]) == size

    monkeypatch.setattr(exported, "_store_of", lambda *_: (Stores(), None))
    with open_store(url) as store:
        (where,) = exported.export(config_of(tmp_path, url="s3://bucket/x/"), plugins.load(), store)
    ((name, text),) = kept.items()
    assert where == f"s3://bucket/x/{name}"
    assert checkpoint.load(text.decode()).store
