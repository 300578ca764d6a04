"""Codes that a telephone's camera reads, as SVG without any style."""

from itertools import groupby

import qrcode


def drawn(text):
    """A QR code of a text: {"size": its width with its margin, "path": the `d` of an SVG path of its dark squares}."""
    # One mask for all: trying each of the eight takes most of the time, and every one can be read.
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4, mask_pattern=3)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    return {"size": len(rows), "path": "".join(part for y, row in enumerate(rows) for part in _runs(row, y))}


def _runs(row, y):
    x = 0
    for is_dark, squares in groupby(row):
        width = len([*squares])
        if is_dark:
            yield f"M{x} {y}h{width}v1h-{width}z"
        x += width
