"""A certificate for 127.0.0.1 from a certificate authority of the sandbox's own, kept in its folder."""

import ssl
from pathlib import Path

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For calls without TLS: it trusts nobody. Reading all authorities first takes longer than most calls."""


def certificate(folder: Path) -> tuple[Path, Path]:
    """(CA certificate to trust, certificate with key to serve), made on the first use."""
    import trustme

    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    if not (ca_file.exists() and server_file.exists()):
        authority = trustme.CA()
        authority.cert_pem.write_to_path(ca_file)
        authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(server_file)
        server_file.chmod(0o600)
    return ca_file, server_file
