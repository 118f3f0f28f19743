"""What leaves the office for a tax year: whole tax IDs, the file for the IRS, recipients' copies.

Nothing else opens a tax ID. Who looks and why is kept, and committed, before anything is shown.
"""

import csv
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from portal import program, taxes, taxyear, throttle, vault
from portal.database import transaction
from portal.formats import address_lines, decimal
from portal.models import Affiliate, Audit, TaxIdOnFile
from portal.paper_tax import RecipientCopy, recipient_copies
from portal.rules import Refused
from portal.taxyear import Recipient

FILE = 100  # forms that filing services take in one file
MOST = 20  # looks an hour at tax IDs by one admin
SUFFIXES = ("jr", "sr", "ii", "iii", "iv", "v")
TEMPLATE = Path(__file__).parent.parent / "static" / "1099-nec.csv"
Cells = dict[str, str]


# --- One tax ID --------------------------------------------------------------------------------


def reveal(affiliate: Affiliate, reason: str, *, by: str, now: datetime) -> str:
    """The tax ID of an affiliate, as it is written. Raises Refused, also when it cannot be read."""
    on_file = TaxIdOnFile.get_or_none(affiliate=affiliate)
    if on_file is None:
        raise Refused("There is no tax ID on file.")
    _look("tax ID revealed", affiliate.code, reason, by, now)
    digits = _digits(on_file)
    if on_file.kind == "EIN":
        return f"{digits[:2]}-{digits[2:]}"
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def _look(did: str, subject: str, reason: str, by: str, now: datetime, **about: object) -> None:
    """Keep who is about to see tax IDs, and why; refuse those who look too often."""
    if not reason:
        raise Refused("Say why it is needed. The reason is kept.", "reason")
    if throttle.count(f"{did} {by}", throttle.HOUR, now) > MOST:
        raise Refused(f"You looked {MOST} times in this hour. Go on in the next.")
    with transaction():
        Audit.note(by, did, subject, now, reason=reason, **about)


def _digits(on_file: TaxIdOnFile) -> str:
    try:
        return vault.unseal(on_file.sealed, row=_row(on_file))
    except vault.Unavailable as problem:
        raise Refused(f"The tax ID cannot be read. {problem}") from problem


def _row(on_file: TaxIdOnFile) -> str:
    return f"tax_id_on_file:{on_file.affiliate_id}:sealed"


# --- Another key -------------------------------------------------------------------------------


def rotate(*, by: str, now: datetime, progress: Callable[[int, int], None]) -> list[str]:
    """Seal every tax ID anew, under a new key; returns the codes of those that no key opens.

    `progress` gets how many are done, of how many. Stopped anywhere, what could be read still can,
    and the next call finishes. Raises vault.Unavailable without a key ring, and OSError.
    """
    with transaction():  # so no other is made just now, and no deed is between seal and store
        Audit.note(by, "tax IDs sealed anew", vault.renew(), now)
    lost = []
    rows = list(TaxIdOnFile.select(TaxIdOnFile, Affiliate).join(Affiliate).order_by(Affiliate.id))
    for done, on_file in enumerate(rows, 1):
        try:
            _seal_anew(on_file)
        except Refused:
            lost.append(on_file.affiliate.code)
        progress(done, len(rows))
    return lost


def _seal_anew(on_file: TaxIdOnFile) -> None:
    """Seal a tax ID under the current key, unless another was given since. Raises Refused."""
    sealed = vault.seal(_digits(on_file), row=_row(on_file))
    same = (TaxIdOnFile.affiliate == on_file.affiliate) & (TaxIdOnFile.sealed == on_file.sealed)
    with transaction():
        TaxIdOnFile.update(sealed=sealed).where(same).execute()


# --- The file for the IRS ----------------------------------------------------------------------


def for_filing(
    year: int, reason: str, *, header: str = "", first: int = 1, by: str, now: datetime
) -> list[list[str]]:
    """The forms of a year for who files them, from the first up to `FILE` of them, a row each.

    The first row names the columns, as `header` does where the filing service's own is given.
    Raises Refused where the settings say too little of the payer, or the header lacks a column.
    """
    all_of_them = {"Form Type": "1099-NEC", "Tax Year": str(year), **payer()}
    forms = [one for one in taxyear.recipients(year) if one.form][first - 1 : first - 1 + FILE]
    _look("tax file", str(year), reason, by, now, forms=len(forms))
    rows = [all_of_them | _cells(one) for one in forms]
    columns = _named(header) or COLUMNS
    known = {_key(name): place for place, name in enumerate(columns)}
    lacks = {name for row in rows for name, cell in row.items() if cell and _key(name) not in known}
    if lacks:
        raise Refused(f"This header has no column for: {'; '.join(sorted(lacks))}.", "header")
    told = [{_key(name): cell for name, cell in row.items()} for row in rows]
    return [columns, *([row.get(_key(name), "") for name in columns] for row in told)]


def _named(header: str) -> list[str]:
    """The columns that a pasted line names, with commas or tabs between."""
    lines = header.splitlines()[:1]
    return next(csv.reader(lines, delimiter="\t" if "\t" in header else ","), [])


# As filers of past years had them: to check against the IRS's own before a file is sent.
COLUMNS = _named(TEMPLATE.read_text())


def _key(name: str) -> str:
    """What a column means, whatever the number of its box in a year's form and its signs."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"^box \w+", "", name.strip().lower()))


def payer() -> Cells:
    """Who pays, as the forms say it. Raises Refused where the settings say too little."""
    known = program.load()
    *lines, last = known.program_address.splitlines() or [""]
    town = re.fullmatch(r"(.+), ([A-Z]{2}) ([0-9]{5}(?:-[0-9]{4})?)", last)
    lacks = [] if known.payer_tax_id else ["the payer's EIN"]
    if not lines or not town:
        lacks.append("an address of the program whose last line is like Oakland, CA 94607")
    if lacks or not town:
        raise Refused(f"Give {' and '.join(lacks)} in Settings first.")
    return {
        "Payer TIN Type": "EIN",
        "Payer Taxpayer ID Number": known.payer_tax_id,
        "Payer Name Type": "B",
        "Payer Business or Entity Name Line 1": known.payer,
        "Payer Country": "US",
        "Payer Address Line 1": lines[0],
        "Payer Address Line 2": ", ".join(lines[1:]),
        "Payer City/Town": town[1],
        "Payer State/Province/Territory": town[2],
        "Payer ZIP/Postal Code": town[3],
        "Payer Phone Type": "D" if known.payer_phone else "",
        "Payer Phone": known.payer_phone,
        "Payer Email Address": known.support_email,
    }


def _cells(one: Recipient) -> Cells:
    who = one.affiliate
    return {
        "Recipient TIN Type": one.on_file.kind if one.on_file else "",
        "Recipient Taxpayer ID Number": _digits(one.on_file) if one.on_file else "",
        **_name(one),
        "Recipient Country": who.country or "US",
        "Recipient Address Line 1": who.line1,
        "Recipient Address Line 2": who.line2,
        "Recipient City/Town": who.city,
        "Recipient State/Province/Territory": who.state,
        "Recipient ZIP/Postal Code": who.postal_code,
        "Form Account Number": who.code[:20],
        "2nd TIN Notice": "N",
        "Box 1 - Nonemployee compensation": decimal(one.amount),
        "Box 2 - Payer made direct sales totaling $5,000 or more": "N",
        "Box 4 - Federal income tax withheld": decimal(0),
        "Combined Federal/State Filing": "N",
    }


def _name(one: Recipient) -> Cells:
    """A person's name in its parts; anything else is a business."""
    said = one.affiliate.tax_class
    if said not in ("", "individual") or (not said and one.on_file and one.on_file.kind == "EIN"):
        business = one.name if said else one.affiliate.company or one.name
        about = {"Name Type": "B", "Business or Entity Name Line 1": business}
    else:
        first, *rest = one.name.split() or [""]
        suffix = rest.pop() if rest and rest[-1].strip(".").lower() in SUFFIXES else ""
        middle, last = " ".join(rest[:-1]), rest[-1] if rest else ""
        about = {"Name Type": "I", "First Name": first, "Middle Name": middle, "Suffix": suffix}
        about["Last Name (Surname)"] = last
    return {f"Recipient {name}": cell for name, cell in about.items()}


# --- The recipients' copies --------------------------------------------------------------------


def copies(year: int) -> bytes:
    """The recipients' copies of a year as a PDF, a page each; a later change says CORRECTED.

    Raises Refused when there are none, and for names that cannot be printed.
    """
    known = program.load()
    people = taxyear.recipients(year, *(form.affiliate_id for form in taxyear.filed(year)))
    corrected = {c.affiliate.id for c in taxyear.corrections(year, people)}
    forms = [
        _copy(year, one, known, one.affiliate.id in corrected)
        for one in people
        if one.form or one.affiliate.id in corrected
    ]
    if not forms:
        raise Refused(f"Nobody gets a form for {year}.")
    return recipient_copies(forms)


def _copy(year: int, one: Recipient, known: program.Program, corrected: bool) -> RecipientCopy:
    box = taxes.PAY_BOX[max(first for first in taxes.PAY_BOX if first <= year)]
    return RecipientCopy(
        year=year,
        payer="\n".join(filter(None, (known.payer, known.program_address))),
        payer_phone=known.payer_phone,
        payer_tax_id=known.payer_tax_id,
        recipient="\n".join([one.name, *address_lines(one.affiliate)]),
        last_four=one.on_file.last_four if one.on_file else "",
        account=one.affiliate.code,
        boxes=((f"{box} Nonemployee compensation", one.amount if one.form else 0),  # as filed
               ("4 Federal income tax withheld", 0)),
        corrected=corrected,
    )  # fmt: skip
