"""Messages to typed addresses: what is never connected to, what is sent, and how every failure reads."""

import base64
import hashlib
import hmac
import ipaddress
import socket
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from replication import outbound

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
SECRET = outbound.new_secret(b"x" * 32)


class Receiver(HTTPServer):
    """Keeps what it was sent and answers as it is told."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken, self.status, self.headers, self.drip = [], 200, {}, 0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook?a=b"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for _ in range(self.server.drip):
            try:
                self.wfile.write(b"x")
                self.wfile.flush()
            except OSError:
                break
            time.sleep(0.05)

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver(settings):
    settings.OUTBOUND_ALLOW, settings.OUTBOUND_HTTP = [ipaddress.ip_network("127.0.0.0/8")], True
    server = Receiver()
    yield server
    server.shutdown()
    server.server_close()


def send(url):
    return outbound.post(url, b'{"a": 1}', message_id="event-7", at=AT, secret=SECRET)


def refused(url):
    with pytest.raises(outbound.OutboundError) as caught:
        send(url)
    return caught.value.problem


def test_a_message_arrives_once_signed_with_its_time(receiver):
    assert send(receiver.url).status == 200
    ((path, headers, body),) = receiver.taken
    assert (path, body) == ("/hook?a=b", b'{"a": 1}')
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("event-7", str(int(AT.timestamp())))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    proof = hmac.new(key, b"event-7.%d." % AT.timestamp() + body, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(proof).decode()}"


INSIDE = [
    "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.9", "169.254.169.254", "168.63.129.16", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "[2002:a00:1::]", "[::]",
]  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
def test_an_address_inside_a_network_is_refused_before_anything_is_kept(host):
    with pytest.raises(outbound.OutboundError) as caught:
        outbound.check(f"https://{host}/x")
    assert caught.value.problem.code == "AddressNotAllowed"


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "ftp://example.com", "https://", "//example.com", "https://a:b@example.com/", "https://exa mple.com/", "x",
     "https://example.com/\r\nHost: x", "https://example.com/" + "x" * 3000, "", "file:///etc/passwd", "https://[::1"],
)  # fmt: skip
def test_what_is_no_address_of_ours_is_refused_in_a_sentence(url):
    with pytest.raises(outbound.OutboundError) as caught:
        outbound.check(url)
    assert caught.value.problem.code == "AddressNotUsable"


def test_a_name_is_judged_by_where_it_leads_at_that_moment(receiver, settings, monkeypatch):
    settings.OUTBOUND_ALLOW = []
    assert refused(f"http://localhost:{receiver.server_port}/").code == "AddressNotAllowed"
    answers = [[("93.184.216.34", 80), ("127.0.0.1", receiver.server_port)]]  # a public and a private one under one name
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", each) for each in answers[0]]
    )
    assert refused(f"http://rebind.example:{receiver.server_port}/").code == "AddressNotAllowed"
    assert receiver.taken == []


def test_the_judged_address_is_the_one_connected_to(receiver, monkeypatch):
    """A name that leads elsewhere when it is asked again gains nothing: it is asked once."""
    asked = []

    def resolve(host, port, **_):
        asked.append(host)
        place = ("127.0.0.1", receiver.server_port) if len(asked) == 1 else ("10.9.9.9", port)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place)]

    connected = []

    def connect(place, **_):
        connected.append(place)
        made = socket.socket()
        made.connect(place)
        return made

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    assert send(f"http://hook.example:{receiver.server_port}/").status == 200
    assert (asked, connected) == (["hook.example"], [("127.0.0.1", receiver.server_port)])


ANSWERS = [(302, "never"), (400, "never"), (404, "never"), (410, "never"), (429, "later"), (503, "later")]


@pytest.mark.parametrize(("status", "when"), ANSWERS)
def test_an_answer_that_is_no_success_says_whether_to_try_again(receiver, status, when):
    receiver.status, receiver.headers = status, {"Location": "https://elsewhere.example/", "Retry-After": "7"}
    problem = refused(receiver.url)
    assert (problem.code, problem.when, len(receiver.taken)) == (f"Status{status}", when, 1)
    assert problem.retry_after == (7 if when == "later" else 0)


def test_a_receiver_that_hands_out_a_byte_now_and_then_is_cut_off(receiver, monkeypatch):
    monkeypatch.setattr(outbound, "LONGEST", 0.3)
    receiver.drip = 200
    begun = time.monotonic()
    assert refused(receiver.url).when == "later"
    assert time.monotonic() - begun < 2


def test_nobody_there_and_no_such_name_can_be_tried_again(receiver, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert refused(f"http://127.0.0.1:{taken.getsockname()[1]}/").code == "NotReached"

    def unknown(*_, **__):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert refused("http://no-such-host.example/").when == "later"


def test_plain_text_where_tls_is_expected_is_no_secret_success(receiver):
    problem = refused(receiver.url.replace("http://", "https://"))
    assert problem.code in {"CertificateNotTrusted", "NotReached"}
    assert receiver.taken == []
