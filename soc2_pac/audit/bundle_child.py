"""Recorded texts of rules, run in a process without network, home and environment, and with little time and memory.

The texts are pieces: the functions, classes and constants that a rule reaches, without the lines that import what they
use. They find the words of soc2-pac (``Resource``, ``passed`` ...) and of the standard library that rules use. A text
that needs more does not run, and says so. This keeps a careless rule from doing harm; it is no prison for a hostile
one, which is why somebody has to ask for it (``--trust-rules``).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from typing import Any

_SECONDS = 120
_MOST_BYTES = 2 << 30
_LACKS = re.compile(
    "^the rule broke: (NameError|FileNotFoundError|ModuleNotFoundError|ImportError):"
)
"""The rule itself does not run: what it needs is not among its pieces."""
_IMPORTED = {
    "collections": "Counter defaultdict deque",
    "collections.abc": "Callable Collection Iterable Iterator Mapping Sequence",
    "dataclasses": "dataclass field replace",
    "datetime": "UTC date datetime time timedelta",
    "enum": "Enum IntEnum StrEnum",
    "fnmatch": "fnmatch fnmatchcase",
    "functools": "cache cached_property lru_cache partial reduce",
    "ipaddress": "IPv4Address IPv4Network IPv6Address IPv6Network ip_address ip_interface ip_network",
    "itertools": "chain groupby islice pairwise product",
    "operator": "attrgetter itemgetter",
    "typing": "Annotated Any ClassVar Final Generic Literal NamedTuple Protocol TypeAlias TypeVar cast overload",
    "urllib.parse": "unquote urlparse urlsplit",
}
_REFUSED = (
    "socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.remove", "os.rename", "ctypes.",
    "shutil.",
)  # fmt: skip


def judged(
    rule: str, parts: list[list[str]], cases: list[dict[str, Any]]
) -> list[dict[str, Any]] | str:
    """Judge documents by a recorded text.

    Args:
        rule: its id.
        parts: (name, text) of its pieces.
        cases: ``body``, ``now``, ``scope`` and ``thresholds`` of each document.

    Returns:
        ``status``, ``message``, ``until`` and ``kind`` of each; or why the text did not run.
    """
    names = [name for name, _ in parts]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return f"several of its pieces are called {twice[0]}"
    if data := [name for name in names if not name.isidentifier()]:
        return f"it reads the data file {data[0]}"
    job = json.dumps({"rule": rule, "parts": parts, "cases": cases, "path": sys.path})
    # -I: neither the environment nor the user's own packages count.
    command = [sys.executable, "-I", "-S", "-c", _START]
    with tempfile.TemporaryDirectory(prefix="soc2-pac-") as empty:
        try:
            done = subprocess.run(  # noqa: S603 - this interpreter, and the text below
                command,
                input=job.encode(),
                capture_output=True,
                timeout=_SECONDS,
                cwd=empty,
                env={"HOME": empty},
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"it took over {_SECONDS} s"
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with {done.returncode}"
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["verdicts"]
    except (ValueError, KeyError, TypeError):
        return "it did not answer in the way that was asked"
    return found


_START = """
import json, sys
job = json.load(sys.stdin)
sys.path[:] = job["path"]
from soc2_pac.audit.bundle_child import inside
inside(job)
"""


def inside(job: dict[str, Any]) -> None:
    """What the process does."""
    space = _words()
    _confine()
    waiting = [text for _, text in job["parts"]]
    while waiting:
        # In the order in which they need each other: what lacks a name waits for the others.
        left, problem = [], ""
        for text in waiting:
            try:
                whole = f"from __future__ import annotations\n{text}"
                exec(compile(whole, "<recorded rule>", "exec"), space)  # noqa: S102 - what it is for
            except Exception as error:  # noqa: BLE001 - a text may raise anything
                left.append(text)
                problem = str(error)
        if len(left) == len(waiting):
            sys.exit(problem)
        waiting = left
    declared = space.get(re.sub("-", "_", job["rule"]))
    if declared is None:
        sys.exit("it does not declare the rule")
    said = [_said(declared, case) for case in job["cases"]]
    print(json.dumps({"verdicts": said}))  # noqa: T201 - the answer


def _said(declared: Any, case: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - whatever the text declares
    from soc2_pac.evaluate.judge import judge  # noqa: PLC0415
    from soc2_pac.model import Scope, utc_text, utc_time  # noqa: PLC0415

    verdict = judge(
        declared,
        case["body"].encode(),
        now=utc_time(case["now"]),
        scope=Scope.parse(case["scope"]),
        thresholds=declared.settle(case["thresholds"]),
    )
    if _LACKS.search(verdict.message):
        sys.exit(verdict.message)
    until = utc_text(verdict.until) if verdict.until else None
    return {
        "status": verdict.status.value,
        "message": verdict.message,
        "until": until,
        "kind": declared.kind,
    }


def _own(name: str, value: object) -> bool:
    """Whether a module defines it: what it imports itself is nothing that a rule finds there.

    ``listed`` is the name of two things, so it is left to fail.
    """
    return (
        name != "listed"
        and not name.startswith("_")
        and str(getattr(value, "__module__", "soc2_pac")).startswith("soc2_pac")
    )


def _words() -> dict[str, Any]:
    """What a text finds: the words of rules, and the standard library that rules use."""
    import collections  # noqa: PLC0415
    import dataclasses  # noqa: PLC0415
    import datetime as dt  # noqa: PLC0415
    import enum  # noqa: PLC0415
    import fnmatch  # noqa: PLC0415
    import functools  # noqa: PLC0415
    import importlib  # noqa: PLC0415
    import ipaddress  # noqa: PLC0415
    import itertools  # noqa: PLC0415
    import operator  # noqa: PLC0415
    import typing  # noqa: PLC0415
    import urllib.parse  # noqa: PLC0415

    import msgspec  # noqa: PLC0415

    from soc2_pac import errors, identity, model, resources, rules  # noqa: PLC0415

    standard = (
        collections, dataclasses, enum, fnmatch, functools, ipaddress, itertools, json, operator, re, typing,
        urllib.parse,
    )  # fmt: skip
    space: dict[str, Any] = {"__name__": "recorded_rule"}
    # Ours come last: their words win. Of the standard library, what is usually imported by name, and no more.
    for place, names in _IMPORTED.items():
        space |= {name: getattr(importlib.import_module(place), name) for name in names.split()}
    for module in (errors, identity, model, resources, rules):
        space |= {name: value for name, value in vars(module).items() if _own(name, value)}
    space |= {module.__name__.partition(".")[0]: module for module in (*standard, msgspec)}
    space["urllib"] = urllib
    space["dt"] = dt
    module = type(sys)("recorded_rule")
    module.__dict__.update(space)
    sys.modules["recorded_rule"] = module
    return module.__dict__


def _confine() -> None:
    """From here on: no network, no other process, no file that is written, and little time and memory."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        written = (
            event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        )
        if written or event.startswith(_REFUSED):
            msg = f"a recorded rule may not do that: {event}"
            raise PermissionError(msg)

    sys.addaudithook(refuse)
    try:
        import resource  # noqa: PLC0415
    except ImportError:  # no POSIX
        return
    for what, most in (
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_AS, _MOST_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
