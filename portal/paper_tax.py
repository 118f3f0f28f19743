"""The recipient's copy of Form 1099-NEC as a substitute statement (R22). Pure.

It says what Copy B says in a layout of our own, and only the last four digits of the recipient's
tax ID. What goes to the tax office is another thing and not made here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from portal.formats import usd
from portal.pdf import GREY, Box, Sheet, printable
from portal.rules import Refused

LEFT, RIGHT, ROW = 0.875, 7.625, 0.26
OMB = "OMB No. 1545-0116"
# The government's own sentences, which a substitute statement has to carry.
NOTICE = """This is important tax information and is being furnished to the IRS. If you are \
required to file a return, a negligence penalty or other sanction may be imposed on you if this \
income is taxable and the IRS determines that it has not been reported."""
HELP = """Keep this statement for your records. It counts the checks dated in {year}, whenever the \
commissions were earned.
You received it because we paid you as someone who is not our employee. Nonemployee compensation \
is generally income of a business and may be subject to self-employment tax; no tax was taken from \
it unless a box above says so.
For your protection only the last four digits of your tax ID are shown. The complete number is \
reported to the IRS.
If an amount, a name or a number is wrong, tell us: {reach} above. More: www.irs.gov/Form1099NEC"""


@dataclass(frozen=True)
class RecipientCopy:
    """What the recipient is told; names and addresses have a line each, amounts are cents."""

    year: int
    payer: str
    payer_tax_id: str
    recipient: str
    last_four: str  # never more of the recipient's tax ID; "" where none is on file
    account: str
    boxes: tuple[tuple[str, int], ...]  # label with its number, as the year's form has them
    payer_phone: str = ""  # of somebody who can answer
    corrected: bool = False


def recipient_copies(forms: Sequence[RecipientCopy]) -> bytes:
    """Copy B of one or more forms of a year, a page each.

    Raises Refused for names the font lacks, and for more or less than four digits or none.
    """
    forms = [_sound(form) for form in forms]
    sheet = Sheet(date(forms[0].year + 1, 1, 1))
    for form in forms:
        sheet.add_page()
        _head(sheet, form)
        _people(sheet, form)
        top = _boxes(sheet, form, 4.2)
        sheet.fit(NOTICE, Box(LEFT, top + 0.25, RIGHT - LEFT, 0.6, 10, style="B"))
        reach = "our address and telephone are" if form.payer_phone else "our address is"
        told = HELP.format(year=form.year, reach=reach)
        sheet.fit(told, Box(LEFT, top + 0.95, RIGHT - LEFT, 9.3 - top, 10))
    return bytes(sheet.output())


def _sound(form: RecipientCopy) -> RecipientCopy:
    if not re.fullmatch(r"([0-9]{4})?", form.last_four):
        raise Refused("A recipient's copy shows the last four digits alone.", "last_four")
    payer = printable(f"{form.payer}\n{form.payer_phone}".strip(), "payer")
    recipient = printable(form.recipient, "recipient")
    return replace(form, payer=payer, recipient=recipient)


def _head(sheet: Sheet, form: RecipientCopy) -> None:
    sheet.fit(f"Nonemployee Compensation {form.year}", Box(LEFT, 0.6, 4.6, 0.34, 18, style="B"))
    sheet.fit("Form 1099-NEC, substitute statement", Box(LEFT, 0.95, 4.6, 0.22, 11))
    sheet.fit("CORRECTED" if form.corrected else "", Box(LEFT, 1.2, 4.6, 0.25, 13, style="B"))
    said = f"Copy B\nFor recipient\n{OMB}"
    sheet.fit(said, Box(5.5, 0.62, RIGHT - 5.5, 0.6, 10, "R"))
    sheet.rule(LEFT, 1.5, RIGHT)


def _people(sheet: Sheet, form: RecipientCopy) -> None:
    """The recipient stands where a left window shows it; the account number does not."""
    fields = (
        ("Recipient", form.recipient, Box(LEFT, 1.6, 3.5, 1.2, 10.5)),
        ("Payer", form.payer, Box(4.6, 1.6, RIGHT - 4.6, 1.2, 10.5)),
        (
            "Recipient's tax ID, last four digits",
            form.last_four or "none on file",
            Box(LEFT, 2.95, 2.2, 0.4, 10.5),
        ),
        ("Payer's tax ID", form.payer_tax_id, Box(4.6, 2.95, 1.4, 0.4, 10.5)),
        ("Account number", form.account, Box(LEFT, 3.5, 3.5, 0.4, 10.5)),
    )
    for label, text, box in fields:
        sheet.fit(label, box._replace(height=0.16, size=8))
        sheet.fit(text, box._replace(y=box.y + 0.17, height=box.height - 0.17))


def _boxes(sheet: Sheet, form: RecipientCopy, top: float) -> float:
    """A row for each box; answers where the last one ends."""
    sheet.rule(LEFT, top, RIGHT)
    for label, cents in form.boxes:
        sheet.fit(label, Box(LEFT, top, 5, ROW, 10.5, low=True))
        sheet.fit(usd(cents), Box(6, top, RIGHT - 6, ROW, 10.5, "R", "B", low=True))
        top += ROW + 0.04
        sheet.rule(LEFT, top, RIGHT, GREY)
    sheet.rule(LEFT, top, RIGHT)
    return top
