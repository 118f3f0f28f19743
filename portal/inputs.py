"""What forms are made of: fields that say what would be right, and the form that lists it.

What a rule says about a value is said by the deed that takes it, as `Refused` with the field's
name; `refuse` puts that sentence where the others stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    Field,
    PasswordField,
    StringField,
)
from wtforms.fields import choices
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from portal import rules

_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\".]+")


def options(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    """What can be chosen in a field, from values and their words."""
    choice = choices.SelectChoice  # type: ignore[attr-defined]
    return [choice(value, label) for value, label in pairs]


def trim(text: str | None) -> str:
    """What was typed without blanks around it."""
    return (text or "").strip()


def plain(form: Any, field: Field) -> None:
    """Refuse what cannot be printed."""
    if field.data and not all(c.isprintable() or c in "\r\n\t" for c in field.data):
        raise ValidationError("This holds a character that cannot be printed.")


def line(
    label: str, auto: str = "", *, hint: str = "", needed: str = "", most: int = 120, **more: Any
) -> StringField:
    """One line of text; `needed` says what is missing where it must be given."""
    checks: list[Any] = [InputRequired(needed)] if needed else [Optional()]
    said = f"This takes {most} characters at most."
    attributes = ({"autocomplete": auto} if auto else {}) | more
    return StringField(
        label,
        [*checks, Length(max=most, message=said), plain],
        filters=[trim],
        description=hint,
        render_kw=attributes,
    )


def password(label: str, auto: str, hint: str = "") -> PasswordField:
    """A password as it was typed, never shown again."""
    return PasswordField(
        label,
        [InputRequired("Type the password.")],
        description=hint,
        render_kw={"autocomplete": auto},
    )


def email_of(form: Any, field: Field) -> None:
    """Check the form of an e-mail address."""
    text = field.data or ""
    if text and "@" not in text:
        raise ValidationError("An e-mail address has an @ in it.")
    if text and not text.rpartition("@")[2]:
        raise ValidationError("The part after @ is missing.")
    if text and not _EMAIL.fullmatch(text):
        raise ValidationError("An e-mail address looks like name@example.com.")


class Form(FlaskForm):
    """A form of the portal. CSRF is checked for all of them before any view is asked."""

    class Meta:
        csrf = False

    def problems(self) -> list[tuple[Field | None, str]]:
        """Every field with what is wrong with it, in the order of the form."""
        by_field = [(field, field.errors[0]) for field in self if field.errors]
        return [*by_field, *((None, message) for message in self.form_errors)]

    def text(self, name: str) -> str:
        """What was typed into a field."""
        return self[name].data or ""

    def refuse(self, problem: rules.Refused, **names: str) -> None:
        """Say what a rule says; `names` gives the field here for a field named otherwise there."""
        name = names.get(problem.field or "", problem.field or "")
        if name in self:
            self[name].errors = [*self[name].errors, str(problem)]
        else:
            self.form_errors.append(str(problem))

    def values(self, *names: str) -> dict[str, Any]:
        """The values of some fields by name."""
        return {name: self[name].data for name in names}
