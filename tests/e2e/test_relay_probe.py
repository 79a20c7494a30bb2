"""certrelayd --probe: whether a relay with this configuration answers, as the health check of a container asks."""

import contextlib
import signal
import socket
import threading

import pytest

from relaykit import Relay, make_certificate
from test_relay_operator import run


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(str(tmp_path_factory.mktemp("tls")))


def probe(listen, **environment):
    given = {"CERTRELAYD_" + name.upper(): str(value) for name, value in {"listen": listen, "tls": "off", **environment}.items()}
    return run("--probe", **given)


def probe_tls(listen, certificate):
    return probe(listen, tls="on", tls_cert=certificate[0], tls_key=certificate[1])


def healthy(done):
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done


def unhealthy(done, why):
    assert done.returncode == 1 and done.stderr.startswith("certrelayd: listen = ") and why in done.stderr, done


@contextlib.contextmanager
def answering(text):
    """The address of a server that says the text to whoever asks, and leaves."""
    def serve():
        with contextlib.suppress(OSError):
            peer = listener.accept()[0]
            with peer:
                peer.recv(4096)
                peer.sendall(text)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield "127.0.0.1:%d" % listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_relay_that_runs_is_healthy(tmp_path):
    with Relay(str(tmp_path)) as relay:
        healthy(probe("127.0.0.1:%d" % relay.port))
        healthy(probe("localhost:%d" % relay.port))


def test_the_address_may_mean_all_addresses(tmp_path):
    with Relay(str(tmp_path), listen="0.0.0.0:0") as relay:
        healthy(probe("0.0.0.0:%d" % relay.port))


def test_a_relay_with_tls_is_asked_by_tls(tmp_path, certificate):
    with Relay(str(tmp_path), *certificate) as relay:
        healthy(probe_tls("127.0.0.1:%d" % relay.port, certificate))
        unhealthy(probe("127.0.0.1:%d" % relay.port), "does not")


def test_a_relay_without_tls_is_not_healthy_where_tls_is_on(tmp_path, certificate):
    with Relay(str(tmp_path)) as relay:
        unhealthy(probe_tls("127.0.0.1:%d" % relay.port, certificate), "does not")


def test_a_relay_on_a_path_is_found_there(tmp_path):
    path = "unix:%s/relay.sock" % tmp_path
    config = tmp_path / "path.ini"
    config.write_text("listen = 127.0.0.1:0\nlisten = %s\ntls = off\npage = off\n" % path)
    with Relay(str(tmp_path)) as plain:
        unhealthy(probe(path), "takes no connection")
        assert plain.port
    with Relay(str(tmp_path), listen="127.0.0.1:0\nlisten = %s" % path):
        healthy(probe(path))
        healthy(run("--config", str(config), "--probe"))


def test_one_of_several_addresses_is_enough(tmp_path):
    with Relay(str(tmp_path)) as relay, socket.create_server(("127.0.0.1", 0)) as silent:
        nobody = "127.0.0.1:%d" % silent.getsockname()[1]
        silent.close()
        healthy(probe("%s,127.0.0.1:%d" % (nobody, relay.port)))
        unhealthy(probe(nobody), "takes no connection")


@pytest.mark.parametrize("text, why", [
    (b"", "does not answer"), (b"HTT", "does not answer"), (b"SSH-2.0", "does not speak HTTP"), (b"\x15\x03\x01\0\2", "HTTP")], ids=str)
def test_what_does_not_speak_http_is_not_healthy(text, why):
    with answering(text) as address:
        unhealthy(probe(address), why)


def test_any_answer_in_http_is_a_sign_of_life():
    with answering(b"HTTP/1.1 503 Service Unavailable\r\n\r\n") as address:
        healthy(probe(address))


@pytest.mark.parametrize("text", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x02\x00\0\2", b"\x17\x03\x03\0\2"], ids=str)
def test_what_does_not_speak_tls_is_not_healthy(certificate, text):
    with answering(text) as address:
        unhealthy(probe_tls(address, certificate), "does not speak TLS")


def test_a_relay_that_hangs_is_not_healthy(tmp_path):
    with Relay(str(tmp_path)) as relay:
        relay.signal(signal.SIGSTOP)
        try:
            unhealthy(probe("127.0.0.1:%d" % relay.port), "does not answer")
        finally:
            relay.signal(signal.SIGCONT)


def test_a_configuration_that_names_no_port_cannot_be_asked():
    unhealthy(probe("127.0.0.1:0"), "port is not known")
    assert run("--probe").returncode == 78


def test_asking_often_leaves_no_trace_but_a_count(tmp_path, certificate):
    with Relay(str(tmp_path), *certificate) as relay:
        for _ in range(20):
            healthy(probe_tls("127.0.0.1:%d" % relay.port, certificate))
        assert len(relay.lines) < 10, relay.lines
