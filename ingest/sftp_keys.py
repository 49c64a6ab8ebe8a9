"""The door's host keys and the algorithms it speaks: strong ones only.

Three host keys are made at first start: Ed25519, ECDSA P-256, and RSA of 3072 bits for old JSch and
WinSCP. To rotate them, tell the senders the new fingerprints, move the three files away, and start the
door again. Left out of paramiko's defaults: CBC, 3DES, MD5, SHA-1, and groups chosen by negotiation.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import paramiko  # type: ignore[import-untyped]  # it ships no types
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_ecdsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ingest.durable import create_durably, make_folder
from ingest.errors import UnsafeHostKeyError


# Counter mode first: in paramiko GCM is slower by a third. MACs over the ciphertext first.
CIPHERS = ("aes128-ctr", "aes256-ctr", "aes192-ctr", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com")
DIGESTS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
EXCHANGES = (
    "mlkem768x25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group14-sha256",
)
SIGNATURES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256")

RSA_HOST_BITS = 3072
# NIST SP 800-131A: shorter RSA keys are disallowed.
RSA_LOGIN_BITS = 2048

_PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey
# Kind -> how one is made, and how paramiko reads it.
_KINDS: dict[str, tuple[Callable[[], _PrivateKey], type[paramiko.PKey]]] = {
    "ed25519": (Ed25519PrivateKey.generate, paramiko.Ed25519Key),
    "ecdsa": (lambda: new_ecdsa(SECP256R1()), paramiko.ECDSAKey),
    "rsa": (lambda: new_rsa(65537, RSA_HOST_BITS), paramiko.RSAKey),
}


@dataclass(frozen=True)
class HostKeys:
    """The keys by which senders know the door."""

    keys: tuple[paramiko.PKey, ...]

    def fingerprints(self) -> dict[str, str]:
        """Kind of key -> its SHA-256 fingerprint, as OpenSSH prints it."""
        return {key.get_name(): key.fingerprint for key in self.keys}

    def public_lines(self) -> list[str]:
        """The public keys, each as a line of an authorized_keys file."""
        return [f"{key.get_name()} {key.get_base64()}" for key in self.keys]


def host_keys(folder: Path) -> HostKeys:
    """The host keys in `folder`; those that are missing are made.

    Raises:
        UnsafeHostKeyError: one can be read by others, or is damaged.
    """
    make_folder(folder)
    return HostKeys(tuple(_host_key(folder / f"ssh_host_{kind}_key", *how) for kind, how in _KINDS.items()))


def speak_strongly(transport: paramiko.Transport) -> None:
    """Restrict a connection to the algorithms above."""
    options = transport.get_security_options()
    options.ciphers = CIPHERS
    options.digests = DIGESTS
    # ML-KEM needs a cryptography built with it; paramiko offers what it has.
    options.kex = tuple(name for name in EXCHANGES if name in options.kex)
    options.key_types = SIGNATURES
    # No compression: data that is compressed before it is encrypted leaks by its length.
    options.compression = ("none",)


def same_key(offered: paramiko.PKey, lines: Sequence[str]) -> bool:
    """True if the key offered stands in one of these authorized_keys lines and is strong enough.

    A line that begins with options is not understood, so it lets nobody in.
    """
    if offered.get_name() == "ssh-rsa" and offered.get_bits() < RSA_LOGIN_BITS:
        return False
    return any(line.split()[:2] == [offered.get_name(), offered.get_base64()] for line in lines)


def _host_key(path: Path, make: Callable[[], _PrivateKey], kind: type[paramiko.PKey]) -> paramiko.PKey:
    if not path.exists():
        create_durably(path, make().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise UnsafeHostKeyError(
            f"The host key {path} has mode {mode:o}: others may have read it. If nobody can have, `chmod 600` it; "
            "otherwise move it away, start again, and tell the senders the new fingerprint."
        )
    try:
        return kind.from_private_key_file(str(path))
    except (OSError, ValueError, paramiko.SSHException) as error:
        raise UnsafeHostKeyError(
            f"The host key {path} cannot be read ({type(error).__name__}). Restore it from a backup, or move it away "
            "to have a new one made."
        ) from error
