"""Forms of an affiliate's links."""

from typing import Any

from wtforms import fields

from portal.forms import Form, is_label, line, options


class LinkForm(Form):
    """A link: its name, and where it leads; a typed page goes before a chosen one."""

    name = line("Name", "off", hint="Only you see it.", needed="Give the link a name.", most=60)
    to = fields.SelectField("Leads to", description="Pages we allow.")
    page = line("Another page", "off", most=2000)
    slug = line("Ending of the address", "off", hint="Made of the name if left empty.", most=40)

    def __init__(self, sent: Any, targets: dict[str, str], hosts: str, link: Any = None):
        landing = link.landing if link else ""
        chosen = {"to": landing} if landing in targets else {"page": landing}
        super().__init__(sent, data={"name": link.name if link else "", **chosen})
        self.to.choices = options(targets.items())
        self.page.description = f"Its address, at {hosts}; it goes before the choice above."

    def where(self) -> str:
        """The address that was typed or chosen, "" for the home page."""
        return self.typed("page") or self.typed("to")


class LabelForm(Form):
    """A label to put on a link; sent by GET, so that the page can be kept."""

    sub_id = line("Add a label", "off", hint="Say where the link stands: spring, ch-4.", most=64)
    validate_sub_id = is_label
