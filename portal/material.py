"""Creatives: banners, text links and e-mails that affiliates find ready to use.

Each has a link of the program's own, so its clicks tell what works, and goes on working when it is
retired. Images are kept in the database, under a key that names their content.
"""

from __future__ import annotations

from peewee import AutoField, BlobField, CharField, ForeignKeyField, IntegerField, TextField

from portal.database import Table, UtcField
from portal.models import Link

BANNER, TEXT, EMAIL = "banner", "text", "email"


class Image(Table):
    """A picture as we wrote it anew: its bytes, under the first half of their SHA-256."""

    key = CharField(32, primary_key=True)
    kind = CharField(4)
    width = IntegerField()
    height = IntegerField()
    size = IntegerField()
    content = BlobField()
    created_at = UtcField()


class Creative(Table):
    """A banner (`text` is what it says), a text link (its words), or an e-mail (its body)."""

    id = AutoField()
    kind = CharField(8)
    name = CharField()
    use = CharField(default="")
    link = ForeignKeyField(Link, unique=True)
    image = ForeignKeyField(Image, null=True)
    subject = CharField(default="")
    text = TextField()
    place = IntegerField()
    created_at = UtcField()
    retired_at = UtcField(null=True)

    class Meta:
        indexes = ((("kind", "place"), False),)
