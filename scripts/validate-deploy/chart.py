"""Renders the chart with Helm's own code, and holds what comes out to Kubernetes' schemas."""

import copy
import sys

import helm_python
import kubernetes_validate
import yaml

import settings

CHART = settings.ROOT / "deploy" / "helm" / "ragterm"
KUBERNETES = "1.33"

# Kinds that come with an operator: no schema of Kubernetes has them.
FOREIGN = {"ServiceMonitor", "Certificate"}

# Values that must be refused, and a word of the sentence that says why.
REFUSED = [
    ({"query": {"enabled": True}, "tls": {"secretName": "tls"}}, "catalog.backend=postgres"),
    ({"slack": {"enabled": True}}, "tls.secretName"),
    ({"postgres": {"enabled": True}}, "catalog.backend=postgres"),
    ({"qdrant": {"enabled": True}}, "store.backend=qdrant"),
    ({"store": {"backend": "milvus"}}, "store.url"),
    ({"embedder": {"provider": "ollama"}}, "embedder.url"),
    ({"metrics": {"serviceMonitor": {"enabled": True}}}, "metrics.enabled"),
    ({"secret": {"existing": "a", "values": {"llm-api-key": "b"}}}, "exclude each other"),
    ({"secret": {"values": {"llm-api-kay": "b"}}}, "llm-api-kay"),
    ({"index": {"replicas": 2}}, "replicas"),
    ({"store": {"backend": "pinecone"}}, "backend"),
    ({"env": {"SEARCH_LIMIT": "20"}}, "SEARCH_LIMIT"),
    ({"backup": {"keep": 0}}, "keep"),
    ({"backup": {"every": "daily"}}, "every"),
    ({"restore": {"file": "ragterm.backup"}}, "backup.enabled"),
    ({"backup": {"enabled": True}, "restore": {"file": "../ragterm.backup"}}, "file"),
    ({"backup": {"enabled": True}, "restore": {"name": "ragterm.backup"}}, "name"),
]

# A name of a backup that YAML and a template must not take apart.
RESTORE = {"restore": {"file": "ragterm-1a2b-20261126T050607Z: \"mine\" # 백업.backup"}}


def cases() -> dict[str, dict]:
    """The sets of values that are rendered; a restore as well where there are backups."""
    cases = {"values.yaml": {}}
    for file in sorted((CHART / "ci").glob("*.yaml")):
        values = yaml.safe_load(file.read_text())
        cases[file.name] = values
        if values.get("backup", {}).get("enabled"):
            cases[f"{file.name} with a restore"] = values | RESTORE
    return cases


def rendered(chart, values: dict) -> list[dict]:
    """The objects that the chart makes of the values."""
    texts = chart.render(values, name="demo", namespace="search")
    notes = [text for path, text in texts.items() if path.endswith("NOTES.txt")]
    if not notes or ("logs job/" if "restore" in values else "ragterm status") not in notes[0]:
        raise SystemExit("the notes do not say how to look")
    manifests = [text for path, text in texts.items() if path.endswith(".yaml")]
    return [one for text in manifests for one in yaml.safe_load_all(text) if one]


def of_a_pod(name: str, pod: dict, config: str) -> list[str]:
    """What every pod must have, and whether its mounts and variables are right."""
    found = []
    if pod.get("automountServiceAccountToken") is not False:
        found.append(f"{name}: has a token of the cluster")
    if not pod["securityContext"].get("runAsNonRoot"):
        found.append(f"{name}: may run as root")
    for container in pod["containers"]:
        security = container["securityContext"]
        if not security["readOnlyRootFilesystem"] or security["allowPrivilegeEscalation"]:
            found.append(f"{name}: is not closed")
        if "memory" not in container["resources"].get("limits", {}):
            found.append(f"{name}: no limit of memory")
        claimed = {claim["metadata"]["name"] for claim in pod.get("claims", [])}
        volumes = {volume["name"] for volume in pod["volumes"]} | claimed
        mounts = {mount["name"] for mount in container["volumeMounts"]}
        if mounts != volumes:
            found.append(f"{name}: volumes {sorted(volumes)} but mounts {sorted(mounts)}")
        variables = {one["name"]: one.get("value", "") for one in container["env"]}
        paths = {mount["mountPath"] for mount in container["volumeMounts"]}
        if any(variable.startswith("RAGTERM_") for variable in variables) and "/etc/ragterm" not in paths:
            found.append(f"{name}: has no configuration, which the image names")
        if "RAGTERM_BACKUP__DIRECTORY" in variables and variables["RAGTERM_BACKUP__DIRECTORY"] not in paths:
            found.append(f"{name}: takes backups into no volume")
        found += settings.faults(name, variables, config)
    return found


def of_the_objects(objects: list[dict], config: str) -> list[str]:
    """Faults of what was rendered."""
    found = []
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]
    found += [f"{name} is made twice" for name in set(names) if names.count(name) > 1]
    for one in objects:
        name = f"{one['kind']} {one['metadata']['name']}"
        if one["kind"] not in FOREIGN:
            try:
                kubernetes_validate.validate(one, KUBERNETES, strict=True)
            except kubernetes_validate.ValidationError as error:
                found.append(f"{name}: {error.message} at {list(error.path)}")
        if one["kind"] in {"Deployment", "StatefulSet", "Job"}:
            pod = copy.deepcopy(one["spec"]["template"]["spec"])
            pod["claims"] = one["spec"].get("volumeClaimTemplates", [])
            found += of_a_pod(name, pod, config)
            selected = one["spec"].get("selector", {}).get("matchLabels", {}).items()
            if not selected <= one["spec"]["template"]["metadata"]["labels"].items():
                found.append(f"{name}: does not select its own pods")
    return found


def of_the_services(objects: list[dict]) -> list[str]:
    """Each service reaches pods, at a port that one of their containers names."""
    found = []
    pods = [one["spec"]["template"] for one in objects if one["kind"] in {"Deployment", "StatefulSet"}]
    for service in (one for one in objects if one["kind"] == "Service"):
        name = f"Service {service['metadata']['name']}"
        wanted = service["spec"]["selector"].items()
        reached = [pod for pod in pods if wanted <= pod["metadata"]["labels"].items()]
        if not reached:
            found.append(f"{name}: selects no pod")
        for pod in reached:
            ports = {port["name"] for one in pod["spec"]["containers"] for port in one.get("ports", [])}
            missing = {port["targetPort"] for port in service["spec"].get("ports", [])} - ports
            found += [f"{name}: no pod has the port {port}" for port in missing]
    return found


def of_a_restore(objects: list[dict]) -> list[str]:
    """No daemon has the data, and the Job has what the daemon has."""
    by_kind = {(one["kind"], one["metadata"]["name"]): one.get("spec") for one in objects}
    index = by_kind["StatefulSet", "demo-index"]
    (job,) = (one for one in objects if one["kind"] == "Job")
    (ours,), (daemon,) = (spec["template"]["spec"]["containers"] for spec in (job["spec"], index))
    labels, apart = job["spec"]["template"]["metadata"]["labels"], job["spec"]["template"]["spec"]["affinity"]
    (apart,) = apart["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    waits_for = apart["labelSelector"]["matchLabels"].items()
    opened = by_kind["NetworkPolicy", "demo-daemons"]["podSelector"]["matchLabels"].items()
    others = {("Deployment", "demo-query"), ("HorizontalPodAutoscaler", "demo-query")} & by_kind.keys()
    file = f"/var/backups/ragterm/{RESTORE['restore']['file']}"
    wanted = {
        "a daemon may run meanwhile": index["replicas"] == 0 and not others,
        "it waits for no daemon": waits_for <= index["template"]["metadata"]["labels"].items(),
        "it reaches no server": opened <= labels.items(),
        "another file is restored": ours["args"] == ["restore", "--force", file],
        "it has other mounts than the daemon": ours["volumeMounts"] == daemon["volumeMounts"],
        "it has variables that the daemon has not": all(one in daemon["env"] for one in ours["env"]),
        "its name is too long": len(job["metadata"]["name"]) <= 63,
        "it goes by itself, and is made again": "ttlSecondsAfterFinished" not in job["spec"],
    }
    return [f"Job: {fault}" for fault, is_right in wanted.items() if not is_right]


def refusals(chart) -> list[str]:
    """Values that contradict each other or are misspelt are refused with a sentence."""
    found = []
    for values, word in REFUSED:
        try:
            chart.validate_schema(values)
            chart.render(values, name="demo")
        except helm_python.HelmError as error:
            if word not in str(error):
                found.append(f"{values} is refused with the wrong words: {error}")
        else:
            found.append(f"{values} is accepted")
    return found


def strictness() -> list[str]:
    """The validator itself sees a misspelt field."""
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"selektor": {}}}
    try:
        kubernetes_validate.validate(service, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError:
        return []
    return ["kubernetes-validate passes a misspelt field"]


def main() -> None:
    """Prints every fault; ends with 1 if there is one."""
    found = strictness()
    found += [f"lint: {message}" for message in helm_python.lint(str(CHART))["messages"] if message["severity"] > 1]
    with helm_python.Chart.load(str(CHART)) as chart:
        found += refusals(chart)
        count = 0
        for name, values in cases().items():
            chart.validate_schema(values)
            objects = rendered(chart, values)
            count += len(objects)
            faults = of_the_objects(objects, chart.merge_values(values)["config"])
            # During a restore services wait for their pods.
            faults += of_a_restore(objects) if "restore" in values else of_the_services(objects)
            found += [f"{name}: {fault}" for fault in faults]
    print("\n".join(found) or f"{count} objects; {sorted(FOREIGN)} only rendered: their schemas are their operators'")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
