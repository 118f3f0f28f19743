"""Between the office and the bank: the printer's paper, the register, checks that went stale."""

from __future__ import annotations

from flask import Response

from portal import paper, printing
from portal.views.admin import blueprint
from portal.views.html import pdf


@blueprint.get("/bank/test-page")
def test_page() -> Response:
    """A page to hold against a check, to find out how far print has to move."""
    return pdf("check-test-page", paper.test_page(printing.stock()))
