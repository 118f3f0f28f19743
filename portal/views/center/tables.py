"""The live tables of clicks, orders, payments and the team, and each as CSV; clicks and orders are
filtered by the address, and read on by key.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, abort, request

from portal import accounts, evidence, formats, months, outlook, program, reports, taxyear
from portal.books import Order
from portal.explain import because, click_before, earned, explain, other_clicks
from portal.forms import options
from portal.forms.center import RowsForm
from portal.models import Click, TaxIdOnFile
from portal.months import Month
from portal.reports import MAIN_LINK, Filter, Rows
from portal.team import members
from portal.views.center import blueprint, head
from portal.views.html import me, midnight, now, page, row_key, settings, table

LOST, MEMBERS = 25, 100  # rows shown of clicks without commission, and of the team
Told = dict[str, Any]


@blueprint.get("/clicks")
def clicks() -> Response:
    columns = "clicked_at link sub_id from counts_until click_id"
    return _table("clicks", _read_clicks, _click_of, _told_click, columns, **head())


@blueprint.get("/orders")
def orders() -> Response:
    columns = "order_id ordered_at customer plan paid refunded earned rule"
    return _table("orders", _read_orders, _order_of, _told_order, columns)


def _read_clicks(*wanted: Any, **cut: Any) -> Rows:
    """Clicks, each with its orders, and why another is not theirs; a file needs neither."""
    found = reports.clicks(*wanted, **cut)
    lost = evidence.why_not(me(), found.rows if "limit" not in cut else ())
    found.more = {c.id: (found.more.get(c.id), lost.get(c.id)) for c in found.rows}
    return found


def _read_orders(*wanted: Any, **cut: Any) -> Rows:
    """Orders, each with its sums, the clicks considered, and payments that earned nothing."""
    found = reports.orders(*wanted, **cut)
    told = found.rows if "limit" not in cut else ()
    clicks, unpaid = evidence.own_clicks(me().id, told), evidence.unpaid(told)
    for order in found.rows:
        found.more[order.id] |= {"clicks": clicks.get(order.id, ()), "unpaid": unpaid.get(order.id)}
    return found


def _table(
    name: str,
    read: Callable[..., Rows],
    key_of: Callable[[str], int | None],
    tell: Callable[[Any, Any, dict[int | None, str]], Told],
    columns: str,
    **context: Any,
) -> Response:
    """A page of a table, its live part, or all of it as CSV."""
    names, html = reports.links(me()), f"center/{name}.html"
    form = RowsForm(request.args)
    chosen = {"": None, "main": 0} | {link: key for key, link in names.items() if key}
    labels = {"": "All links", "main": MAIN_LINK}
    form.link.choices = options((value, labels.get(value, value)) for value in chosen)
    context["labels"] = reports.labels(me())
    if not form.validate():
        return page(html, status=422, form=form, rows=None, **context)
    since, until = midnight(form.since.data), midnight(form.until.data, 1)
    click = row_key("click", _click_of)
    wanted = Filter(since, until, chosen[form.link.data or ""], form.typed("sub_id"), click)
    csv = request.args.get("format") == "csv"
    cut = {at: row_key(at, key_of) for at in ("before", "upto")}
    found = read(me(), wanted, **({"limit": None} if csv else cut))
    rows = [tell(row, found.more.get(row.id), names) for row in found.rows]
    if csv:
        return table(name, columns, (row["cells"] for row in rows))
    if name == "orders":
        context["lost"] = [
            {"why": why, "link": names.get(why.click.link_id, MAIN_LINK)}
            for why in evidence.lost(me(), wanted, LOST)
        ]
    newest = rows[0]["key"] if rows else request.args.get("upto")
    older = rows[-1]["key"] if found.has_older else None
    context |= {"form": form, "rows": rows, "newer": found.newer, "newest": newest, "older": older,
                "filtered": _filtered(form)}  # fmt: skip
    return page(html, f"center/_{name}.html", **context)


def _filtered(form: RowsForm) -> str:
    """What a table is narrowed to: on Guide with the label spring from Nov 1. Empty for nothing."""
    said = {
        "after": request.args.get("click") and "that click",
        "on": MAIN_LINK if form.link.data == "main" else form.link.data,
        "with the label": form.typed("sub_id"),
        "from": form.since.data and formats.day(form.since.data, settings().zone, now()),
        "to": form.until.data and formats.day(form.until.data, settings().zone, now()),
    }
    return " ".join(f"{word} {what}" for word, what in said.items() if what)


def _click_of(text: str) -> int | None:
    click = Click.find(text)
    return click.id if click and click.affiliate_id == me().id else None


def _order_of(text: str) -> int | None:
    order = Order.get_or_none(Order.order_id == text, Order.credited_to == me())
    return order.id if order else None


def _told_click(click: Click, more: tuple[Any, Any], names: dict[int | None, str]) -> Told:
    at: datetime = click.clicked_at
    until, key = click.until, click.outside_id
    link = names.get(click.link_id, MAIN_LINK)
    cells = (at, link, click.sub_id, click.referrer, until, key)
    return {"key": key, "cells": cells, "click": click, "link": link, "until": until,
            "ordered": more[0], "lost": more[1]}  # fmt: skip


def _told_order(order: Order, money: dict[str, Any], names: dict[int | None, str]) -> Told:
    trail = [because(order)]
    click = getattr(order, "click", None)
    if order.click_id and click:
        trail.append(("Click", click_before(order, click, names.get(click.link_id, MAIN_LINK))))
    if others := other_clicks(order, money["clicks"], settings().zone, now()):
        trail.append(("Your other clicks", others))
    payments = formats.plural(money["payments"], "payment")
    trail.append(("Paid", f"{payments}, {formats.usd(money['paid'])} in all"))
    taken = {"Refunded": money["refunded"] - money["disputed"], "Charged back": money["disputed"]}
    trail += [(name, formats.usd(amount)) for name, amount in taken.items() if amount]
    trail.append(("Earned", earned(money["earned"], money["unpaid"])))
    state = ("Paid" if order.interval == "once" else "Paying"), "good"
    if not money["paid"]:
        state = "Not paid yet", ""
    elif money["refunded"] >= money["paid"]:
        state = "Charged back" if money["disputed"] else "Refunded", "bad"
    who = formats.initials(order.customer.name, order.customer.email)
    plan = formats.plan(order.interval, order.price, order.plan_name)
    key, at = order.order_id, order.ordered_at
    sums = [formats.decimal(money[name]) for name in ("paid", "refunded", "earned")]
    return {"key": key, "cells": (key, at, who, plan, *sums, order.rule), "order": order,
            "who": who, "plan": plan, "state": state, "trail": trail, **money}  # fmt: skip


# --- Payments ----------------------------------------------------------------------------------


@blueprint.get("/payments")
def payments() -> Response:
    """Entries recorded in a month, oldest first, so that the statement adds up downwards."""
    zone = settings().zone
    csv = request.args.get("format") == "csv"
    this = months.month_of(now(), zone)
    after = request.args.get("after", "0")
    try:
        month = Month(request.args.get("month") or this)
    except ValueError:
        abort(404)
    last = this  # of the twelve months beside the statement, of which it is one
    while month < last.plus(-11):
        last = last.plus(-12)
    if month > this or not (after.isascii() and after.isdigit() and len(after) < 18):
        abort(404)
    brought, rows, later = reports.statement(
        me(), month.start(zone), month.end(zone), after=int(after), limit=None if csv else 100
    )
    told = explain([entry for entry, _ in rows], zone=zone, now=now())
    if csv:
        cells = (
            (e.recorded_at, e.happened_at, told[e.id].title, e.kind, e.rule,
             formats.decimal(e.amount), formats.decimal(b)) for e, b in rows
        )  # fmt: skip
        columns = "recorded_at happened_at entry kind rule amount balance"
        return table(f"payments-{month}", columns, cells)
    return page(
        "center/payments.html",
        "center/_payments.html",
        month=month,
        this=this,
        brought=brought,
        rows=rows,
        told=told,
        later=later,
        balance=rows[-1][1] if rows else brought,
        by_month=outlook.by_month(me(), last, now=now()),
        older=last.plus(-12) if last.plus(-12) >= months.month_of(me().applied_at, zone) else None,
        newer=last.plus(12) if last < this else None,
        year=(year := months.year_of(now(), zone)),
        dated=outlook.checks_dated(me(), year),
        tax_id=TaxIdOnFile.get_or_none(affiliate=me()),
        us_person=accounts.is_us_person(me()),
        form_due=taxyear.due_day(year),
    )


# --- Team -------------------------------------------------------------------------------------


@blueprint.get("/team")
def team() -> Response:
    zone = settings().zone
    rows = members(me(), now=now(), zone=zone)
    if request.args.get("format") == "csv":
        columns = "name joined attached because orders_month paid_month earned_month earned"
        cells = (
            (m.name, m.joined, m.attached, m.because, m.orders,
             *map(formats.decimal, (m.paid, m.earned, m.ever))) for m in rows
        )  # fmt: skip
        return table("team", columns, cells)
    return page(
        "center/team.html",
        "center/_team.html",
        rows=rows,
        shown=rows[:MEMBERS],
        with_sales=sum(member.ever != 0 for member in rows),
        month=formats.month(months.month_of(now(), zone)),
        rate=formats.percent(program.terms_version().override_rate),
    )
