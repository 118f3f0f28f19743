"""Rows of a table of cases, named so that a failure says which case of the law it was."""

from __future__ import annotations

import pytest

from portal import rules


def case(name: str, *values: object) -> object:
    """One row. Its name may begin with a rule (R1-R24), an edge case (E1-E95) or both."""
    return pytest.param(*values, id=name)


def refused_on(field: str | None, function: object, *values: object, **named: object) -> None:
    """The call is refused in words, on that field where one is given."""
    with pytest.raises(rules.Refused) as caught:
        function(*values, **named)  # type: ignore[operator]
    assert len(str(caught.value).split()) > 2
    assert field is None or caught.value.field == field
