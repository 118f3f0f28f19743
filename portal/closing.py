"""Closing an account: what is owed stays owed, and what is not needed any more is forgotten.

A closed account is declined from then on: its clicks are marked, payments earn it nothing, nobody
signs in to it, and runs go on paying what it earned (only suspended ones are held).
"""

from datetime import datetime

from peewee import fn

from portal import bank, ledger, mail, months, program, rules
from portal.access import LoginSession, OneTimePassword, ResetToken, holder
from portal.books import PaperCheck, Payout, SpoiledSheet
from portal.database import transaction
from portal.mail import Message
from portal.models import Affiliate, Audit, Link, TaxIdOnFile, record

KEPT_YEARS = 4  # after the year of the last check, as the law asks for tax records
FORGOTTEN = "Closed account"
_AT_ONCE = {"website": "", "promotion": "", "muted": "", "company": "", "password_hash": None,
            "password_at": None}  # fmt: skip
_LATER = dict.fromkeys(
    "payee line1 line2 city state postal_code tax_name tax_class".split(), ""
) | {"certified_at": None, "e_copy": False}


def close(affiliate: Affiliate, *, now: datetime) -> None:
    """Close an account for its owner. Raises Refused when it is not open."""
    with transaction():
        affiliate = Affiliate.get_by_id(affiliate.id)
        if affiliate.status == rules.SUSPENDED:
            said = "A suspended account cannot be closed. Ask the office first."
            raise rules.Refused(said)
        same = (Affiliate.id == affiliate.id) & (Affiliate.status == rules.ACTIVE)
        changes = {"status": rules.DECLINED, "closed_at": now, **_AT_ONCE}
        if not Affiliate.update(changes).where(same).execute():
            raise rules.Refused("This account is closed already.")
        record("status", {"status": rules.DECLINED}, now, affiliate_id=affiliate.id)
        Link.update(name=Link.slug).where(Link.affiliate == affiliate).execute()
        for table in (LoginSession, ResetToken):
            table.delete().where(table.holder == holder(affiliate)).execute()
        OneTimePassword.delete().where(OneTimePassword.affiliate == affiliate).execute()
        Audit.note(affiliate.code, "closed", affiliate.code, now)
        key, owed = f"closed:{affiliate.id}:{int(now.timestamp())}", ledger.balance(affiliate.id)
        mail.queue("closed", to=affiliate, now=now, key=key, balance=owed)


def forget(*, now: datetime) -> int:
    """Blank what is held of closed accounts to which nothing is owed and no law applies; how many.

    Name, payee, address and tax ID, also on old checks, and what was mailed stay until four years
    after the year of the last check. The
    e-mail's key stays for good: nobody earns on own purchases (R14), also under an old account.
    """
    year = months.year_of(now, program.load().zone)
    closed = Affiliate.closed_at.is_null(False) & (Affiliate.name != FORGOTTEN)
    count = 0
    for (key,) in list(Affiliate.select(Affiliate.id).where(closed).tuples()):
        with transaction():
            affiliate = Affiliate.get_or_none(Affiliate.id == key, closed)
            if affiliate is None:  # it was opened again meanwhile
                continue
            if not ledger.balance(affiliate.id) and _last_check(affiliate) < year - KEPT_YEARS:
                _forget(affiliate, now)
                count += 1
    return count


def _last_check(affiliate: Affiliate) -> int:
    """The year of the last check, this and every later one while one is still on its way."""
    mine = PaperCheck.select().join(Payout).where(Payout.affiliate == affiliate)
    if mine.where(PaperCheck.status.in_((rules.ISSUED, rules.PRINTED))).exists():
        return 9999
    last = mine.select(fn.MAX(PaperCheck.check_date)).scalar()
    return int(last[:4]) if last else 0


def _forget(affiliate: Affiliate, now: datetime) -> None:
    Affiliate.update({"name": FORGOTTEN, **_LATER}).where(Affiliate.id == affiliate.id).execute()
    mine = PaperCheck.payout.in_(Payout.select().where(Payout.affiliate == affiliate))
    PaperCheck.update(payee="", address="").where(mine).execute()
    burned = SpoiledSheet.check.in_(PaperCheck.select().where(mine))
    SpoiledSheet.update(payee="").where(burned).execute()
    bank.forget(affiliate)
    Message.delete().where(Message.holder == holder(affiliate)).execute()
    if TaxIdOnFile.delete().where(TaxIdOnFile.affiliate == affiliate).execute():
        record("tax_id", {"on_file": False}, now, affiliate_id=affiliate.id)
    Audit.note("timetable", "forgotten", affiliate.code, now)
