"""docker-compose.yml and the Dockerfile: every command, variable, file and health check named there is real.

No container engine is needed: what a container would run is run by hand, from the same words.
"""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from azure.identity._constants import EnvironmentVariables
from django.core.management import get_commands

from scripts.programs import answers_ping, broker_argv, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("replication-console")]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
# What the official images read and run; everything else must be found in this repository or its lock.
OF_IMAGES = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE", "redis-server", "redis-cli", "pg_isready"}
BIN = Path(sys.executable).parent


def env_files():
    return sorted((ROOT / "deploy").glob("*/*.env"))


def variables(text):
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", text, re.MULTILINE))


def runnable(argv):
    """The command of a container as this machine runs it: the image's PATH is our virtual environment's bin."""
    return [str(BIN / argv[0]) if (BIN / argv[0]).exists() else argv[0], *argv[1:]]


def commands():
    return [(name, service["command"]) for name, service in SERVICES.items() if "command" in service]


# --- what is named exists ------------------------------------------------------------------------------------------------


def test_the_services_are_those_of_production():
    always = {name for name, service in SERVICES.items() if "profiles" not in service}
    assert always == {"postgres", "redis", "migrate", "web", "worker", "beat"}
    assert SERVICES["simulator"]["profiles"] == ["simulator"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_exists_and_can_be_waited_for(name):
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[other]
        assert how["condition"] != "service_completed_successfully" or SERVICES[other]["restart"] == "no"


@pytest.mark.parametrize("name", SERVICES)
def test_volumes_and_secrets_are_declared(name):
    named = [volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])]
    assert set(named) <= set(COMPOSE["volumes"])
    assert set(SERVICES[name].get("secrets", [])) <= set(COMPOSE["secrets"])
    for value in SERVICES[name].get("environment", {}).values():
        if value.startswith("/run/secrets/"):
            assert value.removeprefix("/run/secrets/") in SERVICES[name]["secrets"]


def test_every_placeholder_has_a_default():
    assert re.findall(r"\$\{(\w+)(?!\w*:-)[^}]*\}", (ROOT / "docker-compose.yml").read_text()) == []


def test_every_variable_is_one_that_somebody_reads():
    sources = "".join(path.read_text() for folder in ("portal", "replication") for path in (ROOT / folder).rglob("*.py"))
    azure_identity = {value for name, value in vars(EnvironmentVariables).items() if isinstance(value, str)}
    named = {variable for service in SERVICES.values() for variable in service.get("environment", {})}
    named |= {variable for path in env_files() for variable in variables(path.read_text())}
    assert len(named) > 10
    for variable in named - OF_IMAGES - azure_identity:
        assert f'"{variable.removesuffix("_FILE")}"' in sources, variable


def test_operations_lists_every_variable_that_the_settings_read():
    read = set(re.findall(r'"((?:PORTAL|REDIS)_[A-Z_]+)"', (ROOT / "portal" / "settings.py").read_text()))
    told = (ROOT / "docs" / "operations.md").read_text()
    assert sorted(variable for variable in read if f"`{variable}`" not in told) == []


@pytest.mark.parametrize("folder", ["example", "simulator"])
def test_each_configuration_has_what_compose_asks_for(folder):
    text = (ROOT / "docker-compose.yml").read_text()
    asked = set(re.findall(r"\$\{CONFIG:-deploy/production\}/(\S+)", text))
    made_by_script = {"secret-key", "database-password", "audit-key"}
    assert {path.name for path in (ROOT / "deploy" / folder).glob("*.env")} == asked - made_by_script


def test_the_secrets_are_made_once(tmp_path):
    for _ in range(2):
        subprocess.run([ROOT / "deploy" / "make-secrets", tmp_path / "production"], check=True)
        made = {path.name: path.read_text() for path in (tmp_path / "production").iterdir()}
        assert set(made) == set(COMPOSE["secrets"])
        assert all(len(secret) > 40 for secret in made.values())
    assert (tmp_path / "production").stat().st_mode & 0o777 == 0o700


def test_only_those_who_speak_to_azure_hold_its_credential():
    readers = {name for name in OURS if any("azure.env" in path for path in SERVICES[name]["env_file"])}
    assert readers == {"migrate", "worker", "demo-accounts"}


def test_nothing_listens_beyond_this_machine():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


# --- commands ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_exists(name, command):
    for words in [shlex.split(part) for part in command[2].split("&&")] if command[0] == "sh" else [command]:
        assert words[0] in OF_IMAGES or (BIN / words[0]).exists(), words[0]
        if words[:2] == ["python", "manage.py"]:
            assert words[2] in get_commands()


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_celery_knows_every_option(name):
    _, app, project, subcommand, *options = SERVICES[name]["command"]
    told = subprocess.run([BIN / "celery", app, project, subcommand, "--help"], capture_output=True, text=True).stdout
    for option in options:
        assert not option.startswith("--") or option.split("=")[0] in told


def test_the_simulator_knows_every_option():
    command = SERVICES["simulator"]["command"]
    told = subprocess.run(runnable([*command[:4], "--help"]), cwd=ROOT, capture_output=True, text=True).stdout
    for option in command[4:]:
        assert not option.startswith("--") or option in told, option


def test_the_simulator_of_compose_takes_the_credential_given_to_the_worker():
    from simulator import scenarios

    command = SERVICES["simulator"]["command"]
    world = scenarios.load(command[command.index("--scenario") + 1])
    ours = next(principal for principal in world["principals"] if principal["name"] == "portal")
    given = (ROOT / "deploy" / "simulator" / "azure.env").read_text()
    assert f"AZURE_TENANT_ID={world['tenant']}\nAZURE_CLIENT_ID={ours['clientId']}" in given
    assert f"AZURE_CLIENT_SECRET={ours['secret']}" in given
    portal = (ROOT / "deploy" / "simulator" / "portal.env").read_text()
    port, home = (command[command.index(option) + 1] for option in ("--port", "--home"))
    assert f"PORTAL_ARM_ENDPOINT=https://localhost:{port}\nPORTAL_ARM_CA_BUNDLE={home}/ca.pem" in portal


# --- health checks, against the processes that compose would run -----------------------------------------------------------


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A home with a migrated database and static files, and the environment that finds it."""
    home = tmp_path_factory.mktemp("home")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "AZURE_"))}
    broker = free_port()
    env = inherited | {
        "PORTAL_HOME": str(home),
        "PORTAL_ALLOWED_HOSTS": "replication.example.org",
        "PORTAL_HTTPS": "1",
        "REDIS_URL": f"redis://127.0.0.1:{broker}/0",
        "PORT": str(free_port()),
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "--noinput", "--verbosity", "0"], cwd=ROOT, env=env, check=True)
    subprocess.run([*manage, "collectstatic", "--noinput", "--verbosity", "0"], cwd=ROOT, env=env, check=True)
    with running(broker_argv(home / "broker", broker), env, lambda: answers_ping(broker)):
        yield env


@contextlib.contextmanager
def running(argv, env, ready):
    """A process of our own, ready, and ended by its id."""
    log = Path(env["PORTAL_HOME"]) / "process.log"
    with log.open("ab") as output:
        process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=output, stderr=output, start_new_session=True)
    try:
        deadline = time.monotonic() + 30
        while not ready():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield process
    finally:
        end(process)


def end(process):
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def health(name, env):
    test = SERVICES[name]["healthcheck"]["test"]
    assert test[0] == "CMD"
    return subprocess.run(runnable(test[1:]), cwd=ROOT, env=env, capture_output=True, text=True).returncode


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_health_check_tells_a_running_process_from_one_that_is_not_there(installation, name):
    assert health(name, installation) == 1
    command = [word.replace("0.0.0.0:8000", f"127.0.0.1:{installation['PORT']}") for word in SERVICES[name]["command"]]
    with running(runnable(command), installation, lambda: health(name, installation) == 0) as process:
        assert process.poll() is None


def test_a_heart_that_stopped_is_noticed(tmp_path):
    heartbeat = tmp_path / "health" / "worker"
    heartbeat.parent.mkdir()
    heartbeat.touch()
    env = os.environ | {"PORTAL_HOME": str(tmp_path)}
    assert health("worker", env) == 0
    os.utime(heartbeat, (time.time() - 61, time.time() - 61))
    assert health("worker", env) == 1


def test_the_simulators_health_check(tmp_path):
    command = SERVICES["simulator"]["command"]
    folder = command[command.index("--home") + 1]
    moved = [word.replace(folder, str(tmp_path)) for word in command]
    moved[moved.index("--port") + 1] = str(free_port())
    test = [word.replace(folder, str(tmp_path)) for word in runnable(SERVICES["simulator"]["healthcheck"]["test"][1:])]

    def asked():
        return subprocess.run(test, cwd=ROOT, capture_output=True).returncode

    assert asked() == 1
    with running(runnable(moved), os.environ | {"PORTAL_HOME": str(tmp_path)}, lambda: asked() == 0) as process:
        assert process.poll() is None


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_the_images_own_health_checks_are_spelled_as_their_tools_spell_them(name):
    argv = SERVICES[name]["healthcheck"]["test"][1:]
    if not shutil.which(argv[0]):
        assert argv in (["redis-cli", "ping"], ["pg_isready", "--username", "portal", "--dbname", "portal"])
        return
    nobody = [*argv, "--host", "127.0.0.1", "--port", str(free_port())] if name == "postgres" else [argv[0], "--version"]
    assert subprocess.run(nobody, capture_output=True).returncode == (2 if name == "postgres" else 0)  # 2: no response


# --- the image -----------------------------------------------------------------------------------------------------------


def test_the_image_copies_what_exists_and_what_is_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [words.split()[0] for words in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)]
    assert len(copied) > 5
    for path in copied:
        assert (ROOT / path).exists(), path
        assert f"!{path}" in ignored, path


def test_the_image_runs_the_web_as_compose_does():
    assert yaml.safe_load(re.search(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE).group(1)) == SERVICES["web"]["command"]


def test_the_image_runs_as_nobody_in_particular():
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["portal"]
    assert "--require-hashes" in DOCKERFILE
