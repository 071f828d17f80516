"""Claims about what the service recommends: what the model does, in JSON."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import DiverseRecommender
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.neighbors import SVDNeighborsRecommender


def ranked(answer):
    """Return items and scores of a response, which must be a good one."""
    assert answer.status_code == 200, answer.text
    return [(each["item"], each["score"]) for each in answer.json()["recommendations"]]


def of_frame(frame):
    """Return items and scores of a frame of recommendations."""
    return list(zip(frame.iloc[:, 1].tolist(), frame["score"].tolist(), strict=True))


def history(*items, **ratings):
    return [{"item": item} for item in items]


def test_user_of_fit_gets_what_the_model_recommends(client, model):
    answer = client.get("/recommendations/17", params={"n_items": 4})
    assert ranked(answer) == of_frame(model.recommend([17], 4))
    assert answer.json()["fallback"] is False
    assert [each["rank"] for each in answer.json()["recommendations"]] == [1, 2, 3, 4]


def test_posted_history_gets_what_the_model_recommends_for_it(client, model):
    answer = client.post("/recommendations", json={"history": history(1, 5, 9), "n_items": 6})
    expected = model.recommend(history=[[-1, item] for item in (1, 5, 9)], n_items=6)
    assert ranked(answer) == of_frame(expected)


def test_ten_items_are_recommended_by_default(client):
    assert len(ranked(client.post("/recommendations", json={"history": history(1)}))) == 10
    assert len(ranked(client.get("/recommendations/1"))) == 10


def test_names_and_genres_are_those_of_the_catalog(client, anime):
    (first,) = client.get("/recommendations/17", params={"n_items": 1}).json()["recommendations"]
    row = anime.catalog.loc[first["item"]]
    assert (first["name"], ", ".join(first["genres"])) == (row["name"], row["genre"])


def test_name_is_the_id_without_a_catalog(serve, model):
    (first,) = serve(model).get("/recommendations/17?n_items=1").json()["recommendations"]
    assert (first["name"], first["genres"]) == (str(first["item"]), [])


@pytest.mark.parametrize("user", ["99999", "nobody", "a/b", "-1", "1.5"])
def test_unknown_user_gets_popular_items(client, anime, user):
    answer = client.get(f"/recommendations/{user}", params={"n_items": 3})
    counts = anime.data.groupby("anime_id")["user_id"].nunique().sort_values(ascending=False)
    assert set(counts[[item for item, _ in ranked(answer)]]) == set(counts[:3])
    assert [score for _, score in ranked(answer)] == [None] * 3
    assert answer.json()["fallback"] is True


def test_empty_history_gets_popular_items(client):
    answer = client.post("/recommendations", json={})
    assert answer.json()["fallback"] is True
    assert ranked(answer) == ranked(client.get("/recommendations/nobody"))


def test_items_that_the_model_does_not_know_are_ignored_and_named(client):
    posted = {"history": history(1, 424242, "Akira"), "exclude": [424242, 5]}
    answer = client.post("/recommendations", json=posted)
    assert answer.json()["ignored"] == [424242, "Akira", 424242]
    expected = client.post("/recommendations", json={"history": history(1), "exclude": [5]})
    assert ranked(answer) == ranked(expected)


def test_history_of_unknown_items_alone_gets_popular_items(client):
    answer = client.post("/recommendations", json={"history": history("?")}).json()
    assert (answer["fallback"], answer["ignored"]) == (True, ["?"])


def test_include_is_all_that_is_recommended(client, model):
    posted = {"history": history(1, 2), "include": [7, 8, "9", 424242]}
    answer = client.post("/recommendations", json=posted)
    expected = model.recommend(history=[[-1, 1], [-1, 2]], include=[7, 8, 9])
    assert ranked(answer) == of_frame(expected)
    assert answer.json()["ignored"] == [424242]


def test_nothing_is_recommended_out_of_nothing(client):
    answer = client.post("/recommendations", json={"history": history(1), "include": []})
    assert ranked(answer) == []


def test_include_of_unknown_items_alone_is_an_error(client):
    answer = client.post("/recommendations", json={"history": history(1), "include": ["?"]})
    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        "None of the ids in include, such as '?', is an item of the model. Give item ids such as 1."
    )


def test_excluded_items_are_not_recommended(client, model):
    first = ranked(client.post("/recommendations", json={"history": history(1)}))
    excluded = [item for item, _ in first[:3]]
    answer = client.post("/recommendations", json={"history": history(1), "exclude": excluded})
    assert ranked(answer)[:7] == first[3:]


def test_ratings_count(serve, anime):
    rated = SVDNeighborsRecommender(8, random_state=0).fit(anime.data, anime.target)
    client = serve(rated)
    posted = [{"item": 1, "rating": 9}, {"item": 2, "rating": 2.5}, {"item": 3}]
    answer = client.post("/recommendations", json={"history": posted})
    X, y = [[-1, 1], [-1, 2], [-1, 3]], [9, 2.5, np.nan]
    assert ranked(answer) == of_frame(rated.recommend(history=(X, y)))


def test_score_that_is_no_sum_of_items_is_that_of_the_model(serve, anime):
    biased = BiasRegressor().fit(anime.data, anime.target)
    posted = [{"item": 1, "rating": 9}, {"item": 2, "rating": 2.5}]
    answer = serve(biased).post("/recommendations", json={"history": posted})
    expected = biased.recommend(history=([[-1, 1], [-1, 2]], [9, 2.5]))
    assert ranked(answer) == of_frame(expected)


def test_recommender_that_ranks_anew_is_served(serve, anime, model):
    genres = anime.data.assign(genre=anime.catalog["genre"].loc[anime.data["anime_id"]].to_numpy())
    diverse = DiverseRecommender(EASERecommender(), diversity=0.5).fit(genres)
    answer = serve(diverse).post("/recommendations", json={"history": history(1, 2), "n_items": 5})
    expected = diverse.recommend(
        history=pd.DataFrame({"user_id": [-1, -1], "anime_id": [1, 2]}), n_items=5
    )
    assert ranked(answer) == of_frame(expected)


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame.to_numpy], ids=["polars", "ndarray"])
def test_model_of_other_tables_is_served(serve, anime, model, make):
    client = serve(EASERecommender().fit(make(anime.data)), anime.catalog)
    assert ranked(client.get("/recommendations/17")) == of_frame(model.recommend([17]))
    answer = client.post("/recommendations", json={"history": history(1, 2)})
    assert ranked(answer) == of_frame(model.recommend(history=[[-1, 1], [-1, 2]]))


def test_columns_in_another_order_are_found(serve, anime, model):
    swapped = anime.data[["anime_id", "user_id"]].assign(kind=1.0)
    for X in (swapped, swapped.to_numpy(), swapped[["anime_id", "user_id"]].to_numpy()):
        client = serve(EASERecommender(user=1, item=0).fit(X))
        answer = client.post("/recommendations", json={"history": history(1, 2)})
        expected = of_frame(model.recommend(history=[[-1, 1], [-1, 2]]))
        assert [item for item, _ in ranked(answer)] == [item for item, _ in expected]


def test_pipelines_and_searches_are_served_by_their_recommender(serve, anime, model):
    pipeline = make_pipeline(FunctionTransformer(), EASERecommender()).fit(anime.data)
    search = GridSearchCV(
        EASERecommender(),
        {"alpha": ["auto"]},
        scoring=make_ranking_scorer("ndcg", k=10),
        cv=LeaveKOutPerUser(5, random_state=0),
    ).fit(anime.data)
    for fitted in (pipeline, search):
        assert ranked(serve(fitted).get("/recommendations/17")) == of_frame(model.recommend([17]))


def test_model_without_recommend_is_refused(serve):
    with pytest.raises(TypeError, match="FunctionTransformer has no method `recommend`"):
        serve(FunctionTransformer())


def test_similar_items_are_those_of_the_model(client, model, anime):
    answer = client.get("/items/7/similar", params={"n_items": 4}).json()
    expected = model.similar_items([7], 4)
    assert answer["item"]["name"] == anime.catalog.loc[7, "name"]
    found = [(each["item"], each["similarity"], each["rank"]) for each in answer["similar"]]
    columns = (expected["neighbor"], expected["similarity"], expected["rank"])
    assert found == list(zip(*columns, strict=True))


def test_similar_items_of_an_unknown_item_are_not_found(client):
    answer = client.get("/items/nothing/similar")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "The model has no item 'nothing'. It has 332, such as 1."


def test_search_finds_titles_by_a_part_of_them(client, anime):
    found = client.get("/items", params={"search": "dragon bal", "n_items": 100}).json()["items"]
    expected = anime.catalog.index[anime.catalog["name"].str.contains("dragon bal", case=False)]
    assert {each["item"] for each in found} == set(expected)


def test_search_without_a_text_lists_popular_items(client):
    found = [each["item"] for each in client.get("/items", params={"n_items": 5}).json()["items"]]
    assert found == [item for item, _ in ranked(client.get("/recommendations/nobody?n_items=5"))]


def test_terms_of_an_explanation_are_those_of_the_model(client, model, anime):
    posted = {"history": history(1, 2, 3, 4), "items": [5, 8], "n": 2}
    found = client.post("/explanations", json=posted).json()["explanations"]
    rows = [[-1, item] for item in (1, 2, 3, 4)]
    for each, item in zip(found, (5, 8), strict=True):
        expected = model.explain(-1, item, history=rows, n=2)
        assert [term["term"] for term in each["terms"]] == expected["term"].tolist()
        assert [term["item"] for term in each["terms"]] == expected["anime_id"].tolist()
        contributions = [term["contribution"] for term in each["terms"]]
        assert contributions == expected["contribution"].tolist()
        score = model.recommend(history=rows, include=[item])["score"].item()
        assert sum(contributions) == pytest.approx(score, abs=1e-6)


def test_explanations_do_not_name_other_users(serve, anime):
    by_users = SVDNeighborsRecommender(8, random_state=0).fit(anime.data, anime.target)
    posted = {"history": [{"item": 1, "rating": 9}, {"item": 2, "rating": 3}], "items": [5]}
    (found,) = serve(by_users).post("/explanations", json=posted).json()["explanations"]
    assert "neighbor" in [term["term"] for term in found["terms"]]
    assert {(term["item"], term["name"]) for term in found["terms"]} == {(None, None)}


def test_model_without_explanations_says_so(serve, anime):
    client = serve(PopularityRecommender().fit(anime.data))
    assert client.get("/health").json()["explains"] is False
    answer = client.post("/explanations", json={"history": history(1), "items": [2]})
    assert answer.status_code == 501
    assert answer.json()["detail"] == "PopularityRecommender does not explain its scores."


@pytest.mark.parametrize("posted", [[], history("?")])
def test_explanation_without_a_history_is_an_error(client, posted):
    answer = client.post("/explanations", json={"history": posted, "items": [2]})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("The history has nothing that the model can score from")


def test_explanation_of_ratings_that_do_not_count_is_an_error(serve, anime):
    liked = EASERecommender(min_rating=8).fit(anime.data, anime.target)
    posted = {"history": [{"item": 1, "rating": 2}], "items": [5]}
    client = serve(liked)
    assert client.post("/recommendations", json={"history": posted["history"]}).json()["fallback"]
    assert client.post("/explanations", json=posted).status_code == 422


def test_health_says_what_is_served(client):
    health = client.get("/health").json()
    assert (health["status"], health["error"]) == ("ok", None)
    assert (health["model"], health["users"], health["items"]) == ("EASERecommender", 500, 332)
