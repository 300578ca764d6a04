"""What people sign in with, made in software: a passkey with real signatures, the codes of an authenticator app."""

import base64
import hashlib
import hmac
import os
import struct
import time

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

ORIGIN = "http://localhost"  # browsers take no other one without https
Flag = AuthenticatorData.FLAG


class Passkey:
    """Answers as an authenticator does. verified: whether it asked for a fingerprint or a PIN."""

    def __init__(self, *, verified=True, origin=ORIGIN):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.origin = os.urandom(16), origin
        self.flags = Flag.UP | (Flag.UV if verified else Flag(0))
        self.user_handle = b""

    def register(self, options):
        """What a browser posts after `navigator.credentials.create` with these options."""
        self.user_handle = websafe_decode(options["publicKey"]["user"]["id"])
        public = AttestedCredentialData.create(b"\0" * 16, self.id, ES256.from_cryptography_key(self.key.public_key()))
        data = AuthenticatorData.create(self._site(), self.flags | Flag.AT, 0, public)
        response = {"attestationObject": websafe_encode(AttestationObject.create("none", data, {}))}
        return self._answer("webauthn.create", options, response, {"credProps": {"rk": True}})

    def answer(self, options, *, count=1):
        """What a browser posts after `navigator.credentials.get` with these options."""
        data = AuthenticatorData.create(self._site(), self.flags, count)
        client = self._client("webauthn.get", options)
        signature = self.key.sign(data + client.hash, ec.ECDSA(hashes.SHA256()))
        response = {"authenticatorData": websafe_encode(data), "signature": websafe_encode(signature)}
        response["userHandle"] = websafe_encode(self.user_handle)
        return self._answer("webauthn.get", options, response, {})

    def kept_for(self, user, name="My phone"):
        """Its row, as if the user had added it."""
        handle = {"publicKey": {"user": {"id": websafe_encode(user_pk_to_url_str(user).encode())}, "challenge": "AAAA"}}
        data = {"name": name, "credential": self.register(handle)}
        return Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=data)

    def _site(self):
        return hashlib.sha256(b"localhost").digest()

    def _client(self, kind, options):
        challenge = websafe_decode(options["publicKey"]["challenge"])
        return CollectedClientData.create(kind, challenge, self.origin)

    def _answer(self, kind, options, response, extensions):
        response["clientDataJSON"] = websafe_encode(self._client(kind, options))
        return {
            "type": "public-key",
            "id": websafe_encode(self.id),
            "rawId": websafe_encode(self.id),
            "response": response,
            "clientExtensionResults": extensions,
        }


def app_code(secret, at=None):
    """The six digits that an app shows for a key (RFC 6238: SHA-1, 30 seconds), now or at another time in seconds."""
    counter = struct.pack(">Q", int((time.time() if at is None else at) // 30))
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def confirm_it_is(client, user):
    """As if they had just signed in with all that they have, and so may change it."""
    own = Authenticator.objects.filter(user=user)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "code", "at": time.time()},
        *({"method": "mfa", "id": factor.pk, "type": factor.type, "at": time.time()} for factor in own),
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
