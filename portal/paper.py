"""Values to PDF: checks on pre-printed stock, one a page (R21). Equal values, equal bytes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import font_source_sans_pro
from fpdf import FPDF, XPos, YPos

from portal.formats import in_words, month, usd

_FONT = "Source"
_LINE = 5.0  # millimetres


@dataclass(frozen=True)
class CheckPage:
    """All that one check and its voucher say; `lines` of the voucher add up to the amount."""

    number: int
    day: str
    payee: str
    address: str
    amount: int
    affiliate: str
    month: str
    program: str
    lines: tuple[tuple[str, int], ...]


def checks(pages: Iterable[CheckPage]) -> bytes:
    """The checks as a PDF on letter paper, one a page, in the order given."""
    pdf = FPDF(format="letter")
    pdf.set_auto_page_break(False)
    pdf.set_margin(20)
    pdf.add_font(_FONT, "", font_source_sans_pro.SourceSansPro)
    pdf.add_font(_FONT, "B", font_source_sans_pro.SourceSansProBold)
    for page in pages:
        pdf.set_creation_date(
            datetime.combine(date.fromisoformat(page.day), datetime.min.time(), UTC)
        )
        pdf.add_page()
        _face(pdf, page)
        _voucher(pdf, page)
    return bytes(pdf.output())


def _face(pdf: FPDF, page: CheckPage) -> None:
    on = date.fromisoformat(page.day)
    pdf.set_font(_FONT, "B", 11)
    _line(pdf, page.program, f"No. {page.number}")
    pdf.set_font(_FONT, "", 11)
    _line(pdf, "", f"{on:%B} {on.day}, {on.year}")
    pdf.ln(_LINE * 2)
    _line(pdf, page.payee, f"**{usd(page.amount)}")
    pdf.ln(_LINE)
    _line(pdf, f"{in_words(page.amount)} " + "*" * 8)
    pdf.ln(_LINE)
    for text in (page.payee, *page.address.split("\n")):
        _line(pdf, text)
    pdf.set_y(75)
    _line(pdf, f"Memo: {page.affiliate}, {month(page.month)}")


def _voucher(pdf: FPDF, page: CheckPage) -> None:
    pdf.set_y(110)
    pdf.set_font(_FONT, "B", 11)
    _line(pdf, f"{page.program}: {page.affiliate}, {month(page.month)}", f"No. {page.number}")
    pdf.set_font(_FONT, "", 11)
    for text, cents in page.lines:
        _line(pdf, text, usd(cents))
    pdf.set_font(_FONT, "B", 11)
    _line(pdf, "This check", usd(page.amount))


def _line(pdf: FPDF, left: str, right: str = "") -> None:
    """A line of text, cut where it would leave the paper, and a figure at the right edge."""
    room = pdf.epw - (45 if right else 0)
    while left and pdf.get_string_width(left) > room:
        left = left[:-1]
    pdf.cell(pdf.epw - 40, _LINE, left, new_x=XPos.RIGHT, new_y=YPos.TOP)
    pdf.cell(40, _LINE, right, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
