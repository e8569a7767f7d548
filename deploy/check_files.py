#!/usr/bin/env python3
"""Checks what no validator knows: that the files of this folder agree with each other.

    deploy/check_files.py SCHEMA MANIFESTS      the schema of compose files, and the folder that render.py wrote
"""

import json
import pathlib
import re
import sys

import jsonschema
import yaml

HERE = pathlib.Path(__file__).parent
COMPOSE = HERE / "compose"


def load(path):
    return yaml.safe_load(path.read_text())


def compose(schema):
    """The three files are valid alone, and make one project together."""
    validator = jsonschema.Draft7Validator(schema)
    files = ["compose.yml", "monitoring.yml", "backup.yml"]
    assert f"COMPOSE_FILE={':'.join(files)}" in (COMPOSE / "secrets.sh").read_text(), "secrets.sh names other files"
    services, networks, volumes = {}, {}, {}
    for file in files:
        document = load(COMPOSE / file)
        errors = [f"{file}: {list(error.path)}: {error.message}" for error in validator.iter_errors(document)]
        assert not errors, errors
        for name in document["services"]:
            assert name not in services, f"{file}: service {name} is there twice"
        services |= document["services"]
        networks |= document.get("networks", {})
        volumes |= document.get("volumes", {})
    set_by_script = set(re.findall(r"^\s*for name in ([A-Z ]+);", (COMPOSE / "secrets.sh").read_text(), re.M)[0].split())
    known = {f"{name}_PASSWORD" for name in set_by_script} | {"API_TOKEN", "BACKUPS"}
    for name, service in services.items():
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, f"{name}: no limits"
        assert service["security_opt"] == ["no-new-privileges:true"] and service["cap_drop"] == ["ALL"], name
        assert set(service["networks"]) <= networks.keys(), f"{name}: an unknown network"
        assert set(service.get("depends_on", [])) <= services.keys(), f"{name}: depends on nobody"
        image = service["image"]
        assert ":" in image and not image.endswith(":latest"), f"{name}: {image} has no version"
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: {port} listens beyond this machine"
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("."):
                assert (COMPOSE / source).exists(), f"{name}: {source} does not exist"
            elif not source.startswith(("/", "$")):
                assert source in volumes, f"{name}: {source} is not a volume"
        for variable in re.findall(r"\$\{([A-Z_]+)", json.dumps(service)):
            assert variable in known, f"{name}: secrets.sh does not write {variable}"
    targets = load(COMPOSE / "prometheus.yml")["scrape_configs"][0]["static_configs"][0]["targets"]
    workers = {name for name in services if name.startswith("worker-")}
    assert {target.split(":")[0] for target in targets} == workers, "Prometheus watches other workers"
    private = {"POSTGRES_PASSWORD", "OWNER_PASSWORD", "GRAFANA_PASSWORD"}
    for name in workers:
        seen = set(re.findall(r"\$\{([A-Z_]+)", json.dumps(services[name])))
        assert not seen & private, f"{name} gets a password that it does not need"
    print(f"compose: {len(services)} services in {len(files)} files")


def argocd(manifests):
    """The project allows each kind that the chart renders, and no other; the applications name files that exist."""
    kinds = set()
    for file in manifests.glob("*.yml"):
        for one in yaml.safe_load_all(file.read_text()):
            group = one["apiVersion"].rpartition("/")[0]
            kinds.add((group, one["kind"]))
    project = load(HERE / "argocd/project.yml")["spec"]
    allowed = {(one["group"], one["kind"]) for one in project["namespaceResourceWhitelist"]}
    assert kinds == allowed, f"the project and the chart differ in {kinds ^ allowed}"
    namespaces = {one["namespace"] for one in project["destinations"]}
    for environment in ("staging", "production"):
        spec = load(HERE / f"argocd/{environment}.yml")["spec"]
        assert spec["destination"]["namespace"] in namespaces and spec["source"]["repoURL"] in project["sourceRepos"]
        for file in spec["source"]["helm"]["valueFiles"]:
            assert (HERE / "chart" / file).exists(), f"{environment}: {file} does not exist"
    print(f"argocd: {len(kinds)} kinds, 2 applications")


def partners():
    """The hosts that a cluster may reach are those of the built-in sources."""
    files = (HERE.parent / "sources/partners").glob("*.toml")
    hosts = {re.search(r'^base_url = "https?://([^/"]+)', file.read_text(), re.M)[1] for file in files}
    listed = set(load(HERE / "chart/values.yaml")["networkPolicy"]["hosts"])
    assert listed == hosts, f"values.yaml and sources/partners differ in {listed ^ hosts}"
    print(f"partners: {len(hosts)} hosts")


def systemd():
    """Each unit is as hard as the others."""
    parts = {}
    for unit in sorted((HERE / "systemd").glob("*.service")):
        parts[unit.name] = unit.read_text().split("# What follows is the same")[1].split("\n[Install]")[0].strip()
    assert len(set(parts.values())) == 1, f"the hardening differs between {list(parts)}"
    print(f"systemd: {len(parts)} units, hardened alike")


def dashboards():
    """Each metric that the program shows is in a panel, so that a person can look at what an alert is about."""
    sources = "".join(file.read_text() for file in (HERE.parent / "workers/src").rglob("*.rs"))
    shown = set(re.findall(r'(?:gauge|counter|histogram)!?\(\s*"(oim_[a-z_]+)"', sources))
    shown |= set(re.findall(r'\("(oim_[a-z_]+)", (?:allowed|held)\)', sources))
    asked = set()
    for file in sorted((HERE / "chart/files/dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            asked |= {name for target in panel["targets"] for name in re.findall(r"oim_[a-z_]+", target["expr"])}
    asked |= {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    # Names of the unit tests of the page of metrics.
    missing = shown - asked - {"oim_x", "oim_none"}
    assert len(shown) > 30 and not missing, f"no panel shows {sorted(missing)}"
    print(f"dashboards: {len(shown)} metrics")


def versions():
    """The image builds with the Rust of the repository, and the chart is of the version of the program."""
    rust = re.search(r'channel = "([0-9.]+)"', (HERE.parent / "rust-toolchain.toml").read_text())[1]
    assert f"FROM rust:{rust}-" in (HERE / "image/Dockerfile").read_text(), f"the image does not build with Rust {rust}"
    program = re.search(r'^version = "([0-9.]+)"', (HERE.parent / "Cargo.toml").read_text(), re.M)[1]
    chart = load(HERE / "chart/Chart.yaml")
    assert chart["appVersion"] == program, f"the chart is of {chart['appVersion']}, the program of {program}"
    print(f"versions: Rust {rust}, oim-etl {program}")


if __name__ == "__main__":
    compose(json.loads(pathlib.Path(sys.argv[1]).read_text()))
    argocd(pathlib.Path(sys.argv[2]))
    partners()
    systemd()
    dashboards()
    versions()
