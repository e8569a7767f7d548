#!/usr/bin/env python3
"""Renders the chart with each set of values by Helm's own engine, and checks what comes out.

    pip install helm-python-sdk kubernetes-validate pyyaml
    deploy/render.py [DIR]      writes the manifests to DIR, one file a set

Without a cluster: kubernetes-validate has the schemas of Kubernetes' own kinds. Kinds of operators (KEDA, Prometheus, External
Secrets) are checked for their apiVersion and the fields that this file names.
"""

import json
import pathlib
import sys

import helm_python as helm
import kubernetes_validate
import yaml

HERE = pathlib.Path(__file__).parent
CHART = HERE / "chart"
KUBERNETES = "1.33"
# Files of values, and values that they lack.
SETS = {
    "default": ([], {}),
    "staging": (["values.staging.yaml"], {}),
    "production": (["values.production.yaml"], {}),
    "other": (
        [],
        {
            "externalSecrets": {"enabled": False},
            "keda": {"enabled": False},
            "monitoring": {"serviceMonitor": False, "prometheusRule": False, "dashboards": False},
            "networkPolicy": {"cilium": True},
            "sourceFiles": {"mine.toml": 'name = "Mine"\n'},
            "config": {"ollama_url": None},
        },
    ),
}
OPERATORS = {
    ("keda.sh/v1alpha1", "ScaledObject"): ["scaleTargetRef", "minReplicaCount", "maxReplicaCount", "triggers"],
    ("keda.sh/v1alpha1", "TriggerAuthentication"): ["secretTargetRef"],
    ("monitoring.coreos.com/v1", "ServiceMonitor"): ["selector", "endpoints"],
    ("monitoring.coreos.com/v1", "PrometheusRule"): ["groups"],
    ("external-secrets.io/v1", "ExternalSecret"): ["secretStoreRef", "target", "dataFrom"],
    ("cilium.io/v2", "CiliumNetworkPolicy"): ["endpointSelector", "egress"],
}
# Values that must be refused, each with a word of the reason.
REFUSED = [
    ({"replicsa": 3}, "replicsa"),
    ({"image": {"tag": "latest"}}, "tag"),
    ({"config": {"database_url": "postgres://oim:secret@db/oim"}}, "database_url"),
    ({"config": {"archive": "/var/lib/archive"}}, "archive"),
    ({"keda": {"upAbove": 50}}, "downBelow"),
    ({"keda": {"floor": 30}}, "floor"),
    ({"serviceAccount": {"roleArn": "oim-etl"}}, "roleArn"),
    ({"terminationGracePeriodSeconds": 5}, "terminationGracePeriodSeconds"),
]


def render(values):
    with helm.Chart.load(str(CHART)) as chart:
        files = chart.render(values, name="oim-etl", namespace="oim-etl")
    texts = [text for name, text in files.items() if not name.endswith(("NOTES.txt", ".tpl"))]
    return [one for text in texts for one in yaml.safe_load_all(text) if one]


def pods(manifests):
    return {one["kind"]: one["spec"]["template"]["spec"] for one in manifests if one["kind"] in ("Deployment", "Job")}


def check_pod(kind, pod):
    """What a cluster with the Pod Security level `restricted` asks for, and a little more."""
    assert pod["automountServiceAccountToken"] is False, kind
    for container in pod["containers"]:
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] and security["runAsNonRoot"], kind
        assert not security["allowPrivilegeEscalation"] and security["capabilities"] == {"drop": ["ALL"]}, kind
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, kind
        assert "memory" in container["resources"]["limits"] and "cpu" in container["resources"]["requests"], kind
        assert not container["image"].endswith(":latest"), kind
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes, kind


def check(name, manifests):
    seen = set()
    for one in manifests:
        key = (one["kind"], one["metadata"]["name"])
        assert key not in seen, f"{name}: {key} twice"
        seen.add(key)
        operator = OPERATORS.get((one["apiVersion"], one["kind"]))
        if operator is None:
            kubernetes_validate.validate(one, KUBERNETES, strict=True)
        else:
            missing = [field for field in operator if field not in one["spec"]]
            assert not missing, f"{name}: {key} lacks {missing}"
    for kind, pod in pods(manifests).items():
        check_pod(kind, pod)
    by_kind = {}
    for one in manifests:
        by_kind.setdefault(one["kind"], []).append(one)
    deployment = by_kind["Deployment"][0]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for selector in (
        deployment["spec"]["selector"]["matchLabels"],
        by_kind["Service"][0]["spec"]["selector"],
        by_kind["PodDisruptionBudget"][0]["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items(), f"{name}: {selector} selects no worker"
    job = by_kind["Job"][0]
    secrets = {kind: pod["containers"][0]["envFrom"][-1]["secretRef"]["name"] for kind, pod in pods(manifests).items()}
    assert secrets["Job"] != secrets["Deployment"], f"{name}: the migration has no account of its own"
    assert int(job["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]) < 0, f"{name}: the migration is late"
    made = {one["spec"]["target"]["name"] for one in by_kind.get("ExternalSecret", [])}
    assert not made or made >= set(secrets.values()), f"{name}: a secret is missing"
    policy = next(one for one in by_kind["NetworkPolicy"] if one["metadata"]["name"] == "oim-etl")
    public = [rule for rule in policy["spec"]["egress"] if {"ipBlock"} == set(rule["to"][0]) and "except" in rule["to"][0]["ipBlock"]]
    assert len(public) + len(by_kind.get("CiliumNetworkPolicy", [])) == 1, f"{name}: two ways to the internet, or none"
    assert all(rule.get("to") and rule.get("ports") for rule in policy["spec"]["egress"]), f"{name}: a rule allows everything"
    return by_kind


def main():
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
    findings = helm.lint(str(CHART))
    bad = [one for one in findings.get("messages", []) if one["severity"] > 1]
    assert not bad, bad
    for name, (files, more) in SETS.items():
        values = dict(more)
        for file in files:
            values.update(helm.values_from_yaml((CHART / file).read_text()))
        manifests = render(values)
        by_kind = check(name, manifests)
        counts = ", ".join(f"{len(found)} {kind}" for kind, found in sorted(by_kind.items()))
        print(f"{name}: {len(manifests)} manifests: {counts}")
        if out:
            out.mkdir(parents=True, exist_ok=True)
            (out / f"{name}.yml").write_text(yaml.safe_dump_all(manifests, sort_keys=False))
    for values, word in REFUSED:
        try:
            render(values)
        except helm.HelmError as error:
            assert word in str(error), f"{json.dumps(values)} is refused for another reason: {error}"
        else:
            raise AssertionError(f"{json.dumps(values)} is not refused")
    print(f"refused: {len(REFUSED)} sets of wrong values")


if __name__ == "__main__":
    main()
