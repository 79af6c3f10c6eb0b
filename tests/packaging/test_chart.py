"""The Helm chart and the plain manifests: what Pod Security "restricted" asks for, and what the chart promises."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import chart
import click
import gen_deploy
import pytest
import yaml

from soc2_pac import config
from soc2_pac.cli import root as command_line

ROOT = Path(__file__).resolve().parents[2]
FULL: dict[str, Any] = {
    "image": {"digest": "sha256:" + "0" * 64},
    "imagePullSecrets": [{"name": "pull"}],
    "envSecrets": ["database", "github"],
    "secretVolumes": [{"name": "okta", "secret": {"secretName": "okta-key"}}],
    "secretMounts": [{"name": "okta", "mountPath": "/secrets/okta", "readOnly": True}],
    "serviceAccount": {
        "annotations": {
            "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/soc2-pac",
            "iam.gke.io/gcp-service-account": "soc2-pac@p.iam.gserviceaccount.com",
            "azure.workload.identity/client-id": "c",
        }
    },
    "podLabels": {"azure.workload.identity/use": "true"},
    "podAnnotations": {"a/b": "c"},
    "run": {"failJobOnFindings": True, "failOn": "high"},
    "persistence": {"existingClaim": "evidence", "storageClassName": "fast"},
    "networkPolicy": {
        "gkeMetadata": True,
        "extraEgress": [{"ports": [{"protocol": "TCP", "port": 5432}]}],
    },
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "batch", "operator": "Exists"}],
}
WITHOUT: dict[str, Any] = {
    "image": {"tag": "1"},
    "persistence": {"enabled": False},
    "networkPolicy": {"enabled": False},
    "upgrade": {"enabled": False},
}
CASES = {"default": {}, "full": FULL, "without": WITHOUT}
each = pytest.mark.parametrize("values", CASES.values(), ids=CASES.keys())


def _objects(values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return [yaml.safe_load(text) for text in chart.render(values).values()]


def _kind(objects: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = (one for one in objects if one["kind"] == kind)
    return found


def _pods(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    pods = []
    for one in objects:
        if one["kind"] == "CronJob":
            pods.append(one["spec"]["jobTemplate"]["spec"]["template"]["spec"])
        elif one["kind"] == "Job":
            pods.append(one["spec"]["template"]["spec"])
    return pods


# -- Pod Security Standards, "restricted" -----------------------------------------------------------

VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip


def offences(pod: dict[str, Any]) -> list[str]:
    """What "restricted" forbids, and is there; baseline included (Kubernetes, Pod Security Standards)."""
    wrong = [name for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name)]
    for volume in pod.get("volumes", ()):
        wrong += [f"volume {key}" for key in volume if key != "name" and key not in VOLUMES]
    outer = pod.get("securityContext", {})
    for container in [*pod.get("initContainers", ()), *pod["containers"]]:
        own = container.get("securityContext", {})
        both = {**outer, **own}
        capabilities = own.get("capabilities", {})
        checks = {
            "privileged": not own.get("privileged"),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
            "runAsNonRoot": both.get("runAsNonRoot") is True,
            "runAsUser": both.get("runAsUser") != 0,
            "drop ALL": capabilities.get("drop") == ["ALL"],
            "add": set(capabilities.get("add", ())) <= {"NET_BIND_SERVICE"},
            "seccompProfile": both.get("seccompProfile", {}).get("type")
            in {"RuntimeDefault", "Localhost"},
            "procMount": own.get("procMount", "Default") == "Default",
            "hostPort": not any(port.get("hostPort") for port in container.get("ports", ())),
        }
        wrong += [name for name, kept in checks.items() if not kept]
    return wrong


@each
def test_every_pod_is_restricted(values: dict[str, Any]) -> None:
    pods = _pods(_objects(values))
    assert len(pods) == (1 if values is WITHOUT else 2)
    for pod in pods:
        assert offences(pod) == []
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsUser"] == 65532
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["resources"]["limits"]["memory"]
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_what_is_not_restricted_would_be_found() -> None:
    (pod, _) = _pods(_objects())
    pod["hostPID"] = True
    pod["volumes"].append({"name": "h", "hostPath": {"path": "/"}})
    del pod["containers"][0]["securityContext"]["allowPrivilegeEscalation"]
    pod["containers"][0]["securityContext"]["capabilities"] = {"add": ["SYS_ADMIN"]}
    assert offences(pod) == [
        "hostPID", "volume hostPath", "allowPrivilegeEscalation", "drop ALL", "add",
    ]  # fmt: skip


# -- what the chart promises ----------------------------------------------------------------------


@each
def test_no_secret_is_made_and_no_right_in_the_cluster_is_given(values: dict[str, Any]) -> None:
    kinds = {one["kind"] for one in _objects(values)}
    assert kinds <= {
        "ConfigMap", "CronJob", "Job", "NetworkPolicy", "PersistentVolumeClaim", "ServiceAccount",
    }  # fmt: skip


@each
def test_runs_do_not_overlap(values: dict[str, Any]) -> None:
    job = _kind(_objects(values), "CronJob")["spec"]
    assert job["concurrencyPolicy"] == "Forbid"
    assert job["jobTemplate"]["spec"]["backoffLimit"] == 0


@each
def test_what_is_run_are_commands_that_exist(values: dict[str, Any]) -> None:
    for pod in _pods(_objects(values)):
        (container,) = pod["containers"]
        context = command_line.make_context("soc2-pac", list(container["args"]))
        name, command, rest = command_line.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        while isinstance(command, click.Group):
            context = command.make_context(name, list(rest), parent=context)
            name, command, rest = command.resolve_command(
                context, [*context._protected_args, *context.args]
            )
        assert command is not None
        command.make_context(name, list(rest), parent=context)


@pytest.mark.parametrize(
    ("code", "gaps", "ends"),
    # A failure comes before incomplete evidence in the exit code of a run, and must not hide it.
    [(0, 0, 0), (1, 0, 0), (1, 3, 3), (3, 3, 3), (2, 0, 2), (4, 0, 4), (137, 0, 137)],
)
def test_findings_are_results_and_everything_else_fails_the_job(
    tmp_path: Path, code: int, gaps: int, ends: int
) -> None:
    container = _pods(_objects())[0]["containers"][0]
    (tmp_path / "soc2-pac").write_text(
        f'#!/bin/sh\n[ "$1" != gaps ] || exit {gaps}\necho $# > said\nexit {code}\n',
        encoding="utf-8",
    )
    (tmp_path / "soc2-pac").chmod(0o755)
    done = subprocess.run(
        [*container["command"], *container["args"]],
        cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False,
    )  # fmt: skip
    assert done.returncode == ends
    said = (tmp_path / "said").read_text(encoding="utf-8").strip()
    assert said == str(len(container["args"]))


def test_values_reach_what_they_are_for() -> None:
    objects = _objects(FULL)
    account = _kind(objects, "ServiceAccount")
    assert len(account["metadata"]["annotations"]) == 3
    pod, _ = _pods(objects)
    container = pod["containers"][0]
    assert container["image"].endswith("@sha256:" + "0" * 64)
    assert "command" not in container
    assert [e["secretRef"]["name"] for e in container["envFrom"]] == ["database", "github"]
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "evidence"}} in pod["volumes"]
    assert pod["tolerations"] == FULL["tolerations"]
    template = _kind(objects, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]
    assert template["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    ports = [
        p["port"]
        for rule in _kind(objects, "NetworkPolicy")["spec"]["egress"]
        for p in rule["ports"]
    ]
    assert ports == [53, 53, 443, 80, 988, 5432]
    assert not [one for one in objects if one["kind"] == "PersistentVolumeClaim"]
    assert {"name": "data", "emptyDir": {}} in _pods(_objects(WITHOUT))[0]["volumes"]


def test_the_policy_takes_nobody_in_and_leaves_metadata_out() -> None:
    policy = _kind(_objects(), "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policy
    open_to_all = [
        to["ipBlock"] for rule in policy["egress"] for to in rule["to"] if "ipBlock" in to
    ]
    assert open_to_all == [{"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}]
    wanted = policy["podSelector"]["matchLabels"].items()
    template = _kind(_objects(), "CronJob")["spec"]["jobTemplate"]["spec"]["template"]
    assert wanted <= template["metadata"]["labels"].items()


def test_the_configuration_of_the_chart_is_one() -> None:
    text = _kind(_objects(), "ConfigMap")["data"]["soc2-pac.toml"]
    read = config.parse(tomllib.loads(text), None)
    assert read.store_url == "sqlite:////data/soc2-pac.db"


def test_the_chart_has_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    about = yaml.safe_load((chart.CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert about["version"] == about["appVersion"] == project["version"]


def test_every_value_is_used_and_every_used_one_is_there() -> None:
    text = "".join(
        path.read_text(encoding="utf-8") for path in (chart.CHART / "templates").iterdir()
    )
    used = {name.partition(".")[0] for name in re.findall(r"\.Values\.([\w.]+)", text)}
    own = yaml.safe_load((chart.CHART / "values.yaml").read_text(encoding="utf-8"))
    assert used == set(own)
    with pytest.raises(ValueError, match="no values"):
        chart.render({"secret": "x"})


def test_the_plain_manifests_are_those_of_the_chart() -> None:
    path = gen_deploy.DEPLOY / gen_deploy.MANIFESTS
    found = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    assert [one["kind"] for one in found] == [one["kind"] for one in _objects()]
    assert all(offences(pod) == [] for pod in _pods(found))


@pytest.mark.skipif(shutil.which("helm") is None, reason="there is no helm")
def test_helm_renders_the_same(tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    for given in CASES.values():
        values.write_text(yaml.safe_dump(given), encoding="utf-8")
        done = subprocess.run(
            ["helm", "template", "soc2-pac", str(chart.CHART), "--values", str(values)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        by_helm = [one for one in yaml.safe_load_all(done.stdout) if one]
        key = lambda one: (one["kind"], one["metadata"]["name"])  # noqa: E731
        assert sorted(by_helm, key=key) == sorted(_objects(given), key=key)
