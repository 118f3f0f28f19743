"""Affiliates: applying, being attached, changing status and profile.

Every change that decides money (status, e-mail, residence, tax ID on file, a linked customer) is a
fact beside the row, so any moment of the past can be recomputed (R24).
"""

from datetime import datetime
from typing import Any

from portal import formats, mail, program, rules, taxes, vault
from portal.attachments import Attached, attach_applicant, attach_linked
from portal.books import Customer
from portal.database import transaction
from portal.fields import CODE
from portal.formats import address_lines
from portal.models import Affiliate, AffiliateCode, Audit, TaxIdOnFile, record
from portal.present import Now

ON_CHECKS = "payee line1 line2 city state postal_code country".split()
W9 = "tax_name tax_class e_copy certified_at".split()
PROFILE = ["name", "company", "us_person", "website", *ON_CHECKS]
RESIDENCE = ("country", "us_person")
MOVES = {  # the changes of status that there are, and what is mailed about each
    (rules.REVIEW, rules.ACTIVE): "login",
    (rules.DECLINED, rules.ACTIVE): "login",
    (rules.REVIEW, rules.DECLINED): "declined",
    (rules.ACTIVE, rules.SUSPENDED): "suspended",
    (rules.SUSPENDED, rules.ACTIVE): "reinstated",
}


def by_code(code: str) -> Affiliate | None:
    """The affiliate who owns a code, in any case, also one given up (R4)."""
    known = CODE.fullmatch(code.lower()) and AffiliateCode.get_or_none(code=code.lower())
    return known.affiliate if known else None


def apply(*, now: datetime, by: str = "form", **said: Any) -> tuple[Affiliate, bool]:
    """Make what an applicant said an account and mail its login (R1 to R3, R12).

    With an e-mail that has an account already: that account, and False. Raises Refused.
    """
    with transaction():
        account = Affiliate.get_or_none(email_key=rules.email_key(said["email"]))
        if account:
            if by == "form":
                key = f"account_exists:{account.id}:{now:%Y-%m-%d}"
                mail.queue("account_exists", to=account, now=now, key=key)
            return account, False
        review = program.load().applications == "review"
        affiliate = join(rules.REVIEW if review else rules.ACTIVE, now=now, **said)
        kind = "applied" if review else "login"
        mail.queue(kind, to=affiliate, now=now, key=f"{kind}:{affiliate.id}")
        return affiliate, True


def join(
    status: str,
    *,
    now: datetime,
    applied_at: datetime | None = None,
    referrer: Affiliate | None = None,
    tax_id: str = "",
    click_id: str = "",
    **said: Any,
) -> Affiliate:
    """Open an account, within a deed; `referrer` is an attachment of a former system.

    `said` are the columns of the account that an applicant fills in.
    """
    given, world = _tax_id(tax_id), Now()
    attached: Attached = (referrer.id, "import") if referrer else (None, None)
    if not referrer:
        attached = attach_applicant(said["email"], click_id, now, world)
    affiliate = Affiliate(
        **said,
        email_key=rules.email_key(said["email"]),
        status=status,
        referrer=attached[0],
        attached_by=attached[1],
        attached_at=now if attached[0] else None,
        applied_at=applied_at or now,
    )
    affiliate.code = _new_code(affiliate)
    affiliate.payee = affiliate.payee or affiliate.company or affiliate.name
    affiliate.save(force_insert=True)
    content = {name: getattr(affiliate, name) for name in ("code", "email", "status", *RESIDENCE)}
    content |= {"referrer": attached[0], "attached_by": attached[1]}
    content |= {"tax_id_on_file": given is not None, "click_id": click_id}
    about = {"affiliate_id": affiliate.id, "email_key": affiliate.email_key}
    fact = record("application", content, now, clicks_to=world.clicks_to, **about)
    AffiliateCode.create(code=affiliate.code, affiliate=affiliate, fact_id=fact.id)
    if given:
        _seal(affiliate, given, now)
    return affiliate


def _new_code(applicant: Affiliate) -> str:
    """The code asked for, or one made of the name; codes are never given twice (R4)."""
    if applicant.code:
        if AffiliateCode.get_or_none(code=applicant.code):
            raise rules.Refused("This code is taken. Choose another.", "code")
        return applicant.code
    stem = formats.slug(applicant.name)[:24].strip("-")
    stem = stem if CODE.fullmatch(stem) else "affiliate"
    taken = AffiliateCode.select(AffiliateCode.code).where(AffiliateCode.code.startswith(stem))
    return formats.unused(stem, {row.code for row in taken})


def set_status(affiliate: Affiliate, status: str, *, by: str, now: datetime) -> Affiliate:
    """Approve, decline, suspend or reinstate (R1, R16); the same status again changes nothing."""
    with transaction():
        affiliate = Affiliate.get_by_id(affiliate.id)
        before = affiliate.status
        if before == status:
            return affiliate
        kind = MOVES.get((before, status))
        if kind is None:
            said = f"An account that is {before} cannot become {status}."
            raise rules.Refused(said, "status")
        same = (Affiliate.id == affiliate.id) & (Affiliate.status == before)
        if not Affiliate.update(status=status, closed_at=None).where(same).execute():
            raise rules.Refused("Somebody else changed this account just now.", "status")
        affiliate.status = status
        fact = record("status", {"status": status}, now, affiliate_id=affiliate.id)
        Audit.note(by, status, affiliate.code, now, before=before)
        mail.queue(kind, to=affiliate, now=now, key=f"{kind}:{affiliate.id}:{fact.id}")
        return affiliate


def change_profile(affiliate: Affiliate, *, by: str, now: datetime, **said: Any) -> Affiliate:
    """Change name, payee, address, country or U.S. person; other fields are not for this."""
    unknown = set(said) - {*PROFILE, *W9}
    if unknown:
        raise TypeError(f"not a part of the profile: {sorted(unknown)}")
    with transaction():
        affiliate = Affiliate.get_by_id(affiliate.id)
        changed = {name: value for name, value in said.items() if getattr(affiliate, name) != value}
        if not changed:
            return affiliate
        Affiliate.update(**changed).where(Affiliate.id == affiliate.id).execute()
        affiliate = Affiliate.get_by_id(affiliate.id)
        if set(changed) & set(RESIDENCE):
            content = {name: getattr(affiliate, name) for name in RESIDENCE}
            record("residence", content, now, affiliate_id=affiliate.id)
        Audit.note(by, "profile", affiliate.code, now, fields=sorted(changed))
        if set(changed) & set(ON_CHECKS):
            lines = [affiliate.payee, *address_lines(affiliate)]
            mail.queue("checks_changed", to=affiliate, now=now, lines=lines)
        return affiliate


def change_email(affiliate: Affiliate, email: str, *, by: str, now: datetime) -> Affiliate:
    """Change the e-mail, which may make or unmake the affiliate the buyer of orders (R15)."""
    key = rules.email_key(email)
    with transaction():
        other = Affiliate.get_or_none(Affiliate.email_key == key, Affiliate.id != affiliate.id)
        if other or not key:
            raise rules.Refused("This e-mail cannot be used for this account.", "email")
        about = {"email": email, "email_key": key}
        Affiliate.update(**about).where(Affiliate.id == affiliate.id).execute()
        told = {"address": affiliate.email, "new": email}
        mail.queue("email_changed", to=affiliate, now=now, **told)
        record("email", {"email": email}, now, affiliate_id=affiliate.id, email_key=key)
        Audit.note(by, "email", affiliate.code, now)
        return Affiliate.get_by_id(affiliate.id)


def _tax_id(text: str) -> taxes.TaxId | None:
    try:
        return taxes.tax_id(text)
    except rules.Refused as problem:
        raise rules.Refused(str(problem), "tax_id") from None


def change_tax_id(affiliate: Affiliate, text: str, *, by: str, now: datetime, **said: Any) -> bool:
    """Put a tax ID on file, sealed (R2, R20), with what else is said for the tax.

    Nothing or zeros keep what is on file: False.
    """
    tax_id = _tax_id(text)
    with transaction():
        change_profile(affiliate, by=by, now=now, **said)
        if tax_id is None:
            return False
        _seal(affiliate, tax_id, now)
        record("tax_id", {"on_file": True}, now, affiliate_id=affiliate.id)
        Audit.note(by, "tax_id", affiliate.code, now, kind=tax_id.kind)
        mail.queue("tax_changed", to=affiliate, now=now, last_four=tax_id.digits[-4:])
    return True


def _seal(affiliate: Affiliate, tax_id: taxes.TaxId, now: datetime) -> None:
    sealed = vault.seal(tax_id.digits, row=f"tax_id_on_file:{affiliate.id}:sealed")
    row = {"kind": tax_id.kind, "sealed": sealed, "last_four": tax_id.digits[-4:], "stored_at": now}
    TaxIdOnFile.put({"affiliate": affiliate}, **row)


def link_customer(affiliate: Affiliate, customer_id: str, *, by: str, now: datetime) -> Affiliate:
    """Say which customer an affiliate is, once (R12, R15). Raises Refused."""
    with transaction():
        affiliate = Affiliate.get_by_id(affiliate.id)
        customer = Customer.get_or_none(customer_id=customer_id)
        if customer is None:
            raise rules.Refused("There is no such customer.", "customer_id")
        if affiliate.customer_id or Affiliate.get_or_none(customer_id=customer.id):
            raise rules.Refused("The affiliate or the customer is linked already.", "customer_id")
        affiliate.customer_id = customer.id
        affiliate.save(only=[Affiliate.customer_id])
        attach_linked(affiliate, customer, now)
        Audit.note(by, "link", affiliate.code, now, customer=customer_id)
        return Affiliate.get_by_id(affiliate.id)
