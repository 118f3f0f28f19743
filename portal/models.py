"""The program's settings and terms, the people, and the facts.

Facts (Fact, Click, TermsVersion) are only ever added; database triggers refuse a change. What
follows from them is in books.py. Nothing here decides anything.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, Self

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    TextField,
    fn,
)

from portal import rules
from portal.clickids import click_id, click_number, click_tag
from portal.database import CentsField, JsonField, Table, UtcField


class Setting(Table):
    """A program setting that is not versioned, and what the program keeps about itself."""

    name = CharField(64, primary_key=True)
    value = TextField()


class TermsVersion(Table):
    """One version of the terms (R10a). The last row holds; rows are never changed."""

    cookie_days = IntegerField()
    minimum_payout = CentsField()
    tax_threshold = CentsField()
    month_amount = CentsField()
    month_threshold = CentsField()
    month_rate = IntegerField()
    year_amount = CentsField()
    once_rate = IntegerField()
    override_rate = IntegerField()
    since = UtcField()
    after_fact = BigIntegerField(default=0)  # the last fact recorded under the version before

    def terms(self) -> rules.Terms:
        return rules.Terms(**{name: getattr(self, name) for name in TERM_NAMES})


TERM_NAMES = tuple(rules.Terms.__dataclass_fields__)


class Account(Table):
    email = CharField()
    email_key = CharField(unique=True)
    name = CharField()
    password_hash = CharField(null=True)
    password_at = UtcField(null=True)


class Admin(Account):
    created_at = UtcField()


class Affiliate(Account):
    """An affiliate. Facts tell every change of status, e-mail, referrer and tax ID on file."""

    code = CharField(32, unique=True)
    company = CharField(default="")
    payee = CharField(default="")
    line1 = CharField(default="")
    line2 = CharField(default="")
    city = CharField(default="")
    state = CharField(default="")
    postal_code = CharField(default="")
    country = CharField(2, default="")
    us_person = BooleanField(null=True)
    website = CharField(default="")
    promotion = TextField(default="")
    status = CharField(16)
    referrer = ForeignKeyField("self", null=True, backref="referred")
    attached_by = CharField(16, null=True)
    attached_at = UtcField(null=True)
    customer_id = IntegerField(null=True, unique=True)  # the customer linked by an admin (R12, R15)
    applied_at = UtcField()
    closed_at = UtcField(null=True)  # closed by its owner, and declined from then on
    muted = CharField(default="")  # the notices not wanted, by kind, with blanks between
    tax_name = CharField(default="")  # as Form W-9 asks, certified at an instant
    tax_class = CharField(16, default="")
    certified_at = UtcField(null=True)
    e_copy = BooleanField(default=False)  # Form 1099 may come as a download

    @property
    def has_address(self) -> bool:
        """Whether a check can be addressed (R21)."""
        return bool(self.payee and self.line1 and self.city)


class TaxIdOnFile(Table):
    """The sealed tax ID of an affiliate; only its kind and last four digits are in the open."""

    affiliate = ForeignKeyField(Affiliate, primary_key=True)
    kind = CharField(4)
    sealed = TextField()
    last_four = CharField(4)
    stored_at = UtcField()


class AffiliateCode(Table):
    """Every code an affiliate ever had; a code given up keeps working for its owner (R4)."""

    code = CharField(32, primary_key=True)
    affiliate = ForeignKeyField(Affiliate, backref="codes")
    fact_id = BigIntegerField()

    class Meta:
        table_name = "code"


class Link(Table):
    """A trackable link to one landing page of an allow-listed host (R8).

    One without an affiliate is the program's, as of a banner: /go/<code>/<slug> is everyone's own.
    Only the slugs of those have a dot in them.
    """

    affiliate = ForeignKeyField(Affiliate, null=True, backref="links")
    slug = CharField(64)
    name = CharField()
    landing = TextField(default="")
    created_at = UtcField()

    class Meta:
        indexes = ((("affiliate", "slug"), True),)

    @classmethod
    def of(cls, affiliate: Affiliate) -> Any:
        """The condition of links that an affiliate's codes lead by: its own and the program's."""
        return (cls.affiliate == affiliate) | cls.affiliate.is_null()


class Click(Table):
    """A click, marked or not (R8). The id grows in the order of storing; `tag` seals the row."""

    id = BigIntegerField(primary_key=True)
    affiliate_id = IntegerField()
    link_id = IntegerField(null=True)
    visitor = BigIntegerField(index=True)  # the first click of the same browser
    clicked_at = UtcField()
    days = IntegerField()
    mark = CharField(16, null=True)
    sub_id = CharField(64, null=True)
    referrer = TextField(null=True)
    tag = BigIntegerField()

    class Meta:
        indexes = ((("affiliate_id", "id"), False),)

    @property
    def outside_id(self) -> str:
        """The click id as others know it: 26 letters and digits, not to be guessed."""
        return click_id(self.id, self.tag)

    @property
    def until(self) -> Any:
        """The last instant at which it counts (R5)."""
        return self.clicked_at + timedelta(days=self.days)

    def sealed(self, key: bytes) -> int:
        """The tag that this row should have; a change outside the portal breaks it (R24)."""
        at = int(self.clicked_at.timestamp())
        before = [self.id, self.affiliate_id, self.link_id, self.visitor, at]
        return click_tag([*before, self.days, self.mark, self.sub_id, self.referrer], key)

    @classmethod
    def find(cls, outside_id: str) -> Self | None:
        """The click that an outside id names, or None; imported ids are known too."""
        number = click_number(outside_id)
        click = cls.get_or_none(cls.id == number[0], cls.tag == number[1]) if number else None
        if click or not outside_id.isprintable():
            return click
        known = ImportedClick.get_or_none(outside_id=outside_id)
        return cls.get_or_none(cls.id == known.click_id) if known else None


class ImportedClick(Table):
    """The id that an imported click had where it came from."""

    outside_id = CharField(128, primary_key=True)
    click_id = BigIntegerField()


class ClickDay(Table):
    """Unmarked clicks of an affiliate on a day of the program's zone by link, 0 the main one.

    Kept with each click, so that no page has to count a million of them.
    """

    affiliate_id = IntegerField()
    day = CharField(10)
    link_id = IntegerField()
    clicks = IntegerField()

    class Meta:
        primary_key = CompositeKey("affiliate_id", "day", "link_id")


class Fact(Table):
    """Something the portal learned, in the order of recording, never changed (R24).

    `kind` is lead, sale, refund, customer (an import), application, status, email, code, tax_id,
    residence (what R20 asks), link, adjustment or waiver (of the minimum, R18).
    `content` is what was said, `answer` what was replied, `clicks_to` the last click stored before,
    `seal` a checksum over the row.
    """

    id = BigIntegerField(primary_key=True)
    kind = CharField(16)
    event_id = CharField(255, null=True, unique=True)
    customer_id = IntegerField(null=True)
    affiliate_id = IntegerField(null=True)
    email_key = CharField(null=True)
    content = JsonField()
    answer = JsonField(null=True)
    recorded_at = UtcField()
    clicks_to = BigIntegerField(default=0)
    seal = CharField(32)

    class Meta:
        indexes = (
            (("customer_id", "id"), False),
            (("affiliate_id", "id"), False),
            (("email_key", "id"), False),
        )

    def sealed(self) -> str:
        """The checksum of this row as it is now; `seal` keeps the one of when it was stored."""
        told = [self.id, self.kind, self.event_id, self.customer_id, self.affiliate_id]
        told += [self.email_key, self.content, self.answer, int(self.recorded_at.timestamp())]
        text = json.dumps([*told, self.clicks_to], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def last_fact() -> int:
    """The id of the fact recorded last, 0 before the first."""
    return Fact.select(fn.MAX(Fact.id)).scalar() or 0


def last_click() -> int:
    """The id of the click stored last, 0 before the first."""
    return Click.select(fn.MAX(Click.id)).scalar() or 0


def next_fact() -> int:
    """The id that the next fact gets; deeds run one at a time, so it is the deed's own."""
    return last_fact() + 1


def record(kind: str, content: dict[str, Any], now: datetime, **about: Any) -> Fact:
    """Add a fact within the deed's transaction; `about` are Fact's other columns, also `id` and
    `clicks_to` where the deed has read them already.
    """
    if about.get("id") is None:
        about["id"] = next_fact()
    if "clicks_to" not in about:
        about["clicks_to"] = last_click()
    fact = Fact(kind=kind, content=content, recorded_at=now, **about)
    fact.seal = fact.sealed()
    fact.save(force_insert=True)
    return fact


class Audit(Table):
    """A deed of somebody with rights, written in the deed's own transaction."""

    at = UtcField()
    by = CharField()
    did = CharField(64)
    subject = CharField(default="")
    detail = JsonField(default=dict)

    @classmethod
    def note(cls, by: str, did: str, subject: str, at: datetime, **detail: object) -> None:
        """Keep that `by` did something to `subject` (an affiliate's code, a check's number)."""
        cls.create(at=at, by=by, did=did, subject=subject, detail=detail)
