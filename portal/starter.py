"""The starter set: creatives of our own drawing, so that a new program is not empty.

They say nothing of a product, so they fit any until the office offers better ones.
"""

import io
from datetime import datetime
from typing import Any

import font_source_sans_pro as fonts
from PIL import Image, ImageDraw, ImageFont

from portal import material
from portal.database import transaction
from portal.material import BANNER, EMAIL, TEXT, Creative
from portal.pictures import Picture

BY = "starter set"
HEAD, LINE, BUTTON = "Worth a closer look", "See what it does, at your own pace.", "Show me"
BANNERS = (
    ("Leaderboard", 728, 90),
    ("Full banner", 468, 60),
    ("Rectangle", 300, 250),
    ("Square", 250, 250),
    ("Phone", 320, 50),
)
TEXTS = ("See how it works", "Try it for yourself")
EMAILS = (
    (
        "A short recommendation",
        "For a newsletter, 50 words",
        "Something I would use again",
        "Hi {first name},\n\nPeople ask me what I work with, and whether I would choose it again. "
        "I would, so here it is:\n{link}\n({disclosure})\n\nHave a look when you have ten quiet "
        "minutes, and write back if you wonder about anything. I answer.\n\n{affiliate}",
    ),
    (
        "An invitation",
        "For people who know you, 50 words",
        "Come and see it with me",
        "Hi {first name},\n\nI am going to show something that made my work easier, and I would "
        "like you to see it. Until then you can look around by yourself:\n{link}\n({disclosure})"
        "\n\nBring one thing that you wish went better.\n\n{affiliate}",
    ),
    (
        "A follow-up",
        "A week later, 35 words",
        "Did you have a look?",
        "Hi {first name},\n\nA short note, because good things are easily forgotten. Here is the "
        "page again:\n{link}\n({disclosure})\n\nIf it is not for you, tell me why. I am curious."
        "\n\n{affiliate}",
    ),
)
_GREEN, _PALE, _RING, _WHITE = "#0b4d3b", "#cfe9dd", "#3c7d67", "#ffffff"


def offer(*, now: datetime) -> bool:
    """Offer the starter set in a program that never had a creative; False where one had."""
    with transaction():
        if Creative.select().exists():
            return False
        for name, width, height in BANNERS:
            picture, words = draw(width, height), f"{HEAD}. {LINE}"
            material.add(BANNER, picture=picture, by=BY, now=now, name=name, text=words)
        for words in TEXTS:
            material.add(TEXT, by=BY, now=now, name=words, text=words)
        for name, use, subject, text in EMAILS:
            said: dict[str, Any] = {"name": name, "use": use, "subject": subject, "text": text}
            material.add(EMAIL, by=BY, now=now, **said)
        return True


def draw(width: int, height: int) -> Picture:
    """A banner of a size: rings on green, two lines, and what looks like a button."""
    image = Image.new("RGB", (width, height), _GREEN)
    pen, wide = ImageDraw.Draw(image), width > 3 * height
    x, y = (width * 0.93, height * 0.5) if wide else (width * 0.85, height * 0.98)
    for radius in range(8, width // 3, max(7, min(width, height) // 12)):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=_RING)
    pad = height * 0.22 if wide else width * 0.1
    if wide:
        _write(pen, (pad, height * 0.36), HEAD, height * 0.32, _WHITE)
        _write(pen, (pad, height * 0.7), LINE, height * 0.21, _PALE)
        _button(pen, (width - pad - height * 1.9, height * 0.25), height * 1.9, height * 0.5)
    else:
        first, last = HEAD.rsplit(" ", 2)[0], " ".join(HEAD.rsplit(" ", 2)[1:])
        for row, words in enumerate((first, last)):
            _write(pen, (pad, height * (0.18 + row * 0.14)), words, width * 0.115, _WHITE)
        for row, words in enumerate(LINE.split(", ")):
            comma = "," if row == 0 else ""
            _write(pen, (pad, height * (0.47 + row * 0.09)), words + comma, width * 0.065, _PALE)
        _button(pen, (pad, height * 0.72), width * 0.46, height * 0.15)
    written = io.BytesIO()
    image.quantize(64).save(written, "PNG", optimize=True)
    return Picture("png", width, height, written.getvalue())


def _write(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], words: str, size: float, color: str,
    anchor: str = "lm",
) -> None:  # fmt: skip
    font = ImageFont.truetype(fonts.SourceSansProSemibold, round(size))
    pen.text(at, words, color, font, anchor=anchor)


def _button(pen: ImageDraw.ImageDraw, at: tuple[float, float], width: float, height: float) -> None:
    x, y = at
    pen.rounded_rectangle((x, y, x + width, y + height), 3, fill=_WHITE)
    middle = (x + width / 2, y + height / 2)
    _write(pen, middle, BUTTON, height * 0.5, _GREEN, anchor="mm")
