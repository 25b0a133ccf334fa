"""Certificates for a cluster of a test: an authority, and one certificate that it has signed for all members."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificates:
    """PEM files: the authority's certificate, the members' certificate and its key."""

    ca: Path
    certificate: Path
    key: Path

    @property
    def options(self) -> list[str]:
        """The options of Dask's programs."""
        files = ["--tls-ca-file", self.ca, "--tls-cert", self.certificate, "--tls-key", self.key]
        return [*map(str, files), "--protocol", "tls"]

    @property
    def settings(self) -> dict[str, str]:
        """The project's settings."""
        files = {"CA": self.ca, "CERTIFICATE": self.certificate, "KEY": self.key}
        return {f"EXECUTOR_{name}": str(file) for name, file in files.items()}


def made_certificates(folder: Path) -> Certificates:
    """Make an authority, and a certificate that it has signed."""
    folder.mkdir()
    found = Certificates(folder / "ca.pem", folder / "member.pem", folder / "member.key")
    authority, member = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    for file, key, name, is_ca in ((found.ca, authority, "authority", True), (found.certificate, member, "etl", False)):
        signed = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named("authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(dt.datetime.now(dt.UTC) - dt.timedelta(days=1))
            .not_valid_after(dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .sign(authority, hashes.SHA256())
        )
        file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    secret = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    found.key.write_bytes(member.private_bytes(*secret))
    return found


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
