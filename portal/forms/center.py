"""Forms of the Resource Center."""

from wtforms import fields
from wtforms.validators import Optional

from portal.forms import Form, line


class RowsForm(Form):
    """What a table shows; the form is sent by GET, so its address can be kept."""

    since = fields.DateField("From", [Optional()], name="from")
    until = fields.DateField("To", [Optional()], name="to")
    link = fields.SelectField("Link", validators=[Optional()], default="")
    sub_id = line("Label (sub-ID)", most=64)
