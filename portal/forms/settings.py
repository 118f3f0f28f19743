"""The program's settings as a form: amounts in dollars, rates in percent, the rest as it is set.

What each means stands beside it on the page.
"""

import re
from typing import Any

from wtforms import fields
from wtforms.fields import Field
from wtforms.validators import ValidationError

from portal import settings
from portal.formats import percent, usd
from portal.forms import Form, cents, options, trim

LINES, CENTS, RATE, CHOICE, LINE = "lines", "cents", "rate", "choice", "line"
ROWS = {  # the label of a setting, and how it is written
    "program_name": ("Name", LINE),
    "program_address": ("Postal address", LINES),
    "support_email": ("Support contact", LINE),
    "product_url": ("Home page of the product", LINE),
    "allowed_hosts": ("Sites that links may lead to", LINE),
    "landing_pages": ("Pages to choose from", LINES),
    "cookie_domain": ("Domain of the cookie", LINE),
    "disclosure": ("Disclosure", LINES),
    "short_disclosure": ("Short disclosure", LINES),
    "mail_footer": ("Last lines of e-mails", LINES),
    "applications": ("Applications", CHOICE),
    "cookie_days": ("Days a click counts", LINE),
    "month_amount": ("Per full monthly price", CENTS),
    "month_threshold": ("For plans from", CENTS),
    "month_rate": ("Smaller monthly plans", RATE),
    "year_amount": ("Per full annual price", CENTS),
    "once_rate": ("One-off products", RATE),
    "override_rate": ("Second tier", RATE),
    "minimum_payout": ("Smallest check", CENTS),
    "payout_day": ("Day of the run", LINE),
    "first_month": ("First month paid by itself", LINE),
    "time_zone": ("Time zone", LINE),
    "check_stock": ("Paper of the checks", CHOICE),
    "check_right": ("Move print to the right", LINE),
    "check_down": ("Move print down", LINE),
    "check_bank": ("Bank on drawn checks", LINES),
    "bank_account": ("Account number", LINE),
    "payer_name": ("Legal name of the payer", LINE),
    "payer_tax_id": ("EIN of the payer", LINE),
    "payer_phone": ("Telephone of the payer", LINE),
    "tax_threshold": ("Hold U.S. payments above, a year", CENTS),
    "form_1099_at": ("Form 1099-NEC to U.S. persons", CHOICE),
}
CHOICES = {
    "check_stock": {"drawn": "Plain paper: everything is drawn", "printed": "Pre-printed checks"},
    "applications": {"automatic": "Open an account at once", "review": "Review first"},
    "form_1099_at": {
        "program": "Above $600.00, or from the statutory amount",
        "statutory": "From the statutory amount only",
    },
}
SHOWN = {CENTS: usd, RATE: percent, LINE: settings.as_text, LINES: settings.as_text, CHOICE: str}


LIMITS = {  # what would be right, as amounts and rates are written here
    CENTS: "This takes an amount from $0.00 to $1,000,000.00.",
    RATE: "This takes a rate from 0% to 100%.",
}


def _text(name: str, typed: str) -> str:
    """What was typed as the setting takes it. Raises ValidationError."""
    if ROWS[name][1] == CENTS:
        return str(cents(typed))
    if ROWS[name][1] == RATE:
        found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?\s*%?", typed)
        if not found:
            raise ValidationError("A rate looks like 20% or 12.5%.")
        return str(int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")))
    return typed


def _checked(form: Any, field: Field) -> None:
    """Read a field as the setting does, and say what would be right."""
    try:
        settings.parse(field.name, _text(field.name, field.data or ""))
    except ValueError as problem:  # a ValidationError is one
        form = ROWS[field.name][1]
        if form == CENTS and isinstance(problem, ValidationError):
            raise ValidationError("An amount looks like $100.00.") from None
        if form in LIMITS and not isinstance(problem, ValidationError):
            raise ValidationError(LIMITS[form]) from None
        said = str(problem)
        raise ValidationError(said.replace(f"{field.name} takes", "This takes", 1)) from None


def _field(name: str, label: str, form: str) -> Any:
    if form == CHOICE:
        return fields.SelectField(label, choices=options(CHOICES[name].items()))
    kind = fields.TextAreaField if form == LINES else fields.StringField
    return kind(label, [_checked], filters=[trim], render_kw={"rows": 3} if form == LINES else {})


class _SettingsForm(Form):
    def said(self) -> dict[str, str]:
        return {name: _text(name, self[name].data or "") for name in ROWS}


SettingsForm: Any = type(
    "SettingsForm", (_SettingsForm,), {name: _field(name, *row) for name, row in ROWS.items()}
)


def label(name: str) -> str:
    """What a setting is called on the page; `portal set` calls the others by their names."""
    return ROWS[name][0] if name in ROWS else name.replace("_", " ").capitalize()


def told(name: str, text: str) -> str:
    """A value as it was kept in the history, as the form shows it."""
    try:
        return shown({name: settings.parse(name, text)})[name]
    except (KeyError, ValueError):  # not on the page, or no such value any more
        return text


def shown(values: dict[str, Any]) -> dict[str, str]:
    show: Any = SHOWN
    return {name: show[ROWS[name][1]](value) for name, value in values.items() if name in ROWS}
