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
PICTURES = Path(__file__).parent.parent / "static" / "starter"
BANNERS = ("Leaderboard", "Full banner", "Rectangle", "Square", "Phone")
SHOWN = "Worth a closer look. See what it does, at your own pace."  # by all of them
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


def offer(*, now: datetime) -> bool:
    """Offer the starter set in a program that never had a creative; False where one had."""
    with transaction():
        if Creative.select().exists():
            return False
        for name in BANNERS:
            file = PICTURES / f"{formats.slug(name)}.png"
            picture = pictures.read(file.read_bytes(), file.name)
            material.add(BANNER, picture=picture, by=BY, now=now, name=name, text=SHOWN)
        for text in TEXTS:
            material.add(TEXT, by=BY, now=now, name=text, text=text)
        for name, use, subject, text in EMAILS:
            said: dict[str, Any] = {"name": name, "use": use, "subject": subject, "text": text}
            material.add(EMAIL, by=BY, now=now, **said)
        return True
