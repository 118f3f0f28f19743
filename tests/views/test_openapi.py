"""The description of the API: whoever has nothing else can call all of it."""

import re

import pytest

from portal import feeds

ADDRESS = "/api/v1/openapi.json"
SENT = {
    "Lead": feeds._LEAD,
    "Sale": feeds._SALE,
    "Plan": feeds._PLAN,
    "Refund": feeds._REFUND,
    "Address": feeds._ADDRESS,
    "Application": feeds._APPLICATION,
    "Change": feeds._CHANGE,
}


@pytest.fixture
def document(client):
    """The description as anybody gets it, without a key."""
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return answer.json


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", SENT)
def test_it_takes_the_fields_that_are_read(document, name):
    told, read = document["components"]["schemas"][name], SENT[name]
    expected = dict(read.fields) | ({"status": None} if name == "Change" else {})
    assert set(told["properties"]) == set(expected)
    assert set(told.get("required", ())) == set(read.needed)


@pytest.mark.sqlite_only
def test_it_has_every_call_and_no_other(app, document):
    told = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, methods in document["paths"].items()
        for method in methods.keys() - {"parameters"}
    }
    real = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api."):
            path = re.sub(r"<\w+>", "{}", rule.rule.removeprefix("/api/v1"))
            several = re.search(r"<any\((.+?)\):\w+>", path)
            for word in several[1].split(", ") if several else [""]:
                one = path.replace(several[0], word) if several else path
                real |= {(method, one) for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert told == real


@pytest.mark.sqlite_only
def test_every_schema_that_is_named_is_there(client, document):
    named = set(re.findall(r"#/components/schemas/(\w+)", client.get(ADDRESS).text))
    assert named == document["components"]["schemas"].keys()
    assert document["servers"] == [{"url": "/api/v1"}]
