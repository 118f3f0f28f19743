"""Forms of creatives: what the office offers, and what an affiliate puts inside."""

from flask_wtf.file import FileField
from wtforms import fields
from wtforms.validators import NumberRange, Optional

from portal import pictures
from portal.forms import Form, LeadsTo, is_label, leads_to, line

ALT_HINT = "For readers who do not see the image."
TEXT_HINT = "Plain lines, or HTML with links, lists, bold and italics; anything else is taken out."
ACCEPTS = "image/png,image/jpeg,image/gif,image/webp"


class CreativeForm(LeadsTo):
    name = line("Name", hint="Affiliates see it.", needed="Give it a name.", most=80)
    to, page = leads_to()
    place = fields.IntegerField("Place", [Optional(), NumberRange(1, 9_999, "From 1 to 9,999.")])

    def said(self) -> dict[str, str]:
        """What was written, as the deed takes it."""
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


class InsideForm(Form):
    """Which link stands inside the blocks, and its label; sent by GET."""

    link = fields.SelectField("Link inside", validators=[Optional()], default="")
    sub_id = line("Label (sub-ID)", "off", most=64)
    validate_sub_id = is_label


FORMS = {"banner": BannerForm, "text": TextForm, "email": EmailForm}
