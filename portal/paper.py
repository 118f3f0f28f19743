"""Checks as a PDF, a plain page each (R21). Equal values, equal bytes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import font_source_sans_pro
from fpdf import FPDF, XPos, YPos

from portal.formats import in_words, month, usd

_LINE = 5.0  # millimetres


@dataclass(frozen=True)
class CheckPage:
    """All that a check says; `lines`, sums by kind, add up to the amount."""

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
    pdf.add_font("Source", fname=font_source_sans_pro.SourceSansPro)
    for page in pages:
        on = date.fromisoformat(page.day)
        pdf.set_creation_date(datetime.combine(on, time(), UTC))
        pdf.add_page()
        pdf.set_font("Source", size=11)
        _line(pdf, page.program, f"No. {page.number}")
        _line(pdf, "", f"{on:%B} {on.day}, {on.year}", below=3)
        _line(pdf, page.payee, f"**{usd(page.amount)}", below=2)
        _line(pdf, f"{in_words(page.amount)} ********", below=2)
        for text in (page.payee, *page.address.split("\n")):
            _line(pdf, text)
        pdf.ln(_LINE * 2)
        _line(pdf, f"Memo: {page.affiliate}, {month(page.month)}", below=8)
        for text, cents in (*page.lines, ("This check", page.amount)):
            _line(pdf, text, usd(cents))
    return bytes(pdf.output())


def _line(pdf: FPDF, left: str, right: str = "", below: int = 1) -> None:
    """Text, cut where it would leave the paper, and a figure at the right edge."""
    room = pdf.epw - (45 if right else 0)
    while left and pdf.get_string_width(left) > room:
        left = left[:-1]
    pdf.cell(pdf.epw - 40, _LINE, left, new_x=XPos.RIGHT, new_y=YPos.TOP)
    pdf.cell(40, _LINE, right, align="R")
    pdf.ln(_LINE * below)
