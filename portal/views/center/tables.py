"""The live tables of clicks and orders: filters in the address, older rows by key, CSV the same."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, abort, request

from portal import formats, months, reports, words
from portal.books import Order
from portal.explain import BECAUSE
from portal.forms import RowsForm
from portal.models import Click
from portal.reports import Filter
from portal.views.center import blueprint, source
from portal.views.html import me, now, page, settings, table

# --- Clicks ------------------------------------------------------------------------------------


@blueprint.get("/clicks")
def clicks() -> Response:
    """Click-throughs, newest first, with the filter in the address."""
    form, wanted = _filter()
    if wanted is None:
        return page("center/clicks.html", status=422, form=form, found=None, **_head())
    names = reports.links(me())
    if request.args.get("format") == "csv":
        rows = reports.clicks(me(), wanted, limit=None).rows
        head = ("clicked_at", "link", "sub_id", "from", "counts_until", "click_id")
        return table("clicks", head, (_click_cells(click, names) for click in rows))
    found = reports.clicks(me(), wanted, before=_click("before"), upto=_click("upto"))
    return page(
        "center/clicks.html",
        "center/_clicks.html",
        form=form,
        found=found,
        names=names,
        source=source,
        until=_until,
        older=_outside(found.older, found.rows[-1:]),
        newest=_outside(found.newest, found.rows[:1]),
        **_head(),
    )


def _filter() -> tuple[RowsForm, Filter | None]:
    """The form of the address, and what it asks for; None where it cannot be read."""
    names = reports.links(me())
    form = RowsForm(request.args)
    form.offer([("main", reports.MAIN_LINK), *((name, name) for name in names.values())])
    if not form.validate():
        return form, None
    keys = {name: key for key, name in names.items()} | {"main": 0}
    since, until = _midnight(form.since.data), _midnight(form.until.data, 1)
    return form, Filter(since, until, keys.get(form.link.data), form.sub_id.data or "")


def _midnight(on: date | None, more: int = 0) -> datetime | None:
    if on is None or on == date.max:  # no day comes after the last one
        return None
    return datetime.combine(on + timedelta(days=more), datetime.min.time(), settings().zone)


def _click(name: str) -> int | None:
    """The key of the click whose id the address names; one of another affiliate is nowhere."""
    text = request.args.get(name, "")
    if not text:
        return None
    click = Click.find(text)
    if click is None or click.affiliate_id != me().id:
        abort(404)
    return click.id


def _outside(key: int | None, rows: list[Click]) -> str | None:
    if key is None:
        return None
    return rows[0].outside_id if rows else request.args.get("upto")


def _until(click: Click) -> datetime:
    return click.clicked_at + timedelta(days=click.days)


def _click_cells(click: Click, names: dict[int, str]) -> tuple[Any, ...]:
    link = names.get(click.link_id or 0, reports.MAIN_LINK)
    at, until = click.clicked_at.isoformat(), _until(click).isoformat()
    return at, link, click.sub_id or "", click.referrer or "", until, click.outside_id


def _head() -> dict[str, Any]:
    """What the head of a table's page says."""
    figures = reports.figures(me(), now=now(), zone=settings().zone)
    return {"figures": figures, "month": formats.month(months.month_of(now(), settings().zone))}


# --- Orders ------------------------------------------------------------------------------------


@blueprint.get("/orders")
def orders() -> Response:
    """Credited orders, newest first, each with why it is the affiliate's and what it earned."""
    form, wanted = _filter()
    if wanted is None:
        return page("center/orders.html", status=422, form=form, found=None)
    if request.args.get("format") == "csv":
        found = reports.orders(me(), wanted, limit=None)
        head = ("order_id", "ordered_at", "customer", "plan", "paid", "refunded", "earned", "rule")
        return table("orders", head, (_order_cells(o, found.more[o.id]) for o in found.rows))
    found = reports.orders(me(), wanted, before=_order("before"), upto=_order("upto"))
    names = reports.links(me())
    return page(
        "center/orders.html",
        "center/_orders.html",
        form=form,
        found=found,
        rows=[_told(order, found.more[order.id], names) for order in found.rows],
        older=found.rows[-1].order_id if found.older else None,
        newest=found.rows[0].order_id if found.rows else request.args.get("upto"),
    )


def _order(name: str) -> int | None:
    """The key of the credited order that the address names."""
    text = request.args.get(name, "")
    if not text:
        return None
    order = Order.get_or_none(Order.order_id == text, Order.credited_to == me())
    return order.id if order else abort(404)


def _told(order: Order, money: dict[str, int], names: dict[int, str]) -> dict[str, Any]:
    """An order as its row tells it."""
    customer = order.customer
    who = words.initials(customer.name, customer.email)
    trail = [("Because", f"{BECAUSE.get(order.rule, order.reason)} ({order.rule})")]
    click = getattr(order, "click", None)
    if order.click_id and click:
        link = names.get(click.link_id or 0, reports.MAIN_LINK)
        label = f", label {click.sub_id}" if click.sub_id else ""
        before = words.apart(click.clicked_at, order.ordered_at)
        trail.append(("Click", f"{link}{label}, {before} before the order"))
    payments = words.plural(money["payments"], "payment")
    trail.append(("Paid", f"{payments}, {formats.usd(money['paid'])} in all"))
    if money["refunded"]:
        trail.append(("Refunded", formats.usd(money["refunded"])))
    if money["paid"] and not money["earning"]:
        trail.append(("Earned", "nothing: suspended (R16) or the buyer is you (R14)"))
    else:
        trail.append(("Earned", f"{formats.usd(money['earned'])} (R9)"))
    state, tone = _state(order, money)
    plan = words.plan(order.interval, order.price, order.plan_name)
    return {"order": order, "who": who, "plan": plan, "state": state, "tone": tone,
            "trail": trail, "left": money["paid"] - money["refunded"], **money}  # fmt: skip


def _state(order: Order, money: dict[str, int]) -> tuple[str, str]:
    if not money["paid"]:
        return "Not paid yet", ""
    if money["refunded"] >= money["paid"]:
        return "Refunded", "bad"
    return ("Paid" if order.interval == "once" else "Paying"), "good"


def _order_cells(order: Order, money: dict[str, int]) -> tuple[Any, ...]:
    plan = words.plan(order.interval, order.price, order.plan_name)
    who = words.initials(order.customer.name, order.customer.email)
    sums = [formats.usd(money[name]) for name in ("paid", "refunded", "earned")]
    return order.order_id, order.ordered_at.isoformat(), who, plan, *sums, order.rule
