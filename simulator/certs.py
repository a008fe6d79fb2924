"""A private certificate authority, made at the first start, and a server certificate signed by it (simulator.md §3.1)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: Names that the server answers to: itself, and (through the CONNECT shim) the two hosts every client calls.
HOSTS = ("localhost", "management.azure.com", "login.microsoftonline.com", "login.microsoft.com", "graph.microsoft.com")
_YEARS = 10


@dataclass(frozen=True)
class Certificates:
    """Paths of PEM files: what clients trust, and what the server shows."""

    ca: Path
    certificate: Path
    key: Path


def prepare(home: Path) -> Certificates:
    """The certificates in a directory, made when missing. The CA's own key is thrown away after its one signature."""
    found = Certificates(home / "ca.pem", home / "server.pem", home / "server.key")
    if not all(path.exists() for path in (found.ca, found.certificate, found.key)):
        _make(found)
    return found


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(content)


def _make(paths: Certificates) -> None:
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    server = _server(server_key, authority, authority_key)
    paths.ca.parent.mkdir(parents=True, exist_ok=True)
    write_private(paths.key, _key_pem(server_key))
    paths.certificate.write_bytes(_pem(server))
    paths.ca.write_bytes(_pem(authority))


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    usage = {name: name in ("key_cert_sign", "crl_sign") for name in _USAGES}
    builder = _builder("Simulator CA", "Simulator CA", key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(x509.KeyUsage(**usage), critical=True).sign(key, hashes.SHA256())


def _server(
    key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in HOSTS]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    usage = {name: name == "digital_signature" for name in _USAGES}
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    builder = _builder("localhost", "Simulator CA", key.public_key())
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.add_extension(identifier, critical=False).sign(authority_key, hashes.SHA256())


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
