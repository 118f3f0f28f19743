"""Forms of the program office."""

from typing import Any

from flask_wtf.file import FileField
from wtforms import fields, widgets
from wtforms.validators import InputRequired, NumberRange, Optional, Regexp

from portal import pictures
from portal.forms import (
    Day,
    DaysForm,
    Form,
    KeyedForm,
    LeadsTo,
    is_amount,
    leads_to,
    line,
    options,
    password,
)

ALT_HINT = "For readers who do not see the image."
TEXT_HINT = "Plain lines, or HTML with links, lists, bold and italics; anything else is taken out."
ACCEPTS = "image/png,image/jpeg,image/gif,image/webp"


class OrdersForm(DaysForm):
    credit = fields.SelectField("Credit", validators=[Optional()], default="")
    q = line("Customer, order or code", most=255, kind=fields.SearchField)


class AdjustForm(KeyedForm):
    amount = line("Amount", hint="Minus takes away.", needed="Say how much.", inputmode="decimal")
    reason = line(
        "Reason", hint="The affiliate reads this.", needed="Say why. It is shown on the statement.",
        most=200,
    )  # fmt: skip
    validate_amount = is_amount


class WaiveForm(Form):
    reason = line("Reason", hint="Kept with your name.", needed="Say why.", most=200)


class CustomerForm(Form):
    customer_id = line(
        "Customer number", "off", hint="As the shop knows them.", needed="Give the number.",
        most=255,
    )  # fmt: skip


class VoidForm(Form):
    reason = fields.SelectField(
        "Reason", [InputRequired("Say why: its payee is told, and the books keep it.")],
        choices=options([
            ("", "Choose a reason"), ("not sent", "Not sent"), ("lost", "Lost"),
            ("stopped", "Stopped at the bank"), ("returned", "Returned"),
            ("stale", "Stale, older than 180 days"),
        ]),
        default="",
    )  # fmt: skip
    part = fields.IntegerField(widget=widgets.HiddenInput(), validators=[Optional()])
    note = line("Note", hint="For a stopped check, the bank's reference.", most=200)
    then = fields.RadioField(
        "And the money?",
        choices=options([
            ("balance", "Back to the balance: the next run pays it with what was earned since."),
            ("reissue", "A new check now: for the same payout, with its own number and date."),
        ]),
        default="balance",
    )  # fmt: skip

    def for_mailed(self) -> None:
        """Take away the reason that a mailed check cannot have."""
        self.reason.choices = [one for one in self.reason.choices if one.value != "not sent"]

    def words(self) -> str:
        return ": ".join(part for part in (self.reason.data, self.note.data) if part)


def _number(label: str, *asked: Any) -> fields.IntegerField:
    above = NumberRange(1, 999_999_999, "A check number is 1 to 999,999,999.")
    look = {"inputmode": "numeric", "min": 1}
    return fields.IntegerField(label, [*(asked or [Optional()]), above], render_kw=look)


class BatchForm(Form):
    """What is done with chosen checks: printed on the sheets of a tray, or mailed on a day.

    All of a run go in steps; `after`, `moved`, `refused` and `start` carry on from one to the next.
    """

    do = fields.HiddenField()
    first, last = _number("First number"), _number("Last number in the tray")
    mailed = Day("Mailed", [Optional()])
    everyone = fields.BooleanField("All of this run")
    after = fields.HiddenField(default="", validators=[Regexp(r"[a-z0-9-]*\Z")])
    moved, refused, start = (fields.IntegerField(default=0) for _ in range(3))


class SpoilForm(Form):
    first = _number("First spoiled number", InputRequired("Give the number on the sheet."))
    last = _number("Last spoiled number")


class RestoredForm(Form):
    highest_check = fields.IntegerField(
        "Highest check number used",
        [InputRequired("Give the number."), NumberRange(0, 999_999_999, "A number from 0.")],
        description="The highest on any check that was printed, also since the backup.",
        render_kw={"inputmode": "numeric"},
    )


class AmountForm(Form):
    """What the law asks from a year on, as somebody read it."""

    year = fields.IntegerField("Year", [InputRequired("Say which year.")])
    amount = line(
        "By law, from", hint="$2,000.00, raised with prices to a full $100.00. The IRS publishes "
        "it.", needed="Give the amount.", inputmode="decimal",
    )  # fmt: skip
    source = line("Where you read it", hint="Kept with the amount.", needed="Say where.", most=250)
    validate_amount = is_amount


class LookForm(Form):
    """Who looks at tax IDs says why, and proves to be there."""

    reason = line(
        "Reason", "off", hint="It is kept with your name, and recorded before anything is shown.",
        needed="Say why it is needed.", most=200,
    )  # fmt: skip
    current = password("Your password")


class FileForm(LookForm):
    """What the file for filing is made of: its columns, and which forms."""

    header = line(
        "First line of the filing service's template", "off", most=5_000,
        kind=fields.TextAreaField, hint="Paste it where the columns differ from those of past "
        "years; the file follows it.",
    )  # fmt: skip
    first = fields.SelectField("Forms", coerce=int, default=1)


# --- Creatives ---------------------------------------------------------------------------------


class CreativeForm(LeadsTo):
    name = line("Name", hint="Affiliates see it.", needed="Give it a name.", most=80)
    to, page = leads_to()
    place = fields.IntegerField("Place", [Optional(), NumberRange(1, 9_999, "From 1 to 9,999.")])

    def said(self) -> dict[str, str]:
        names = [name for name in ("name", "use", "subject", "text") if name in self]
        return {name: self.typed(name) for name in names} | {"lead_to": self.where()}


class BannerForm(CreativeForm):
    file = FileField("Image", description=pictures.TAKES, render_kw={"accept": ACCEPTS})
    text = line("In words", hint=ALT_HINT, needed="Say in words what it shows.", most=250)


class TextForm(CreativeForm):
    text = line("Words of the link", needed="Write the words.", most=250)


class EmailForm(CreativeForm):
    use = line("What it is for", hint="When to send it.", needed="Say when to send it.", most=120)
    subject = line("Subject", needed="Write a subject.", most=150)
    text = line(
        "Text", hint=TEXT_HINT, needed="Write the text.", most=20_000,
        kind=fields.TextAreaField, rows=14,
    )  # fmt: skip


class LogoForm(Form):
    file = FileField("Logo", description=pictures.TAKES, render_kw={"accept": ACCEPTS})


FORMS = {"banner": BannerForm, "text": TextForm, "email": EmailForm}
