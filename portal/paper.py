"""Checks with two vouchers as a PDF on US letter paper (R21). Equal values, equal bytes. Pure.

Lengths are inches from the top left corner of the paper, type is in points, offsets of a stock are
in hundredths of an inch. The lowest 5/8 inch of a check is left to the bank's own line.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from portal.formats import in_words, month, plural, usd
from portal.pdf import GREY, Box, Sheet, printable
from portal.rules import Refused

VOUCHER_LINES = 14
PART, MICR_TOP = 3.5, 3.5 - 5 / 8
LEFT, RIGHT = 0.5, 8.0

FILLED = {
    "number": Box(6.5, 0.28, 1.5, 0.24, 13, "R", "B"),
    "date": Box(6.5, 0.7, 1.5, 0.2, 10, "R", low=True),
    "payee": Box(1.5, 0.95, 4.8, 0.51, 12, "L", "B", low=True),
    "figures": Box(6.6, 1.21, 1.35, 0.25, 13, "R", "B", low=True),
    "words": Box(LEFT, 1.6, 6.9, 0.22, 11, low=True),
    "address": Box(0.875, 1.92, 3.9, 0.72),
    "memo": Box(0.95, 2.66, 3.1, 0.17, low=True),
}
DRAWN = {
    "payer": Box(LEFT, 0.26, 3.2, 0.22, 12, "L", "B"),
    "payer address": Box(LEFT, 0.48, 3.2, 0.45, 8.5),
    "bank": Box(3.9, 0.3, 2.1, 0.45, 8.5),
    "Date": Box(6.1, 0.74, 0.35, 0.15, 7.5, low=True),
    "Void after 180 days": Box(6.4, 0.97, 1.6, 0.15, 7.5, "R"),
    "Pay to the order of": Box(LEFT, 1.3, 0.95, 0.15, 7.5, low=True),
    "dollars": Box(7.5, 1.67, 0.5, 0.15, 7.5, "R", low=True),
    "Memo": Box(LEFT, 2.67, 0.4, 0.15, 7.5, low=True),
    "Authorized signature": Box(5, 2.7, 3, 0.14, 7.5, "C"),
}
LINES = (
    (6.1, 0.91, RIGHT),
    (LEFT, 1.47, 6.3),
    (LEFT, 1.83, RIGHT),
    (LEFT, 2.84, 4.1),
    (5, 2.69, 8),
)
FIGURES = Box(6.55, 1.2, 1.45, 0.27)
MARK = Box(1.25, 0.8, 6, 1.5, 84, "C", "B")
ROW = 0.155
MICR_SAID = "The bank's own line. Nothing is printed here."
TEST_SAID = """Print this page at 100%, without margins, and hold it with a check against the light.
If the outlines stand 0.10 inch too far to the left, move print by 10 to the right (hundredths of \
an inch); if they stand too far to the right, by -10. Likewise by 10 down where they stand too high.
The rulers begin at the edges of the paper, have a tick every 0.10 inch, and do not move."""

Row = tuple[str, str, int]


@dataclass(frozen=True)
class Stock:
    """The paper in the printer, and how far to move what is printed to meet it.

    `printed` paper carries lines, words and names already, so only what is filled in is printed.
    """

    printed: bool = False
    right: int = 0  # hundredths of an inch, negative to the left
    down: int = 0
    bank: str = ""  # name and town, a line each

    def __post_init__(self) -> None:
        for field, offset in (("right", self.right), ("down", self.down)):
            if abs(offset) > 25:
                raise Refused("Print moves by a quarter inch at most: -25 to 25.", field)


class VoucherLine(NamedTuple):
    """One entry of a voucher: day, words, cents, and the kind by which a long list is summed."""

    day: date
    title: str
    amount: int
    kind: str


@dataclass(frozen=True)
class CheckPage:
    """All that a check says; what was brought forward and the lines add up to the amount."""

    number: int
    day: str
    payee: str
    address: str
    amount: int
    affiliate: str
    month: str
    program: str
    lines: tuple[VoucherLine, ...]
    brought: int = 0
    program_address: str = ""
    mark: str = ""  # written large across the check: VOID, COPY


def checks(pages: Iterable[CheckPage], stock: Stock) -> bytes:
    """The checks as a PDF, a sheet each, in the order given.

    Raises Refused for a voucher that does not add up and for a name that cannot be printed.
    """
    pages = [_sound(page) for page in pages]
    sheet = Sheet(max(date.fromisoformat(page.day) for page in pages))
    sheet.right, sheet.down = stock.right / 100, stock.down / 100
    for page in pages:
        sheet.add_page()
        _mark(sheet, page.mark)
        if not stock.printed:
            _drawn(sheet, page, stock)
        _filled(sheet, page)
        whole = len(page.lines) <= VOUCHER_LINES
        _voucher(sheet, page, PART, "For your records", _entries(page) if whole else _sums(page))
        _voucher(sheet, page, 2 * PART, "For our files", _sums(page))
    return bytes(sheet.output())


def _sound(page: CheckPage) -> CheckPage:
    if page.amount <= 0 or page.brought + sum(line.amount for line in page.lines) != page.amount:
        raise Refused(f"The voucher of check {page.number} does not add up to its amount.")
    payee = printable(" ".join(page.payee.split()), f"payee of check {page.number}")
    address = printable(page.address, f"address of check {page.number}")
    return replace(page, payee=payee, address=address)


def _mark(sheet: Sheet, mark: str) -> None:
    if mark:
        sheet.set_text_color(240, 200, 196)
        x, y = MARK.x + MARK.width / 2, MARK.y + MARK.height / 2
        with sheet.rotation(8, sheet.right + x, sheet.down + y):
            sheet.fit(mark, MARK)
        sheet.set_text_color(0)


def _drawn(sheet: Sheet, page: CheckPage, stock: Stock) -> None:
    """What pre-printed paper carries already."""
    texts = {"payer": page.program, "payer address": page.program_address, "bank": stock.bank}
    for name, box in DRAWN.items():
        sheet.fit(texts.get(name, name), box)
    for x, y, end in LINES:
        sheet.rule(x, y, end)
    sheet.frame(FIGURES)


def _filled(sheet: Sheet, page: CheckPage) -> None:
    texts = {
        "number": str(page.number),
        "date": _long(page.day),
        "payee": page.payee,
        "figures": usd(page.amount).replace("$", "$**"),
        "address": f"{page.payee}\n{page.address}",
        "memo": f"Commissions, {month(page.month)}, {page.affiliate}",
    }
    for name, text in texts.items():
        sheet.fit(text, FILLED[name])
    end = sheet.fit(in_words(page.amount), FILLED["words"])
    sheet.rule(end + 0.08, 1.75, 7.45)


def _long(day: str) -> str:
    on = date.fromisoformat(day)
    return f"{on:%B} {on.day}, {on.year}"


def _entries(page: CheckPage) -> list[Row]:
    days = [f"{line.day:%b} {line.day.day}, {line.day.year}" for line in page.lines]
    rows = [(day, line.title, line.amount) for day, line in zip(days, page.lines, strict=True)]
    return _brought(page) + rows


def _sums(page: CheckPage) -> list[Row]:
    kinds: dict[str, list[int]] = {}
    for line in page.lines:
        kinds.setdefault(line.kind, []).append(line.amount)
    return _brought(page) + [
        ("", f"{kind}, {plural(len(parts), 'entry', 'entries')}", sum(parts))
        for kind, parts in kinds.items()
    ]


def _brought(page: CheckPage) -> list[Row]:
    return [("", "Brought forward", page.brought)] if page.brought else []


def _voucher(sheet: Sheet, page: CheckPage, top: float, copy: str, rows: list[Row]) -> None:
    head = f"Check {page.number}, {_long(page.day)}, {usd(page.amount)}"
    sheet.fit(head, Box(LEFT, top + 0.26, 5.4, 0.2, style="B"))
    sheet.fit(copy, Box(6, top + 0.26, 2, 0.2, align="R"))
    heads = ("Date", "Entry") if any(day for day, *_ in rows) else ("", month(page.month))
    total = ("", f"{page.payee}, code {page.affiliate}", usd(page.amount))
    body = [(day, title, usd(cents)) for day, title, cents in rows]
    at = top + 0.5
    for index, texts in enumerate([(*heads, "Amount"), *body, total]):
        edge = index in (0, len(rows) + 1)
        _row(sheet, at, texts, "B" if edge else "")
        at += ROW
        sheet.rule(LEFT, at, RIGHT, 0 if edge or index == len(rows) else GREY)
    sheet.rule(LEFT, at + 0.03, RIGHT)


def _row(sheet: Sheet, top: float, texts: tuple[str, str, str], style: str) -> None:
    day, title, amount = texts
    start = 1.5 if day else LEFT
    sheet.fit(day, Box(LEFT, top, 0.95, ROW, 7.5, "L", style, True))
    sheet.fit(title, Box(start, top, 6.8 - start, ROW, 7.5, "L", style, True))
    sheet.fit(amount, Box(6.85, top, 1.15, ROW, 7.5, "R", style, True))


def test_page(stock: Stock) -> bytes:
    """A page to hold against a check: rulers from the edges of the paper, and every field."""
    sheet = Sheet(date(2000, 1, 1))
    sheet.add_page()
    for tick in range(1, 110):
        long = 0.24 if tick % 10 == 0 else 0.18 if tick % 5 == 0 else 0.1
        sheet.rule(0, tick / 10, long)
        sheet.frame(Box(tick / 10, 0, 0, long))
        if tick % 10 == 0:
            sheet.fit(f"{tick // 10}", Box(0.27, tick / 10 - 0.07, 0.2, 0.14, 7.5))
    sheet.right, sheet.down = stock.right / 100, stock.down / 100
    for name, box in (FILLED if stock.printed else FILLED | DRAWN).items():
        sheet.frame(box, GREY)
        sheet.fit(name, box._replace(style=""))
    for y in (MICR_TOP, PART, 2 * PART):
        sheet.rule(LEFT, y, RIGHT)
    sheet.fit(MICR_SAID, Box(1, MICR_TOP + 0.2, 6.5, 0.25, align="C"))
    moved = f"Now moved by {stock.right} to the right and by {stock.down} down."
    sheet.fit(f"{TEST_SAID}\n{moved}", Box(1, 4, 6.5, 2.5, 11))
    return bytes(sheet.output())
