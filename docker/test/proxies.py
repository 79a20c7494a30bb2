"""nginx and Caddy on free ports of the loopback, with the sample configurations; only names, ports and files are exchanged.

CR_PROXIES: the folder that proxies.sh wrote."""

import contextlib
import os
import pathlib
import socket
import ssl
import subprocess

import relays
from kit import Process

DOCKER = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = pathlib.Path(os.environ["CR_PROXIES"]).resolve()

NGINX_MAIN = """daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/proxy.conf;
}}
"""


def exchanged(text, *pairs):
    """text with every pair exchanged; each must be there."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def nginx_write(folder, port, relay_port):
    cert, key = relays.make_certificate(folder)
    live = "/etc/letsencrypt/live/relay.example"
    text = exchanged((DOCKER / "nginx.conf").read_text(), ("listen 443 ssl", "listen 127.0.0.1:%d ssl" % port),
                     ("    listen [::]:443 ssl;\n", ""), ("server_name relay.example", "server_name localhost"),
                     (live + "/fullchain.pem", str(cert)), (live + "/privkey.pem", str(key)),
                     ("http://127.0.0.1:8080", "http://127.0.0.1:%d" % relay_port))
    (folder / "proxy.conf").write_text(text)
    (folder / "nginx.conf").write_text(NGINX_MAIN.format(folder=folder))
    return cert


def nginx_command(folder, *more):
    return [str(PROGRAMS / "nginx"), "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf"), *more]


def nginx_checks_as_it_is(folder):
    return subprocess.run(nginx_command(folder, "-t"), capture_output=True, text=True, timeout=30, check=False)


def nginx_checks(folder, port, relay_port):
    nginx_write(folder, port, relay_port)
    return nginx_checks_as_it_is(folder)


class Nginx(Process):
    def __init__(self, folder, port, relay_port):
        self.ca_file = nginx_write(folder, port, relay_port)
        super().__init__(nginx_command(folder))
        self.wait_for(lambda: any("start" in line and "process" in line or "epoll" in line for line in self.err))


def caddy_environment(folder, site, relay):
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
            "CERTRELAY_NAME": site, "CERTRELAY_RELAY": relay, "CERTRELAY_RELAYS": "%s 127.0.0.1:1" % relay}


def caddy_checks(folder, text):
    (folder / "Caddyfile").write_text(text)
    return subprocess.run([PROGRAMS / "caddy", "validate", "--adapter", "caddyfile", "--config", folder / "Caddyfile"], timeout=30,
                          env=caddy_environment(folder, "relay.example", "10.203.71.3:8080"), capture_output=True, text=True, check=False)


class Caddy(Process):
    """With an authority of its own for localhost, which it must not make this machine trust. more: what else is exchanged in the file."""

    def __init__(self, folder, port, relay_port, name="Caddyfile", more=(), relays=None):
        text = exchanged((DOCKER / name).read_text(), *more,
                         ("\tadmin off\n", "\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n"))
        (folder / "Caddyfile").write_text(text)
        environment = caddy_environment(folder, "localhost:%d" % port, "127.0.0.1:%d" % relay_port)
        if relays:
            environment["CERTRELAY_RELAYS"] = " ".join(relays)
        super().__init__([str(PROGRAMS / "caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")], environment)
        self.ca_file = folder / "caddy/pki/authorities/local/root.crt"
        self.wait_for(lambda: self.serves(port))

    def serves(self, port):
        """Some time passes between having a certificate and using it."""
        with contextlib.suppress(OSError):
            context = ssl.create_default_context(cafile=self.ca_file)
            with socket.create_connection(("127.0.0.1", port)) as tcp, context.wrap_socket(tcp, server_hostname="localhost"):
                return True
        return False
