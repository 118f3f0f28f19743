"""Forms of the Resource Center: what tables show, links, and questions to the office."""

from wtforms import fields, widgets
from wtforms.validators import InputRequired, Optional

from portal.forms import Day, DaysForm, Form, KeyedForm, LeadsTo, is_label, leads_to, line, options

BOUGHT = {
    "": "I do not know",
    "month": "A monthly plan",
    "year": "An annual plan",
    "once": "A one-off product",
}


class RowsForm(DaysForm):
    link = fields.SelectField("Link", validators=[Optional()], default="")
    sub_id = line("Label (sub-ID)", most=64)


class LinkForm(LeadsTo):
    name = line("Name", "off", hint="Only you see it.", needed="Give the link a name.", most=60)
    to, page = leads_to()
    slug = line("Ending of the address", "off", hint="Made of the name if left empty.", most=40)


class LabelForm(Form):
    """A label to put on a link; sent by GET, so that the page can be kept."""

    sub_id = line("Add a label", "off", hint="Say where the link stands: spring, ch-4.", most=64)
    validate_sub_id = is_label


class InsideForm(Form):
    """Which link stands inside the blocks, and its label; sent by GET."""

    link = fields.SelectField("Link inside", validators=[Optional()], default="")
    sub_id = line("Label (sub-ID)", "off", most=64)
    validate_sub_id = is_label


class NoteForm(KeyedForm):
    seen = fields.IntegerField(widget=widgets.HiddenInput(), validators=[Optional()])
    text = line("Your message", needed="Write a few words.", most=5_000, kind=fields.TextAreaField)


class AskForm(KeyedForm):
    subject = line("In a few words", needed="Say what it is about.", most=120)
    text = line(
        "Your question", hint="About one entry? Unfold it on Payments and ask there; it comes "
        "along.", needed="Write your question.", most=5_000, kind=fields.TextAreaField, rows=5,
    )  # fmt: skip


class MissingForm(KeyedForm):
    day = Day(
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
