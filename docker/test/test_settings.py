"""The sample configurations: whether compose files, Caddyfile and nginx.conf are well formed, fit each other, and fit the relay."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest
import yaml

import kit as kits
import proxies

DOCKER = pathlib.Path(__file__).resolve().parents[1]
COMPOSE = ["compose.yaml", "compose.tls.yaml"]


def compose(name):
    return yaml.safe_load((DOCKER / name).read_text())


def relay_says(*arguments, **variables):
    return subprocess.run([kits.CERTRELAYD, *arguments], env={"PATH": "/usr/bin:/bin", **variables}, capture_output=True, text=True,
                          timeout=30, check=False)


@pytest.mark.parametrize("name", COMPOSE)
def test_the_relay_knows_every_variable_and_is_let_do_nothing_else(name):
    relay = compose(name)["services"]["relay"]
    printed = relay_says("--print-config", **relay["environment"])
    assert printed.returncode == 0, printed.stderr
    assert relay["read_only"] and relay["cap_drop"] == ["ALL"] and relay["security_opt"] == ["no-new-privileges:true"]
    drain = int(re.search(r"^drain_seconds = (\d+)", printed.stdout, re.M)[1])
    assert int(relay["stop_grace_period"].rstrip("s")) > drain
    connections = int(re.search(r"^max_connections = (\d+)", printed.stdout, re.M)[1])
    assert relay["ulimits"]["nofile"] > connections


def test_a_variable_that_the_relay_does_not_know_would_be_noticed():
    assert relay_says("--print-config", CERTRELAYD_TRUSTED_PROXY="10.0.0.1").returncode == 78


def test_caddy_is_the_one_proxy_that_is_believed_and_the_only_way_in():
    services, networks = (compose("compose.yaml")[part] for part in ("services", "networks"))
    relay, caddy = services["relay"], services["caddy"]
    own = relay["networks"]["inside"]["ipv4_address"]
    assert relay["environment"]["CERTRELAYD_TRUSTED_PROXIES"] == caddy["networks"]["inside"]["ipv4_address"]
    assert caddy["environment"]["CERTRELAY_RELAY"] == "%s:%s" % (own, relay["environment"]["CERTRELAYD_LISTEN"].split(":")[1])
    assert "ports" not in relay and list(relay["networks"]) == ["inside"] and networks["inside"]["internal"]


@pytest.mark.parametrize("name", COMPOSE)
def test_docker_takes_the_compose_file(name):
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("SKIP: docker compose is not here")
    subprocess.run(["docker", "compose", "-f", DOCKER / name, "config", "-q"], check=True,
                   env={**os.environ, "CERTRELAY_NAME": "relay.example"})


def test_nginx_takes_its_file(tmp_path):
    done = proxies.nginx_checks(tmp_path, 1, 2)
    assert done.returncode == 0, done.stderr
    (tmp_path / "proxy.conf").write_text("server { listen 1 ssl; proxy_pas http://127.0.0.1; }\n")
    assert proxies.nginx_checks_as_it_is(tmp_path).returncode != 0


def test_caddy_takes_its_file(tmp_path):
    done = proxies.caddy_checks(tmp_path, (DOCKER / "Caddyfile").read_text())
    assert done.returncode == 0, done.stderr
    assert proxies.caddy_checks(tmp_path, "{$CERTRELAY_NAME} {\n\treverse_prox 127.0.0.1\n}\n").returncode != 0


def test_nginx_waits_longer_than_the_relay_is_silent():
    text = (DOCKER / "nginx.conf").read_text()
    ping = int(re.search(r"^ping_seconds = (\d+)", relay_says("--print-config").stdout, re.M)[1])
    assert {int(limit) > 2 * ping for limit in re.findall(r"proxy_(?:read|send)_timeout (\d+)s;", text)} == {True}
