"""Forms of the program office."""

from __future__ import annotations

from typing import Any

from wtforms import fields
from wtforms.fields import Field
from wtforms.validators import InputRequired, NumberRange, Optional, Regexp, ValidationError

from portal.forms import Form, cents, line, options


class AdjustForm(Form):
    amount = line("Amount", hint="Minus takes away.", needed="Say how much.", inputmode="decimal")
    reason = line(
        "Reason", hint="The affiliate reads this.", needed="Say why. It is shown on the statement.",
        most=200,
    )  # fmt: skip

    def validate_amount(self, field: Field) -> None:
        if cents(field.data) == 0:
            raise ValidationError("An entry of zero changes nothing.")


class WaiveForm(Form):
    reason = line("Reason", hint="Kept with your name.", needed="Say why.", most=200)


class VoidForm(Form):
    reason = fields.SelectField(
        "Reason",
        choices=options([
            ("not sent", "Not sent"), ("lost", "Lost"), ("stopped", "Stopped at the bank"),
            ("returned", "Returned"), ("stale", "Stale, older than 180 days"),
        ]),
        default="not sent",
    )  # fmt: skip
    note = line("Note", hint="For a stopped check, the bank's reference.", most=200)
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
    mailed = fields.DateField("Mailed", [Optional()])
    everyone = fields.BooleanField("All of this run")
    after = fields.HiddenField(default="", validators=[Regexp(r"[a-z0-9-]*\Z")])
    moved, refused, start = (fields.IntegerField(default=0) for _ in range(3))


class SpoilForm(Form):
    """Which sheets the printer spoiled."""

    first = _number("First spoiled number", InputRequired("Give the number on the sheet."))
    last = _number("Last spoiled number")


class RestoredForm(Form):
    """What is asked after a restore."""

    highest_check = fields.IntegerField(
        "Highest check number used",
        [InputRequired("Give the number."), NumberRange(0, 999_999_999, "A number from 0.")],
        description="The highest on any check that was printed, also since the backup.",
        render_kw={"inputmode": "numeric"},
    )
