"""Forms of people: applying, signing in, and the parts of a profile."""

import re
from typing import Any

from wtforms import fields
from wtforms.fields import Field
from wtforms.validators import EqualTo, InputRequired, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput

from portal import formats, rules, taxes
from portal.fields import is_email
from portal.forms import Form, line, options, password
from portal.mail import MUTED

PASSWORD_HINT = "At least 12 characters. A few plain words in a row are fine."  # noqa: S105
US_HINT = "A citizen or resident of the United States, or a company formed there."
PROMOTION_HINT = "Your audience and where you will share links. It helps us help you."
TAX_CLASSES = {
    "": "Not said",
    "individual": "Individual or sole proprietor",
    "partnership": "Partnership",
    "c_corporation": "C corporation",
    "s_corporation": "S corporation",
    "trust": "Trust or estate",
}
W9_NEEDS = {
    "tax_name": "Write the name as it stands on your tax return.",
    "tax_class": "Say how you are taxed.",
    "w9": "Tick this, or answer above that you are not a U.S. person: a tax ID needs one of them.",
}
W9 = (  # the lines of Form W-9
    "the number is my correct taxpayer identification number; I am not subject to backup "
    "withholding; and I am a U.S. citizen or other U.S. person."
)
E_COPY = "My copy of Form 1099 may come as a download here instead of by mail"
TERMS = "I agree: honest promotion, no unsolicited e-mail, no commission on my own purchases."


def _is_address(form: Any, field: Field) -> None:
    if not is_email(field.data):
        raise ValidationError("An e-mail address looks like name@example.com.")


class EstimateForm(Form):
    customers = fields.IntegerField(
        "Customers you refer",
        [InputRequired("Say how many."), NumberRange(1, 1000, "From 1 to 1,000.")],
        default=10,
        render_kw={"min": 1, "max": 1000, "inputmode": "numeric"},
    )
    plan = fields.SelectField("Each on")


class Applicant(Form):
    """Who applies; the first of the form, so also of what is to be mended in it."""

    name = line("Your name", "name", needed="Say who you are.")
    company = line("Company", "organization")
    email = line(
        "E-mail", "email", hint="Your login is sent here.", needed="Your login needs an address.",
        most=254, type="email",
    )  # fmt: skip
    website = line("Website", "url", hint="Where most of your readers are.", most=250, type="url")
    validate_email = _is_address


class AddressForm(Form):
    """Where checks go. Nothing is required of an applicant: an address can be given later."""

    payee = line("Name on checks", hint="Exactly as your bank knows it.")
    line1 = line("Street address", "address-line1")
    line2 = line("Apartment, suite", "address-line2")
    city = line("City", "address-level2")
    state = line("State or province", "address-level1", most=60)
    postal_code = line("ZIP or postal code", "postal-code", most=20)
    country = fields.SelectField(
        "Country",
        choices=options([("", "Choose a country"), *formats.COUNTRIES.items()]),
        default="",
        render_kw={"autocomplete": "country"},
    )

    def validate_postal_code(self, field: Field) -> None:
        us = self.country.data == "US"
        if us and field.data and not re.fullmatch(r"[0-9]{5}(-?[0-9]{4})?", field.data):
            raise ValidationError("A U.S. ZIP code has five digits, or nine.")


class Secret(fields.StringField):
    """A text that is never shown again, not to who typed it either (R2)."""

    def _value(self) -> str:
        return ""


class TaxForm(Form):
    us_person = fields.RadioField(
        "Are you a U.S. person?", [Optional()], description=US_HINT,
        choices=options([("yes", "Yes"), ("no", "No")]),
        coerce=lambda said: {True: "yes", False: "no"}.get(said, said),
    )  # fmt: skip
    tax_id = line("SSN, ITIN or EIN", "off", most=40, inputmode="numeric", kind=Secret)

    def validate_tax_id(self, field: Field) -> None:
        try:
            taxes.tax_id(field.data or "")
        except rules.Refused as problem:
            raise ValidationError(str(problem)) from None

    def said_us_person(self) -> bool | None:
        return {"yes": True, "no": False}.get(self.us_person.data or "")


class ApplyForm(Applicant, AddressForm, TaxForm):
    promotion = line(
        "How you will promote, in a sentence or two", hint=PROMOTION_HINT, most=2_000,
        kind=fields.TextAreaField,
    )  # fmt: skip
    terms = fields.BooleanField(TERMS, [InputRequired("Tick this to apply.")])

    def said(self) -> dict[str, Any]:
        said = {name: value for name, value in self.data.items() if name != "terms"}
        return said | {"us_person": self.said_us_person()}


class NameForm(Form):
    """Whose password is asked for anew."""

    username = line(
        "User name or e-mail", "username", needed="Type your user name or e-mail.", most=254
    )


class LoginForm(NameForm):
    password = password("Password")


class NewPasswordForm(Form):
    new = password("New password", "new-password", PASSWORD_HINT)
    again = password(
        "The same once more", "new-password", "", EqualTo("new", "The two are not the same.")
    )


# --- Profile -----------------------------------------------------------------------------------


class Proof(Form):
    """Forms that ask for the password, unless it was typed just now."""

    current = password("Your password now")


class ChecksForm(Proof, AddressForm):
    pass


class EmailForm(Proof):
    email = line("New e-mail", "email", needed="Type the new address.", most=254, type="email")
    validate_email = _is_address


class PasswordForm(Proof, NewPasswordForm):
    pass


class NoticesForm(Form):
    wanted = fields.SelectMultipleField(
        "Send me", choices=options((name, words) for name, (words, _) in MUTED.items()),
        option_widget=CheckboxInput(),
    )  # fmt: skip


class ProfileTaxForm(Proof, TaxForm):
    tax_name = line("Name on your tax return", "name", hint="Needed with a tax ID.")
    tax_class = fields.SelectField(
        "Taxed as", choices=options(TAX_CLASSES.items()), default="",
        description="Needed with a tax ID. An LLC: as it is taxed.",
    )  # fmt: skip
    w9 = fields.BooleanField("Under penalties of perjury, I certify that", description=W9)
    e_copy = fields.BooleanField(E_COPY)

    def validate(self, extra_validators: Any = None) -> bool:
        """Also ask for all of Form W-9 of a U.S. person, or who does not say, with a tax ID."""
        right = super().validate(extra_validators)
        if self.us_person.data == "no" or not self.tax_id.data.strip("0- "):
            return right
        missing = [name for name in W9_NEEDS if not self[name].data]
        for name in missing:
            self.refuse(ValidationError(W9_NEEDS[name]), name)
        return right and not missing


class CloseForm(Proof):
    pass
