"""Banners, text links and e-mails, with an affiliate's own link in them, ready to take."""

from typing import Any

from flask import Response, current_app, request

from portal import links, material
from portal.forms import options
from portal.forms.center import InsideForm
from portal.material import BANNER, EMAIL, TEXT, Creative
from portal.models import Link
from portal.views.center import blueprint, go
from portal.views.html import me, now, page, settings

OWN, MAIN = "", "main"  # each creative's own link, and the affiliate's main one


@blueprint.get("/banners")
def banners() -> Response:
    return _page("center/banners.html", BANNER, TEXT)


@blueprint.get("/emails")
def emails() -> Response:
    return _page("center/emails.html", EMAIL)


def _page(template: str, *kinds: str) -> Response:
    form = InsideForm(request.args)
    names = Link.select(Link.slug, Link.name).where(Link.affiliate == me()).order_by(Link.name)
    own = {OWN: "Each one's own link", MAIN: "Main link"}
    form.link.choices = options((own | dict(list(names.tuples()))).items())
    right = form.validate()
    chosen, label = (form.link.data or OWN, form.typed("sub_id")) if right else (OWN, "")
    found = {
        kind: [_ready(creative, chosen, label) for creative in material.listed(kind)]
        for kind in kinds
    }
    brought = links.table(me(), now=now(), zone=settings().zone)
    clicks = {row.link.id: row.clicks for row in brought}
    return page(template, status=None if right else 422, form=form, found=found, clicks=clicks)


def _ready(creative: Creative, chosen: str, label: str) -> dict[str, Any]:
    """A creative with what is copied of it."""
    slug = {OWN: creative.link.slug, MAIN: ""}.get(chosen, chosen)
    link = go(slug) + (f"?sub_id={label}" if label else "")
    if creative.kind == EMAIL:
        return {"it": creative, **material.swipe(creative, link, me(), settings())}
    portal = current_app.config["PORTAL"].url
    return {"it": creative, "block": material.banner_block(creative, link, portal)}
