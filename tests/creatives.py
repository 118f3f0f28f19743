"""Pictures to send, and creatives as the office adds them, for tests."""

import io

from PIL import Image

from portal import material, pictures
from portal.material import BANNER, EMAIL

OFFICE = "office@example.com"


def png(color=(9, 90, 60), size=(300, 250)):
    """The bytes of a plain picture."""
    written = io.BytesIO()
    Image.new("RGB", size, color).save(written, "PNG")
    return written.getvalue()


def make_creative(kind, name, now, *, color=(9, 90, 60), **said):
    """A creative on offer."""
    if kind == BANNER:
        said["picture"] = pictures.read(png(color))
    if kind == EMAIL:
        said = {"use": "A newsletter", "subject": "See {program}"} | said
    said = {"text": "Worth a look"} | said
    return material.add(kind, name=name, by=OFFICE, now=now, **said)
