"""Claims about ids: those of the model's own type, as JSON numbers or text, in bodies and addresses."""

from datetime import date
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest

from sklearn_anime.linear_model import EASERecommender

# Ids of users and items, and how each of the first two items is written.
KINDS = {
    "integers": ([1, 2, 3], [10, 20, 30], [10, "10", 10.0]),
    "negative integers": ([-1, -2, -3], [-10, -20, -30], [-10, "-10"]),
    "floats": ([0.5, 1.0, 2.0], [10.0, 20.5, 30.0], [10, 10.0, "10", "10.0"]),
    "unsigned": (np.array([1, 2, 3], "uint8"), np.array([10, 20, 30], "uint8"), [10, "10"]),
    "large": ([1, 2, 3], [2**60, 2**60 + 1, 5], [2**60, str(2**60)]),
    "text": (["ann", "bob/x", "cat"], ["Akira", "Fate/Zero", "C"], ["Akira"]),
    "digits": (["01", "2", "3"], ["7", "07", "8"], ["7", 7]),
    "mixed": (["a", 2, 3], [10, "10", "b"], [10]),
    "dates": (["a", "b", "c"], [date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 4)], ["2026-01-02"]),
    "datetimes": (
        pd.to_datetime(["2026-01-02", "2026-01-03", "2026-01-04"]),
        pd.to_datetime(["2026-01-02 10:00", "2026-01-03 10:00", "2026-01-04 10:00"]),
        ["2026-01-02T10:00:00"],
    ),
    "tuples": (["a", "b", "c"], [(1, 2), (3, 4), (5, 6)], ["(1, 2)"]),
}


def fitted(users, items):
    """Fit on users who have seen the first and the second item, the second and the third, and all."""
    users, items = pd.Series(users).to_list(), pd.Series(items).to_list()
    rows = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)]
    X = pd.DataFrame(
        {
            "user": pd.Series([users[user] for user, _ in rows]),
            "item": pd.Series([items[item] for _, item in rows]),
        }
    )
    return EASERecommender(alpha=1.0, user="user", item="item").fit(X)


@pytest.mark.parametrize(("users", "items", "forms"), KINDS.values(), ids=KINDS)
def test_items_are_known_in_each_form(serve, users, items, forms):
    client = serve(fitted(users, items))
    for form in forms:
        answer = client.post("/recommendations", json={"history": [{"item": form}]}).json()
        assert (answer["ignored"], answer["fallback"]) == ([], False), form
        assert len(answer["recommendations"]) == 2


@pytest.mark.parametrize(("users", "items", "forms"), KINDS.values(), ids=KINDS)
def test_ids_that_come_out_go_in(serve, users, items, forms):
    client = serve(fitted(users, items))
    found = [each["item"] for each in client.get("/items").json()["items"]]
    assert len(set(found)) == 3
    posted = {"history": [{"item": item} for item in found]}
    assert client.post("/recommendations", json=posted).json()["ignored"] == []
    for item in found:
        similar = client.get(f"/items/{quote(str(item), safe='')}/similar").json()
        assert str(similar["item"]["item"]) == str(item)


@pytest.mark.parametrize(("users", "items", "forms"), KINDS.values(), ids=KINDS)
def test_users_are_known_in_addresses(serve, users, items, forms):
    model = fitted(users, items)
    client = serve(model)
    first = pd.Series(users).to_list()[0]
    text = first.isoformat() if hasattr(first, "isoformat") else str(first)
    answer = client.get(f"/recommendations/{quote(text)}").json()
    assert answer["fallback"] is False
    assert [each["item"] for each in answer["recommendations"]] == [
        each["item"]
        for each in client.post("/recommendations", json={"history": posted_as(model, first)}).json()[
            "recommendations"
        ]
    ]


def posted_as(model, user):
    """Return what a user of fit has seen, as a history to post."""
    from sklearn_anime.serve._ids import json_id

    seen = model.interactions_.take(model.interactions_.users.lookup([user]))
    return [{"item": json_id(item)} for item in model.interactions_.items.decode(seen.item_codes)]


@pytest.mark.parametrize("slash", ["/", "%2F"])
def test_ids_with_a_slash_are_found_in_addresses(serve, slash):
    client = serve(fitted(*KINDS["text"][:2]))
    assert client.get(f"/recommendations/bob{slash}x").json()["fallback"] is False
    similar = client.get(f"/items/Fate{slash}Zero/similar").json()
    assert similar["item"]["item"] == "Fate/Zero"


def test_text_and_number_that_look_alike_are_told_apart(serve):
    client = serve(fitted(*KINDS["mixed"][:2]))
    for item in (10, "10"):
        answer = client.post("/recommendations", json={"history": [{"item": item}]}).json()
        recommended = [each["item"] for each in answer["recommendations"]]
        assert item not in recommended
        assert len(recommended) == 2


def test_numbers_that_browsers_cannot_read_come_as_text(serve):
    client = serve(fitted(*KINDS["large"][:2]))
    found = {each["item"] for each in client.get("/items").json()["items"]}
    assert found == {str(2**60), str(2**60 + 1), 5}


@pytest.mark.parametrize("value", [10**400, -(10**30), 1e300, "9" * 900, "", " ", "\x00", "nan", "inf"])
def test_strange_ids_are_unknown(client, value):
    answer = client.post("/recommendations", json={"history": [{"item": value}, {"item": 1}]})
    assert answer.status_code == 200
    assert answer.json()["ignored"] == [value]
