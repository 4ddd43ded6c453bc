"""The service behind TLS, by a certificate of its own, and a proxy that asks for credentials."""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOST = "promo.example.com"
_PIECE = 65_536


def certificate(folder: Path) -> Path:
    """A file with a key and a certificate of the host, which vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, SHA256())
    )
    file = folder / "authority.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    return file


@dataclass
class Proxy:
    """``asked`` has the targets of CONNECT; each is the service, behind TLS."""

    address: str
    user: str
    asked: list[str] = field(default_factory=list)


class _Tunnel(StreamRequestHandler):
    proxy: Proxy
    upstream: tuple[str, int]
    context: ssl.SSLContext

    def handle(self) -> None:
        _, target, _ = self.rfile.readline().decode().split()
        headers: dict[str, str] = {}
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        credentials = base64.b64encode(self.proxy.user.encode()).decode()
        if headers.get("proxy-authorization") != f"Basic {credentials}":
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        self.proxy.asked.append(target)
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with suppress(OSError), self.context.wrap_socket(self.connection, server_side=True) as caller:
            _join(caller, self.upstream)


def _join(caller: ssl.SSLSocket, upstream: tuple[str, int]) -> None:
    """Pass on what comes from either side, one request and its answer after the other."""
    with socket.create_connection(upstream) as service:
        answers = threading.Thread(target=_pass_on, args=(service, caller), daemon=True)
        answers.start()
        _pass_on(caller, service)
        answers.join(5)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def proxy_to(service_url: str, file: Path, user: str) -> Iterator[Proxy]:
    """A proxy on this machine that leads every https address to the service."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    port = int(service_url.rsplit(":", 1)[1])
    parts = {"context": context, "upstream": ("127.0.0.1", port)}
    handler = type("Tunnel", (_Tunnel,), parts)
    with ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        proxy = Proxy(f"127.0.0.1:{server.server_address[1]}", user)
        handler.proxy = proxy  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
