"""The search for numbers finds what it should, or what uses it proves nothing."""

import base64

import pytest

from tests import seeking

ONE, OTHER = "219458731", "537281946"
WRITTEN = ("219-45-8731", "219 45 8731", "219.45.8731", ONE, "21-9458731", "219\u201045\u20108731")


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize(
    "put",
    [
        str.encode,
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: base64.b64encode(text.encode()),
        lambda text: b"in" + base64.urlsafe_b64encode(b"?" + text.encode() + b"?"),
        lambda text: base64.b64encode(b"it is " + text.encode("utf-16")),
    ],
)
def test_the_search_finds_a_number_however_it_is_written(tmp_path, written, put):
    (tmp_path / "deep").mkdir()
    scratch = tmp_path / "deep" / "scratch"
    scratch.write_bytes(b"\x00\xff 21 945" + put(written) + b"\x00 87 31")
    assert seeking.found([ONE, OTHER], tmp_path) == {(ONE, str(scratch))}


def test_the_search_takes_nothing_else_for_a_number():
    near = b"219-45-8732 21945873 219 45 x 8731 219a458731 2194----58731"
    assert seeking.held([ONE], near + base64.b64encode(near)) == set()
