"""What the merchant sends, as values or as problems: one table a kind of thing."""

from datetime import UTC, datetime, timedelta

import pytest

from portal import feeds, fields, rules
from portal.fields import Wrong

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
SALE = {"event_id": "e1", "customer_id": "c1", "email": "ada@shop.example", "amount": 9700}
REFUND = {"event_id": "r1", "sale_event_id": "e1"}
PERSON = {"email": "ada@lists.example", "name": "Ada"}


def wrong(read, *given):
    """What a reader says is wrong."""
    with pytest.raises(Wrong) as told:
        read(*given)
    return told.value


def sale(**changes):
    return feeds.sale({**SALE, **changes}, NOW)


def wrong_sale(**changes):
    return wrong(feeds.sale, {**SALE, **changes}, NOW)


# --- JSON --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"nope",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'\xff{"a": 1}',
        b"[" * 100_000,
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
    ],
)
def test_what_is_not_json(body):
    assert wrong(fields.parse, body).code == "not_json"


def test_a_field_given_twice_is_named():
    problem = wrong(fields.parse, b'{"amount": 1, "plan": {"price": 1, "price": 2}}')
    assert (problem.code, problem.field) == ("invalid", "price")


@pytest.mark.parametrize("value", ["[]", "null", "1", '"text"', "true"])
def test_json_that_is_no_object(value):
    assert wrong(feeds.lead, fields.parse(value.encode()), NOW).field is None


# --- Amounts (money is an int of cents) ----------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "19.999",
        "1.0",
        "1e3",
        '"12"',
        "-1",
        "true",
        "null",
        "[]",
        "{}",
        str(2**63),
        str(10**12),
        "9" * 5000,
        "-" + "9" * 5000,
        "1e9999",
    ],
)
def test_amounts_that_are_refused(written):
    data = fields.parse(f'{{"event_id": "e", "customer_id": "c", "amount": {written}}}'.encode())
    assert wrong(feeds.sale, data, NOW).field == "amount"


@pytest.mark.parametrize("cents", [0, 1, 9700, 10**12 - 1])
def test_amounts_that_are_taken(cents):
    assert sale(amount=cents).amount == cents


# --- Fields --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"event_id": None}, "missing", "event_id"),
        ({"event_id": ""}, "invalid", "event_id"),
        ({"event_id": " "}, "invalid", "event_id"),
        ({"event_id": 7}, "invalid", "event_id"),
        ({"event_id": "x" * 256}, "invalid", "event_id"),
        ({"event_id": "a\x00b"}, "invalid", "event_id"),
        ({"customer_id": "a\nb"}, "invalid", "customer_id"),
        ({"customer_id": "\ud800"}, "invalid", "customer_id"),
        ({"customer_id": None}, "missing", "customer_id"),
        ({"amount": None}, "missing", "amount"),
        ({"order_id": ""}, "invalid", "order_id"),
        ({"order_id": 1}, "invalid", "order_id"),
        ({"name": "x" * 256}, "invalid", "name"),
        ({"name": ["Ada"]}, "invalid", "name"),
        ({"currency": "eur"}, "invalid", "currency"),
        ({"currency": ["usd"]}, "invalid", "currency"),
        ({"click_id": 5}, "invalid", "click_id"),
        ({"colour": "red"}, "unknown", "colour"),
        ({"\ud800": 1}, "unknown", "\\ud800"),
        ({"plan": "month"}, "invalid", "plan"),
        ({"plan": {}}, "missing", "plan.interval"),
        ({"plan": {"interval": "month"}}, "missing", "plan.price"),
        ({"plan": {"interval": "week", "price": 1}}, "invalid", "plan.interval"),
        ({"plan": {"interval": "month", "price": 1.0}}, "invalid", "plan.price"),
        ({"plan": {"interval": "month", "price": 1, "seats": 2}}, "unknown", "plan.seats"),
    ],
)
def test_a_wrong_field_is_named(change, code, field):
    problem = wrong_sale(**change)
    assert (problem.code, problem.field) == (code, field)


@pytest.mark.parametrize(
    "hint", ["", "nobody", "x" * 5000, "a\x00b", "\ud800", "<script>", "../..", "é" * 300]
)
def test_a_hint_that_went_through_a_browser_never_loses_a_sale(hint):
    taken = sale(click_id=hint, referral_code=hint)
    assert len(taken.click_id) <= 255
    assert "\x00" not in taken.referral_code
    assert taken.click_id.encode() is not None


@pytest.mark.parametrize(
    "address",
    ["ada@shop.example", " Ada+x@Shop.Example ", "o'neil@a-b.co", "é@bücher.example", "a.b@c.d.e"],
)
def test_addresses_that_have_the_form(address):
    assert feeds.application({**PERSON, "email": address})["email"] == address.strip()
    assert sale(email=address).email == address.strip()


@pytest.mark.parametrize(
    "address",
    [
        "ada",
        "ada@",
        "@shop.example",
        "a b@shop.example",
        "a@b@c.example",
        "a@shop",
        "a@.example",
        "a@shop..example",
        ".a@shop.example",
        "a..b@shop.example",
        "a@-shop.example",
        "a@1.2.3.4",
        "<a@shop.example>",
        "a@shop.example,b@shop.example",
        "x" * 65 + "@a.example",
        "a@" + "b" * 64 + ".example",
        "a@" + "b." * 130 + "example",
        "a\x00@shop.example",
        "ß" * 64 + "@" + ("ß" * 60 + ".") * 3 + "de",
    ],
)
def test_addresses_that_have_not(address):
    assert wrong(feeds.application, {**PERSON, "email": address}).field == "email"
    assert wrong_sale(email=address).field == "email"


def test_an_application_needs_an_address_and_a_sale_may_have_an_empty_one():
    assert wrong(feeds.application, {**PERSON, "email": " "}).field == "email"
    assert sale(email="").email == ""


# --- Times ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-22T11:00:00Z", "2026-11-22T11:00:00Z"),
        ("2026-11-22t11:00:00z", "2026-11-22T11:00:00Z"),
        ("2026-11-22T11:00:00.999999999Z", "2026-11-22T11:00:00Z"),
        ("2026-11-22T11:00:00+05:45", "2026-11-22T05:15:00Z"),
        ("2026-11-22T11:00:00-00:00", "2026-11-22T11:00:00Z"),
        ("2026-11-21T11:00:00-23:59", "2026-11-22T10:59:00Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        ("1900-02-28T00:00:00Z", "1900-02-28T00:00:00Z"),
        ("0001-01-05T00:00:00Z", "0001-01-05T00:00:00Z"),
    ],
)
def test_times_are_utc_cut_to_seconds(written, meant):
    taken = sale(occurred_at=written)
    assert taken.content["occurred_at"] == feeds.written(taken.occurred_at) == meant


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22T11:00:00",
        "2026-11-22",
        "2026-11-22 11:00:00Z",
        "11:00",
        "",
        5,
        True,
        [],
        {},
        "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T11:00:61Z",
        "now",
        "2026-11-22T11:00:00+24:00",
        "2026-11-22T11:00:00+0100",
        "2026-11-22T11:60:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "٢٠٢٦-11-22T11:00:00Z",
        "2026-11-22T11:00:00Z\n",
        "2026-11-22T11:00Z",
        "1700000000",
    ],
)
def test_times_that_are_refused(written):
    assert wrong_sale(occurred_at=written).field == "occurred_at"
    assert wrong(feeds.refund, {**REFUND, "occurred_at": written}, NOW).field == "occurred_at"
    assert wrong(
        feeds.lead, {"event_id": "l", "customer_id": "c", "occurred_at": written}, NOW
    ).field


@pytest.mark.parametrize("seconds", [1, 299, 300])
def test_up_to_five_minutes_ahead_is_now(seconds):
    written = feeds.written(NOW + timedelta(seconds=seconds))
    taken = sale(ordered_at=written, occurred_at=written)
    assert taken.occurred_at == taken.ordered_at == NOW
    assert taken.content["occurred_at"] == written


@pytest.mark.parametrize("written", ["2026-11-22T12:05:01Z", "9999-12-31T00:00:00Z"])
def test_later_is_refused_by_the_clock(written):
    assert wrong_sale(occurred_at=written).by_clock
    assert feeds.sale({**SALE, "occurred_at": written}, None).content["occurred_at"] == written


def test_an_order_is_not_later_than_its_payment():
    problem = wrong_sale(ordered_at="2026-11-22T11:00:01Z", occurred_at="2026-11-22T11:00:00Z")
    assert problem.field == "ordered_at"
    assert sale(ordered_at="2026-11-22T11:00:00Z").ordered_at
    both = {"ordered_at": "2026-11-22T12:04:00Z", "occurred_at": "2026-11-22T12:02:00Z"}
    assert sale(**both).ordered_at == NOW


# --- Content: as sent, with three defaults -------------------------------------------------------


def test_content_has_its_defaults_and_nothing_else():
    assert sale().content == {**SALE, "currency": "usd", "order_id": "e1"}
    assert feeds.refund(REFUND, NOW).content == {**REFUND, "kind": "refund"}
    assert sale(currency="usd", order_id="e1").content == sale().content
    assert sale(name=None, plan=None, occurred_at=None).content == sale().content
    assert sale(name="").content != sale().content


def test_two_spellings_of_one_instant_are_equal_content():
    one = sale(occurred_at="2026-11-22T11:00:00.7Z")
    assert one.content == sale(occurred_at="2026-11-22T13:00:00+02:00").content
    assert one.content != sale().content


def test_content_reads_back_as_the_same_value():
    plan = {"interval": "year", "price": 97000, "name": "Team"}
    first = sale(plan=plan, occurred_at="2026-11-22T12:03:00Z", click_id="\x00", name="Ada")
    assert feeds.sale(first.content, NOW) == first
    assert first.plan == rules.Plan("year", 97000)
    assert first.plan_name == "Team"


# --- Affiliates, customers, clicks ---------------------------------------------------------------


def test_an_application_is_flat():
    address = {"line1": "1 High St", "city": "Springfield", "postal_code": "12345"}
    fields_sent = feeds.application({**PERSON, "address": address, "country": "us"})
    assert fields_sent == {**PERSON, **address, "country": "US"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"code": "-a"}, "code"),
        ({"code": "a"}, "code"),
        ({"code": "ADA"}, "code"),
        ({"code": "a" * 33}, "code"),
        ({"code": "ada\n"}, "code"),
        ({"country": "USA"}, "country"),
        ({"us_person": "yes"}, "us_person"),
        ({"us_person": 1}, "us_person"),
        ({"tax_id": 123456788}, "tax_id"),
        ({"address": {"line1": "1 High St"}}, "address.city"),
        ({"address": {"line1": "1", "city": "B", "zip": "1"}}, "address.zip"),
        ({"address": "1 High St"}, "address"),
        ({"status": "active"}, "status"),
    ],
)
def test_a_wrong_application_is_named(change, field):
    assert wrong(feeds.application, {**PERSON, **change}).field == field


def test_a_change_is_the_status_alone_or_what_checks_need():
    address = {"line1": "1 High St", "city": "Springfield"}
    assert feeds.change({"status": "suspended"}) == {"status": "suspended"}
    changed = feeds.change({"payee": "Ada Ltd", "address": address})
    assert changed == {"payee": "Ada Ltd", **address, "line2": "", "state": "", "postal_code": ""}
    assert wrong(feeds.change, {"status": "declined"}).field == "status"
    assert wrong(feeds.change, {"status": "active", "payee": "Ada"}).field == "payee"
    assert wrong(feeds.change, {}).code == "missing"
    assert wrong(feeds.change, {"code": "bob"}).code == "unknown"
    assert wrong(feeds.change, []).code == "invalid"


def test_a_customer_who_belongs_to_somebody_has_paid():
    assert feeds.customer_row({"customer_id": "c", "belongs_to": "ada"})["paid_before"] is True
    assert feeds.customer_row({"customer_id": "c"})["paid_before"] is False
    row = {"customer_id": "c", "belongs_to": "ada", "paid_before": False}
    assert wrong(feeds.customer_row, row).field == "paid_before"


def test_rows_of_clicks_and_affiliates():
    click = {"click_id": "old-1", "code": "ada", "clicked_at": "2026-01-01T00:00:00Z"}
    assert feeds.click_row(click, NOW)["clicked_at"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert wrong(feeds.click_row, {**click, "clicked_at": "2027-01-01T00:00:00Z"}, NOW).by_clock
    row = feeds.affiliate_row({**PERSON, "status": "suspended", "referrer": "bob"}, NOW)
    assert (row["status"], row["referrer"], row["applied_at"]) == ("suspended", "bob", None)
