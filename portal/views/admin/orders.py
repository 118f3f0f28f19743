"""All orders, live: who has the credit of each and why, and what was passed over (R6, R7)."""

from collections.abc import Iterator
from typing import Any

from flask import Response, request

from portal import affiliates, receipts
from portal.books import Order
from portal.formats import decimal, plan
from portal.forms import options
from portal.forms.office import OrdersForm
from portal.reports import Filter
from portal.views.admin import blueprint
from portal.views.html import midnight, page, row_key, table

STEP = 1_000  # orders of a file that are read at once
COLUMNS = "order_id ordered_at customer_id customer email plan paid refunded charged_back"
COLUMNS += " credited_to rule reason commission override"


@blueprint.get("/orders", endpoint="orders")
def listed() -> Response:
    form = OrdersForm(request.args)
    kind, _, code = (form.credit.data or "").partition(":")
    whose = affiliates.by_code(code) if kind == "affiliate" else None
    mine = {form.credit.data: whose.name} if whose else {}
    form.credit.choices = options({"": "Any", **receipts.CREDITS, **mine}.items())
    if not form.validate():
        return page("admin/orders.html", status=422, form=form, rows=None)
    days = Filter(midnight(form.since.data), midnight(form.until.data, 1))
    wanted: Any = days, whose or form.credit.data or "", form.typed("q")
    if request.args.get("format") == "csv":
        return table("orders", COLUMNS, _cells(*wanted))
    cut: dict[str, Any] = {at: row_key(at, _key) for at in ("before", "upto")}
    found = receipts.orders(*wanted, **cut)
    rows = found.rows
    return page(
        "admin/orders.html",
        "admin/_orders.html",
        form=form,
        rows=rows,
        newer=found.newer,
        newest=rows[0].order_id if rows else request.args.get("upto"),
        older=rows[-1].order_id if found.has_older else None,
        filtered=any(form.data.values()),
        plan=plan,
        **receipts.told(found),
    )


def _key(text: str) -> int | None:
    order = Order.get_or_none(order_id=text)
    return order.id if order else None


def _cells(*wanted: Any) -> Iterator[tuple[Any, ...]]:
    """The cells of every order that is wanted, newest first, read in steps."""
    before: int | None = None
    while True:
        found = receipts.orders(*wanted, before=before, limit=STEP)
        people = receipts.people(found)
        for order in found.rows:
            money, customer = found.more[order.id], order.customer
            paid = money["paid"], money["refunded"] - money["disputed"], money["disputed"]
            made = {rule: cents for _, rule, cents in money["made"]}
            whose = people[order.credited_to_id].code if order.credited_to_id else ""
            what = plan(order.interval, order.price, order.plan_name)
            yield (
                order.order_id, order.ordered_at, customer.customer_id, customer.name,
                customer.email, what, *map(decimal, paid), whose, order.rule, order.reason,
                *(decimal(made.get(rule, 0)) for rule in ("R9", "R13")),
            )  # fmt: skip
        if not found.has_older:
            return
        before = found.rows[-1].id
