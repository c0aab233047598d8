"""What Docker Compose makes of the files in compose/, and of what `ragterm init` made of them:

python stacks.py PATH_OF_DOCKER_COMPOSE [DIRECTORY_OF_DEPLOYMENTS.SH]
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

import settings

COMPOSE = settings.ROOT / "compose"
PROFILES = ["slack", "discord", "models"]

# Files that are started together, and the services that run then.
STACKS = {
    "compose": "ragterm slack discord models postgres qdrant ollama",
    "compose gpu": "ragterm slack discord models postgres qdrant ollama",
    "compose milvus": "ragterm slack discord models postgres ollama milvus etcd minio attu",
    "compose vllm": "ragterm slack discord models postgres qdrant vllm vllm-embeddings",
    "compose observability": "ragterm slack discord models postgres qdrant ollama prometheus grafana",
    "compose remote": "ragterm slack discord models postgres qdrant ollama",
    "compose milvus observability remote": (
        "ragterm slack discord models postgres ollama milvus etcd minio attu prometheus grafana"
    ),
    "infra": "models postgres qdrant ollama",
    "embedded": "ragterm",
    "embedded remote": "ragterm",
}

# Deployments of deployments.sh, and the services that run in each as it was made.
DEPLOYMENTS = {
    "default": "ragterm models postgres qdrant ollama",
    "hostile": "ragterm models postgres qdrant ollama",
    "chosen": "ragterm slack discord models postgres qdrant ollama",
    "without-models": "ragterm postgres qdrant",
    "embedded": "ragterm",
}


def resolved(docker_compose: str, stack: str, secrets: str) -> dict:
    """The one model that Compose makes of the files of a stack."""
    files = [part for name in stack.split() for part in ("--file", str(COMPOSE / f"{name}.yaml"))]
    profiles = [part for name in PROFILES for part in ("--profile", name)]
    environment = {"PATH": os.environ["PATH"], "HOME": secrets, "RAGTERM_SECRETS": secrets}
    command = [docker_compose, "--env-file", str(COMPOSE / ".env.example"), *files, *profiles, "config", "--format", "json"]
    return answer_of(stack, command, environment)


def answer_of(stack: str, command: list[str], environment: dict, directory: pathlib.Path = COMPOSE) -> dict:
    """The JSON that a command prints; what it complains about ends the check."""
    answer = subprocess.run(command, env=environment, cwd=directory, capture_output=True, text=True, timeout=60)
    if answer.returncode != 0 or "warning" in answer.stderr.lower():
        raise SystemExit(f"{stack}: {answer.stderr.strip()}")
    return json.loads(answer.stdout)


def of_a_deployment(docker_compose: str, name: str, directory: pathlib.Path) -> list[str]:
    """Faults of what `ragterm init` made, as Compose reads it there without any argument."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory)}
    model = answer_of(name, [docker_compose, "config", "--format", "json"], environment, directory)
    config = (directory / "config.toml").read_text()
    found = of_a_stack(f"init, {name}", model, DEPLOYMENTS[name], config)
    volumes = model["services"]["ragterm"]["volumes"]
    # The answer is a compose file again, where `$$` is `$`.
    mounted = {volume["source"].replace("$$", "$") for volume in volumes if volume["type"] == "bind"}
    wanted = {str(folder) for folder in (directory.parent / "folders").iterdir()}
    if name in ("hostile", "embedded") and mounted != wanted:
        found.append(f"init, {name}: mounts {sorted(mounted)}, not {sorted(wanted)}")
    paths = re.findall(r'^path = "(.*)"$', config, re.MULTILINE)
    targets = [volume["target"] for volume in volumes if volume["type"] == "bind"]
    if sorted(paths) != sorted(targets):
        found.append(f"init, {name}: watches {paths}, but has {targets}")
    if name == "default":
        # What watches it is there as well, for who names its file.
        environment["COMPOSE_FILE"] = "compose.yaml:observability.yaml:deployment.yaml"
        model = answer_of(name, [docker_compose, "config", "--format", "json"], environment, directory)
    files = [file["file"] for kind in ("secrets", "configs") for file in model.get(kind, {}).values()]
    return found + [f"init, {name}: {file} was not made" for file in files if not pathlib.Path(file).is_file()]


def of_another_folder(docker_compose: str, directory: pathlib.Path) -> list[str]:
    """Faults of the examples of another folder, when their comment signs are taken out."""
    files = {"deployment.yaml": r"^#(?= {6})", "config.toml": r"^#(?=[a-z\[])"}
    for name, sign in files.items():
        file = directory / name
        file.write_text(re.sub(sign, "", file.read_text(), flags=re.MULTILINE))
    config = (directory / "config.toml").read_text()
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory)}
    model = answer_of("another folder", [docker_compose, "config", "--format", "json"], environment, directory)
    targets = [volume["target"] for volume in model["services"]["ragterm"]["volumes"]]
    found = [] if "/folders/contracts" in targets else [f"another folder: mounted are {targets}"]
    found += [] if 'path = "/folders/contracts"' in config else ["another folder: config.toml does not have it"]
    return found + settings.faults("another folder", {"RAGTERM_LOG": "info"}, config)


def of_a_service(name: str, service: dict) -> list[str]:
    """What every service must have."""
    found = []
    image = service.get("image", "")
    if not re.search(r":[^:/]*\d[^:/]*$", image):
        found.append(f"{name}: the version of `{image}` is not pinned")
    if not service.get("healthcheck") and name != "ragterm":
        found.append(f"{name}: no health check")
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    if not {"cpus", "memory"} <= limits.keys():
        found.append(f"{name}: no limit of processors or memory")
    if not service.get("logging", {}).get("options", {}).get("max-size"):
        found.append(f"{name}: its log grows without end")
    configs = [config["target"] for config in service.get("configs", [])]
    if name in ("ragterm", "slack", "discord") and "/etc/ragterm/config.toml" not in configs:
        found.append(f"{name}: has no configuration, which the image names")
    if "no-new-privileges:true" not in service.get("security_opt", []):
        found.append(f"{name}: may gain privileges")
    for port in service.get("ports", []):
        if port.get("host_ip") != "127.0.0.1":
            found.append(f"{name}: port {port.get('published')} is open beyond loopback")
    for variable, value in (service.get("environment") or {}).items():
        is_secret = re.search(r"PASSWORD|SECRET|TOKEN|API_KEY", variable)
        if is_secret and not str(value).startswith(("/run/secrets/", "ragterm")) and "TOKENS" not in variable:
            found.append(f"{name}: {variable} is not a file of a secret")
    return found


def of_a_stack(stack: str, model: dict, names: str, config: str) -> list[str]:
    """Faults of the services of a stack and of what they need of each other."""
    services = model["services"]
    expected = set(names.split())
    found = [] if services.keys() == expected else [f"services are {sorted(services)}, not {sorted(expected)}"]
    for name, service in services.items():
        found += of_a_service(name, service)
        for other, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] != "service_healthy":
                found.append(f"{name}: does not wait until {other} is healthy")
        variables = service.get("environment") or {}
        for variable, value in variables.items():
            host = re.match(r"https?://([a-z-]+)[:/]", str(value))
            provider = variables.get(re.sub("__URL$", "__PROVIDER", variable))
            # `models` is run only beside Ollama, and what has no server calls none.
            is_called = name != "models" and provider not in ("builtin", "none")
            if host and host[1] not in services and is_called:
                found.append(f"{name}: {variable} names `{host[1]}`, which does not run")
        found += settings.faults(name, {key: str(value) for key, value in variables.items()}, config)
    if "postgres" in services and "ragterm" in services:
        networks = model["networks"]
        internal = {name for name, network in networks.items() if network and network.get("internal")}
        if not services["postgres"]["networks"].keys() <= internal:
            found.append("postgres: reaches, and is reached, beyond the internal network")
    return [f"{stack}: {fault}" for fault in found]


def of_the_example() -> list[str]:
    """.env.example has each variable of the files with the same default, and none besides."""
    used: dict[str, set[str]] = {}
    for file in COMPOSE.glob("*.yaml"):
        for name, default in re.findall(r"\$\{([A-Z_]+):?-([^}]*)\}", file.read_text()):
            used.setdefault(name, set()).add(default)
    lines = (COMPOSE / ".env.example").read_text().splitlines()
    shown = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]", line))
    found = [f"missing: {name}" for name in used.keys() - shown.keys()]
    found += [f"used nowhere: {name}" for name in shown.keys() - used.keys()]
    found += [
        f"{name} is `{shown[name]}` and not {sorted(defaults)}"
        for name, defaults in used.items()
        if name in shown and defaults != {shown[name]}
    ]
    return [f".env.example: {fault}" for fault in found]


def secrets_made_twice(directory: str) -> list[str]:
    """make-secrets.sh makes what the files name, and leaves alone what is there."""
    script = str(COMPOSE / "make-secrets.sh")
    subprocess.run(["sh", script, directory], check=True, capture_output=True)
    contents = {file.name: file.read_text() for file in pathlib.Path(directory).iterdir()}
    subprocess.run(["sh", script, directory], check=True, capture_output=True)
    found = [f"{name} was overwritten" for name, text in contents.items() if (pathlib.Path(directory) / name).read_text() != text]
    named = set()
    for file in COMPOSE.glob("*.yaml"):
        named |= (yaml.safe_load(file.read_text()).get("secrets") or {}).keys()
    found += [f"{name} is not made" for name in named - contents.keys()]
    found += [f"{name} is used nowhere" for name in contents.keys() - named - {"milvus_password"}]
    return [f"make-secrets.sh: {fault}" for fault in found]


def main() -> None:
    """Prints every fault; ends with 1 if there is one."""
    found = of_the_example()
    with tempfile.TemporaryDirectory() as secrets:
        found += secrets_made_twice(secrets)
        for stack in STACKS:
            config = (COMPOSE / "config.toml").read_text()
            found += of_a_stack(stack, resolved(sys.argv[1], stack, secrets), STACKS[stack], config)
    for directory in sys.argv[2:]:
        for name in DEPLOYMENTS:
            found += of_a_deployment(sys.argv[1], name, pathlib.Path(directory) / name)
        found += of_another_folder(sys.argv[1], pathlib.Path(directory) / "default")
    made = len(DEPLOYMENTS) if sys.argv[2:] else 0
    print("\n".join(found) or f"{len(STACKS)} stacks and {made} deployments")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
