"""Pictures from outside: told by their content, decoded under limits, and written anew. Pure.

Nothing but the picture survives: no metadata, no text, no second file behind the first.
"""

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

from PIL import Image, ImageOps

from portal.rules import Refused

KINDS = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp"}
LARGEST = 2 * 1024 * 1024  # bytes
SIDE, PIXELS = 4_096, 8_000_000
SAVED: dict[str, dict[str, Any]] = {"PNG": {"optimize": True}, "JPEG": {"quality": 88}}
KEPT = {"transparency"}  # of all that a file says beside its pixels
FRAMES, ALL_PIXELS = 100, 20_000_000  # of something that moves
TAKES = "PNG, JPEG, GIF or WebP, at most 2 MB and 4,096 pixels a side."
TOO_LARGE = "At most 4,096 a side and 8 million in all are taken."

# Its decoders look at this before they take memory for a frame, and refuse from twice as much on.
Image.MAX_IMAGE_PIXELS = PIXELS


class Picture(NamedTuple):
    """A picture as we wrote it: its kind (png, jpg, gif, webp), size in pixels, and bytes."""

    kind: str
    width: int
    height: int
    content: bytes


def read(content: bytes, name: str = "file") -> Picture:
    """The picture that a file holds, written anew. Raises Refused with what would be right."""
    if len(content) > LARGEST:
        raise Refused(f"{name} has {len(content) / 2**20:.1f} MB. At most 2 MB are taken.", "file")
    try:
        with Image.open(io.BytesIO(content), formats=list(KINDS)) as opened:
            return _written(opened)
    except Refused:
        raise
    except Image.DecompressionBombError as problem:
        raise Refused(f"{name} has too many pixels. {TOO_LARGE}", "file") from problem
    except Exception as problem:  # decoders raise whatever a broken file makes them
        said = f"{name} is not a picture that can be read. Take {TAKES}"
        if b"<svg" in content[:1000].lower():
            said = f"This is an SVG drawing under the name {name}. Save it as PNG and send that."
        raise Refused(said, "file") from problem


def _written(opened: Any) -> Picture:
    kind = "JPEG" if opened.format == "MPO" else opened.format  # as phones name theirs
    still = kind not in ("GIF", "WEBP") or not opened.is_animated
    frames = [_still(opened, kind)] if still else list(_frames(opened))
    first, *others = frames
    options: dict[str, Any] = {**SAVED.get(kind, {})}
    if others:
        times = [frame.info.get("duration", 100) for frame in frames]
        options = {"save_all": True, "append_images": others, "duration": times, "loop": 0}
    written = io.BytesIO()
    first.info = {name: first.info[name] for name in KEPT & first.info.keys()}
    first.save(written, kind, **options)
    width, height = first.size
    return Picture(KINDS[kind], width, height, written.getvalue())


def _need_small(width: int, height: int) -> None:
    if max(width, height) > SIDE or width * height > PIXELS:
        raise Refused(f"This picture has {width:,} × {height:,} pixels. {TOO_LARGE}", "file")


def _still(opened: Any, kind: str) -> Any:
    _need_small(*opened.size)
    upright = ImageOps.exif_transpose(opened)
    if kind == "JPEG":
        return upright.convert("RGB")
    if upright.mode.startswith("I"):  # 16 bits of gray
        return upright.convert("I").point(lambda value: value / 257).convert("L")
    return upright if upright.mode in ("RGB", "RGBA", "L", "P") else upright.convert("RGBA")


def _frames(opened: Any) -> Iterator[Any]:
    """The frames of something that moves, each looked at before it is decoded."""
    for number in range(FRAMES + 1):
        try:
            opened.seek(number)
        except EOFError:
            return
        _need_small(*opened.size)
        if number == FRAMES or opened.width * opened.height * (number + 1) > ALL_PIXELS:
            raise Refused(f"This picture moves too long. Keep it to {FRAMES} small frames.", "file")
        frame = opened.convert("RGBA")
        frame.info = {"duration": opened.info.get("duration", 100)}
        yield frame
