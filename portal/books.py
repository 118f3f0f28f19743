"""What follows from the facts: customers, orders, payments, refunds, and the books themselves.

Everything here but Entry can be recomputed from the facts; `portal verify` does so and compares
(R24). Entry is the ledger: database triggers refuse to change or delete a line of it.
"""

from collections import Counter
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from peewee import (
    BigIntegerField,
    Case,
    CharField,
    Check,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    TextField,
    fn,
)

from portal.database import CentsField, JsonField, Table, UtcField
from portal.models import Affiliate, TermsVersion
from portal.rules import Plan


class Customer(Table):
    """A customer of the merchant. `first_paid` is the fact of its first payment above zero."""

    customer_id = CharField(255, unique=True)
    email = CharField(default="")
    email_key = CharField(default="", index=True)
    name = CharField(default="")
    first_paid = BigIntegerField(null=True)
    belongs_to = ForeignKeyField(Affiliate, null=True, backref="customers")

    @cached_property
    def visitors(self) -> set[int]:
        """The browsers known to be the customer's (R6)."""
        known = CustomerVisitor.select(CustomerVisitor.visitor)
        return {visitor for (visitor,) in known.where(CustomerVisitor.customer == self).tuples()}


class CustomerVisitor(Table):
    """A browser known to be a customer's (R6), since the fact that told so."""

    customer = ForeignKeyField(Customer, index=False)
    visitor = BigIntegerField(index=True)
    fact_id = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("customer", "visitor")


class Order(Table):
    """What a customer bought, who got it (R7), and the plan that its payments count toward."""

    order_id = CharField(255, unique=True)
    customer = ForeignKeyField(Customer, backref="orders")
    fact_id = BigIntegerField()
    ordered_at = UtcField()
    credited_to = ForeignKeyField(Affiliate, null=True, index=False)
    rule = CharField(8)
    reason = TextField()
    click_id = BigIntegerField(null=True)
    terms = ForeignKeyField(TermsVersion, index=False)
    interval = CharField(8)
    price = CentsField()
    plan_name = CharField(default="")
    plan_count = IntegerField(default=1)  # R10: a payment of another plan starts a new count

    class Meta:
        table_name = "orders"
        indexes = ((("credited_to", "id"), False),)

    @property
    def plan(self) -> Plan:
        """The plan that the next payment counts toward, unless it states another (R10)."""
        return Plan(self.interval, self.price)

    @cached_property
    def paid(self) -> Counter[tuple[int, int]]:
        """P of R9: what is left of the payments on which a tier (0 or 1) earns, by plan count."""
        left = Payment.amount - Payment.refunded
        earners = (Payment.commission_to, Payment.override_to)
        sums = [fn.SUM(Case(None, [(earner.is_null(), 0)], left)) for earner in earners]
        query = Payment.select(Payment.plan_count, *sums).where(Payment.order == self)
        rows = query.group_by(Payment.plan_count).tuples()
        return Counter({(count, tier): int(row[tier]) for count, *row in rows for tier in (0, 1)})


class Payment(Table):
    """One `sale` event: money a customer really paid. The id is its fact's."""

    id = BigIntegerField(primary_key=True)
    event_id = CharField(255, unique=True)
    order = ForeignKeyField(Order, backref="payments")
    plan_count = IntegerField()
    interval = CharField(8)
    price = CentsField()
    amount = CentsField()
    refunded = CentsField(default=0)
    disputed = CentsField(default=0)
    commission_to = ForeignKeyField(Affiliate, null=True, index=False)
    override_to = ForeignKeyField(Affiliate, null=True, index=False)
    paid_at = UtcField()

    @property
    def plan(self) -> Plan:
        """The plan that this payment counts toward (R10)."""
        return Plan(self.interval, self.price)


class Refund(Table):
    """A refund, chargeback or won chargeback (R11). The id is its fact's."""

    id = BigIntegerField(primary_key=True)
    sale_event_id = CharField(255, index=True)
    kind = CharField(24)
    asked = CentsField(null=True)
    amount = CentsField(default=0)  # what it moved; negative for a won chargeback
    status = CharField(8, default="waiting")  # or applied, or refused
    reason = TextField(default="")
    applied_by = BigIntegerField(null=True)  # the fact whose recording applied or refused it
    happened_at = UtcField()


class Run(Table):
    """The payout run of a month. `last_entry` and `last_fact` say what it saw."""

    month = CharField(7, primary_key=True)
    ran_at = UtcField()
    terms = ForeignKeyField(TermsVersion, index=False)
    last_entry = BigIntegerField()
    last_fact = BigIntegerField()


class NotPaid(Table):
    """Somebody whom a run did not pay: held for `reason`, or carried."""

    run = ForeignKeyField(Run, index=False)
    affiliate = ForeignKeyField(Affiliate)
    amount = CentsField()
    reason = CharField(16)

    class Meta:
        primary_key = CompositeKey("run", "affiliate")


class Payout(Table):
    """What one affiliate gets for one month; its last check tells its state."""

    run = ForeignKeyField(Run, index=False, backref="payouts")
    affiliate = ForeignKeyField(Affiliate)
    amount = CentsField(constraints=[Check("amount > 0")])

    class Meta:
        indexes = ((("run", "affiliate"), True),)


class PaperCheck(Table):
    """One check of a payout: its state (R21), number and the names printed on it."""

    payout = ForeignKeyField(Payout, backref="checks")
    part = IntegerField(default=1)  # 2 and more are reissues
    status = CharField(8)
    number = IntegerField(null=True, unique=True)
    check_date = CharField(10, null=True)
    payee = CharField(default="")
    address = TextField(default="")
    mailed_on = CharField(10, null=True)
    void_reason = TextField(default="")
    moved_at = UtcField()
    runs_when_void = IntegerField(null=True)

    class Meta:
        table_name = "paper_check"
        indexes = ((("payout", "part"), True),)

    @classmethod
    def last(cls, *where: Any) -> Any:
        """The checks that tell the state of their payouts, with payout and affiliate.

        A payout's last check is its first, or the latest reissue.
        """
        later = cls.alias()
        part = later.select(fn.MAX(later.part)).where(later.payout == Payout.id)
        query = cls.select(cls, Payout, Affiliate).join(Payout).join(Affiliate)
        return query.where(cls.part == part, *where)


class SpoiledSheet(Table):
    """A sheet that the printer spoiled: its number is burned, its check is printed anew (R21)."""

    number = IntegerField(primary_key=True)
    check = ForeignKeyField(PaperCheck)
    check_date = CharField(10)
    payee = CharField()
    spoiled_at = UtcField()

    class Meta:
        table_name = "spoiled_sheet"


class Entry(Table):
    """One line of an affiliate's ledger (R17): append-only, written by ledger.py alone.

    `paid_before` and `paid_after` are P of R9 around the entry, `paid_at` when the payment
    concerned happened, `source` what made it, once.
    """

    affiliate = ForeignKeyField(Affiliate, index=False, on_delete="RESTRICT")
    kind = CharField(16)
    amount = CentsField(constraints=[Check("amount <> 0")])
    happened_at = UtcField()
    recorded_at = UtcField()
    rule = CharField(8)
    source = CharField(64, unique=True)
    fact_id = BigIntegerField(null=True, index=True)
    payment = ForeignKeyField(Payment, null=True)
    payout = ForeignKeyField(Payout, null=True)
    paid_before = CentsField(null=True)
    paid_after = CentsField(null=True)
    paid_at = UtcField(null=True)

    class Meta:
        indexes = ((("affiliate", "id"), False),)


class Line(NamedTuple):
    """An entry before it is posted; its names are the columns of Entry."""

    affiliate_id: int
    kind: str
    amount: int
    rule: str
    source: str
    happened_at: datetime
    recorded_at: datetime
    fact_id: int | None = None
    payment_id: int | None = None
    paid_at: datetime | None = None
    paid_before: int | None = None
    paid_after: int | None = None
    payout_id: int | None = None


class Verification(Table):
    """What `portal verify` found, the whole recomputation each time."""

    at = UtcField()
    entries = IntegerField()
    differences = JsonField()
