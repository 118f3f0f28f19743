"""`/api/v1`: the merchant's programs tell of leads, sales and refunds, and read what came of them.

Every call carries a key and is never throttled. What is wrong is told in the order of contract.md:
no key 401, not JSON by its type 415, too long 413, not JSON 400, a field 422, another content 409.
"""

import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from peewee import Expression
from werkzeug.exceptions import NotFound, UnsupportedMediaType

from portal import access, accounts, affiliates, feeds, fields, lists, orders
from portal.books import Entry, Payout
from portal.database import utcnow
from portal.fields import Wrong
from portal.models import Affiliate, Click, Fact
from portal.months import Month
from portal.orders import Answer, Conflict
from portal.rules import Refused
from portal.views.errors import api_error, refused

bp = Blueprint("api", __name__, url_prefix="/api/v1")
bp.register_error_handler(Refused, refused)

Told = Response | tuple[Response, int]


# --- Every call --------------------------------------------------------------------------------


@bp.before_request
def _let_in() -> Response | None:
    """Ask for the key. Nothing else is looked at without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    key = access.key_of(token.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        answer = api_error(401, "unauthorized", "Send a key: Authorization: Bearer <key>.")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    g.now, g.by = utcnow(), f"key {key.name}"
    access.used(key, now=g.now)
    return None


@bp.errorhandler(Conflict)
def _conflict(conflict: Conflict) -> Response:
    return api_error(409, "conflict", str(conflict), "event_id")


def _body() -> Any:
    """The JSON that was sent. Raises Wrong, and werkzeug's 413 and 415."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
    return fields.parse(request.get_data())


# --- Events ------------------------------------------------------------------------------------


EVENTS: dict[str, tuple[Callable[..., feeds.Event], Callable[..., Answer]]] = {
    "lead": (feeds.lead, orders.record_lead),
    "sale": (feeds.sale, orders.record_sale),
    "refund": (feeds.refund, orders.record_refund),
}


@bp.post("/track/<any(lead, sale, refund):kind>")
def track(kind: str) -> Told:
    """Record an event; 200 for a repeat, 202 for a refund that waits for its sale (R11)."""
    read, record = EVENTS[kind]
    data = _body()
    try:
        event = read(data, g.now)
    except Wrong as wrong:
        # The clock may have been put back since, and a time that was a little ahead has come.
        event = read(data, None)
        if not wrong.by_clock or not Fact.get_or_none(event_id=event.event_id):
            raise
    answer = record(event, now=g.now)
    return jsonify(answer.body), 200 if not answer.created else 202 if answer.waiting else 201


# --- Affiliates --------------------------------------------------------------------------------


@bp.post("/affiliates")
def apply() -> Told:
    """An application (R1 to R3, R12); the same e-mail again is the account as it is."""
    affiliate, created = affiliates.apply(now=g.now, by=g.by, **feeds.application(_body()))
    return jsonify(accounts.standing(affiliate, now=g.now)), 201 if created else 200


@bp.get("/affiliates/<code>")
def affiliate(code: str) -> Told:
    """An affiliate by a code it has or had, in any case."""
    return jsonify(accounts.standing(_by_code(code), now=g.now))


@bp.patch("/affiliates/<code>")
def change(code: str) -> Told:
    """Suspend or reinstate, or say what a check needs."""
    account = _by_code(code)
    values = feeds.change(_body())
    about = {"by": g.by, "now": g.now}
    if "status" in values:
        affiliates.set_status(account, values.pop("status"), **about)
    if "tax_id" in values:
        affiliates.change_tax_id(account, values.pop("tax_id"), **about)
    if values:
        affiliates.change_profile(account, **values, **about)
    return affiliate(code)


def _by_code(code: str) -> Affiliate:
    found = affiliates.by_code(code)
    if found is None:
        raise NotFound("There is no affiliate with this code.")
    return found


# --- Lists -------------------------------------------------------------------------------------


@bp.get("/affiliates/<code>/ledger")
def ledger(code: str) -> Told:
    """The ledger of an affiliate, by recording."""
    return _list(lists.ENTRIES, Entry.affiliate == _by_code(code), unsaid="affiliate")


@bp.get("/orders")
def all_orders() -> Told:
    """All orders with their credit and sums."""
    return _list(lists.ORDERS)


@bp.get("/payouts")
def payouts() -> Told:
    """All payouts, or those of one month, each with its last check."""
    month = request.args.get("month")
    return _list(lists.PAYOUTS, *([Payout.run == _read(Month, "month")] if month else []))


@bp.get("/clicks")
def clicks() -> Told:
    """All clicks, or those of one affiliate."""
    code = request.args.get("affiliate")
    where = [Click.affiliate_id == _by_code(code).id] if code else []
    return _list(lists.CLICKS, *where, unsaid="visitor")


def _list(listing: lists.List, *where: Expression, unsaid: str = "") -> Told:
    limit = _read(_limit, "limit", str(lists.LONGEST))
    rows, cursor = _read(lambda cursor: listing.page(cursor, limit, *where), "cursor")
    items = [{name: value for name, value in row.items() if name != unsaid} for row in rows]
    return jsonify({listing.name: items, "next": cursor})


def _read(reader: Callable[[str], Any], name: str, default: str = "") -> Any:
    try:
        return reader(request.args.get(name, default))
    except ValueError as error:
        raise Wrong(str(error), name) from None


def _limit(text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text) or not 0 < int(text) <= lists.LONGEST:
        raise ValueError(f"A limit is from 1 to {lists.LONGEST}.")
    return int(text)
