"""The starter set: creatives of our own drawing, so that a new program is not empty.

They say nothing of a product, so they fit any until the office offers better ones.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from portal import formats, material, pictures
from portal.database import transaction
from portal.material import BANNER, EMAIL, TEXT, Creative

BY = "starter set"
FOLDER = Path(__file__).parent.parent / "static" / "starter"
BANNERS = ("Leaderboard", "Full banner", "Rectangle", "Square", "Phone")
SHOWN = "Worth a closer look. See what it does, at your own pace."  # by all of them
TEXTS = ("See how it works", "Try it for yourself")
# A file each: its name, what it is for, the subject, and from the fourth line on the text.
EMAILS = tuple(
    file.read_text().rstrip("\n").split("\n", 3) for file in sorted(FOLDER.glob("email-*.txt"))
)


def offer(*, now: datetime) -> bool:
    """Offer the starter set in a program that never had a creative; False where one had."""
    with transaction():
        if Creative.select().exists():
            return False
        for name in BANNERS:
            file = FOLDER / f"{formats.slug(name)}.png"
            picture = pictures.read(file.read_bytes(), file.name)
            material.add(BANNER, picture=picture, by=BY, now=now, name=name, text=SHOWN)
        for text in TEXTS:
            material.add(TEXT, by=BY, now=now, name=text, text=text)
        for name, use, subject, text in EMAILS:
            said: dict[str, Any] = {"name": name, "use": use, "subject": subject, "text": text}
            material.add(EMAIL, by=BY, now=now, **said)
        return True
