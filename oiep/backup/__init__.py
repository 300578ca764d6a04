"""Back-up and restore: the database and the files that people sent, in one file, sealed when there is a key.

The file is a tar of the dump in parts, each kept file, and last `manifest.json` with the checksum of every table and of
every file. Nothing is unpacked on the way: what the database and the files hold is never written anywhere in the clear.
"""

from oiep.backup.making import back_up
from oiep.backup.parts import NotABackUp
from oiep.backup.restoring import restore

__all__ = ["NotABackUp", "back_up", "restore"]
