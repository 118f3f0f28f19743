"""What is wrong with the rows of a file, before any of it is taken in.

Each kind of file has a check that reads rows in their order and remembers what the rows before
would have recorded, so the whole file is judged as if it were applied, and nothing is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portal import affiliates, feeds, fields, intake, present, rules, taxes
from portal.books import Customer, Order, Payment, Refund
from portal.feeds import Event, RefundIn, SaleIn, written
from portal.fields import Problem
from portal.intake import PaymentState, RefundState
from portal.models import Affiliate, AffiliateCode, Fact
from portal.sheets import Line


def known_event(kind: str, data: dict[str, Any]) -> bool:
    """Whether an event was recorded as a row says. Also as an export says it: with its time.

    False for an id that is unknown or is recorded otherwise; the core tells which.
    """
    event_id = data.get("event_id")
    if not isinstance(event_id, str) or "\x00" in event_id:
        return False
    fact = Fact.get_or_none(event_id=event_id, kind=kind)
    if fact is None:
        return False
    reader = feeds.sale if kind == "sale" else feeds.refund
    event = reader(data, None)
    return isinstance(event, Event) and _same(event.content, fact)


def exported(fact: Fact, refund: Refund | None = None) -> dict[str, Any]:
    """A sale or refund as a file tells it: at the time, and of the amount, that it came to have."""
    told = {"occurred_at": written(fact.recorded_at), **fact.content}
    for name in ("ordered_at", "occurred_at"):
        if name in told:
            told[name] = min(told[name], written(fact.recorded_at))
    if refund and refund.status == "applied":
        told.setdefault("amount", abs(refund.amount))
    return told


def _same(content: dict[str, Any], fact: Fact) -> bool:
    refund = Refund.get_or_none(id=fact.id) if fact.kind == "refund" else None
    told = exported(fact, refund)
    names = set(content) | {name for name in told if told[name] not in ("", None)}
    return content == fact.content or all(content.get(n) == told.get(n) for n in names)


class Check:
    """A check of one file; `now` is the instant at which its times are judged."""

    def __init__(self, now: datetime):
        self.now = now
        self.seen: dict[str, int] = {}

    def problem(self, number: int, data: dict[str, Any]) -> Problem | None:
        """What is wrong with a row, if anything is."""
        raise NotImplementedError

    def in_order(self, lines: list[Line]) -> tuple[list[Line], list[tuple[int, Problem]]]:
        """The rows in the order to apply them, and what is wrong with that order."""
        return lines, []

    def again(self, key: str, number: int, field: str) -> Problem | None:
        """A problem where an earlier row of the file has this key."""
        first = self.seen.setdefault(key, number)
        said = f"Line {first} is the same one."
        return None if first == number else Problem("invalid", said, field)


def _known_code(code: str) -> Affiliate | None:
    known = code.isascii() and fields.CODE.fullmatch(code.lower())
    return affiliates.by_code(code) if known else None


class Affiliates(Check):
    """E-mails, codes and referrers of a file of affiliates."""

    def __init__(self, now: datetime):
        super().__init__(now)
        self.codes: dict[str, int] = {}

    def problem(self, number: int, data: dict[str, Any]) -> Problem | None:
        row = feeds.affiliate_row(data, self.now)
        if isinstance(row, Problem):
            return row
        try:
            taxes.tax_id(row.get("tax_id", ""))
        except rules.Refused as refused:
            return Problem("invalid", str(refused), "tax_id")
        key = rules.email_key(row["email"])
        return self.again(key, number, "email") or self._code(number, key, row.get("code"))

    def _code(self, number: int, key: str, code: str | None) -> Problem | None:
        if code is None:
            return None
        owner = AffiliateCode.get_or_none(code=code)
        taken = owner and owner.affiliate.email_key != key
        if taken or self.codes.setdefault(code, number) != number:
            return Problem("invalid", "This code is somebody else's.", "code")
        return None

    def in_order(self, lines: list[Line]) -> tuple[list[Line], list[tuple[int, Problem]]]:
        """Referrers before those whom they referred."""
        ordered: list[Line] = []
        known: set[str] = set()
        left = lines
        while left:
            later = []
            for line in left:
                referrer = str(line.data.get("referrer", "")).lower()
                if not referrer or referrer in known or _known_code(referrer):
                    ordered.append(line)
                    known.add(str(line.data.get("code", "")).lower())
                else:
                    later.append(line)
            if len(later) == len(left):
                said = Problem("invalid", "There is no such affiliate before this one.", "referrer")
                return ordered, [(line.number, said) for line in later]
            left = later
        return ordered, []


class Customers(Check):
    """Ids and owners of a file of customers."""

    def problem(self, number: int, data: dict[str, Any]) -> Problem | None:
        row = feeds.customer_row(data)
        if isinstance(row, Problem):
            return row
        if "belongs_to" in row and _known_code(row["belongs_to"]) is None:
            return Problem("invalid", "There is no such affiliate.", "belongs_to")
        return self.again(row["customer_id"], number, "customer_id")


class Clicks(Check):
    """Ids and affiliates of a file of clicks."""

    def problem(self, number: int, data: dict[str, Any]) -> Problem | None:
        row = feeds.click_row(data, self.now)
        if isinstance(row, Problem):
            return row
        if _known_code(row["code"]) is None:
            return Problem("invalid", "There is no such affiliate.", "code")
        return self.again(row["click_id"], number, "click_id")


class Events(Check):
    """What sales and refunds have in common: ids that are known, and ids used otherwise."""

    kind = ""

    def problem(self, number: int, data: dict[str, Any]) -> Problem | None:
        reader = feeds.sale if self.kind == "sale" else feeds.refund
        if known_event(self.kind, data):
            return None
        event = reader(data, self.now)
        if isinstance(event, Problem):
            return event
        if Fact.get_or_none(event_id=event.event_id):
            return Problem("invalid", "This id is recorded with other content.", "event_id")
        again = self.again(event.event_id, number, "event_id")
        return again or self.judge(event)

    def judge(self, event: Any) -> Problem | None:
        """What is wrong with a new event."""
        raise NotImplementedError


class Sales(Events):
    """Orders, their customers and plans as they will be when each row is applied."""

    kind = "sale"

    def __init__(self, now: datetime):
        super().__init__(now)
        self.orders: dict[str, tuple[str, rules.Plan]] = {}
        self.with_email: set[str] = set()

    def judge(self, event: SaleIn) -> Problem | None:
        """What orders.record_sale would refuse."""
        customer, plan = self._order(event)
        if customer != event.customer_id:
            return Problem("invalid", "This order is another customer's.", "order_id")
        if event.email or self._has_email(customer):
            self.with_email.add(customer)
        else:
            return Problem("missing", "No e-mail is on file for this customer yet.", "email")
        plan = event.plan or plan
        try:
            rules.check_price(plan, event.amount, stated=event.plan is not None)
        except rules.Refused as refused:
            return Problem("invalid", str(refused), refused.field)
        self.orders[event.order_id] = (customer, plan)
        return None

    def _order(self, event: SaleIn) -> tuple[str, rules.Plan]:
        if event.order_id in self.orders:
            return self.orders[event.order_id]
        row = Order.get_or_none(order_id=event.order_id)
        if row:
            return row.customer.customer_id, rules.Plan(row.interval, row.price)
        return event.customer_id, rules.Plan("once", event.amount)

    def _has_email(self, customer: str) -> bool:
        if customer in self.with_email:
            return True
        row = Customer.get_or_none(customer_id=customer)
        return bool(row and row.email)


class Refunds(Events):
    """What is left of each sale when each row is applied."""

    kind = "refund"

    def __init__(self, now: datetime):
        super().__init__(now)
        self.sales: dict[str, tuple[PaymentState, list[RefundState]]] = {}

    def judge(self, event: RefundIn) -> Problem | None:
        """What refunds.record_refund would refuse."""
        fact = Fact.get_or_none(event_id=event.sale_event_id)
        if event.sale_event_id in self.seen or (fact and fact.kind != "sale"):
            return Problem("invalid", "This id is not a sale's.", "sale_event_id")
        if fact is None:
            return None
        payment, waiting = self._sale(event.sale_event_id)
        state = RefundState(0, event.kind, event.amount, self.now)
        try:
            intake.refund(payment, state)
        except rules.Refused as refused:
            return Problem("invalid", str(refused), refused.field)
        if state.status == "waiting":
            waiting.append(state)
        elif state.kind == rules.CHARGEBACK:
            intake.settle(payment, waiting)
        return None

    def _sale(self, event_id: str) -> tuple[PaymentState, list[RefundState]]:
        if event_id not in self.sales:
            payment = present.payment_state(Payment.get(event_id=event_id))
            self.sales[event_id] = payment, present.waiting_refunds(event_id)
        return self.sales[event_id]


CHECKS: dict[str, type[Check]] = {
    "affiliates": Affiliates,
    "customers": Customers,
    "clicks": Clicks,
    "sales": Sales,
    "refunds": Refunds,
}
