"""Claims about requests that cannot be answered: one sentence, and never a failure of the service."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_anime.serve._middleware import LARGEST_BODY
from sklearn_anime.serve._schemas import LARGEST_HISTORY

POSTED = ("/recommendations", "/explanations")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
FIELDS = ("history", "items", "n", "n_items", "include", "exclude", "item", "rating", "time", "more")
objects = st.dictionaries(st.sampled_from(FIELDS), json_values | st.integers(-2, 400), max_size=5)
bodies = st.dictionaries(
    st.sampled_from(FIELDS), objects | st.lists(objects, max_size=4) | json_values, max_size=6
)
many = settings(max_examples=300, deadline=None)


def problem(answer, status):
    """Return the sentence of an error, after a look at its form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert set(told) == {"type", "title", "status", "detail"}
    assert told["status"] == status
    assert told["detail"].endswith(".")
    assert "Traceback" not in answer.text
    return told["detail"]


def is_answered_or_refused(answer):
    if answer.status_code != 200:
        assert 400 <= answer.status_code < 500
        problem(answer, answer.status_code)


@pytest.mark.slow
@many
@given(path=st.sampled_from(POSTED), body=bodies | json_values)
def test_no_body_makes_the_service_fail(client, path, body):
    content = json.dumps(body)
    headers = {"Content-Type": "application/json"}
    is_answered_or_refused(client.post(path, content=content, headers=headers))


@pytest.mark.slow
@many
@given(path=st.sampled_from(POSTED), content=st.binary() | st.text().map(str.encode))
def test_what_is_no_json_is_refused(client, path, content):
    answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
    is_answered_or_refused(answer)


@pytest.mark.slow
@many
@given(path=st.text(), n_items=st.integers() | st.text(), search=st.text())
def test_no_address_makes_the_service_fail(client, path, n_items, search):
    params = {"n_items": n_items, "search": search}
    for address in ("/recommendations/{}", "/items/{}/similar", "/items", "/{}"):
        is_answered_or_refused(client.get(address.format(quote(path)), params=params))


WRONG = {
    "n_items: Input should be greater than or equal to 1.": {"n_items": 0},
    "n_items: Input should be less than or equal to 100.": {"n_items": 101},
    "history.1.item: Field required.": {"history": [{"item": 1}, {"rating": 5}]},
    "history.0.item: Input should be a number, or text of at most 1,000 characters.": {
        "history": [{"item": True}]
    },
    "history.0.rating: Input should be a finite number or null.": {
        "history": [{"item": 1, "rating": "9"}]
    },
    "history.0.stars: Extra inputs are not permitted.": {"history": [{"item": 1, "stars": 5}]},
    "exclude.0: Input should be a number, or text of at most 1,000 characters.": {"exclude": [None]},
    "history: Input should be a valid list.": {"history": {"item": 1}},
}


@pytest.mark.parametrize(("sentence", "body"), WRONG.items(), ids=WRONG)
def test_sentence_names_the_place(client, sentence, body):
    assert problem(client.post("/recommendations", json=body), 422) == sentence


def test_many_errors_are_not_all_named(client):
    body = {"history": [{"item": None}] * 9}
    detail = problem(client.post("/recommendations", json=body), 422)
    assert detail.count("Input should be") == 3
    assert detail.endswith("and 6 more.")


@pytest.mark.parametrize("content", ["", "[]", "{", "1", '"text"', "null", "[" * 50_000])
def test_body_that_is_no_object_is_named(client, content):
    answer = client.post(
        "/recommendations", content=content, headers={"Content-Type": "application/json"}
    )
    is_answered_or_refused(answer)
    assert answer.status_code in {400, 422}


def test_body_that_does_not_say_that_it_is_json_is_refused(client):
    answer = client.post("/recommendations", content="{}", headers={"Content-Type": "text/plain"})
    detail = "The body is no JSON object. Send one, with Content-Type: application/json."
    assert problem(answer, 422) == detail


@pytest.mark.parametrize("n_items", [0, 101, "many", -1])
def test_number_of_items_is_bounded_in_addresses(client, n_items):
    for path in ("/recommendations/1", "/items", "/items/1/similar"):
        assert "n_items" in problem(client.get(path, params={"n_items": n_items}), 422)


def test_history_is_bounded(client):
    body = {"history": [{"item": 1}] * (LARGEST_HISTORY + 1)}
    detail = problem(client.post("/recommendations", json=body), 422)
    assert f"at most {LARGEST_HISTORY} items" in detail


def test_largest_history_is_answered(client):
    body = {"history": [{"item": 1, "rating": 5.5}] * LARGEST_HISTORY}
    assert client.post("/recommendations", json=body).status_code == 200


def test_body_is_bounded_by_what_it_announces(client):
    answer = client.post("/recommendations", content=b" " * (LARGEST_BODY + 1))
    sentence = "The body is larger than 1,048,576 bytes. Send less of the history."
    assert problem(answer, 413) == sentence


def test_body_is_bounded_by_what_arrives(client):
    def chunks():
        for _ in range(20):
            yield b" " * 2**16

    headers = {"Content-Type": "application/json"}
    answer = client.post("/recommendations", content=chunks(), headers=headers)
    assert "larger than 1,048,576 bytes" in problem(answer, 413)


def test_unknown_address_and_method_are_problems(client):
    assert problem(client.get("/nothing"), 404)
    assert problem(client.delete("/recommendations"), 405)


def test_failure_of_a_model_is_told_without_details(serve, model, monkeypatch):
    client = serve(model)

    def fail(*args, **kwargs):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(type(model), "_score_block", fail)
    answer = client.post("/recommendations", json={"history": [{"item": 1}]})
    assert problem(answer, 500) == "The service failed. Its log says why."
    monkeypatch.undo()
    assert client.get("/recommendations/1").status_code == 200
