"""The commands that pay, and what was paid: `portal payouts`, `checks` and `tax`."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from portal import affiliates, printing, program, rules, taxyear
from portal import checks as checkbook
from portal.books import PaperCheck, Payout
from portal.database import utcnow
from portal.formats import usd
from portal.models import Affiliate
from portal.months import Month, month_of
from portal.payouts import preview as preview_run
from portal.payouts import run_month
from portal.terminal import BY, as_json, opened, show

DEEDS: dict[str, tuple[Callable[..., dict[str, Any]], tuple[str, ...]]] = {
    "print": (checkbook.print_checks, ("first", "date", "pdf")),
    "paid": (checkbook.mark_paid, ("date",)),
    "clear": (checkbook.clear, ()),
    "void": (checkbook.void, ("reason",)),
    "reissue": (checkbook.reissue, ()),
}


OF_MONTH: dict[str, Any] = {"type": Month, "metavar": "YYYY-MM"}
payouts = click.Group("payouts", help="Monthly payouts. Example: portal payouts run --preview")


@payouts.command("run")
@click.option("--month", help="The month to pay for. Default: last month.", **OF_MONTH)
@click.option("--preview", is_flag=True, help="Change nothing; show what a run would do.")
@as_json
def run(month: Month | None, preview: bool, json_wanted: bool) -> None:
    """Make the payout run of a month; one that was made is shown again.

    Example: portal payouts run --month 2026-10
    """
    opened()
    now = utcnow()
    month = month or month_of(now, program.load().zone).plus(-1)
    show(preview_run(month, now=now) if preview else run_month(month, now=now, by=BY), json_wanted)


@click.command()
@click.argument("deed", type=click.Choice(tuple(DEEDS)))
@click.argument("more", nargs=-1, metavar="")
@click.option("--month", help="The run whose checks move.", required=True, **OF_MONTH)
@click.option("--affiliate", "codes", multiple=True, metavar="CODE ...", help="Only theirs.")
@click.option("--first", type=click.IntRange(1, 999_999_999), help="The first check number.")
@click.option("--date", metavar="YYYY-MM-DD", help="Printed on the check, or when it was mailed.")
@click.option("--reason", help="Why a check is void.")
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
@as_json
def checks(
    deed: str,
    more: tuple[str, ...],
    month: Month,
    codes: tuple[str, ...],
    json_wanted: bool,
    **options: Any,
) -> None:
    """Move the checks of a run: print, paid, clear, void or reissue them.

    Example: portal checks print --month 2026-10 --first 1001 --pdf checks.pdf
    """
    move, allowed = DEEDS[deed]
    given = {name: value for name, value in options.items() if value is not None}
    for name in given.keys() - set(allowed):
        raise click.UsageError(f"--{name} does not go with {deed}.")
    if more and not codes:
        raise click.UsageError(f"Name affiliates with --affiliate: {' '.join(more)}")
    opened()
    pdf = given.pop("pdf", None)
    if pdf and not os.access(pdf.absolute().parent, os.W_OK):
        raise click.ClickException(f"{pdf} cannot be written.")
    if deed == "void":
        given.setdefault("reason", "")
    known = {code: affiliates.by_code(code) for code in (*codes, *more)}
    named = [account.code if account else code for code, account in known.items()] or None
    answer = move(month, codes=named, by=BY, now=utcnow(), **given)
    if pdf:
        _write(pdf, month, [row["check_number"] for row in answer["moved"]], named)
    show(answer, json_wanted)
    sys.exit(1 if named and answer["refused"] else 0)


def _write(pdf: Path, month: Month, numbers: list[int], named: list[str] | None) -> None:
    """Write the checks that were numbered; when there were none to number, those not mailed yet,
    of who was named.

    So a call that was killed between numbering and writing is finished by giving it again.
    """
    only = PaperCheck.number.in_(numbers) if numbers else PaperCheck.status == rules.PRINTED
    only &= Affiliate.code.in_(named) if named else True
    found = PaperCheck.last(Payout.run == month, only).order_by(PaperCheck.number)
    if not numbers:
        click.echo(f"Nothing to number. The PDF has the {len(found)} not marked as paid.", err=True)
    if found:
        pdf.write_bytes(printing.pages(found, now=utcnow()))


@click.command()
@click.argument("year", type=click.IntRange(2000, 2999))
@as_json
def tax(year: int, json_wanted: bool) -> None:
    """List who gets Form 1099-NEC for a year and who does not, each with the reason (R22).

    Example: portal tax 2026
    """
    opened()
    told = taxyear.told(year)
    said = (
        f"{one['affiliate']} {one['name']} {usd(one['amount'])}: "
        f"{'form' if one['form'] else 'no form'}. {one['reason']}"
        for one in told["people"]
    )
    show(told, json_wanted, text="\n".join(said) or f"No check is dated in {year}.")
