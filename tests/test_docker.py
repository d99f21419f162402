"""The container files, as far as they can be tried without a container engine."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
ENV_EXAMPLE = dict(
    line.split("=", 1)
    for line in (DOCKER / ".env.example").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
HEALTH = DOCKER / "ckan" / "health.py"


@pytest.mark.parametrize("name", ["compose.yaml", "compose.test.yaml"])
def test_compose_files_follow_the_specification(name: str) -> None:
    pytest.importorskip("check_jsonschema")
    lint = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*lint, DOCKER / name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_of_a_portal_is_there() -> None:
    assert {"nginx", "ckan", "worker", "sweep", "solr", "redis", "db"} <= SERVICES.keys()
    waiting = {name for name, service in SERVICES.items() if service.get("profiles") == ["harvest"]}
    assert waiting == {"harvest-gather", "harvest-fetch", "harvest-run"}


@pytest.mark.parametrize("name", SERVICES)
def test_services_say_how_they_feel_and_come_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_services_wait_for_healthy_ones_only(name: str) -> None:
    needs = SERVICES[name].get("depends_on", {})
    assert needs.keys() <= SERVICES.keys()
    assert {need["condition"] for need in needs.values()} <= {"service_healthy"}


def test_only_nginx_is_reached_from_outside() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"nginx"}


def test_mounted_files_exist_and_volumes_are_declared() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            declared = source in COMPOSE["volumes"]
            assert declared or (source.startswith("./") and (DOCKER / source).exists()), source


def test_the_example_names_every_variable_and_no_secret() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", (DOCKER / "compose.yaml").read_text(encoding="utf-8")))
    assert used <= ENV_EXAMPLE.keys()
    secret = re.compile(r"PASSWORD|SECRET|_URL$")
    filled = {key: value for key, value in ENV_EXAMPLE.items() if secret.search(key) and value}
    assert filled.keys() <= {"CKAN_SITE_URL", "CKAN_REDIS_URL", "CKAN_SOLR_URL"}
    ignored = subprocess.run(["git", "check-ignore", "-q", "docker/.env"], cwd=ROOT)
    assert ignored.returncode == 0 or not (ROOT / ".git").exists()


def test_budgetod_settings_of_the_example_are_declared() -> None:
    declaration = (ROOT / "ckanext/budgetod/config_declaration.yaml").read_text(encoding="utf-8")
    for variable in ENV_EXAMPLE:
        if variable.startswith("CKAN___BUDGETOD__"):
            key = variable.removeprefix("CKAN___").replace("__", ".").lower()
            assert f"key: {key}" in declaration


def test_the_example_sets_what_the_installation_asks_for() -> None:
    page = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")
    ini = page.split("```ini")[1].split("```")[0]
    asked = dict(re.findall(r"^ *([a-z_.]+) = (.+)$", ini, re.MULTILINE))
    wanted = {name for name in asked.pop("ckan.plugins").split() if name != "…"}
    assert wanted <= set(ENV_EXAMPLE["CKAN__PLUGINS"].split())
    assert len(asked) == 3
    for key, value in asked.items():
        assert ENV_EXAMPLE[f"CKAN___{key.upper().replace('.', '__')}"] == value


def test_idle_consumers_wait_for_redis() -> None:
    """redis-py 8 gives up after five seconds unless the address says otherwise."""
    assert "?socket_timeout=" in ENV_EXAMPLE["CKAN_REDIS_URL"]
    assert "CKAN__HARVEST__MQ__HOSTNAME" not in ENV_EXAMPLE  # it would win over the address


def test_secrets_that_a_new_container_would_draw_again_are_in_the_example() -> None:
    drawn = {"SECRET_KEY", "WTF_CSRF_SECRET_KEY"}
    drawn |= {f"API_TOKEN__JWT__{side}__SECRET" for side in ("ENCODE", "DECODE")}
    assert {f"CKAN___{name}" for name in drawn} <= ENV_EXAMPLE.keys()


@pytest.mark.parametrize("script", sorted(DOCKER.rglob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_well_formed(script: Path) -> None:
    shell = script.read_text(encoding="utf-8").splitlines()[0].removeprefix("#!")
    assert subprocess.run([shell, "-n", script]).returncode == 0


def test_every_repeats_after_a_failure() -> None:
    repeat = [DOCKER / "ckan" / "every.sh", "0.05", "sh", "-c", "echo round; exit 3"]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(repeat, **quiet) as process:
        rounds = [process.stdout.readline() for _ in range(3)]
        process.terminate()
    assert rounds == ["round\n"] * 3
    assert process.returncode == 0


def test_health_tells_reachable_stores_from_absent_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        monkeypatch.setenv("CKAN_SQLALCHEMY_URL", f"postgresql://u:p@127.0.0.1:{port}/db")
        monkeypatch.setenv("CKAN_REDIS_URL", f"redis://127.0.0.1:{port}/1")
        assert subprocess.run([sys.executable, HEALTH, "stores"]).returncode == 0
    answer = subprocess.run([sys.executable, HEALTH, "stores"], capture_output=True, text=True)
    assert answer.returncode == 1
    assert answer.stderr.startswith("stores: ")


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
def test_nginx_accepts_its_configuration(tmp_path: Path) -> None:
    template = (DOCKER / "nginx" / "default.conf.template").read_text(encoding="utf-8")
    site = template.replace("${CKAN_MAX_UPLOAD_SIZE_MB}", "100").replace("//ckan:", "//127.0.0.1:")
    site = site.replace("/etc/nginx/conf.d", str(DOCKER / "nginx"))
    (tmp_path / "site.inc").write_text(site.replace("listen 80", "listen 18089"), encoding="utf-8")
    main = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ include {tmp_path}/*.inc; }}"
    (tmp_path / "nginx.conf").write_text(main, encoding="utf-8")
    test = ["nginx", "-t", "-c", tmp_path / "nginx.conf"]
    done = subprocess.run(test, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
