"""What a PDF says and what it looks like, for the tests of paper."""

import re
from datetime import date
from io import BytesIO
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops
from pypdf import PdfReader

from portal import paper
from portal.paper import CheckPage, VoucherLine

PICTURES = Path(__file__).parent / "pictures"
INCH = 100  # pixels, so that a hundredth of an inch is one
WORDS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
} | {
    word: number * 10
    for number, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2
    )
}


def line(amount, day=2, kind="Commission", title="Pro, monthly, 1st payment"):
    return VoucherLine(date(2026, 11, day), title, amount, kind)


def check(amount=263_32, **other):
    about = {
        "number": 10531,
        "day": "2026-12-01",
        "payee": "Łukasz Şahin",
        "address": "ul. Długa 12\nKraków, 31-147\nPoland",
        "affiliate": "lukasz",
        "month": "2026-11",
        "program": "MaestroConference",
        "program_address": "Affiliate Program\n410 Harbor Way\nOakland, CA 94607",
        "lines": (line(amount),),
    }
    return CheckPage(amount=amount, **about | other)


def checks(*pages, **stock):
    return paper.checks(pages, paper.Stock(**stock))


def texts(pdf):
    """The text of each page, its lines in the order of the page."""
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def pictures(pdf, inch=INCH):
    """Each page as a grey picture."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.render(scale=inch / 72).to_pil().convert("L") for page in document]


def cents_of(words):
    """Cents from the amount line of a check, read as a bank clerk would."""
    dollars, _, rest = words.rpartition(" and ")
    total = part = 0
    for word in re.split(r"[ -]", dollars.lower()):
        if word == "hundred":
            part *= 100
        elif word in ("thousand", "million"):
            total, part = total + part * {"thousand": 1_000, "million": 10**6}[word], 0
        else:
            part += WORDS[word]
    return (total + part) * 100 + int(rest.removesuffix("/100"))


def cents_in(figures):
    """Cents from figures as they are printed: −$1,234.50, 1234.50."""
    assert re.fullmatch(r"−?\$?([0-9]{1,3}(,[0-9]{3})*|[0-9]+)\.[0-9]{2}", figures), figures
    cents = int(re.sub(r"[^0-9]", "", figures))
    return -cents if figures.startswith("−") else cents


def ink(picture, box=None):
    """Where something is printed, in inches (left, top, right, bottom); None on blank paper."""
    part = picture.crop([round(edge * INCH) for edge in box]) if box else picture
    found = ImageChops.invert(part).getbbox()
    return found and tuple(edge / INCH for edge in found)


def looks_like(pdf, name, tmp_path):
    """How the page differs from the picture that is kept, if by more than a way of drawing.

    Where it differs for a good reason, what it looks like now takes the picture's place.
    """
    (now,) = pictures(pdf, inch=60)
    seen = tmp_path / f"{name}.png"
    now.save(seen)
    kept = Image.open(PICTURES / f"{name}.png").convert("L")
    if kept.size != now.size:
        return f"{seen} has another size"
    strange = sum(ImageChops.difference(kept, now).histogram()[96:])
    return f"{seen} differs in {strange} dots" if strange > 150 else ""
