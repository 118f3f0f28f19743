"""Between the office and the bank: the test page, the register, files of checks, stale ones."""

import pytest

from portal import program
from tests.papers import texts


@pytest.fixture
def office(login_as, admin):
    return login_as(admin)


def test_the_test_page_follows_the_settings(office, today):
    program.change("check_right", "-7", by="test", now=today)
    answer = office.get("/admin/bank/test-page")
    assert answer.mimetype == "application/pdf"
    assert "Now moved by -7 to the right and by 0 down" in " ".join(texts(answer.data)[0].split())
