"""Which rows of a list have what: for each choice one number, whose nth bit says whether the nth row has it.

Filters are “and” and “or” of such numbers, a count is the number of their bits, and the rows of a page are found by
their bits, however deep it lies: for 100,000 rows a few microseconds each (docs/decisions/0062).
"""

from array import array

_CHUNK = 4096  # bits


class Bitmap:
    """Rows in one order. keys: their primary keys, in that order."""

    def __init__(self, keys, having):
        """having: (row's key, what it has) for each thing that a row has."""
        self.keys = array("q", keys)
        self._position = {key: number for number, key in enumerate(self.keys)}
        size, bits = len(self.keys) // 8 + 1, {}
        for key, what in having:
            if (number := self._position.get(key)) is not None:
                of_it = bits.get(what)
                if of_it is None:
                    of_it = bits[what] = bytearray(size)
                of_it[number >> 3] |= 1 << (number & 7)
        self._bits = {what: int.from_bytes(found, "little") for what, found in bits.items()}
        self.all = (1 << len(self.keys)) - 1

    def having(self, *whats):
        """Those that have one of these."""
        found = 0
        for what in whats:
            found |= self._bits.get(what, 0)
        return found

    def of(self, keys):
        """Those with one of these keys."""
        size = len(self.keys) // 8 + 1
        bits = bytearray(size)
        for key in keys:
            if (number := self._position.get(key)) is not None:
                bits[number >> 3] |= 1 << (number & 7)
        return int.from_bytes(bits, "little")

    def keys_between(self, bits, start, stop):
        """The keys of the rows among these that stand from the place `start` on, and before `stop`."""
        found, place = [], 0
        data = bits.to_bytes(len(self.keys) // 8 + 1, "little")
        step = _CHUNK // 8
        for first in range(0, len(data), step):
            chunk = int.from_bytes(data[first : first + step], "little")
            count = chunk.bit_count()
            if place + count > start:
                number = first * 8
                while chunk:
                    low = (chunk & -chunk).bit_length() - 1
                    if start <= place < stop:
                        found.append(self.keys[number + low])
                    place += 1
                    if place >= stop:
                        return found
                    chunk &= chunk - 1
            else:
                place += count
        return found
