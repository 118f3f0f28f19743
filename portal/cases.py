"""Cases: what affiliates ask the office, with the facts they ask about."""

from __future__ import annotations

from peewee import AutoField, CharField, ForeignKeyField, TextField

from portal.database import JsonField, Table, UtcField
from portal.models import Affiliate

OPEN, ANSWERED, CLOSED = "open", "answered", "closed"


class Case(Table):
    """A case; `facts` are what the affiliate sees of its subject, `evidence` what the office does.

    Both are rows of a label and a text. `key` names the case in its address.
    """

    id = AutoField()
    key = CharField(26, unique=True)
    affiliate = ForeignKeyField(Affiliate)
    about = CharField(16)
    subject = CharField()
    facts = JsonField()
    evidence = JsonField()
    state = CharField(8, default=OPEN)
    opened_at = UtcField()
    moved_at = UtcField()

    class Meta:
        table_name = "office_case"
        indexes = ((("state", "id"), False),)


class CaseNote(Table):
    """What was said in a case, by its affiliate or an admin ("affiliate:17", "admin:2").

    `key` is the form's own, so that what is sent twice is said once.
    """

    id = AutoField()
    case = ForeignKeyField(Case)
    by = CharField(32)
    text = TextField()
    at = UtcField()
    key = CharField(64, unique=True)
