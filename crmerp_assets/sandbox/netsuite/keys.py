"""The credentials of the integration, made once for a directory and kept there."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ACCOUNT = "1234567_SB1"
_FILE = "netsuite-credentials.json"
_KEY_FILE = "netsuite-key.pem"


@dataclass(frozen=True, slots=True)
class Credentials:
    client_id: str
    certificate_id: str
    consumer_secret: str
    token_id: str
    token_secret: str

    @property
    def host(self) -> str:
        """The vendor's host of this account."""
        return f"{ACCOUNT.lower().replace('_', '-')}.suitetalk.api.netsuite.com"


def load_or_make(directory: Path) -> tuple[Credentials, Path, str]:
    """The credentials, the private key's file, and the public key in PEM."""
    file, key_file = directory / _FILE, directory / _KEY_FILE
    if not file.exists():
        directory.mkdir(parents=True, exist_ok=True)
        made = Credentials(*(secrets.token_hex(size) for size in (32, 16, 32, 32, 32)))
        _write_private(key_file, _new_key())
        _write_private(file, json.dumps(asdict(made)).encode())
    credentials = Credentials(**json.loads(file.read_text()))
    return credentials, key_file, _public(key_file)


def _new_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def _public(key_file: Path) -> str:
    key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
