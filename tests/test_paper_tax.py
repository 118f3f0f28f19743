"""The recipient's copy of Form 1099-NEC says what it must, and never a whole tax ID."""

from dataclasses import replace

import pytest

from portal.paper_tax import RecipientCopy, recipient_copies
from portal.rules import Refused
from tests.papers import ink, looks_like, pictures, texts


def recipient_copy(form):
    return recipient_copies([form])


FORM = RecipientCopy(
    year=2026,
    payer="MaestroConference\n410 Harbor Way, Suite 200\nOakland, CA 94607",
    payer_phone="(510) 555-0100",
    payer_tax_id="12-3456789",
    recipient="Łukasz Şahin\n1418 Alder Court\nPortland, OR 97214",
    last_four="6789",
    account="lukasz",
    boxes=(("1a Nonemployee compensation", 12_345_67), ("4 Federal income tax withheld", 0)),
)


def test_it_says_who_paid_whom_how_much_in_which_year():
    (text,) = texts(recipient_copy(FORM))
    for words in (
        "Nonemployee Compensation 2026",
        "Form 1099-NEC",
        "Copy B",
        "OMB No. 1545-0116",
        "Łukasz Şahin",
        "(510) 555-0100",
        "12-3456789",
        "lukasz",
        "1a Nonemployee compensation $12,345.67",
        "4 Federal income tax withheld $0.00",
        "checks dated in 2026",
    ):
        assert words in text
    assert "negligence penalty or other sanction may be imposed" in " ".join(text.split())
    assert "CORRECTED" not in text
    assert "CORRECTED" in texts(recipient_copy(replace(FORM, corrected=True)))[0]


@pytest.mark.parametrize("digits", ["123", "123456789", "123-45-6789", "67a9", "٦٧٨٩"])
def test_exactly_four_digits_of_the_tax_id_are_shown(digits):
    with pytest.raises(Refused) as refused:
        recipient_copy(replace(FORM, last_four=digits))
    assert refused.value.field == "last_four"


def test_a_telephone_is_told_of_where_there_is_one():
    for phone, said in (("(510) 555-0100", "our address and telephone are above"),
                        ("", "our address is above")):  # fmt: skip
        (text,) = texts(recipient_copy(replace(FORM, payer_phone=phone)))
        assert said in " ".join(text.split())
        assert (phone or "CA 94607") in text


def test_several_have_a_page_each_and_one_without_a_tax_id_says_so():
    first, second = texts(recipient_copies([FORM, replace(FORM, account="anna", last_four="")]))
    assert "none on file" not in first
    assert "none on file" in second
    assert "anna" in second


@pytest.mark.parametrize("field", ["payer", "recipient"])
def test_names_the_font_lacks_are_refused(field):
    with pytest.raises(Refused, match=f"The {field} cannot be printed"):
        recipient_copy(replace(FORM, **{field: "王"}))


def test_long_names_and_many_boxes_stay_on_the_page():
    crowd = replace(FORM, recipient="W" * 300, payer="Long name " * 40, account="x" * 200)
    boxes = tuple((f"{n} {'A label ' * 20}", 9_999_999_99) for n in range(12))
    (picture,) = pictures(recipient_copy(replace(crowd, boxes=boxes)))
    left, top, right, bottom = ink(picture)
    assert left >= 0.85
    assert top >= 0.5
    assert right <= 7.65
    assert bottom <= 10.6


def test_equal_forms_are_equal_bytes():
    assert recipient_copy(FORM) == recipient_copy(FORM)


def test_it_looks_like_its_picture(tmp_path):
    assert not looks_like(recipient_copy(replace(FORM, corrected=True)), "recipient-copy", tmp_path)
