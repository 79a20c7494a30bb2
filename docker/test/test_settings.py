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
COMPOSE = ["compose.yaml", "compose.tls.yaml", "compose.cluster.yaml"]
CLUSTER = "compose.cluster.yaml"


def compose(name):
    return yaml.safe_load((DOCKER / name).read_text())


def relays(name):
    """The services that are relays, by name."""
    return {service: each for service, each in compose(name)["services"].items() if each["image"].startswith("certrelayd:")}


def relay_says(*arguments, **variables):
    return subprocess.run([kits.CERTRELAYD, *arguments], env={"PATH": "/usr/bin:/bin", **variables}, capture_output=True, text=True,
                          timeout=30, check=False)


@pytest.mark.parametrize("name", COMPOSE)
def test_the_relay_knows_every_variable_and_is_let_do_nothing_else(name):
    assert len(relays(name)) == (2 if name == CLUSTER else 1)
    for relay in relays(name).values():
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


# Several relays


def address_of(service):
    return service["networks"]["inside"]["ipv4_address"]


def engine_options():
    words = compose(CLUSTER)["services"]["engine"]["command"]
    assert words[0] == "redis-server" and len(words) % 2 == 1
    return {name.removeprefix("--"): value for name, value in zip(words[1::2], words[2::2])}


def test_caddy_leads_to_all_relays_and_nobody_else_has_a_way_in():
    services, networks = (compose(CLUSTER)[part] for part in ("services", "networks"))
    caddy = services["caddy"]
    found = relays(CLUSTER).values()
    assert caddy["environment"]["CERTRELAY_RELAYS"].split() == ["%s:8080" % address_of(relay) for relay in found]
    assert len({str(relay["environment"]) for relay in found}) == 1, "they are to be alike"
    for relay in found:
        environment = relay["environment"]
        assert environment["CERTRELAYD_LISTEN"] == "0.0.0.0:8080"
        assert environment["CERTRELAYD_TRUSTED_PROXIES"] == address_of(caddy)
        assert environment["CERTRELAYD_ENGINE"] == "redis://%s:%s" % (address_of(services["engine"]), engine_options()["port"])
    for name, service in services.items():
        assert name == "caddy" or ("ports" not in service and list(service["networks"]) == ["inside"])
    assert networks["inside"]["internal"]
    alone = compose("compose.yaml")
    taken = [address_of(each) for each in [*services.values(), alone["services"]["relay"]]]
    assert len(set(taken)) == len(taken), "the one relay of before can stand beside them"
    assert networks == alone["networks"]


def test_caddy_asks_the_relays_own_door_who_is_ready():
    text = (DOCKER / "Caddyfile.cluster").read_text()
    door = next(iter(relays(CLUSTER).values()))["environment"]["CERTRELAYD_WATCH"]
    assert re.search(r"^\s*health_uri /readyz$", text, re.M) and re.search(r"^\s*health_port (\d+)$", text, re.M)[1] == door.split(":")[1]


def bytes_of(text):
    number, unit = re.fullmatch(r"(\d+)(m|mb)", text).groups()
    return int(number) << 20 if unit else 0


def test_the_engine_keeps_nothing_on_disk_evicts_nothing_and_has_its_limits():
    engine, options = compose(CLUSTER)["services"]["engine"], engine_options()
    assert re.fullmatch(r"(redis|valkey/valkey):\d+\.\d+.*", engine["image"])
    assert options["save"] == "" and options["appendonly"] == "no" and options["maxmemory-policy"] == "noeviction"
    assert bytes_of(options["maxmemory"]) < bytes_of(engine["mem_limit"])
    assert engine["read_only"] and engine["cap_drop"] == ["ALL"] and "volumes" not in engine


def test_every_secret_is_a_file_that_a_service_reads_where_it_looks():
    whole = compose(CLUSTER)
    environment = whole["services"]["relay1"]["environment"]
    assert environment["CERTRELAYD_ENGINE_PASSWORD_FILE"] == "/run/secrets/engine_password"
    assert engine_options()["aclfile"] == "/run/secrets/engine.acl"
    used = {secret for service in whole["services"].values() for secret in service.get("secrets", ())}
    assert used == set(whole["secrets"]) and all(each["file"] == "./secrets/" + name for name, each in whole["secrets"].items())
    assert "PASSWORD" not in str(environment).replace("PASSWORD_FILE", "") and whole["services"]["engine"]["user"].startswith("65532:")


def test_the_rights_are_those_of_the_documentation():
    line, = re.findall(r"^ *(user certrelay on .*)$", (DOCKER.parent / "relay" / "CLUSTER.md").read_text(), re.M)
    assert (DOCKER / "engine.acl").read_text() == "user default off\n%s\n" % line


def test_a_relay_finds_nothing_wrong_with_the_engine_of_the_compose_file(tmp_path):
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("SKIP: no redis-server here")
    (tmp_path / "engine_password").write_text("hush-hush\n")
    (tmp_path / "engine.acl").write_text((DOCKER / "engine.acl").read_text().replace("PASSWORD", "hush-hush"))
    options = {**engine_options(), "aclfile": str(tmp_path / "engine.acl"), "port": "0", "unixsocket": str(tmp_path / "sock"), "dir": str(tmp_path)}
    environment = {**next(iter(relays(CLUSTER).values()))["environment"], "CERTRELAYD_LISTEN": "127.0.0.1:0", "CERTRELAYD_WATCH": "127.0.0.1:0",
                   "CERTRELAYD_ENGINE": "unix:%s" % options["unixsocket"], "CERTRELAYD_ENGINE_PASSWORD_FILE": str(tmp_path / "engine_password")}
    with subprocess.Popen([program, *(word for name, value in options.items() for word in ("--" + name, value))], stdout=subprocess.PIPE, text=True) as engine:
        try:
            assert any("eady to accept connections" in line for line in engine.stdout)
            checked = relay_says("--check-config", **environment)
            assert (checked.returncode, checked.stderr) == (0, "")
            (tmp_path / "engine_password").write_text("another\n")
            assert "WRONGPASS" in relay_says("--check-config", **environment).stderr
        finally:
            engine.kill()


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
    for name in ("Caddyfile", "Caddyfile.cluster"):
        done = proxies.caddy_checks(tmp_path, (DOCKER / name).read_text())
        assert done.returncode == 0, done.stderr
    assert proxies.caddy_checks(tmp_path, "{$CERTRELAY_NAME} {\n\treverse_prox 127.0.0.1\n}\n").returncode != 0


def test_nginx_waits_longer_than_the_relay_is_silent():
    text = (DOCKER / "nginx.conf").read_text()
    ping = int(re.search(r"^ping_seconds = (\d+)", relay_says("--print-config").stdout, re.M)[1])
    assert {int(limit) > 2 * ping for limit in re.findall(r"proxy_(?:read|send)_timeout (\d+)s;", text)} == {True}
