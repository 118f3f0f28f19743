"""Letter pages as a PDF, and what their font can print. Equal values, equal bytes. Pure.

Lengths are inches from the top left corner of the paper, type is in points.
"""

import unicodedata
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any, NamedTuple

import font_source_sans_pro
from fpdf import FPDF
from fpdf.enums import MethodReturnValue

from portal.rules import Refused

# Latin, Vietnamese, Greek and Cyrillic. A font for Chinese, Japanese and Korean is 50 times as
# large, right-to-left scripts need a shaper, and a U.S. bank reads neither on a check.
FONTS = {"": "SourceSansPro", "B": "SourceSansProBold"}
UNKNOWN = "\N{BALLOT BOX}"  # stands for what the font lacks; in a name that is refused instead
SMALLEST, LEADING, ASCENT = 5.0, 1.26, 0.985
GREY = 190


class Box(NamedTuple):
    """A field: its place and size, and how its text stands in it."""

    x: float
    y: float
    width: float
    height: float
    size: float = 9.5
    align: str = "L"
    style: str = ""
    low: bool = False  # the text stands on the lower edge


def clean(text: str) -> str:
    """Text as it is printed: composed, without invisible signs, blanks and lines made single."""
    text = "".join(
        letter
        for letter in unicodedata.normalize("NFC", text)
        if letter.isspace() or unicodedata.category(letter) not in ("Cc", "Cf")
    )
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))


def unprintable(text: str) -> set[str]:
    """The letters of a text that the paper's font lacks; empty when all can be printed."""
    if text.isascii() and _covered().issuperset(text):
        return set()
    return {letter for letter in clean(text) if letter not in _covered()}


def printable(text: str, what: str) -> str:
    """The text, clean. Raises Refused when it is empty or the font lacks a letter of it (R21)."""
    if lacking := sorted(unprintable(text)):
        letters = " ".join(lacking[:9])
        raise Refused(f"The {what} cannot be printed: the font has no {letters}.")
    if not clean(text):
        raise Refused(f"There is no {what} to print.")
    return clean(text)


class Sheet(FPDF):
    """Letter pages dated with a day, on which text never leaves its box."""

    right = down = 0.0  # how far all that follows is moved

    def __init__(self, day: date) -> None:
        super().__init__(unit="in", format="letter")
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.c_margin = 0
        self.set_creation_date(datetime.combine(day, time(), UTC))
        for style, name in FONTS.items():
            self.add_font("Source", style, font_source_sans_pro.font_files_ttf[name])

    def fit(self, text: str, box: Box) -> float:
        """Text in its box, wrapped and shrunk as needed; answers where its last line ends."""
        size, lines = self._lines(text, box)
        step, end = size * LEADING / 72, box.x
        top = box.y + (box.height - step * len(lines) if box.low else 0)
        for row, line in enumerate(lines):
            width = self.get_string_width(line)
            start = box.x + (box.width - width) * {"L": 0, "C": 0.5, "R": 1}[box.align]
            base = top + step * row + size * ASCENT / 72
            self.text(self.right + start, self.down + base, line)
            end = start + width
        return end

    def _lines(self, text: str, box: Box) -> tuple[float, list[str]]:
        """The largest type that fits, and the lines; cut where even the smallest does not."""
        text = "".join(c if c in _covered() else UNKNOWN for c in clean(text))
        size = box.size
        while True:
            self.set_font("Source", box.style, size)
            lines = self._wrapped(text, box.width)
            room = max(int(box.height * 72 / (size * LEADING) + 1e-6), 1)
            if len(lines) <= room:
                return size, lines
            if size <= SMALLEST:
                break
            size = max(size - 0.5, SMALLEST)
        last = " ".join(lines[room - 1 :])[:500]
        while self.get_string_width(f"{last}…") > box.width:
            last = last[:-1]
        return size, [*lines[: room - 1], f"{last}…"]

    def _wrapped(self, text: str, width: float) -> list[str]:
        if "\n" not in text and self.get_string_width(text) <= width:
            return [text] if text else []
        found: Any = self.multi_cell(
            width, text=text, align="L", dry_run=True, output=MethodReturnValue.LINES
        )
        return [line.rstrip() for line in found]

    def rule(self, x: float, y: float, end: float, grey: int = 0) -> None:
        self.set_draw_color(grey)
        self.set_line_width(0.75 / 72)
        self.line(self.right + x, self.down + y, self.right + end, self.down + y)

    def frame(self, box: Box, grey: int = 0) -> None:
        self.set_draw_color(grey)
        self.set_line_width(0.75 / 72)
        self.rect(self.right + box.x, self.down + box.y, box.width, box.height)


@cache
def _covered() -> frozenset[str]:
    """What every font here has a picture for; a line break needs none."""
    fonts: list[Any] = list(Sheet(date(2000, 1, 1)).fonts.values())
    covered = frozenset.intersection(*(frozenset(map(chr, font.cmap)) for font in fonts))
    for font in fonts:
        font.close()
    return covered | {"\n"}
