"""A passkey in software, after the text of WebAuthn level 3 alone: it shares no code with the
library that checks what it signs."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """`counter`: of its uses; None where it never counts. `flags`: what it says of its person."""

    origin: str = "http://localhost:8000"
    rp_id: str = "localhost"
    counter: int | None = None
    flags: int = PRESENT | VERIFIED
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    user_handle: bytes = b""

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """As `navigator.credentials.create`."""
        self.user_handle = to_bytes(options["user"]["id"])
        point = self.key.public_key().public_numbers()
        x, y = point.x.to_bytes(32), point.y.to_bytes(32)
        # {1: 2, 3: -7, -1: 1, -2: x, -3: y} (RFC 9053, 7.1.1)
        cose = bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + cose
        data = self._data(self.flags | ATTESTED) + attested
        # {"fmt": "none", "attStmt": {}, "authData": data} (RFC 8949)
        made = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59" + len(data).to_bytes(2) + data
        return self._answer(
            clientDataJSON=self._said("webauthn.create", options), attestationObject=made
        )

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """As `navigator.credentials.get`."""
        if self.counter is not None:
            self.counter += 1
        said = self._said("webauthn.get", options)
        data = self._data(self.flags)
        signed = data + hashlib.sha256(said).digest()
        return self._answer(
            clientDataJSON=said,
            authenticatorData=data,
            signature=self.key.sign(signed, ec.ECDSA(hashes.SHA256())),
            userHandle=self.user_handle,
        )

    def _said(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _data(self, flags: int) -> bytes:
        counted = (self.counter or 0).to_bytes(4)
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + counted

    def _answer(self, **response: bytes) -> dict[str, Any]:
        return {
            "id": to_text(self.credential_id),
            "rawId": to_text(self.credential_id),
            "type": "public-key",
            "response": {name: to_text(value) for name, value in response.items()},
        }
