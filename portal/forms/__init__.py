"""Forms: what people type becomes values, or sentences that say what would be right.

What a rule says about a value is said by the deed that takes it, as `Refused` with the field's
name; within `refusals` that sentence is put where the others stand. Nothing is looked up here.
"""

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flask_wtf import FlaskForm
from wtforms import fields
from wtforms.fields import Field
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from portal.rules import Refused
from portal.settings import Program
from portal.visits import SUB_ID

_AMOUNT = re.compile(r"([+−-]?)\s*\$?\s*([0-9]{1,7}|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]{2}))?")


def options(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    known: Any = fields.choices  # its stubs are older than SelectChoice
    return [known.SelectChoice(value, label) for value, label in pairs]


def cents(text: str) -> int:
    """The cents of an amount as people write it: $1,234.50 or −12. Raises ValidationError."""
    found = _AMOUNT.fullmatch(text.strip())
    if not found:
        raise ValidationError("An amount looks like 12.00, or −12.00 to take away.")
    sign, dollars, rest = found.groups()
    amount = int(dollars.replace(",", "")) * 100 + int(rest or 0)
    return -amount if sign in ("-", "−") else amount


def is_amount(form: Any, field: Field) -> None:
    cents(field.data)


def trim(text: str | None) -> str:
    """What was typed without the blanks around it; nothing is an empty text."""
    return (text or "").strip()


def _plain(form: Any, field: Field) -> None:
    if field.data and not all(c.isprintable() or c in "\r\n\t" for c in field.data):
        raise ValidationError("This holds a character that cannot be printed.")


def is_label(form: Any, field: Field) -> None:
    """Validate a label of clicks; a click with another would lose it (R8 refuses no visitor)."""
    if not SUB_ID.fullmatch(field.data):
        said = "A label has 1 to 64 letters, digits, dots, dashes or underscores."
        raise ValidationError(said)


def line(
    label: str, auto: str = "", *, hint: str = "", needed: str = "", most: int = 120,
    kind: Any = fields.StringField, **more: Any,
) -> Any:  # fmt: skip
    """Text; `needed` says what is missing where it must be given."""
    length = Length(max=most, message=f"This takes {most:,} characters at most.")
    checks = [DataRequired(needed) if needed else Optional(), length, _plain]
    attributes = ({"autocomplete": auto} if auto else {}) | more
    return kind(label, checks, filters=[trim], description=hint, render_kw=attributes)


class Day(fields.DateField):
    """A day, typed where a browser has no calendar."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("A date is written YYYY-MM-DD, like 2026-12-01.") from None


def password(label: str, auto: str = "current-password", hint: str = "", *checks: Any) -> Any:
    needed = [InputRequired("Type the password."), *checks]
    return fields.PasswordField(label, needed, description=hint, render_kw={"autocomplete": auto})


class Form(FlaskForm):
    """A form of the portal. CSRF is checked for all of them before any view is asked."""

    wait = 0  # seconds until what was asked too often may be asked again

    class Meta:
        csrf = False

    def problems(self) -> list[tuple[Field | None, str]]:
        """Every field with what is wrong with it, in the order of the form."""
        by_field = [(field, field.errors[0]) for field in self if field.errors]
        return [*by_field, *((None, message) for message in self.form_errors)]

    def typed(self, name: str) -> str:
        return self[name].data or ""

    def refuse(self, problem: Exception, name: str = "") -> None:
        """Say what a rule says, at the field it names or at `name`."""
        name = name or getattr(problem, "field", None) or ""
        if name in self:
            self[name].errors = [*self[name].errors, str(problem)]
        else:
            self.form_errors.append(str(problem))

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Do a deed in here; what a rule says against it is said by the form."""
        try:
            yield
        except Refused as problem:
            self.wait = getattr(problem, "retry_after", 0)
            self.refuse(problem)

    def values(self, *names: str) -> dict[str, Any]:
        return {name: self[name].data for name in names}


class DaysForm(Form):
    """What a table shows; the form is sent by GET, so its address can be kept."""

    since = Day("From", [Optional()], name="from")
    until = Day("To", [Optional()], name="to")

    def validate_since(self, field: Field) -> None:
        if field.data and self.until.data and field.data > self.until.data:
            raise ValidationError("This day is after To. Choose an earlier one, or a later To.")


class KeyedForm(Form):
    """A form that may be sent twice and is taken once, by a key of its own."""

    key = fields.HiddenField(validators=[Length(max=40)], default=lambda: secrets.token_hex(12))


def leads_to() -> tuple[Any, Any]:
    """The fields of LeadsTo, to stand where a form has them: a page to choose, and a typed one."""
    choice = fields.SelectField("Leads to", description="Pages we allow.", default="")
    return choice, line("Another page", "off", most=2000)


class LeadsTo(Form):
    """A form with `to` and `page`: one of the program's pages, or a typed one, which goes first."""

    to: Any
    page: Any

    def __init__(self, program: Program, saved: Any = None, landing: str = ""):
        """Begin with what is saved, until something is sent."""
        chosen = {"to": landing} if landing in program.targets else {"page": landing}
        super().__init__(**{} if self.is_submitted() else {"obj": saved, "data": chosen})
        self.to.choices = options(program.targets.items())
        self.page.description = f"Its address, at {program.sites}; it goes before the choice above."

    def where(self) -> str:
        """The address that was typed or chosen, "" for the home page."""
        return self.typed("page") or self.typed("to")
