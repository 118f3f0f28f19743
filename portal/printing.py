"""Checks as they go to the printer: what is stored of them, on the program's paper (R21)."""

from collections.abc import Iterable
from datetime import datetime

from portal import office, paper, program, rules
from portal.books import PaperCheck
from portal.explain import explain

# Written across a check that is no longer to be printed, so that no second one looks good.
MARKS = {rules.VOID: "VOID", rules.CHECK_PAID: "COPY", rules.CLEARED: "COPY"}


def stock() -> paper.Stock:
    known = program.load()
    return paper.Stock(
        printed=known.check_stock == "printed",
        right=known.check_right,
        down=known.check_down,
        bank=known.check_bank,
    )


def pages(checks: Iterable[PaperCheck], *, now: datetime) -> bytes:
    """Printed checks as a PDF, a page each; void and mailed ones say so. Raises Refused."""
    known = program.load()
    return paper.checks([_page(check, known, now) for check in checks], stock())


def _page(check: PaperCheck, known: program.Program, now: datetime) -> paper.CheckPage:
    payout = check.payout
    entries, brought = office.voucher(payout, known.zone)
    told = explain(entries, zone=known.zone, now=now)
    return paper.CheckPage(
        number=check.number or 0,
        day=check.check_date or "",
        payee=check.payee,
        address=check.address,
        amount=payout.amount,
        affiliate=payout.affiliate.code,
        month=payout.run_id,
        program=known.payer,
        program_address=known.program_address,
        brought=brought,
        mark=MARKS.get(check.status, ""),
        lines=tuple(
            paper.VoucherLine(
                day=entry.happened_at.astimezone(known.zone).date(),
                title=told[entry.id].title,
                amount=entry.amount,
                kind=entry.kind.replace("_", " ").capitalize(),
            )
            for entry in entries
        ),
    )
