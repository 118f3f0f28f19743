"""The tax part of the law: tax IDs (R2), the hold (R20), form 1099-NEC (R22). Pure, as rules.py."""

import re
from typing import NamedTuple

from portal.formats import usd
from portal.rules import Refused, Terms


class TaxId(NamedTuple):
    """A well formed tax ID: `kind` is EIN, SSN or ITIN, `digits` are nine."""

    kind: str
    digits: str


def _person_number(digits: str) -> str | None:
    area, group, serial = digits[:3], int(digits[3:5]), digits[5:]
    if area[0] == "9":
        itin = 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99
        return "ITIN" if itin else None
    return "SSN" if area not in ("000", "666") and group and serial != "0000" else None


def tax_id(text: str) -> TaxId | None:
    """The tax ID that was typed, None for nothing or zeros (R2). Raises Refused for others."""
    text = text.strip()
    digits = re.sub(r"[\s.\-\u2010-\u2015]", "", text)
    if not digits.strip("0"):
        return None
    if not re.fullmatch(r"[0-9]+", digits):
        raise Refused("A tax ID has only digits and dashes. Leave it empty to give it later.")
    if len(digits) != 9:
        raise Refused(f"A tax ID has nine digits. This one has {len(digits)}.")
    if digits == "123456789" or len(set(digits)) == 1:
        raise Refused("This is a made-up number. Give the real tax ID, or leave it empty for now.")
    person = _person_number(digits)
    if re.fullmatch(r"[0-9]{2}[-\u2010-\u2015][0-9]{7}", text) or (text == digits and not person):
        if digits[:2] == "00":
            raise Refused("No EIN begins with 00. Look at the letter the IRS sent.")
        return TaxId("EIN", digits)
    if not person:
        raise Refused("No SSN or ITIN looks like this. An EIN is written NN-NNNNNNN.")
    return TaxId(person, digits)


def is_us_person(said: bool | None, country: str) -> bool:
    """Whether the tax hold concerns someone: as said, else yes for the U.S. or unknown (R20)."""
    return said if said is not None else country.upper() in ("", "US")


def tax_hold(us_person: bool, tax_id_on_file: bool, highest_year: int, terms: Terms) -> bool:
    """Whether R20 holds: more than the threshold earned in one calendar year and no tax ID."""
    return us_person and not tax_id_on_file and highest_year > terms.tax_threshold


STATUTORY_1099 = {2025: 60_000, 2026: 200_000}  # 26 USC 6041(a); from 2027 indexed, to confirm
PROGRAM_1099 = 60_000
# The box of what was paid, by the first year of a revision of the form.
PAY_BOX = {1982: "1", 2026: "1a"}
CORPORATIONS = ("c_corporation", "s_corporation")  # of affiliate.tax_class


def form_1099(
    total: int, *, statutory: int, us_person: bool, corporation: bool, at: str
) -> tuple[bool, str]:
    """Whether a 1099-NEC is due for checks dated in a year, and why (R22). `at` is form_1099_at."""
    promised = at == "program" and statutory > PROGRAM_1099
    if not us_person:
        return False, "Not a U.S. person."
    if corporation:
        return False, "A C or S corporation gets none."
    if not total:
        return False, "Nothing was paid: every check is void."
    if total >= statutory:
        return True, f"Reaches {usd(statutory)}, the amount set by law."
    if promised and total > PROGRAM_1099:
        return True, f"Above {usd(PROGRAM_1099)}, as the program promises."
    more = f", and not above {usd(PROGRAM_1099)}, as the program promises" if promised else ""
    return False, f"Below {usd(statutory)}, the amount set by law{more}."
