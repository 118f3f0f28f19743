"""Forms of cases: asking the office, telling of a missing sale, answering."""

import secrets

from wtforms import fields, widgets
from wtforms.validators import InputRequired, Length, Optional

from portal.forms import Form, line, options

BOUGHT = {
    "": "I do not know",
    "month": "A monthly plan",
    "year": "An annual plan",
    "once": "A one-off product",
}


class KeyedForm(Form):
    """A form that may be sent twice and is taken once, by a key of its own."""

    key = fields.HiddenField(validators=[Length(max=40)], default=lambda: secrets.token_hex(12))


class NoteForm(KeyedForm):
    seen = fields.IntegerField(widget=widgets.HiddenInput(), validators=[Optional()])
    text = line("Answer", needed="Write a few words.", most=5_000, kind=fields.TextAreaField)


class AskForm(KeyedForm):
    subject = line("In a few words", needed="Say what it is about.", most=120)
    text = line(
        "Your question", hint="About one entry? Unfold it on Payments and ask there; it comes "
        "along.", needed="Write your question.", most=5_000, kind=fields.TextAreaField, rows=5,
    )  # fmt: skip


class MissingForm(KeyedForm):
    day = fields.DateField(
        "When was it, about?", [InputRequired("Say about when.")],
        description="We look three days either side.",
    )  # fmt: skip
    bought = fields.SelectField(
        "What was bought?", validators=[Optional()], choices=options(BOUGHT.items()), default="",
        description="As far as you know.",
    )  # fmt: skip
    who = line(
        "Who bought?", hint="A name, an e-mail address or an order number.",
        needed="Say who, as far as you know.", most=200,
    )  # fmt: skip
    link = fields.SelectField("Through which link?", validators=[Optional()], default="")
    more = line(
        "Anything else", hint="How you know: a message, a call, a receipt they showed you.",
        most=5_000, kind=fields.TextAreaField, rows=3,
    )  # fmt: skip
