"""The program's settings: their table, and what each kind reads and refuses."""

import re

import pytest

from portal import settings
from portal.rules import Terms


def test_the_versioned_settings_are_the_terms():
    versioned = {row.name: row.default for row in settings.SETTINGS if row.versioned}
    assert versioned == vars(Terms())


def test_every_default_reads_back_as_itself():
    for row in settings.SETTINGS:
        assert row.parse(settings.as_text(row.default)) == row.default


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("program_name", " Acme  ", "Acme"),
        ("program_address", "1 Main St\n  Town", "1 Main St\nTown"),
        ("payer_name", "Acme Inc", "Acme Inc"),
        ("payer_tax_id", "12-3456789", "12-3456789"),
        ("payer_phone", "(510) 555-0100", "(510) 555-0100"),
        ("support_email", "help@acme.example", "help@acme.example"),
        ("product_url", "https://acme.example/buy?a=1", "https://acme.example/buy?a=1"),
        ("product_url", "http://localhost:5000/", "http://localhost:5000/"),
        ("product_url", "", ""),
        (
            "allowed_hosts",
            "WWW.acme.example, shop.acme.example,www.acme.example",
            ("www.acme.example", "shop.acme.example"),
        ),
        ("allowed_hosts", "127.0.0.1:8001,localhost", ("127.0.0.1:8001", "localhost")),
        ("allowed_hosts", "", ()),
        ("cookie_domain", ".Acme.example", "acme.example"),
        ("time_zone", "Europe/Berlin", "Europe/Berlin"),
        ("applications", "review", "review"),
        ("payout_day", "28", 28),
        ("first_month", "2026-11", "2026-11"),
        ("form_1099_at", "statutory", "statutory"),
        ("check_stock", "printed", "printed"),
        ("check_right", "-25", -25),
        ("check_down", "0", 0),
        ("check_bank", "First Bank\nOakland", "First Bank\nOakland"),
        ("bank_account", "0012-345", "0012-345"),
        ("cookie_days", "30", 30),
        ("minimum_payout", "0", 0),
        ("month_rate", "10000", 10_000),
    ],
)
def test_values_that_are_taken(name, text, value):
    assert settings.parse(name, text) == value
    assert settings.parse(name, settings.as_text(value)) == value


@pytest.mark.parametrize(
    ("name", "text", "right"),
    [
        ("program_name", "", "1 to 200 characters"),
        ("program_name", "a\nb", "one line"),
        ("program_name", "a" * 201, "1 to 200 characters"),
        ("program_address", "a\x00b", "plain lines"),
        ("payer_tax_id", "123-45-6789", "an EIN like 12-3456789"),
        ("payer_phone", "call us", "a telephone number"),
        ("check_right", "26", "hundredths of an inch"),
        ("check_down", "--1", "hundredths of an inch"),
        ("bank_account", "=1", "the account's number"),
        ("support_email", "help", "an e-mail address"),
        ("support_email", "a@b,c@d", "an e-mail address"),
        ("product_url", "acme.example", "full address like https://"),
        ("product_url", "javascript:alert(1)", "full address like https://"),
        ("product_url", "https://me:pw@acme.example/", "full address like https://"),
        ("product_url", "https://acme.example/a b", "full address like https://"),
        ("product_url", "https://[::1", "full address like https://"),
        ("allowed_hosts", "https://acme.example/", "host names with commas"),
        ("allowed_hosts", "acme.example,", "host names with commas"),
        ("allowed_hosts", "*.acme.example", "host names with commas"),
        ("cookie_domain", "com", "a domain like example.com"),
        ("cookie_domain", "10.0.0.1", "a domain like example.com"),
        ("time_zone", "PST", "a time zone like"),
        ("time_zone", "America", "a time zone like"),
        ("time_zone", "../etc/passwd", "a time zone like"),
        ("time_zone", "", "a time zone like"),
        ("applications", "manual", "automatic or review"),
        ("payout_day", "0", "from 1 to 28"),
        ("payout_day", "29", "from 1 to 28"),
        ("payout_day", "1.5", "from 1 to 28"),
        ("payout_day", "\u0661", "from 1 to 28"),
        ("first_month", "2026-13", "a month like 2026-11"),
        ("first_month", "11/2026", "a month like 2026-11"),
        ("form_1099_at", "600", "program or statutory"),
        ("cookie_days", "0", "number of days from 1"),
        ("minimum_payout", "100.00", "in cents (10000 is $100.00)"),
        ("minimum_payout", "-1", "in cents"),
        ("tax_threshold", "$600", "in cents"),
        ("once_rate", "20%", "basis points (2000 is 20%)"),
        ("once_rate", "10001", "from 0 to 10000"),
        ("colour", "red", "no setting 'colour'"),
    ],
)
def test_values_that_are_refused_say_what_would_be_right(name, text, right):
    with pytest.raises(ValueError, match=re.escape(right)) as refused:
        settings.parse(name, text)
    assert name in str(refused.value)
    assert str(refused.value).endswith(".")
