"""The Affiliate Resource Center: what an affiliate sees of clicks, orders, payments and the next
check, live, of their own account alone (R23).
"""

from __future__ import annotations

import io
from typing import Any

import segno
from flask import Blueprint, Response, current_app

from portal import chart, formats, months, outlook, program, reports
from portal.explain import Explainer
from portal.models import Affiliate, Click
from portal.views.html import me, now, only, page, settings

blueprint = Blueprint("center", __name__, url_prefix="/center")
blueprint.before_request(only(Affiliate))

FEED = 8


def own_link(affiliate: Affiliate) -> str:
    """The address that an affiliate gives away."""
    return f"{current_app.config['PORTAL'].url}/go/{affiliate.code}"


@blueprint.get("/")
def overview() -> Response:
    """The next check and why, six figures, the link, the last 90 days, what just happened."""
    affiliate, zone = me(), settings().zone
    return page(
        "center/overview.html",
        "center/_figures.html",
        "center/_feed.html",
        check=outlook.next_check(affiliate, now=now()),
        figures=reports.figures(affiliate, now=now(), zone=zone),
        month=formats.month(months.month_of(now(), zone)),
        year=months.year_of(now(), zone),
        greeting=_greeting(),
        link=own_link(affiliate),
        terms=program.terms_version().terms(),
        chart=chart.drawn(reports.last_days(affiliate, now=now(), zone=zone)),
        feed=_feed(affiliate),
    )


def _greeting() -> str:
    hour = now().astimezone(settings().zone).hour
    part = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
    return f"Good {part}, {me().name.split()[0] if me().name.split() else me().code}"


def _feed(affiliate: Affiliate) -> list[dict[str, Any]]:
    """Clicks and earnings together, newest first."""
    clicks, entries = reports.feed(affiliate, FEED)
    names = reports.links(affiliate) if any(click.link_id for click in clicks) else {}
    told = Explainer(entries, zone=settings().zone, now=now()).all()
    found = [
        {
            "at": click.clicked_at,
            "text": f"Click on {names.get(click.link_id or 0, reports.MAIN_LINK)}",
            "note": _from(click),
            "amount": None,
        }
        for click in clicks
    ]
    found += [
        {"at": e.recorded_at, "text": told[e.id].title, "note": "", "amount": e.amount}
        for e in entries
    ]
    return sorted(found, key=lambda item: item["at"], reverse=True)[:FEED]


def _from(click: Click) -> str:
    label = f"label {click.sub_id}, " if click.sub_id else ""
    return f"{label}{source(click)}"


def source(click: Click) -> str:
    """Where a click came from: the site, or nowhere."""
    address = (click.referrer or "").split("://", 1)[-1]
    return f"from {address.split('/', 1)[0]}" if address else "direct"


@blueprint.get("/qr.svg")
def qr() -> Response:
    """The QR code of the own link, to print or to put on a slide."""
    code = segno.make(own_link(me()), error="m", micro=False)
    drawn = io.BytesIO()
    code.save(drawn, kind="svg", scale=8, border=4, xmldecl=False, svgclass=None, lineclass=None)
    response = Response(drawn.getvalue(), mimetype="image/svg+xml")
    response.headers["Content-Disposition"] = f'inline; filename="{me().code}.svg"'
    return response
