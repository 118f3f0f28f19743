"""Creatives: banners, text links and e-mails that affiliates find ready to use.

Each has a link of the program's own, so its clicks tell what works, and goes on working when it is
retired. Images are kept in the database, under a key that names their content.
"""

import hashlib
import html
from datetime import date, datetime
from typing import Any

from peewee import JOIN, BlobField, CharField, ForeignKeyField, IntegerField, TextField, fn

from portal import program, swipes
from portal.database import Table, UtcField, transaction
from portal.formats import address_lines
from portal.models import Affiliate, Audit, ClickDay, Link
from portal.pictures import Picture
from portal.rules import Refused

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


_PICTURE = (Image.key, Image.kind, Image.width, Image.height, Image.size)  # all but its bytes


def listed(kind: str, *, retired: bool = False) -> list[Creative]:
    """The creatives of a kind in their order, with link and picture, without its bytes."""
    query: Any = Creative.select(Creative, Link, *_PICTURE).join(Link).switch(Creative)
    query = query.join(Image, JOIN.LEFT_OUTER).where(Creative.kind == kind)
    if not retired:
        query = query.where(Creative.retired_at.is_null())
    return list(query.order_by(Creative.retired_at.is_null(False), Creative.place, Creative.id))


def clicks(since: date) -> dict[int, int]:
    """Click-throughs on the creatives since a day, all affiliates' together, by link."""
    counted = ClickDay.select(ClickDay.link_id, fn.SUM(ClickDay.clicks))
    counted = counted.join(Creative, on=(Creative.link == ClickDay.link_id))
    counted = counted.where(ClickDay.day >= since.isoformat()).group_by(ClickDay.link_id)
    return {link: int(count) for link, count in counted.tuples()}


# --- What the office does ----------------------------------------------------------------------


def keep_image(picture: Picture, *, now: datetime) -> Image:
    """Store a picture; the same one again is the same row."""
    key = hashlib.sha256(picture.content).hexdigest()[:32]
    row = {**picture._asdict(), "key": key, "size": len(picture.content), "created_at": now}
    Image.insert(row).on_conflict_ignore().execute()
    return Image.get_by_id(key)


def add(
    kind: str, *, lead_to: str = "", picture: Picture | None = None, by: str, now: datetime,
    **said: str,
) -> Creative:  # fmt: skip
    """Offer a new creative; `said` are its name, use, subject and text. Raises Refused."""
    page = program.load().landing(lead_to)
    swipes.check_placeholders(said.get("subject", ""), "subject")
    with transaction():
        image = keep_image(picture, now=now) if picture else None
        _need_new(kind, said["name"])
        link = Link.create(affiliate=None, slug="", name="", landing=page, created_at=now)
        last = Creative.select(fn.MAX(Creative.place)).where(Creative.kind == kind).scalar() or 0
        row = {"kind": kind, "link": link, "image": image, "place": last + 1, "created_at": now}
        made = Creative.create(**row, **_clean(kind, said))
        link.slug, link.name = f"{kind}.{link.id}", _link_name(made)
        link.save()
        Audit.note(by, f"{kind} added", made.name, now)
        return made


def _need_new(kind: str, name: str, but: int = 0) -> None:
    same = (Creative.kind == kind) & (Creative.name == name) & (Creative.id != but)
    if Creative.select().where(same & Creative.retired_at.is_null()).exists():
        raise Refused("There is one of this name already. Choose another name.", "name")


def _clean(kind: str, said: dict[str, str]) -> dict[str, str]:
    """What is kept of what was written; the words of banners and links are no HTML."""
    return said | {"text": swipes.clean(said["text"])[0]} if kind == EMAIL else said


def _link_name(creative: Creative) -> str:
    """What a click on it is called: Leaderboard, 728 × 90."""
    image = creative.image
    return f"{creative.name}, {image.width} × {image.height}" if image else creative.name


def change(
    creative: Creative, *, lead_to: str, place: int, by: str, now: datetime, **said: str
) -> None:
    """Change what a creative says, where it leads and its place. Raises Refused."""
    page = program.load().landing(lead_to)
    swipes.check_placeholders(said.get("subject", ""), "subject")
    with transaction():
        _need_new(creative.kind, said["name"], creative.id)
        row = {"place": place, **_clean(creative.kind, said)}
        Creative.update(**row).where(Creative.id == creative.id).execute()
        changed = Creative.get_by_id(creative.id)
        to = {"landing": page, "name": _link_name(changed)}
        Link.update(**to).where(Link.id == creative.link_id).execute()
        Audit.note(by, f"{creative.kind} changed", creative.name, now)


def offer(creative: Creative, offered: bool, *, by: str, now: datetime) -> Creative:
    """Retire a creative, or offer it again. Pasted blocks go on working either way."""
    with transaction():
        if offered:
            _need_new(creative.kind, creative.name, creative.id)
        query = Creative.update(retired_at=None if offered else now)
        is_retired = Creative.retired_at.is_null(not offered)
        if query.where(Creative.id == creative.id, is_retired).execute():
            did = "offered again" if offered else "retired"
            Audit.note(by, f"{creative.kind} {did}", creative.name, now)
    return creative


def set_logo(picture: Picture | None, *, by: str, now: datetime) -> None:
    with transaction():
        name = f"{keep_image(picture, now=now).key}.{picture.kind}" if picture else ""
        program.change("logo", name, by=by, now=now)


# --- What affiliates take ----------------------------------------------------------------------


def banner_block(creative: Creative, link: str, portal: str) -> str:
    """The HTML of a banner, or of a text link, with a link inside, to paste into any page."""
    words, image = html.escape(creative.text), creative.image
    if image:
        source = f"{portal}/images/{image.key}.{image.kind}"
        size = f'width="{image.width}" height="{image.height}"'
        words = f'<img src="{source}" {size} alt="{words}" loading="lazy">'
    return f'<a href="{html.escape(link)}" rel="sponsored">{words}</a>'


def swipe(
    creative: Creative, link: str, affiliate: Affiliate, current: program.Program
) -> dict[str, str]:
    """Subject, text and HTML of an e-mail with a link inside, and the lines the law asks for.

    What only the sender knows, as a way to unsubscribe, stays in braces. The e-mail may be one
    that is being written. Raises Refused for a placeholder that is a slip.
    """
    subject, body = creative.subject, swipes.clean(creative.text)[0]
    swipes.check_placeholders(subject, "subject")
    values = {
        "link": link,
        "affiliate": affiliate.name,
        "program": current.program_name,
        "disclosure": current.disclosure,
    }
    address = ", ".join(address_lines(affiliate)) if affiliate.has_address else ""
    known = {
        "your name": affiliate.name,
        "program": current.program_name,
        "address": ", ".join(current.program_address.splitlines()),
    } | ({"your postal address": address} if address else {})
    foot = current.mail_footer
    return {
        "subject": swipes.fill(subject, values),
        "text": f"{swipes.as_text(body, values)}\n\n{swipes.as_text(foot, known)}",
        "html": f"{swipes.as_html(body, values)}\n{swipes.as_html(foot, known)}",
    }
