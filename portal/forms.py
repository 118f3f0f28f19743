"""Forms: what people type becomes values, or sentences that say what would be right.

What a rule says about a value is said by the deed that takes it, as `Refused` with the field's
name; `refuse` puts that sentence where the others stand. Nothing is looked up here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import fields
from wtforms.fields import Field
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from portal import rules, taxes, words
from portal.affiliates import Application
from portal.fields import is_email

_AMOUNT = re.compile(r"([+−-]?)\s*\$?\s*([0-9]{1,7}|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]{2}))?")
PASSWORD_HINT = "At least 12 characters. A few plain words in a row are fine."  # noqa: S105
US_HINT = "A citizen or resident of the United States, or a company formed there."
PROMOTION_HINT = "Your audience and where you will share links. It helps us help you."
TERMS = "I agree: honest promotion, no unsolicited e-mail, no commission on my own purchases."


def options(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    """What can be chosen in a field, from values and their words."""
    known: Any = fields.choices  # its stubs are older than SelectChoice
    return [known.SelectChoice(value, label) for value, label in pairs]


def _trim(text: str | None) -> str:
    return (text or "").strip()


def _plain(form: Any, field: Field) -> None:
    if field.data and not all(c.isprintable() or c in "\r\n\t" for c in field.data):
        raise ValidationError("This holds a character that cannot be printed.")


def _line(
    label: str, auto: str = "", *, hint: str = "", needed: str = "", most: int = 120,
    kind: Any = fields.StringField, **more: Any,
) -> Any:  # fmt: skip
    """Text; `needed` says what is missing where it must be given."""
    length = Length(max=most, message=f"This takes {most:,} characters at most.")
    checks = [InputRequired(needed) if needed else Optional(), length, _plain]
    attributes = ({"autocomplete": auto} if auto else {}) | more
    return kind(label, checks, filters=[_trim], description=hint, render_kw=attributes)


def _password(label: str, auto: str = "current-password", hint: str = "") -> fields.PasswordField:
    needed = [InputRequired("Type the password.")]
    return fields.PasswordField(label, needed, description=hint, render_kw={"autocomplete": auto})


class Form(FlaskForm):
    """A form of the portal. CSRF is checked for all of them before any view is asked."""

    class Meta:
        csrf = False

    def problems(self) -> list[tuple[Field | None, str]]:
        """Every field with what is wrong with it, in the order of the form."""
        by_field = [(field, field.errors[0]) for field in self if field.errors]
        return [*by_field, *((None, message) for message in self.form_errors)]

    def text(self, name: str) -> str:
        """What was typed into a field."""
        return self[name].data or ""

    def refuse(self, problem: Exception, name: str = "") -> None:
        """Say what a rule says, at the field it names or at `name`."""
        name = name or getattr(problem, "field", None) or ""
        if name in self:
            self[name].errors = [*self[name].errors, str(problem)]
        else:
            self.form_errors.append(str(problem))

    def values(self, *names: str) -> dict[str, Any]:
        """The values of some fields by name."""
        return {name: self[name].data for name in names}


# --- Joining and signing in --------------------------------------------------------------------


class EstimateForm(Form):
    customers = fields.IntegerField(
        "Customers you refer",
        [InputRequired("Say how many."), NumberRange(1, 1000, "From 1 to 1,000.")],
        default=10,
        render_kw={"min": 1, "max": 1000, "inputmode": "numeric"},
    )
    plan = fields.SelectField("Each on")


class AddressForm(Form):
    """Where checks go. Nothing is required of an applicant: an address can be given later."""

    payee = _line("Name on checks", hint="Exactly as your bank knows it.")
    line1 = _line("Street address", "address-line1")
    line2 = _line("Apartment, suite", "address-line2")
    city = _line("City", "address-level2")
    state = _line("State or province", "address-level1", most=60)
    postal_code = _line("ZIP or postal code", "postal-code", most=20)
    country = fields.SelectField(
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
    us_person = fields.RadioField(
        "Are you a U.S. person?", [Optional()], description=US_HINT,
        choices=options([("yes", "Yes"), ("no", "No")]),
    )  # fmt: skip
    tax_id = _line("SSN, ITIN or EIN", "off", most=40, inputmode="numeric")

    def validate_tax_id(self, field: Field) -> None:
        try:
            taxes.tax_id(field.data or "")
        except rules.Refused as problem:
            raise ValidationError(str(problem)) from None

    def said_us_person(self) -> bool | None:
        """Yes, no, or None where nothing was said."""
        return {"yes": True, "no": False}.get(self.us_person.data or "")


class ApplyForm(AddressForm, TaxForm):
    name = _line("Your name", "name", needed="Say who you are.")
    company = _line("Company", "organization")
    email = _line(
        "E-mail", "email", hint="Your login is sent here.", needed="Your login needs an address.",
        most=254, type="email",
    )  # fmt: skip
    website = _line("Website", "url", hint="Where most of your readers are.", most=250, type="url")
    promotion = _line(
        "How you will promote, in a sentence or two", hint=PROMOTION_HINT, most=2_000,
        kind=fields.TextAreaField,
    )  # fmt: skip
    terms = fields.BooleanField(TERMS, [InputRequired("Tick this to apply.")])

    def validate_email(self, field: Field) -> None:
        if "@" not in field.data:
            raise ValidationError("An e-mail address has an @ in it.")
        if not is_email(field.data):
            raise ValidationError("An e-mail address looks like name@example.com.")

    def application(self, click_id: str) -> Application:
        """What was said, as the deed takes it."""
        said = "email name company payee line1 line2 city state postal_code country tax_id"
        values = self.values(*said.split(), "website", "promotion")
        return Application(**values, us_person=self.said_us_person(), click_id=click_id)


class NameForm(Form):
    """Whose password is asked for anew."""

    username = _line(
        "User name or e-mail", "username", needed="Type your user name or e-mail.", most=254
    )


class LoginForm(NameForm):
    password = _password("Password")


class NewPasswordForm(Form):
    new = _password("New password", "new-password", PASSWORD_HINT)
    again = _password("The same once more", "new-password")

    def validate_again(self, field: Field) -> None:
        if field.data != self.new.data:
            raise ValidationError("The two are not the same.")


# --- Resource Center ---------------------------------------------------------------------------


class RowsForm(Form):
    """What a table shows; the form is sent by GET, so its address can be kept."""

    since = fields.DateField("From", [Optional()], name="from")
    until = fields.DateField("To", [Optional()], name="to")
    link = fields.SelectField("Link", validators=[Optional()], default="")
    sub_id = _line("Label (sub-ID)", most=64)


class ChecksForm(AddressForm):
    current = _password("Your password now")


class ProfileTaxForm(TaxForm):
    current = _password("Your password now")


class PasswordForm(NewPasswordForm):
    current = _password("Your password now")


# --- Program office ----------------------------------------------------------------------------


def cents(text: str) -> int:
    """The cents of an amount as people write it: $1,234.50 or −12. Raises ValidationError."""
    found = _AMOUNT.fullmatch(text.strip())
    if not found:
        raise ValidationError("An amount looks like 12.00, or −12.00 to take away.")
    sign, dollars, rest = found.groups()
    amount = int(dollars.replace(",", "")) * 100 + int(rest or 0)
    return -amount if sign in ("-", "−") else amount


class AdjustForm(Form):
    amount = _line("Amount", hint="Minus takes away.", needed="Say how much.", inputmode="decimal")
    reason = _line(
        "Reason", hint="The affiliate reads this.", needed="Say why. It is shown on the statement.",
        most=200,
    )  # fmt: skip

    def validate_amount(self, field: Field) -> None:
        if cents(field.data) == 0:
            raise ValidationError("An entry of zero changes nothing.")


class VoidForm(Form):
    reason = fields.SelectField(
        "Reason",
        choices=options([
            ("not sent", "Not sent"), ("lost", "Lost"), ("stopped", "Stopped at the bank"),
            ("returned", "Returned"), ("stale", "Stale, older than 180 days"),
        ]),
        default="not sent",
    )  # fmt: skip
    note = _line("Note", hint="For a stopped check, the bank's reference.", most=200)
    then = fields.RadioField(
        "And the money?",
        choices=options([
            ("balance", "Back to the balance: the next run pays it with what was earned since."),
            ("reissue", "A new check now: for the same payout, with its own number and date."),
        ]),
        default="balance",
    )  # fmt: skip

    def words(self) -> str:
        """The reason with its note, as it is kept."""
        return ": ".join(part for part in (self.reason.data, self.note.data) if part)


class BatchForm(Form):
    """What is done with chosen checks: printed from a number, or mailed on a day."""

    first = fields.IntegerField(
        "First number", [Optional(), NumberRange(1, 999_999_999, "A check number is above 0.")]
    )
    mailed = fields.DateField("Mailed", [Optional()])
    everyone = fields.BooleanField("All of this run")
