"""Single histories with the numbers worked out by hand, for what random ones rarely meet."""

from __future__ import annotations

import pytest

from tests.player import Player

DAY = 86_400
YEAR, MONTH = ("year", 970_00), ("month", 97_00)


@pytest.fixture
def play(db, tmp_path) -> Player:
    made = Player(tmp_path)
    made.apply("ann", "ann@x.example", tax_id=False)
    return made


def sell(play: Player, event: str, amount: int, **about: object) -> dict:
    """A phone order of ann's by a customer of its own."""
    about = {"email": f"{event}@x.example", "named": "ann", **about}
    return play.sale(event, f"c-{event}", amount, **about)[1]


def lists(play: Player, month: str) -> dict:
    play.now = max(play.now, play.model.end(month))
    play.run(month)
    play.compare_standings()
    play.verify()
    return play.model.runs[month]


def test_r20_years_are_cut_in_the_programs_zone(play) -> None:
    new_year = play.model.end("2026-12")
    play.now = new_year + DAY
    sell(play, "s1", 2_000_00, at=new_year - 1)  # $400.00 in 2026, already 2027 in UTC
    sell(play, "s2", 2_000_00, at=new_year)  # $400.00 in 2027
    assert lists(play, "2027-01")["payouts"] == {"ann": 800_00}


def test_r20_two_payments_of_one_new_years_eve_hold(play) -> None:
    new_year = play.model.end("2026-12")
    play.now = new_year + DAY
    sell(play, "s1", 2_000_00, at=new_year - 1)  # both in 2026 there, in two years by UTC
    sell(play, "s2", 2_000_00, at=new_year - DAY)
    assert lists(play, "2027-01")["held"] == {"ann": (800_00, "tax_id")}


@pytest.mark.parametrize(("cents", "listed"), [(3_000_00, "payouts"), (3_000_03, "held")])
def test_r20_exactly_600_dollars_do_not_hold(play, cents: int, listed: str) -> None:
    sell(play, "s1", cents)  # a one-off earns 20 percent: $600.00 and $600.01
    assert list(lists(play, "2026-01")[listed]) == ["ann"]


def test_r20_a_refund_counts_in_the_year_of_its_payment(play) -> None:
    new_year = play.model.end("2026-12")
    play.now = new_year - DAY
    sell(play, "s1", 4_000_00)
    assert list(lists(play, "2026-12")["held"]) == ["ann"]
    play.refund("r1", "s1", amount=1_000_00)  # leaves $600.00 of 2026
    assert lists(play, "2027-01")["payouts"] == {"ann": 600_00}


def test_r18_the_month_ends_at_the_programs_midnight(play) -> None:
    end = play.model.end("2026-10")
    play.now = end + 3_600
    sell(play, "s1", 500_00, at=end - 1)  # $100.00
    sell(play, "s2", 500_00, at=end)
    assert lists(play, "2026-10")["payouts"] == {"ann": 100_00}
    assert lists(play, "2026-11")["payouts"] == {"ann": 100_00}


def test_r5_the_clock_went_back_between_two_clicks(play) -> None:
    play.apply("bob", "bob@x.example")
    first = play.click("ann")
    play.now -= 5
    play.click("bob", first)
    play.now += DAY
    won = sell(play, "s1", 97_00, named=None, click=first)
    assert (won["credited_to"], won["rule"]) == ("ann", "R7.4")


def test_r5_of_two_clicks_in_one_second_the_later_stored(play) -> None:
    play.apply("bob", "bob@x.example")
    first = play.click("bob")
    play.click("ann", first)
    assert sell(play, "s1", 97_00, named=None, click=first)["credited_to"] == "ann"


def test_r11_everything_arrives_the_wrong_way_round(play) -> None:
    for event, kind in [("r1", "chargeback_reversed"), ("r2", "chargeback"), ("r3", "refund")]:
        play.refund(event, "s1", kind=kind)
    made = sell(play, "s1", 97_00, plan=MONTH)
    # Lost, won back, and then all of it refunded.
    assert made["entries"] == [("ann", "commission", 20_00), ("ann", "reversal", -20_00),
                               ("ann", "reversal", -20_00), ("ann", "reversal", 20_00)]  # fmt: skip
    assert play.model.refund_answer("r3")["status"] == "applied"
    play.refund("r3", "s1", kind="refund")  # a repeat is told what became of it
    play.verify()


def test_r10_an_earlier_plan_that_comes_back_begins_anew(play) -> None:
    parts = [(333_33, YEAR), (97_00, MONTH), (333_33, YEAR), (636_67, None)]
    for number, (amount, plan) in enumerate(parts):
        about = {"email": "c@x.example", "named": "ann", "order": "o"}
        play.sale(f"s{number}", "c", amount, plan=plan, **about)
    play.refund("r1", "s0")  # of the first count, which then is empty
    earned = [amount for _, amount, _, _ in play.model.ledger("ann")]
    # 68.73 = round(200 x 333.33 / 970); the second year count is whole at 970.00.
    assert earned == [68_73, 20_00, 68_73, 131_27, -68_73]
    play.verify()


def test_r13_suspension_of_the_seller_leaves_the_referrers_override(play) -> None:
    sell(play, "s1", 97_00, plan=MONTH)
    play.apply("bob", "s1@x.example")
    play.set_status("bob", "suspended")
    first = play.sale("s2", "c", 97_00, email="c@x.example", named="bob", plan=MONTH)[1]
    play.set_status("bob", "active")
    order = {"order": "s3", "plan": MONTH, "email": "d@x.example", "named": "bob"}
    play.sale("s3", "d", 97_00, **order)
    play.set_status("bob", "suspended")
    renewal = play.sale("s4", "d", 97_00, order="s3")[1]
    assert (first["rule"], first["entries"]) == ("R7.5", [])
    assert renewal["entries"] == [("ann", "override", 9_70)]
    play.set_status("bob", "active")
    assert play.refund("r1", "s4")[1]["entries"] == [("ann", "reversal", -9_70)]
    play.verify()


def test_r21_a_void_is_reissued_until_a_run_pays_it(play) -> None:
    sell(play, "s1", 1_000_00)
    lists(play, "2026-01")
    for deed in ("print", "void", "reissue", "print", "paid", "void"):
        play.move(deed, "2026-01", "ann")
    assert lists(play, "2026-02")["payouts"] == {"ann": 200_00}
    play.move("reissue", "2026-01", "ann")  # refused on both sides: February has paid it
    assert play.model.payouts["2026-01", "ann"]["check"] == "void"
    assert play.model.standing("ann", play.now)["balance"] == 0
