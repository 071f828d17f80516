"""Claims about the files that are served: what takes their place, and what does not."""

import os
import threading
import time

import joblib
import pandas as pd
import pytest

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.io import ModelFileError, dump
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.serve import make_app
from sklearn_anime.serve._catalog import Catalog, split_genres
from sklearn_anime.serve._models import ModelSlot


@pytest.fixture
def path(tmp_path, model):
    dump(model, tmp_path / "model.skops")
    return tmp_path / "model.skops"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("sklearn_anime.serve._service.POLL", 0.01)


@pytest.fixture
def popularity(anime):
    return PopularityRecommender().fit(anime.data)


def health_when(client, wanted):
    """Return the health as soon as it is as wanted."""
    for _ in range(1000):
        health = client.get("/health").json()
        if wanted(health):
            return health
        time.sleep(0.01)
    raise AssertionError(health)


def test_new_file_is_served(serve, path, popularity):
    client = serve(path)
    assert client.get("/health").json()["model"] == "EASERecommender"
    dump(popularity, path)
    health_when(client, lambda health: health["model"] == "PopularityRecommender")
    assert client.get("/recommendations/1").json()["fallback"] is False
    assert 'sklearn_anime_reloads_total{result="served"} 1.0' in client.get("/metrics").text


def test_bad_file_leaves_the_old_one_and_says_so(serve, path, model):
    client = serve(path)
    before = client.get("/recommendations/1").json()
    beside = path.with_suffix(".new")
    beside.write_bytes(b"nothing")
    beside.replace(path)  # in one step, or the empty file would be read and refused too
    health = health_when(client, lambda health: health["status"] == "stale")
    assert health["error"].startswith("ModelFileError: Cannot read the model file")
    assert client.get("/recommendations/1").json() == before
    assert 'sklearn_anime_reloads_total{result="refused"} 1.0' in client.get("/metrics").text
    dump(model, path)
    assert health_when(client, lambda health: health["status"] == "ok")["error"] is None


def test_file_that_is_gone_leaves_the_old_one(serve, path):
    client = serve(path)
    path.unlink()
    health_when(client, lambda health: health["status"] == "stale")
    assert client.get("/recommendations/1").status_code == 200


def test_signal_reads_the_file_again(serve, path):
    client = serve(path)
    since = client.get("/health").json()["since"]
    client.app.state.service.reload_now = True
    health_when(client, lambda health: health["since"] > since)


@pytest.mark.slow
def test_swap_under_load_fails_no_request(serve, path, model, popularity):
    client, statuses, done = serve(path), [], threading.Event()

    def ask():
        while not done.is_set():
            answer = client.post("/recommendations", json={"history": [{"item": 1}]})
            statuses.append((answer.status_code, len(answer.json()["recommendations"])))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for each in (popularity, model, popularity, model):
        dump(each, path)
        name = type(each).__name__
        health_when(client, lambda health, name=name: health["model"] == name)
    done.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {(200, 10)}


def test_request_ends_with_the_model_that_it_began_with(path, popularity):
    slot = ModelSlot(str(path))
    served = slot.served
    dump(popularity, path)
    assert slot.changed()
    assert slot.reload()
    assert not slot.changed()
    assert type(served.recommender).__name__ == "EASERecommender"
    assert type(slot.served.recommender).__name__ == "PopularityRecommender"


@pytest.mark.parametrize(
    "write", [lambda path: path.write_text("text"), lambda path: joblib.dump([1], path)]
)
def test_only_safe_files_are_read(tmp_path, write):
    write(tmp_path / "model.skops")
    with pytest.raises(ModelFileError, match="Cannot read the model file"):
        make_app(tmp_path / "model.skops")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.skops"):
        make_app(tmp_path / "none.skops")


# Catalogs


def csv(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_first_column_of_a_file_is_the_id(serve, tmp_path, model):
    catalog = csv(tmp_path / "items.csv", "key,Title,year,Genres\n7,Akira,1988,Action|Drama\n?,No,1,\n")
    client = serve(model, catalog)
    (found,) = client.get("/items", params={"search": "aki"}).json()["items"]
    assert found == {"item": 7, "name": "Akira", "genres": ["Action", "Drama"]}


def test_columns_of_a_catalog_can_be_named(serve, tmp_path, model):
    catalog = csv(tmp_path / "items.csv", "key,name,other,mood\n7,Akira,Neo-Tokyo,dark\n")
    client = serve(model, catalog, names="other", genres="mood")
    (found,) = client.get("/items", params={"search": "neo"}).json()["items"]
    assert (found["name"], found["genres"]) == ("Neo-Tokyo", ["dark"])


def test_column_that_is_not_there_is_an_error(tmp_path, model):
    catalog = csv(tmp_path / "items.csv", "key,name\n7,Akira\n")
    with pytest.raises(ValueError, match="The catalog has no column 'titel'"):
        make_app(model, catalog, names="titel")


def test_catalog_of_other_items_is_an_error(tmp_path, model):
    catalog = csv(tmp_path / "items.csv", "key,name\nx,Akira\n")
    with pytest.raises(ValueError, match="has none of the 332 items of the model, such as 1"):
        make_app(model, catalog)


def test_text_ids_of_a_file_keep_their_zeros(serve, tmp_path):
    model = EASERecommender(alpha=1.0).fit([["ann", "007"], ["ann", "7"], ["bob", "7"]])
    catalog = csv(tmp_path / "items.csv", "id,name\n007,Bond\n7,Seven\n")
    found = serve(model, catalog).get("/items", params={"search": "bond"}).json()["items"]
    assert [each["item"] for each in found] == ["007"]


def test_names_of_a_file_are_read_as_html(serve, tmp_path, model):
    catalog = csv(tmp_path / "items.csv", "id,name\n7,Gintama&#039;\n")
    found = serve(model, catalog).get("/items", params={"search": "gintama'"}).json()["items"]
    assert [each["name"] for each in found] == ["Gintama'"]


def test_new_catalog_is_served(serve, tmp_path, path):
    catalog = csv(tmp_path / "items.csv", "id,name\n7,Old\n")
    client = serve(path, catalog)
    csv(catalog, "id,name\n7,Brand new\n")
    for _ in range(1000):
        if client.get("/items", params={"search": "brand"}).json()["items"]:
            break
        time.sleep(0.01)
    else:
        raise AssertionError("The new catalog is not served.")
    os.truncate(catalog, 0)
    health_when(client, lambda health: health["status"] == "stale")


def test_search_prefers_beginnings_then_words_then_popularity(serve):
    X = [["a", 1], ["b", 1], ["c", 1], ["a", 2], ["a", 3], ["b", 3], ["a", 4], ["a", 5]]
    model = PopularityRecommender().fit(X)
    names = {1: "Retokyo", 2: "Tokyo", 3: "In Tokyo", 4: "Tókyo Ghoul", 5: "Kyoto"}
    catalog = Catalog(model.interactions_, pd.DataFrame({"name": names}))
    assert catalog.search("TOKYO", 9) == [2, 4, 3, 1]
    assert catalog.search("tokyo", 2) == [2, 4]
    assert catalog.search("", 2) == [1, 3]


@pytest.mark.parametrize(
    ("cell", "genres"),
    [
        ("Action, Drama", ["Action", "Drama"]),
        ("Action / Sci-Fi/Fantasy", ["Action", "Sci-Fi/Fantasy"]),
        (["Action", None], ["Action"]),
        (float("nan"), []),
        ("", []),
        (" Slice of Life ", ["Slice of Life"]),
    ],
)
def test_genres_are_read_from_text_and_lists(cell, genres):
    assert split_genres(cell) == genres
