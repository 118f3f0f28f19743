"""Forms of a tax year."""

from wtforms import fields
from wtforms.validators import InputRequired

from portal.forms import Form, cents, line, password


class AmountForm(Form):
    """What the law asks from a year on, as somebody read it."""

    year = fields.IntegerField("Year", [InputRequired("Say which year.")])
    amount = line(
        "By law, from", hint="$2,000.00, raised with prices to a full $100.00. The IRS publishes "
        "it.", needed="Give the amount.", inputmode="decimal",
    )  # fmt: skip
    source = line("Where you read it", hint="Kept with the amount.", needed="Say where.", most=250)

    def validate_amount(self, field: fields.Field) -> None:
        cents(field.data)

    def cents(self) -> int:
        """The amount that was typed."""
        return cents(self.typed("amount"))


class LookForm(Form):
    """Who looks at tax IDs says why, and proves to be there."""

    reason = line(
        "Reason", "off", hint="It is kept with your name, and recorded before anything is shown.",
        needed="Say why it is needed.", most=200,
    )  # fmt: skip
    current = password("Your password")
