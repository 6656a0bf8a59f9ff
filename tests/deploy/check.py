"""What no ready tool checks of the files in deploy/: run by tests/deploy/run with PART, the server and promtool."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import urllib.request
from importlib.resources import files
from pathlib import Path

import jsonschema
import yaml

ROOT = Path(__file__).resolve().parents[2]
PART, PROGRAM, PROMTOOL = sys.argv[1:4]
SETTING = re.compile(r"TALLYSHIP_[A-Z]+__[A-Z_]+")


def wrong(what):
    sys.exit(what)


def read(path):
    return (ROOT / path).read_text()


def documents(path):
    return [document for document in yaml.safe_load_all(read(path)) if document]


def compose():
    """The compose file against its own schema, and what it refers to within itself."""
    document = yaml.safe_load(read("compose.yaml"))
    schema = json.loads((files("compose") / "config" / "compose_spec.json").read_text())
    # The schema is older than the words for a project's name, which every Compose of today knows.
    checked = {key: value for key, value in document.items() if key != "name"}
    jsonschema.Draft7Validator(schema).validate(checked)
    services = document["services"]
    for name, service in services.items():
        for other in service.get("depends_on", {}):
            if other not in services:
                wrong(f"{name} depends on {other}, which is not there")
        for volume in service.get("volumes", []):
            if volume.split(":")[0] not in document["volumes"]:
                wrong(f"{name}: there is no volume {volume}")
    needed = set(re.findall(r"\$\{([A-Z_]+):\?", read("compose.yaml")))
    head = read("compose.yaml").split("name:")[0]
    for variable in needed:
        if f"{variable}=" not in head:
            wrong(f"the head of compose.yaml does not say how to make {variable}")


def kustomization():
    """Every manifest is listed, labels, ports and names lead somewhere, and all of it is of one version."""
    folder = ROOT / "deploy/kubernetes"
    listed = set(documents("deploy/kubernetes/kustomization.yaml")[0]["resources"])
    there = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    if listed != there:
        wrong(f"kustomization.yaml and the folder differ: {listed ^ there}")
    found = {}
    for name in there:
        for document in documents(f"deploy/kubernetes/{name}"):
            found.setdefault(document["kind"], []).append(document)
    pod = found["Deployment"][0]["spec"]["template"]
    ports = {port["name"] for container in pod["spec"]["containers"] for port in container["ports"]}
    for service in found["Service"]:
        if not service["spec"]["selector"].items() <= pod["metadata"]["labels"].items():
            wrong("the service selects no pod")
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in ports:
                wrong(f"the service's port {port} is none of the pod's")
    for rule in found["NetworkPolicy"][0]["spec"]["ingress"]:
        if not {port["port"] for port in rule["ports"]} <= ports:
            wrong("the network policy names a port that is none of the pod's")
    version = re.search(r'^version = "(.+)"', read("Cargo.toml"), re.M)[1]
    tags = [image["newTag"] for image in documents("deploy/kubernetes/kustomization.yaml")[0]["images"]]
    if tags != [version]:
        wrong(f"kustomization.yaml has {tags}, Cargo.toml {version}")
    for package in ["clients/widget", "clients/typescript", "clients/react"]:
        for file in ["package.json", "package-lock.json"]:
            if json.loads(read(f"{package}/{file}"))["version"] != version:
                wrong(f"{package}/{file} is not of version {version}")


def environment_of(where):
    """The settings that a file gives, with values as they will be."""
    if where == "compose.yaml":
        given = yaml.safe_load(read(where))["services"]["tallyship"]["environment"]
        filled = lambda text: re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", text)
        return {key: re.sub(r"\$\{[^}]*\}", "0" * 64, filled(value)) for key, value in given.items()}
    if where == "deploy/kubernetes/settings.yaml":
        secret = {
            "TALLYSHIP_DATABASE__URL": "postgres://u:p@db/x",
            "TALLYSHIP_REDIS__URL": "redis://redis",
            "TALLYSHIP_IDENTITY__SECRET": "0" * 64,
        }
        return documents(where)[0]["data"] | secret
    return dict(re.findall(r"(TALLYSHIP_[A-Z]+__[A-Z_]+)=(\S+)", read(where)))


def sources(*folders):
    """The files of the repository, without what a build or an install has left in it."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *folders], cwd=ROOT, capture_output=True, check=True)
    return [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).exists()]


def settings():
    """Every setting that a file gives is one, with a value that the server takes; every one that a text names exists."""
    for where in ["compose.yaml", "deploy/kubernetes/settings.yaml", "Dockerfile"]:
        environment = environment_of(where)
        if not environment:
            wrong(f"{where} gives no setting")
        config_check(where, environment)
    # The settings of the unit's example, with nothing commented out.
    example = re.sub(r"^# (\[?[a-z_]+)(\]| = )", r"\1\2", read("deploy/systemd/tallyship.toml"), flags=re.M)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tallyship.toml"
        file.write_text(example)
        config_check("deploy/systemd/tallyship.toml", {}, "--config", str(file))
    printed = subprocess.run([PROGRAM, "config", "print", "--json"], capture_output=True, text=True, check=True, env={}, cwd="/")
    names = {setting["name"] for setting in json.loads(printed.stdout)}
    known = {"TALLYSHIP_" + name.replace(".", "__", 1).upper() for name in names}
    texts = sources("docs", "deploy", "examples", "Dockerfile", "compose.yaml", "CONTRIBUTING.md", "SECURITY.md")
    for path in (ROOT / name for name in texts):
        if path.suffix not in {".png", ".jpg"}:
            for name in SETTING.findall(path.read_text()):
                if name.rstrip("_") not in known and name.removesuffix("_FILE") not in known and not name.endswith("__"):
                    wrong(f"{path.relative_to(ROOT)}: there is no setting {name}")


def config_check(where, environment, *arguments):
    done = subprocess.run([PROGRAM, "config", "check", *arguments], env=environment, capture_output=True, text=True, cwd="/")
    if done.returncode != 0:
        wrong(f"{where}: {done.stderr}")


def dashboard():
    """Each expression of the dashboard is PromQL: promtool reads them as rules."""
    board = json.loads(read("deploy/grafana/dashboard.json"))
    expressions = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    if len(expressions) < 10:
        wrong(f"only {len(expressions)} expressions")
    filled = [re.sub(r"\$(job|instance)", ".*", text.replace("$__rate_interval", "5m")) for text in expressions]
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(filled)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        file.flush()
        done = subprocess.run([PROMTOOL, "check", "rules", file.name], capture_output=True, text=True)
    if done.returncode != 0:
        wrong(done.stdout + done.stderr)
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in board["panels"]]
    ids = [panel["id"] for panel in board["panels"]]
    if len(set(places)) != len(places) or len(set(ids)) != len(ids):
        wrong("two panels lie on one another, or have one id")


def image():
    """The Dockerfile copies whatever the source takes in, .dockerignore lets it pass, and the base has every library."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", read("Dockerfile"), re.M)
    copied = [name for line in lines for name in line.split()]
    passed = [line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")]
    if sorted(copied) != sorted(passed):
        wrong(f"COPY and .dockerignore differ: {set(copied) ^ set(passed)}")
    inside = lambda path: any(path == ROOT / name or ROOT / name in path.parents for name in copied)
    for source in (ROOT / "src").rglob("*.rs"):
        text = source.read_text().split("#[cfg(test)]")[0]
        for name in re.findall(r'include_(?:str|bytes)!\(\s*"([^"]+)"', text):
            if not inside((source.parent / name).resolve()):
                wrong(f"{source}: {name} is not in the image's build")
        for name in re.findall(r'embed_migrations!\("([^"]+)"', text):
            if not inside(ROOT / name):
                wrong(f"{source}: {name} is not in the image's build")
    build = re.search(r"^FROM rust:(\S+)-bookworm", read("Dockerfile"), re.M)[1]
    least = re.search(r'^rust-version = "(.+)"', read("Cargo.toml"), re.M)[1]
    number = lambda text: tuple(int(part) for part in text.split("."))
    if number(build) < number(least):
        wrong(f"the image builds with Rust {build}, Cargo.toml wants {least}")
    targets = re.findall(r'^path = "(.+)"', read("Cargo.toml"), re.M) + ["benches/micro.rs"]
    made = re.search(r"^RUN mkdir .*touch (.+)$", read("Dockerfile"), re.M)[1].split()
    if sorted(made) != sorted(targets):
        wrong(f"targets of Cargo.toml and the Dockerfile's stand-ins differ: {set(made) ^ set(targets)}")
    # What distroless/cc has.
    base = {"linux-vdso", "ld-linux-x86-64", "ld-linux-aarch64", "libc", "libm", "libgcc_s", "libdl", "libpthread", "librt", "libstdc++"}
    linked = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
    needed = {line.split()[0].rsplit("/", 1)[-1].split(".so")[0] for line in linked.splitlines()}
    if needed - base:
        wrong(f"the base image has no {needed - base}")


def image_run():
    """The server runs as it does in the image: under a root with those libraries alone, as its user, with its variables."""
    linked = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
    libraries = re.findall(r"(/\S+)(?= \()", linked)
    user = re.search(r"^USER (\d+):(\d+)$", read("Dockerfile"), re.M).groups()
    health = json.loads(re.search(r"HEALTHCHECK .*CMD (\[.+\])", read("Dockerfile"))[1])
    start = json.loads(re.search(r"^ENTRYPOINT (\[.+\])", read("Dockerfile"), re.M)[1]) + json.loads(re.search(r"^CMD (\[.+\])", read("Dockerfile"), re.M)[1])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for library in libraries:
            (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, root / library[1:])
        (root / "usr/local/bin").mkdir(parents=True)
        shutil.copy(PROGRAM, root / "usr/local/bin/tallyship")
        (root / "data").mkdir()
        (root / "tmp").mkdir()
        os.chmod(root, 0o755)
        within = ["unshare", "--map-root-user", "chroot", folder]
        if os.getuid() == 0:
            os.chown(root / "data", int(user[0]), int(user[1]))
            within = ["chroot", f"--userspec={user[0]}:{user[1]}", "--groups=", folder]
        # Ports of this machine may be taken; the rest is as the image says.
        environment = environment_of("Dockerfile") | {
            "TALLYSHIP_HTTP__LISTEN": "127.0.0.1:0", "TALLYSHIP_HTTP__ADMIN_LISTEN": f"0.0.0.0:{free_port()}", "PATH": os.environ["PATH"],
        }
        run = lambda words: [*within, "/usr/local/bin/" + words[0], *words[1:]]
        server = subprocess.Popen(run(start), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            if not any(line.startswith("listening on") for line in iter(server.stdout.readline, "")):
                wrong(server.stderr.read())
            for _ in range(100):
                told = subprocess.run(run(health), env=environment, capture_output=True, text=True)
                if told.returncode == 0:
                    break
                time.sleep(0.1)
            else:
                wrong(f"the health check: {told.stdout}{told.stderr}")
        finally:
            server.terminate()
            server.communicate(timeout=30)
        made = {path.name for path in (root / "data").iterdir()}
        if not {"tallyship.db", "identity.secret"} <= made:
            wrong(f"the volume has {made}")


def release():
    """The version can be raised by the one command: afterwards every file has it that must, and both lock files hold."""
    with tempfile.TemporaryDirectory() as folder:
        def run(*command):
            ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if ended.returncode != 0:
                wrong(f"{' '.join(command)}:\n{ended.stdout}{ended.stderr}")
            return ended.stdout

        for name in sources():
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, Path(folder) / name)
        log = Path(folder) / "CHANGELOG.md"
        # Right after a release there is nothing to release.
        log.write_text(log.read_text().replace("## Unreleased\n", "## Unreleased\n\n- Something.\n", 1))
        commit = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false", "commit"]
        for command in [["git", "init", "-q"], ["git", "add", "-A"], [*commit, "-qm", "as it is"]]:
            run(*command)
        run("deploy/release", "999.0.0", "--versions")
        changed = set(run("git", "diff", "--name-only").split())
        packages = {f"clients/{name}/{file}" for name in ["widget", "typescript", "react"] for file in ["package.json", "package-lock.json"]}
        packages |= {f"examples/{name}/package-lock.json" for name in ["astro", "next", "svelte", "vue"]} | {"tests/browser/react18/package-lock.json"}
        must = {"Cargo.toml", "Cargo.lock", "fuzz/Cargo.lock", "deploy/kubernetes/kustomization.yaml", "CHANGELOG.md"} | packages
        if changed != must:
            wrong(f"a release changes {sorted(changed)}, not {sorted(must)}")
        for manifest in ["Cargo.toml", "fuzz/Cargo.toml"]:
            run("cargo", "tree", "--quiet", "--locked", "--manifest-path", manifest)


def archive():
    """What `cargo binstall` would fetch is what deploy/archive makes, and the binary is where it looks."""
    cargo = tomllib.loads(read("Cargo.toml"))
    meta, version = cargo["package"]["metadata"]["binstall"], cargo["package"]["version"]
    target = "x86_64-unknown-linux-gnu"
    fill = lambda text: text.replace("{ version }", version).replace("{ target }", target)
    inside = fill(meta["bin-dir"]).replace("{ bin }", "tallyship").replace("{ binary-ext }", "")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([ROOT / "deploy/archive", PROGRAM, target, folder], check=True)
        name = fill(meta["pkg-url"]).rsplit("/", 1)[1]
        with tarfile.open(Path(folder) / name) as made:
            made.extractall(folder, filter="data")
        said = subprocess.run([Path(folder) / inside, "--version"], capture_output=True, text=True, check=True).stdout
    if said != f"tallyship {version}\n":
        wrong(f"it says {said}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def backup():
    """The backup unit's command, as systemd would give it to the shell, writes one file a day of the week."""
    line = re.search(r"^ExecStart=/bin/sh -c '(.+)'$", read("deploy/systemd/tallyship-backup.service"), re.M)[1]
    line = line.replace("%%", "%").replace("$$", "$").replace("/usr/local/bin/tallyship", PROGRAM)
    line = line.replace("/etc/tallyship/tallyship.toml", str(ROOT / "deploy/systemd/tallyship.toml"))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "backups").mkdir()
        subprocess.run([PROGRAM, "migrate"], cwd=folder, check=True, capture_output=True)
        for _ in range(2):
            done = subprocess.run(["/bin/sh", "-c", line], cwd=folder, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
            if done.returncode != 0:
                wrong(done.stderr)
        made = [path.name for path in (Path(folder) / "backups").iterdir()]
    if made != [time.strftime("%u", time.gmtime()) + ".backup"]:
        wrong(f"the unit made {made}")


def filters():
    """Groups of system calls, as this systemd knows them."""
    said = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True, check=True).stdout
    groups, name = {}, None
    for line in said.splitlines():
        if line.startswith("@"):
            name = line.strip()
            groups[name] = set()
        elif line.strip() and not line.strip().startswith("#") and name and line.startswith(" "):
            groups[name].add(line.strip())
    def calls(group):
        return {call for item in groups[group] for call in (calls(item) if item.startswith("@") else {item})}
    return calls


def system_calls():
    """The server does nothing that the unit's filters forbid: start, vote, stream, stop, all of it under strace."""
    calls, allowed = filters(), set()
    for value in re.findall(r"^SystemCallFilter=(.+)$", read("deploy/systemd/tallyship.service"), re.M):
        for group in value.removeprefix("~").split():
            group_calls = calls(group) if group.startswith("@") else {group}
            allowed = allowed - group_calls if value.startswith("~") else allowed | group_calls
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        # As the unit does: as nobody in particular. Root is allowed more, and SQLite then tries it.
        nobody = ["setpriv", "--reuid=65532", "--regid=65532", "--clear-groups"] if os.getuid() == 0 else []
        log = Path(folder) / "calls"
        environment = {"TALLYSHIP_HTTP__LISTEN": "127.0.0.1:0", "TALLYSHIP_HTTP__ADMIN_LISTEN": "127.0.0.1:0", "PATH": os.environ["PATH"]}
        server = subprocess.Popen(
            [*nobody, "strace", "-f", "-qq", "-o", str(log), PROGRAM, "serve"],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        try:
            url = next(line.split()[-1] for line in server.stdout if line.startswith("listening on"))
            ask = lambda method, path, headers=None, body=None: urllib.request.urlopen(
                urllib.request.Request(url + path, body, headers or {}, method=method), timeout=30
            )
            token = json.load(ask("POST", "/v1/visitors"))["token"]
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            ask("PUT", "/v1/tools/codestral-2/vote", headers, b'{"choice":"ship"}').read()
            ask("GET", "/v1/stream?tools=codestral-2").read(20)
            ask("GET", "/v1/tools/codestral-2/history?step=hour").read()
            # Let the threads that look around now and then do so.
            time.sleep(6)
        finally:
            child = subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, text=True).stdout.split()
            for pid in child or [str(server.pid)]:
                os.kill(int(pid), signal.SIGTERM)
            server.wait(30)
        traced = log.read_text()
    # The first program is setpriv's or strace's own way into ours, which systemd goes before the filter.
    made = set(re.findall(r"^\d+ +(?:<\.\.\. )?([a-z_0-9]+)[( ]", traced, re.M)) - {"resumed"}
    if len(made) < 30 or not {"accept4", "fdatasync"} & made:
        wrong(f"the trace is not whole: {sorted(made)}")
    families = set(re.findall(r"socket\((AF_[A-Z0-9]+)", traced))
    permitted = set(re.search(r"^RestrictAddressFamilies=(.+)$", read("deploy/systemd/tallyship.service"), re.M)[1].split())
    if families - permitted:
        wrong(f"the unit forbids {families - permitted}")
    # MemoryDenyWriteExecute: nothing that can be written is ever to be run.
    runnable = re.search(r"mmap\([^)]*PROT_WRITE\|PROT_EXEC[^)]*\)|mprotect\([^)]*PROT_EXEC[^)]*\)", traced)
    if runnable:
        wrong(f"the unit forbids {runnable[0]}")
    # ProtectSystem=strict: only its own folder, and a /tmp of its own, can be written to.
    opened = re.findall(r'openat\(AT_FDCWD, "([^"]+)", [^)]*(?:O_WRONLY|O_RDWR|O_CREAT)', traced)
    elsewhere = {path for path in opened if path.startswith("/") and not path.startswith((folder, "/tmp/", "/dev/null"))}
    if elsewhere or not opened:
        wrong(f"the unit lets nobody write to {elsewhere}")
    if made - allowed:
        wrong(f"the unit forbids what the server does: {sorted(made - allowed)}")


{"archive": archive, "compose": compose, "kustomization": kustomization, "settings": settings, "dashboard": dashboard, "image": image,
 "image_run": image_run, "release": release, "backup": backup, "system_calls": system_calls}[PART]()
