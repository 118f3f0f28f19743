"""Checks on paper: figures, words and vouchers agree, and everything stays in its field."""

import random
import re
from datetime import date
from itertools import combinations

import pytest
from PIL import ImageChops

from portal import paper
from portal.formats import usd
from portal.paper import DRAWN, FILLED, MICR_TOP, PART
from portal.pdf import Sheet, clean, unprintable
from portal.rules import Refused
from tests.papers import INCH, cents_of, check, checks, ink, line, looks_like, pictures, texts

PAST_THE_EDGES = (
    "W" * 300,
    "Wolfgang Amadeus " * 18,
    "one\ntwo\r\nthree\u2028four\x0bfive",
    "Nguyễn Thị Ưỡng " * 19,
)
LONG = check(
    9_999_999_99,
    payee=PAST_THE_EDGES[1],
    address="\n".join(["A very long road name with a very long house name " * 3] * 6),
    affiliate="w" * 60,
    program="The Longest Program Name " * 9,
    program_address="\n".join(["A long address line " * 6] * 6),
    lines=(*(line(1 + n, title="Pro \N{ROCKET} " * 60) for n in range(13)), line(9_999_999_08)),
)


def amounts():
    dice = random.Random(21)  # noqa: S311
    sizes = [10 ** dice.randint(1, 9) for _ in range(195)]
    return [1, 100, 100_00, 1_000_000_00, 9_999_999_99] + [
        dice.randrange(size) + 1 for size in sizes
    ]


def test_figures_words_and_vouchers_say_the_same_amount():
    pages = []
    for amount in amounts():
        first = amount // 3 - 500
        brought = amount - first - 7
        pages.append(check(amount, lines=(line(first), line(7)), brought=brought))
    read = texts(checks(*pages))
    for page, text in zip(pages, read, strict=True):
        said = text.splitlines()
        assert f"Łukasz Şahin $**{usd(page.amount)[1:]}" in said
        (words,) = (row for row in said if row.endswith("/100"))
        assert cents_of(words) == page.amount
        for copy in ("For your records", "For our files"):
            assert f"Check 10531, December 1, 2026, {usd(page.amount)} {copy}" in said
        assert said.count(f"Łukasz Şahin, code lukasz {usd(page.amount)}") == 2
    assert len(read) == 200


@pytest.mark.parametrize(
    "page",
    [check(), LONG, check(mark="VOID"), check(mark="REPRINTED")],
    ids=["plain", "long", "void", "reprinted"],
)
@pytest.mark.parametrize("printed", [False, True])
def test_the_banks_line_and_the_margins_stay_empty(page, printed):
    (picture,) = pictures(checks(page, printed=printed, bank="A Bank\nA Town"))
    assert ink(picture, (0, MICR_TOP, 8.5, PART + 0.2)) is None
    left, top, right, bottom = ink(picture)
    assert left >= 0.48
    assert top >= 0.24
    assert right <= 8.02
    assert bottom <= 10.7


def test_no_field_overlaps_another():
    fields = FILLED | DRAWN
    for (one, a), (other, b) in combinations(fields.items(), 2):
        apart = (
            a.x + a.width <= b.x + 1e-9
            or b.x + b.width <= a.x + 1e-9
            or a.y + a.height <= b.y + 1e-9
            or b.y + b.height <= a.y + 1e-9
        )
        assert apart, f"{one} and {other} overlap"


@pytest.mark.parametrize("text", PAST_THE_EDGES, ids=["wide", "long", "lines", "accents"])
@pytest.mark.parametrize("name", FILLED)
def test_text_stays_in_its_field(name, text):
    box = FILLED[name]
    sheet = Sheet(date(2026, 12, 1))
    sheet.add_page()
    sheet.fit(text, box)
    left, top, right, bottom = ink(pictures(bytes(sheet.output()))[0])
    slack = 2 / INCH
    assert left >= box.x - slack
    assert top >= box.y - slack
    assert right <= box.x + box.width + slack
    assert bottom <= box.y + box.height + slack


@pytest.mark.parametrize("payee", PAST_THE_EDGES, ids=["wide", "long", "lines", "accents"])
def test_every_letter_of_a_long_payee_is_printed(payee):
    face = texts(checks(check(payee=payee), printed=True))[0].partition("$**")[0]
    assert "".join(payee.split()) in "".join(face.split())


@pytest.mark.parametrize(
    "name",
    [
        "Łukasz Şahin",
        "Nguyễn Thị Ngọc Ưỡng",
        "Γεώργιος Παπαδόπουλος",
        "Юрій Щербак Ґанок",
        "S\u0327ahin",
        "zero\u200bwidth \u202ereversed",
    ],
)
def test_these_names_are_printed(name):
    assert unprintable(name) == set()
    checks(check(payee=name))


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("S\u0327ahin", "\u015eahin"),
        (" a\t b\u00a0c ", "a b c"),
        ("a\r\n\n b\u2028c", "a\nb\nc"),
        ("\u202eab\u200b\u00adc\x00\ufeff", "abc"),
    ],
)
def test_text_is_composed_and_has_nothing_invisible(typed, printed):
    assert clean(typed) == printed


@pytest.mark.parametrize(
    ("name", "lacking"),
    [
        ("王 Wang", "王"),
        ("שרה", "שרה"),
        ("محمد", "محمد"),
        ("Rocket \N{ROCKET} LLC", "\N{ROCKET}"),
        ("half \ud83d", "\ud83d"),
    ],
)
def test_what_the_font_lacks_is_named_and_never_blank(name, lacking):
    assert unprintable(name) == set(lacking)
    with pytest.raises(Refused, match="payee of check 10531 cannot be printed"):
        checks(check(payee=name))
    with pytest.raises(Refused, match="address of check 10531 cannot be printed"):
        checks(check(address=name))


@pytest.mark.parametrize("nothing", ["", "   ", "\u200b\u202e", "\n"])
def test_a_check_to_nobody_is_refused(nothing):
    with pytest.raises(Refused, match="no payee of check 10531"):
        checks(check(payee=nothing))


def test_a_letter_the_font_lacks_shows_as_a_box_in_a_voucher():
    (text,) = texts(checks(check(lines=(line(263_32, title="Pro \N{ROCKET}"),))))
    assert "Pro \N{BALLOT BOX}" in text


def test_fourteen_entries_are_listed_and_more_are_summed_by_kind():
    entries = tuple(line(100, day=day) for day in range(1, 13))
    listed = (*entries, line(-50, 13, "Reversal", "Refund, Solo"), line(9, 14, "Override", "10%"))
    (text,) = texts(checks(check(1159 + 41, lines=listed, brought=41)))
    records, files = text.split("For your records")[1].split("For our files")
    assert records.count("Pro, monthly, 1st payment") == 12
    assert "Nov 13, 2026 Refund, Solo −$0.50" in records
    assert "Brought forward $0.41" in records
    summed = "Commission, 12 entries $12.00\nReversal, 1 entry −$0.50\nOverride, 1 entry $0.09"
    assert summed in files
    (text,) = texts(checks(check(1160, lines=(*listed, line(1, 15, "Override")))))
    records, files = text.split("For your records")[1].split("For our files")
    for copy in (records, files):
        assert "Override, 2 entries $0.10" in copy
        assert "Refund, Solo" not in copy


@pytest.mark.parametrize("brought", [1, -1, -263_32])
def test_a_voucher_that_does_not_add_up_is_refused(brought):
    with pytest.raises(Refused, match="check 10531 does not add up"):
        checks(check(brought=brought))


@pytest.mark.parametrize("amount", [0, -1])
def test_no_check_is_made_out_over_nothing(amount):
    with pytest.raises(Refused, match="does not add up"):
        checks(check(amount))


def test_preprinted_paper_gets_only_what_is_filled_in():
    drawn, filled = (texts(checks(check(), printed=printed))[0] for printed in (False, True))
    for words in ("MaestroConference", "Pay to the order of", "Authorized signature", "Void after"):
        assert words in drawn
        assert words not in filled
    for words in ("Łukasz Şahin", "$**263.32", "Two hundred", "December 1, 2026", "Kraków"):
        assert words in filled


@pytest.mark.parametrize(("right", "down"), [(7, 0), (0, -5), (-12, 25)])
def test_a_stock_moves_all_print_by_hundredths_of_an_inch(right, down):
    (still,) = pictures(checks(check(mark="VOID")))
    (moved,) = pictures(checks(check(mark="VOID"), right=right, down=down))
    back = ImageChops.offset(moved, -right, -down)
    strange = sum(ImageChops.difference(still, back).histogram()[96:])
    assert strange < 100 < sum(ImageChops.difference(still, moved).histogram()[96:])


@pytest.mark.parametrize("field", ["right", "down"])
def test_print_is_not_moved_off_the_paper(field):
    with pytest.raises(Refused) as refused:
        paper.Stock(**{field: 26})
    assert refused.value.field == field


def test_a_mark_is_written_across_the_check():
    (plain,), (void,) = texts(checks(check())), texts(checks(check(mark="VOID")))
    assert "VOID" in void
    assert "VOID" not in plain


def test_equal_checks_are_equal_bytes():
    assert checks(check(), LONG) == checks(check(), LONG)


def test_checks_come_a_sheet_each_in_the_order_given():
    read = texts(checks(*(check(number=number) for number in (9, 7, 8))))
    assert [re.search(r"Check (\d+),", text)[1] for text in read] == ["9", "7", "8"]


def test_the_test_page_names_every_field_and_how_far_it_is_moved():
    (text,) = texts(paper.test_page(paper.Stock(right=5, down=-7)))
    for name in FILLED | DRAWN:
        assert name in text
    assert "moved by 5 to the right and by -7 down" in text
    (text,) = texts(paper.test_page(paper.Stock(printed=True)))
    assert "Authorized signature" not in text


KEPT = {
    "check": lambda: checks(check(), bank="First Example Bank\nOakland, California"),
    "check-long": lambda: checks(LONG),
    "check-preprinted": lambda: checks(check(), printed=True),
    "check-void": lambda: checks(check(mark="VOID")),
    "test-page": lambda: paper.test_page(paper.Stock()),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_page_looks_like_its_picture(name, tmp_path):
    assert not looks_like(KEPT[name](), name, tmp_path)
