"""Who may talk to the sandbox's API server: tokens, the service accounts' key and the kubeconfig. Pure but for chance.

Two users: `admin` may do everything (system:masters), `viewer` is in the group `viewers`, which has no rights until a
test binds some.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass

ADMIN_CONTEXT = "sandbox"
VIEWER_CONTEXT = "sandbox-viewer"

# An EC private key on P-256 as DER (RFC 5915), around the 32 bytes that are the secret. The public half is optional
# there, and Go computes it, so neither a library nor openssl is needed.
_KEY_HEAD = bytes.fromhex("30310201010420")
_KEY_TAIL = bytes.fromhex("a00a06082a8648ce3d030107")


@dataclass(frozen=True)
class Tokens:
    """The bearer tokens; they never show in a repr."""

    admin: str
    viewer: str

    def __repr__(self) -> str:
        return "Tokens(…)"


def new_tokens() -> Tokens:
    """Return two random tokens."""
    return Tokens(admin=secrets.token_hex(24), viewer=secrets.token_hex(24))


def new_service_account_key() -> str:
    """Return a random key in PEM that signs service account tokens."""
    scalar = secrets.token_bytes(32)
    # The order of P-256 begins with 32 one bits: with the first one cleared, every number is below it.
    body = base64.encodebytes(_KEY_HEAD + bytes([scalar[0] & 0x7F]) + scalar[1:] + _KEY_TAIL).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{body}-----END EC PRIVATE KEY-----\n"


def render_token_file(tokens: Tokens) -> str:
    """Return the API server's token file: token, user, user id, groups."""
    return f'{tokens.admin},admin,admin,"system:masters"\n{tokens.viewer},viewer,viewer,"viewers"\n'


def render_kubeconfig(server: str, certificate: str, tokens: Tokens) -> str:
    """Return a kubeconfig with a context for each user, the admin's current; it is JSON, which is YAML too.

    Args:
        server: The API server's URL.
        certificate: Its certificate in PEM, which also is its own authority.
        tokens: The users' tokens.
    """
    authority = base64.b64encode(certificate.encode()).decode()
    users = {"sandbox-admin": tokens.admin, "sandbox-viewer": tokens.viewer}
    contexts = {ADMIN_CONTEXT: "sandbox-admin", VIEWER_CONTEXT: "sandbox-viewer"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": ADMIN_CONTEXT,
        "clusters": [{"name": "sandbox", "cluster": {"server": server, "certificate-authority-data": authority}}],
        "users": [{"name": name, "user": {"token": token}} for name, token in users.items()],
        "contexts": [
            {"name": name, "context": {"cluster": "sandbox", "user": user}} for name, user in contexts.items()
        ],
    }
    return json.dumps(config, indent=2) + "\n"
