"""How a server of the local cluster proves who it is: a certificate of its own, which clients may be told to trust."""

import ssl
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_YEARS = timedelta(days=3650)


def tls_of(directory: Path, now: datetime) -> tuple[ssl.SSLContext, bytes]:
    """The server's side of TLS, and the certificate clients are to trust; made once, then kept."""
    certificate, key = directory / "server.crt", directory / "server.key"
    if not certificate.exists():
        directory.mkdir(parents=True, exist_ok=True)
        made, secret = _made(now)
        key.touch(mode=0o600)
        key.write_bytes(secret)
        certificate.write_bytes(made)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate.read_bytes()


def _made(now: datetime) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kanaria-local")])
    builder = x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    # A clock given by a test may be far from the one that clients go by.
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=now.tzinfo))
    builder = builder.not_valid_after(max(now, datetime(2035, 1, 1, tzinfo=now.tzinfo)) + _YEARS)
    for extension, critical in (
        (x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")]), False),
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (_usage(), True),
    ):
        builder = builder.add_extension(extension, critical=critical)
    made = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return made, secret


def _usage() -> x509.KeyUsage:
    used = {"digital_signature": True, "key_cert_sign": True}
    unused = "content_commitment key_encipherment data_encipherment key_agreement crl_sign encipher_only decipher_only"
    return x509.KeyUsage(**used, **dict.fromkeys(unused.split(), False))
