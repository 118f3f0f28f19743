"""Looks for numbers in bytes and in whole folders, however their digits are written there."""

import base64
import re
from contextlib import suppress

NOT_DIGITS = bytes(set(range(256)) - set(b"0123456789"))
# Dashes, blanks, dots, and the NULs of UTF-16. No letters: in hexadecimal they would hit by chance.
BETWEEN = rb"[^0-9A-Za-z]{0,3}"
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
PLAIN = bytes.maketrans(b"-_", b"+/")


def held(numbers, data):
    """Those of the numbers (texts of digits) that these bytes hold, plain or in base64."""
    return {number for text in (data, _decoded(data)) for number in _written(numbers, text)}


def _written(numbers, text):
    digits = text.translate(None, NOT_DIGITS)  # far quicker than to look with gaps at once
    for number in numbers:
        if number.encode() in digits and re.search(BETWEEN.join(map(str.encode, number)), text):
            yield number


def _decoded(data):
    """What every run of base64 means, begun at each of its four places, for it may begin inside."""
    runs = (run.translate(PLAIN) for run in BASE64.findall(data))
    wholes = (run[at:] + b"A" * ((at - len(run)) % 4) for run in runs for at in range(4))
    return b"letters between".join(map(base64.b64decode, wholes))


def files(*places):
    """Every file of these files and folders."""
    for place in places:
        yield from filter(lambda path: path.is_file(), (place, *place.rglob("*")))


def found(numbers, *places):
    """The numbers in these files and folders, each with the file; those that vanish are let be."""
    hits = set()
    for file in files(*places):
        with suppress(FileNotFoundError):
            hits |= {(number, str(file)) for number in held(numbers, file.read_bytes())}
    return hits
