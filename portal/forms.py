"""Forms: what people type becomes values, or sentences that say what would be right.

Nothing is looked up here.
"""

from __future__ import annotations

import re
from datetime import date

from wtforms import (
    BooleanField,
    DateField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from portal import rules, taxes, words
from portal.affiliates import Application
from portal.inputs import Form, email_of, line, options, password, plain, trim
from portal.months import Month

_AMOUNT = re.compile(r"([+−-]?)\s*\$?\s*([0-9]{1,7}|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]{2}))?")
US_PERSON = {"yes": True, "no": False, "": None}
PASSWORD_HINT = "At least 12 characters. A few plain words in a row are fine."  # noqa: S105
US_HINT = "A citizen or resident of the United States, or a company formed there."


# --- Joining and signing in --------------------------------------------------------------------


class EstimateForm(Form):
    customers = IntegerField(
        "Customers you refer",
        [InputRequired("Say how many."), NumberRange(1, 1000, "From 1 to 1,000.")],
        default=10,
        render_kw={"min": 1, "max": 1000, "inputmode": "numeric"},
    )
    plan = SelectField("Each on")


class AddressForm(Form):
    """Where checks go. Nothing is required of an applicant: an address can be given later."""

    payee = line("Name on checks", hint="Exactly as your bank knows it.")
    line1 = line("Street address", "address-line1")
    line2 = line("Apartment, suite", "address-line2")
    city = line("City", "address-level2")
    state = line("State or province", "address-level1", most=60)
    postal_code = line("ZIP or postal code", "postal-code", most=20)
    country = SelectField(
        "Country",
        choices=options([("", "Choose a country"), *words.countries()]),
        default="",
        render_kw={"autocomplete": "country"},
    )

    def validate_postal_code(self, field: Field) -> None:
        us = self.country.data == "US"
        if us and field.data and not re.fullmatch(r"[0-9]{5}(-?[0-9]{4})?", field.data):
            raise ValidationError("A U.S. ZIP code has five digits, or nine.")


class TaxForm(Form):
    us_person = RadioField(
        "Are you a U.S. person?",
        choices=options([("yes", "Yes"), ("no", "No")]),
        validators=[Optional()],
        description=US_HINT,
    )
    tax_id = line("SSN, ITIN or EIN", "off", most=40, inputmode="numeric")

    def validate_tax_id(self, field: Field) -> None:
        try:
            taxes.tax_id(field.data or "")
        except rules.Refused as problem:
            raise ValidationError(str(problem)) from None

    def said_us_person(self) -> bool | None:
        """Yes, no, or None where nothing was said."""
        return US_PERSON[self.us_person.data or ""]


class ApplyForm(AddressForm, TaxForm):
    name = line("Your name", "name", needed="Say who you are.")
    company = line("Company", "organization")
    email = line(
        "E-mail", "email", hint="Your login is sent here.", needed="Your login needs an address.",
        most=254, type="email",
    )  # fmt: skip
    website = line("Website", "url", hint="Where most of your readers are.", most=250, type="url")
    promotion = TextAreaField(
        "How you will promote, in a sentence or two",
        [Length(max=2000, message="This takes 2,000 characters at most."), plain],
        filters=[trim],
        description="Your audience and where you will share links. It helps us help you.",
    )
    terms = BooleanField(
        "I agree: honest promotion, no unsolicited e-mail, no commission on my own purchases.",
        [InputRequired("Tick this to apply.")],
    )

    def validate_email(self, field: Field) -> None:
        email_of(self, field)

    def application(self, click_id: str) -> Application:
        """What was said, as the deed takes it."""
        said = "email name company payee line1 line2 city state postal_code country tax_id"
        values = self.values(*said.split(), "website", "promotion")
        return Application(**values, us_person=self.said_us_person(), click_id=click_id)


class LoginForm(Form):
    username = line(
        "User name or e-mail", "username", needed="Type your user name or e-mail.", most=254
    )
    password = password("Password", "current-password")


class ForgottenForm(Form):
    username = line(
        "User name or e-mail", "username", needed="Type your user name or e-mail.", most=254,
        hint="The e-mail goes to the address we have on file.",
    )  # fmt: skip


class NewPasswordForm(Form):
    new = password("New password", "new-password", PASSWORD_HINT)
    again = password("The same once more", "new-password")

    def validate_again(self, field: Field) -> None:
        if field.data != self.new.data:
            raise ValidationError("The two are not the same.")


# --- Resource Center ---------------------------------------------------------------------------


class SpanForm(Form):
    """The days of a table; the form is sent by GET, so its address can be kept."""

    since = DateField("From", [Optional()], name="from")
    until = DateField("To", [Optional()], name="to")


class RowsForm(SpanForm):
    link = SelectField("Link", validators=[Optional()], default="")
    sub_id = line("Label (sub-ID)", most=64)

    def offer(self, links: list[tuple[str, str]]) -> None:
        """Let one of these links be chosen."""
        self.link.choices = options([("", "All links"), *links])


class ChecksForm(AddressForm):
    current = password("Your password now", "current-password")


class ProfileTaxForm(TaxForm):
    current = password("Your password now", "current-password")


class PasswordForm(NewPasswordForm):
    current = password("Your password now", "current-password")


# --- Program office ----------------------------------------------------------------------------


def cents(text: str) -> int:
    """The cents of an amount as people write it: $1,234.50 or −12. Raises ValueError."""
    found = _AMOUNT.fullmatch(text.strip())
    if not found:
        raise ValueError("An amount looks like 12.00, or −12.00 to take away.")
    sign, dollars, rest = found.groups()
    amount = int(dollars.replace(",", "")) * 100 + int(rest or 0)
    return -amount if sign in ("-", "−") and sign else amount


class AdjustForm(Form):
    amount = line("Amount", hint="Minus takes away.", needed="Say how much.", inputmode="decimal")
    reason = line(
        "Reason", hint="The affiliate reads this.", needed="Say why. It is shown on the statement.",
        most=200,
    )  # fmt: skip

    def validate_amount(self, field: Field) -> None:
        try:
            nothing = cents(field.data) == 0
        except ValueError as problem:
            raise ValidationError(str(problem)) from None
        if nothing:
            raise ValidationError("An entry of zero changes nothing.")


class VoidForm(Form):
    REASONS = ("not sent", "lost", "stopped", "returned", "stale")
    reason = SelectField(
        "Reason",
        choices=options(
            zip(
                REASONS,
                (
                    "Not sent",
                    "Lost",
                    "Stopped at the bank",
                    "Returned",
                    "Stale, older than 180 days",
                ),
                strict=True,
            )
        ),
        default="not sent",
    )
    note = line("Note", hint="For a stopped check, the bank's reference.", most=200)
    then = RadioField(
        "And the money?",
        choices=options(
            [
                (
                    "balance",
                    "Back to the balance: the next run pays it with what was earned since.",
                ),
                ("reissue", "A new check now: for the same payout, with its own number and date."),
            ]
        ),
        default="balance",
    )

    def words(self) -> str:
        """The reason with its note, as it is kept."""
        return ": ".join(part for part in (self.reason.data, self.note.data) if part)


class BatchForm(Form):
    """What is done with chosen checks: printed from a number, or mailed on a day."""

    first = IntegerField(
        "First number", [Optional(), NumberRange(1, 999_999_999, "A check number is above 0.")]
    )
    mailed = DateField("Mailed", [Optional()])
    everyone = BooleanField("All of this run")


class MonthForm(Form):
    month = line("Month", needed="Say which month.", most=7, type="month")

    def validate_month(self, field: Field) -> None:
        try:
            Month(field.data)
        except ValueError as problem:
            raise ValidationError(str(problem)) from None


def day_text(day: date | None) -> str | None:
    """A day as it is kept: YYYY-MM-DD."""
    return day.isoformat() if day else None
