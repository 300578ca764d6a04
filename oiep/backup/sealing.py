"""Sealing a stream with a key: in pieces, each encrypted and authenticated, so that a file of any size is read with
little memory and no changed, missing, swapped or cut-off piece goes unseen.

AES-256-GCM with a key of this file's own, made from the operator's by HKDF with a salt. A piece's nonce is its number
and whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár).
"""

import io
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"OIEP sealed back-up 1\n"
_SALT = 16
_PIECE = 1024 * 1024
_TAG = 16


class Unreadable(Exception):
    """The file was not sealed with this key, or was changed or cut off."""


def _cipher(key, salt):
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=MAGIC).derive(key.encode()))


def _nonce(number, is_last):
    return number.to_bytes(11, "big") + bytes([is_last])


class Sealed(io.RawIOBase):
    """Writes to `file` what is written to it, sealed. Only after `finish` is the file whole."""

    def __init__(self, file, key):
        salt = os.urandom(_SALT)
        file.write(MAGIC + salt)
        self._file, self._cipher, self._number, self._waiting = file, _cipher(key, salt), 0, bytearray()

    def writable(self):
        return True

    def write(self, data):
        self._waiting += data
        while len(self._waiting) > _PIECE:  # one piece always waits, as it may be the last
            self._put(bytes(self._waiting[:_PIECE]), is_last=False)
            del self._waiting[:_PIECE]
        return len(data)

    def _put(self, piece, *, is_last):
        self._file.write(self._cipher.encrypt(_nonce(self._number, is_last), piece, MAGIC))
        self._number += 1

    def finish(self):
        self._put(bytes(self._waiting), is_last=True)


class Opened(io.RawIOBase):
    """Reads what was sealed, from a file that stands behind MAGIC. Raises Unreadable at the first piece that is off."""

    def __init__(self, file, key):
        salt = file.read(_SALT)
        self._file, self._cipher, self._number, self._left = file, _cipher(key, salt), 0, b""
        self._next = file.read(_PIECE + _TAG)
        self._ended = False

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self._left and not self._ended:
            self._left = self._open_piece()
        taken = self._left[: len(buffer)]
        buffer[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)

    def _open_piece(self):
        piece, self._next = self._next, self._file.read(_PIECE + _TAG)
        self._ended = not self._next
        try:
            opened = self._cipher.decrypt(_nonce(self._number, self._ended), piece, MAGIC)
        except (InvalidTag, ValueError):
            raise Unreadable from None
        self._number += 1
        return opened
