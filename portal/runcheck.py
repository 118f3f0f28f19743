"""The other half of `portal verify`: people, corrections and payout runs recomputed (R24)."""

from collections.abc import Iterator
from typing import Any

from portal import accounts, ledger, program, rules, taxes
from portal.attachments import recompute
from portal.books import Entry, NotPaid, PaperCheck, Payout, Run
from portal.ledger import Person
from portal.models import Affiliate, AffiliateCode, Fact, TaxIdOnFile
from portal.months import Month
from portal.past import ABOUT_PEOPLE, Archive

ABOUT_ONE = "status email_key code referrer customer_id country us_person tax_id_on_file".split()


def people() -> Iterator[str]:
    """Status, e-mail, code, referrer and the like of every affiliate, as the facts tell them."""
    last = _last_told()
    sealed = {affiliate for (affiliate,) in TaxIdOnFile.select(TaxIdOnFile.affiliate_id).tuples()}
    owners = dict(AffiliateCode.select(AffiliateCode.code, AffiliateCode.affiliate).tuples())
    for row in Affiliate.select().iterator():
        kept, told = row.__data__ | {"tax_id_on_file": row.id in sealed}, last.pop(row.id, {})
        for name in ABOUT_ONE:
            if kept[name] != told.get(name):
                said = f"{name} is {kept[name]!r}; the facts say {told.get(name)!r}."
                yield f"Affiliate {row.code}: {said}"
        if owners.get(row.code) != row.id:
            yield f"Affiliate {row.code}: links with this code are another's."
    for affiliate in last:
        yield f"Affiliate {affiliate} has facts but no account."
    archive = Archive()
    for fact in Fact.select().where(Fact.kind.in_(("application", "link"))).iterator():
        right = recompute(fact, archive)
        if fact.content["referrer"] != right:
            yield f"Fact {fact.id} attaches to {fact.content['referrer']}; R12 says {right}."


def _last_told(until: int | None = None) -> dict[int, dict[str, Any]]:
    """What the facts up to a number say of every affiliate, the last word each."""
    told: dict[int, dict[str, Any]] = {}
    facts = Fact.select(
        Fact.affiliate_id, Fact.customer_id, Fact.kind, Fact.content, Fact.email_key
    )
    facts = facts.where(Fact.kind.in_(ABOUT_PEOPLE)).order_by(Fact.id)
    if until is not None:
        facts = facts.where(Fact.id <= until)
    for fact in facts.iterator():
        about, said = told.setdefault(fact.affiliate_id, {}), fact.content
        if fact.kind == "tax_id":
            about["tax_id_on_file"] = said["on_file"]
        elif fact.kind != "link" or said["referrer"]:
            about.update(said)
        if fact.email_key:
            about["email_key"] = fact.email_key
        if fact.kind == "link":
            about["customer_id"] = fact.customer_id
    return told


def corrections() -> Iterator[str]:
    """Adjustments, each with its fact; and a fact for each."""
    facts = {f"{f.id}:0": f for f in Fact.select().where(Fact.kind == "adjustment")}
    for row in Entry.select().where(Entry.kind == rules.ADJUSTMENT):
        fact = facts.pop(row.source, None)
        said = fact and (fact.affiliate_id, fact.content["amount"], fact.recorded_at)
        if said != (row.affiliate_id, row.amount, row.happened_at):
            yield f"Entry {row.id} ({row.source}) is not what its fact says: {said}."
    for source in facts:
        yield f"The entry {source} of an adjustment is missing."


def runs() -> Iterator[str]:
    """The lists of every run, and the entries of its payouts and void checks."""
    zone = program.load().zone
    for run in Run.select().order_by(Run.month):
        waived = accounts.waived(run.month, until=run.last_fact)
        told = _last_told(run.last_fact)
        people = [_person(key, about)._replace(waived=key in waived) for key, about in told.items()]
        about = {"zone": zone, "terms": run.terms.terms(), "last": run.last_entry}
        right = {tuple(due) for due in ledger.due_lists(Month(run.month), people, **about)}
        paid = Payout.select().where(Payout.run == run)
        left = NotPaid.select().where(NotPaid.run == run)
        kept = {(p.affiliate_id, p.amount, rules.IN_PAYOUTS) for p in paid}
        kept |= {(n.affiliate_id, n.amount, n.reason) for n in left}
        for affiliate, amount, name in sorted(kept ^ right):
            where = "stored" if (affiliate, amount, name) in kept else "not stored"
            yield f"Run {run.month}: affiliate {affiliate}, {amount} cents, {name} is {where}."
        yield from _payout_entries(run)


def _person(affiliate: int, told: dict[str, Any]) -> Person:
    us_person = taxes.is_us_person(told["us_person"], told["country"])
    suspended = told["status"] == rules.SUSPENDED
    return Person(affiliate, suspended, us_person, told["tax_id_on_file"])


def _payout_entries(run: Run) -> Iterator[str]:
    right = {}
    checks = PaperCheck.select(PaperCheck, Payout).join(Payout).where(Payout.run == run)
    for check in checks:
        payout, source = check.payout, f"payout:{check.payout_id}:{check.part}"
        about = (payout.affiliate_id, payout.id)
        right[source] = (*about, rules.PAYOUT, -payout.amount)
        if check.status == rules.VOID:
            right[f"{source}:void"] = (*about, rules.PAYOUT_VOID, payout.amount)
    entries = Entry.select().join(Payout).where(Payout.run == run)
    kept = {e.source: (e.affiliate_id, e.payout_id, e.kind, e.amount) for e in entries}
    for source in sorted(kept.keys() | right.keys()):
        stored, said = kept.get(source), right.get(source)
        if stored != said:
            yield f"The entry {source} is stored as {stored}; the run and checks say {said}."
