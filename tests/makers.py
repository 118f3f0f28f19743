"""People, clicks, sales and runs for tests, with defaults, made by the real deeds."""

from itertools import count

from portal import access, affiliates, feeds, jobs, orders, payouts, program, traffic, visits
from portal.database import connected
from portal.models import Admin, Affiliate
from portal.rules import Plan, email_key

PASSWORD = "four plain words here"
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"}
MONTHLY = Plan("month", 9_700)
ADDRESS = {
    "line1": "1418 Alder Court",
    "city": "Portland",
    "state": "OR",
    "postal_code": "97214",
    "country": "US",
}
_numbers = count(1)


def make_program(now, **settings):
    """A program that was set up at an instant."""
    program.initialize(now)
    known = {"program_name": "Maestro", "product_url": "https://maestro.example/"} | settings
    for name, text in known.items():
        program.change(name, text, by="test", now=now)


def make_affiliate(code, now, *, password=PASSWORD, **said):
    """An affiliate who applied and has chosen a password; `password=None` leaves that out."""
    said = {"name": f"{code.title()} Reyes", "email": f"{code}@example.com"} | said
    made, _ = affiliates.apply(code=code, now=now, **said)
    if password:
        access.set_password(made, password, now=now)
    return Affiliate.get_by_id(made.id)


def make_admin(now, email="office@example.com", password=PASSWORD):
    """An administrator with a password."""
    made = Admin.create(email=email, email_key=email_key(email), name="Ana", created_at=now)
    access.set_password(made, password, now=now)
    return Admin.get_by_id(made.id)


def make_click(affiliate, at, **said):
    """A click on an affiliate's link by a browser; returns its outside id."""
    visit = visits.read(affiliate.code, headers=BROWSER, now=at, **said)
    return traffic.record_click(visit).click_id


def make_sale(at, *, click_id="", amount=9_700, plan=MONTHLY, customer="Dana Kim", **said):
    """A payment of a new customer, as the API takes it; returns what the API would answer."""
    number = next(_numbers)
    sent = {
        "event_id": f"event-{number}",
        "customer_id": f"customer-{number}",
        "order_id": f"order-{number}",
        "email": f"customer{number}@shop.example",
        "name": customer,
        "amount": amount,
        "occurred_at": feeds.written(at),
    }
    sent |= {"click_id": click_id} if click_id else {}
    if plan:
        sent["plan"] = {"interval": plan.interval, "price": plan.price, "name": "Pro"}
    return orders.record_sale(feeds.sale(sent | said, at), now=at).body


def make_refund(event_id, at, amount=None, **said):
    """Money given back of a sale, or taken back by the bank."""
    sent = {
        "event_id": f"refund-{next(_numbers)}",
        "sale_event_id": event_id,
        "occurred_at": feeds.written(at),
    }
    sent |= {"amount": amount} if amount else {}
    return orders.record_refund(feeds.refund(sent | said, at), now=at).body


def make_earnings(affiliate, at, sales=6):
    """So many full monthly payments of customers who clicked: $20.00 each."""
    return [make_sale(at, click_id=make_click(affiliate, at)) for _ in range(sales)]


def make_run(month, now):
    """The payout run of a month."""
    return payouts.run_month(month, now=now, by="test")


def run_once(name, now, *, config):
    """One turn of a job of the timetable at an instant; errors are raised."""
    with connected():
        jobs.JOBS[name].function(config, lambda: now, lambda: True)
