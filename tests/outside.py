"""What the portal tells those outside: the lists of its API and the office's CSV files."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask.testing import FlaskClient

from portal import access
from tests.makers import make_admin

Row = dict[str, Any]


def rows_of(text: str) -> list[Row]:
    """The rows of a CSV file under the names of its columns."""
    return list(csv.DictReader(io.StringIO(text)))


class Outside:
    """A program of the merchant with its key, and an admin who signs in anew for each look."""

    def __init__(self, client, login_as, now):
        self.client, self.login_as, self.admin = client, login_as, make_admin(now)
        self.headers = {"Authorization": f"Bearer {access.create_key('shop', now=now)}"}

    def api(self, path: str, **query: str) -> Row:
        """What the API answers."""
        answer = self.client.get(f"/api/v1{path}", query_string=query, headers=self.headers)
        assert answer.status_code == 200
        return answer.json

    def send(self, path: str, body: Row) -> None:
        """Tell the API something new."""
        answer = self.client.post(f"/api/v1{path}", json=body, headers=self.headers)
        assert answer.status_code == 201, answer.json

    def rows(self, path: str, items: str, **query: str) -> list[Row]:
        """All the rows of a list of the API, page by page."""
        found, cursor = [], ""
        while cursor is not None:
            page = self.api(path, cursor=cursor, **query)
            found += page[items]
            cursor = page["next"]
        return found

    def signed_in(self) -> FlaskClient:
        """The office's browser, signed in at this instant."""
        return self.login_as(self.admin)

    def office(self, address: str, **query: Any) -> list[Row]:
        """A CSV file of the office."""
        answer = self.signed_in().get(f"/admin{address}", query_string=query)
        assert answer.mimetype == "text/csv"
        return rows_of(answer.text)
