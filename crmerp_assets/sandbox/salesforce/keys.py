"""The credentials of the integration, made once for a folder and kept there."""

import json
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

USERNAME = "integration@example.com"


@dataclass(frozen=True, slots=True)
class Keys:
    """`private_key_file` is for the client; the sandbox itself needs the public key only."""

    client_id: str
    client_secret: str
    username: str
    private_key_file: Path
    public_key: str


def load_or_make(directory: Path) -> Keys:
    file, key_file = directory / "salesforce-credentials.json", directory / "salesforce-key.pem"
    if not file.exists():
        made = {"client_id": f"3MVG9{secrets.token_hex(32)}", "client_secret": secrets.token_hex(32)}
        _write_private(key_file, _new_key())
        _write_private(file, json.dumps(made).encode())
    given = json.loads(file.read_text())
    return Keys(given["client_id"], given["client_secret"], USERNAME, key_file, _public(key_file))


@cache
def _new_key() -> bytes:
    """One for all sandboxes of a process: making it takes longer than starting a sandbox."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def _public(key_file: Path) -> str:
    """Without looking whether our own key is one, which takes as long as making it."""
    private = serialization.load_pem_private_key(
        key_file.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True
    )
    key = private.public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()
