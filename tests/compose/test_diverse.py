"""DiverseRecommender: orders worked out by hand, rules, bad input, and what it hands on."""

import copy

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import DiverseRecommender, TopNRecommender
from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.metrics import (
    calibration_error,
    catalog_coverage,
    intra_list_diversity,
    make_ranking_scorer,
)
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.neighbors import SVDNeighborsRecommender
from sklearn_anime.preprocessing import WeightedOneHotGenres
from sklearn_anime.utils.estimator_checks import parametrize_with_recommender_checks

METHODS = ["mmr", "maxsum", "dpp", "calibrated", "popularity"]
NO_HISTORY = pytest.mark.filterwarnings("ignore:.*users have no history:UserWarning")

# Items with 5, 4, 3, 2 and 1 users, so that they are recommended in this order.
COUNTS = {"Akira": 5, "Bleach": 4, "Clannad": 3, "Durarara": 2, "Erased": 1}
GENRES = dict.fromkeys(COUNTS, "Action") | {"Clannad": "Drama", "Erased": None}


def table(frame=pd.DataFrame):
    """Return rows of users 1 to 5 and one item for each count, and of user 0, who has seen one more."""
    pairs = [(user, item) for item, n in COUNTS.items() for user in range(1, n + 1)]
    pairs.append((0, "Zoids"))
    columns = {"user": [user for user, _ in pairs], "item": [item for _, item in pairs]}
    columns["genre"] = [{"Zoids": "Drama", **GENRES}[item] for item in columns["item"]]
    return frame(columns)


def items_for(model, user=0, n_items=5, **options):
    return list(model.recommend([user], n_items, **options)["item"])


def diverse(**params):
    return DiverseRecommender(PopularityRecommender(), **params)


# Orders by hand. Relevance of the five items: (5 - 1) / 4 = 1, 0.75, 0.5, 0.25, 0.


def test_mmr_by_hand():
    # After Akira: Bleach .5 * .75 - .5 = -.125, Clannad .25, Durarara -.375, Erased 0: Clannad. Then
    # Bleach -.125, Durarara -.375, Erased 0, which is like nothing.
    model = diverse(diversity=0.5, features="genre").fit(table())
    assert items_for(model) == ["Akira", "Clannad", "Erased", "Bleach", "Durarara"]


def test_dpp_by_hand():
    # What repeats a direction has volume 0: it comes last, in the order of relevance.
    model = diverse(diversity=0.5, method="dpp", features="genre").fit(table())
    assert items_for(model) == ["Akira", "Clannad", "Erased", "Bleach", "Durarara"]


def test_maxsum_by_hand():
    # After Akira and Clannad: Bleach .5 * .75 - .5 * (1 + 0) / 2 = .125, Durarara -.125, Erased 0, where
    # mmr has -.125 for Bleach. Then Durarara .125 - .5 * 2 / 3 = -.208 and Erased 0.
    model = diverse(diversity=0.5, method="maxsum", features="genre").fit(table())
    assert items_for(model) == ["Akira", "Clannad", "Bleach", "Erased", "Durarara"]


def test_order_by_relevance():
    model = diverse(diversity=0.5, features="genre", order="relevance").fit(table())
    assert items_for(model, n_items=3) == ["Akira", "Clannad", "Erased"]
    assert items_for(model, n_items=4) == ["Akira", "Bleach", "Clannad", "Erased"]
    assert model.recommend([0])["score"].is_monotonic_decreasing
    # A reserved item keeps its rank, and a boost counts.
    model.set_params(reserved={2: ["Erased"]})
    assert items_for(model, n_items=4) == ["Akira", "Erased", "Bleach", "Clannad"]
    model.set_params(reserved=None, boosts={"Clannad": 3})
    assert items_for(model, n_items=2)[0] == "Clannad"
    # More reserved ranks than there are candidates.
    model.set_params(boosts=None, reserved={2: ["Erased"], 9: ["Akira"]}, n_candidates=2)
    assert items_for(model, n_items=9, include=["Akira", "Erased"]) == ["Akira", "Erased"]


@pytest.mark.parametrize("rule", [{"boosts": {5114: 2.0}}, {"reserved": {1: [5114]}}], ids=str)
def test_ids_of_rules_of_another_kind(rule):
    expected = r"item ids of boosts= and reserved= are numbers \(such as 5114\).* text"
    with pytest.raises(ValueError, match=expected):
        diverse(features="genre", **rule).fit(table())
    with pytest.raises(ValueError, match=expected):
        diverse(features="genre").fit(table()).set_params(**rule).recommend()


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_features_with_the_item_column(library):
    catalog = library({"genre": list(GENRES.values()), "item": list(GENRES)})
    X = table()[["user", "item"]]
    expected = ["Akira", "Clannad", "Erased", "Bleach", "Durarara"]
    assert items_for(diverse(diversity=0.5, features=catalog).fit(X)) == expected


def test_no_feature_is_named():
    with pytest.raises(ValueError, match=r"features=\[\] names no column"):
        diverse(features=[]).fit(table())


def test_calibration_follows_the_history():
    # User 0 has seen one drama: with all the weight on calibration, the drama comes first.
    model = diverse(diversity=1.0, method="calibrated", features="genre").fit(table())
    assert items_for(model, n_items=1) == ["Clannad"]
    # User 3 has seen two of action and a drama; Durarara and Erased are left, of action and of nothing.
    assert items_for(model, 3, n_items=1, include=["Durarara", "Erased"]) == ["Durarara"]


def test_popularity_is_a_penalty():
    # 1 - log(1 + n) / log(1 + 5) rises as n falls: with all the weight the order is reversed.
    model = diverse(diversity=1.0, method="popularity").fit(table())
    assert items_for(model) == list(COUNTS)[::-1]
    # .5 * 1 - .5 * 1 = 0; .375 - .5 * log 5 / log 6 = -.074; .25 - .387 = -.137; .125 - .307 = -.182;
    # 0 - .193 = -.193
    assert items_for(model.set_params(diversity=0.5)) == list(COUNTS)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "recommender",
    [EASERecommender(), SVDNeighborsRecommender(random_state=0), BiasRegressor()],
    ids=lambda recommender: type(recommender).__name__,
)
def test_without_diversity_it_is_the_recommender(method, recommender):
    anime = load_anime_sample()
    X, y = anime.data, anime.target
    features = anime.catalog[["genre"]]
    model = DiverseRecommender(recommender, diversity=0, method=method, features=features).fit(X, y)
    pd.testing.assert_frame_equal(model.recommend(), model.recommender_.recommend())


def test_score_is_that_of_the_recommender():
    model = diverse(diversity=0.5, features="genre").fit(table())
    assert model.recommend([0])["score"].tolist() == [5, 3, 1, 4, 2]
    assert model.predict(table()[:3]).tolist() == [5, 5, 5]


@pytest.mark.parametrize("method", METHODS)
def test_each_method_improves_what_it_is_for(method):
    anime = load_anime_sample()
    X, items = anime.data, anime.catalog.index
    genres = WeightedOneHotGenres(weighting="uniform", sparse_output=True)
    vectors = genres.fit_transform(anime.catalog[["genre"]])
    model = DiverseRecommender(
        EASERecommender(), method=method, features=anime.catalog[["genre"]], n_candidates=50
    ).fit(X)

    def measure(diversity):
        found = copy.copy(model).set_params(diversity=diversity).recommend()
        if method == "calibrated":
            return -calibration_error(found, X, items, vectors)
        if method == "popularity":
            return catalog_coverage(found, model.items_)
        return intra_list_diversity(found, items, vectors)

    assert measure(0.6) > measure(0.3) > measure(0.0)


# Features


@pytest.mark.parametrize(
    "features",
    [
        "genre",
        ["genre"],
        pd.DataFrame({"genre": GENRES}),
        pd.Series(GENRES, name="genre"),
        pd.DataFrame({"action": [1, 1, 0, 1], "drama": [0, 0, 1, 0]}, index=list(COUNTS)[:4]),
        pl.DataFrame({"item": list(GENRES), "genre": list(GENRES.values())}),
    ],
    ids=["name", "names", "frame", "series", "numbers", "polars"],
)
def test_features_may_come_in_several_forms(features):
    model = diverse(diversity=0.5, features=features).fit(table())
    assert items_for(model) == ["Akira", "Clannad", "Erased", "Bleach", "Durarara"]


def test_columns_of_polars_rows():
    model = diverse(diversity=0.5, features="genre").fit(table(pl.DataFrame))
    assert items_for(model) == ["Akira", "Clannad", "Erased", "Bleach", "Durarara"]


def test_without_features_the_factors_of_the_recommender_tell_what_is_similar():
    anime = load_anime_sample()
    base = SVDNeighborsRecommender(random_state=0)
    model = DiverseRecommender(base, diversity=0.5).fit(anime.data, anime.target)
    fitted = model.recommender_
    before, after = (
        intra_list_diversity(each.recommend(), fitted.items_, fitted.item_factors_)
        for each in (fitted, model)
    )
    assert after > before


def test_wide_features_stay_sparse(monkeypatch):
    expected = diverse(diversity=0.5, features="genre").fit(table()).recommend()
    monkeypatch.setattr("sklearn_anime.compose._item_traits.LARGEST_DENSE", 0)
    for method in ("mmr", "calibrated"):
        model = diverse(diversity=0.5, method=method, features="genre").fit(table())
        if method == "mmr":
            pd.testing.assert_frame_equal(model.recommend(), expected)
        assert len(model.recommend([0])) == 5


# Rules


@NO_HISTORY
@pytest.mark.parametrize("user", [0, "unknown"])
@pytest.mark.parametrize("groups", ["genre", GENRES, pd.Series(GENRES)], ids=["name", "dict", "series"])
def test_at_most_k_of_a_group(user, groups):
    X = table().astype({"user": str})
    model = diverse(diversity=0, features="genre", groups=groups, max_per_group=1).fit(X)
    assert items_for(model, str(user), exclude=["Zoids"]) == ["Akira", "Clannad", "Erased"]


def test_an_item_may_have_several_groups():
    groups = {"Akira": ["a", "b"], "Bleach": ["b", "c"], "Clannad": ["c"], "Unknown": "a"}
    model = diverse(diversity=0, groups=groups, max_per_group=1, method="popularity").fit(table())
    assert items_for(model) == ["Akira", "Clannad", "Durarara", "Erased"]


def test_reserved_rank():
    model = diverse(diversity=0, reserved={2: "Erased", 9: "Bleach"}, n_candidates=2).fit(table())
    assert items_for(model, n_items=3) == ["Akira", "Erased", "Bleach"]
    assert items_for(model, 1, n_items=3) == ["Zoids"]  # user 1 has seen Erased, and all others


def test_boosts():
    model = diverse(diversity=0, boosts={"Clannad": 2.5, "Akira": 0, "?": 3.0}).fit(table())
    assert items_for(model) == ["Clannad", "Bleach", "Durarara", "Akira", "Erased"]


@NO_HISTORY
def test_users_without_history_keep_the_order_of_popularity():
    model = diverse(diversity=0.9, features="genre").fit(table())
    frame = model.recommend(["?"], 6)
    assert frame["item"].tolist() == [*COUNTS, "Zoids"]
    assert frame["score"].isna().all()


def test_new_items_with_features_are_ranked_by_them():
    X = pd.DataFrame({"user": [1, 1, 2, 2, 3], "item": list("abacd"), "year": [1.0, 2, 1, 3, 4]})
    model = DiverseRecommender(
        EASERecommender(1.0, feature_weight=1.0),
        diversity=0.5,
        features=pd.DataFrame({"x": [1, 1, 0, 0, 1], "y": [0, 0, 1, 1, 1]}, index=list("abcde")),
        reserved={1: "e"},
    ).fit(X)
    frame = model.recommend([3], items=pd.DataFrame({"item": ["e"], "year": [4.0]}))
    assert frame["item"].tolist()[0] == "e"
    assert set(frame["item"]) == set("abce")


# Bad input


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"diversity": 1.5}, ValueError, "'diversity' parameter of DiverseRecommender"),
        ({"method": "random"}, ValueError, "'method' parameter of DiverseRecommender"),
        ({"features": "studio"}, ValueError, r"features='studio' is no column of X .*\['genre'\]"),
        ({"features": [[1.0]]}, TypeError, "features= is a list"),
        ({"features": pd.DataFrame({"x": [1.0]}, index=["?"])}, ValueError, "is an item of fit"),
        ({"features": pd.DataFrame({"x": [1, 2]}, index=["Akira"] * 2)}, ValueError, "an item id twice"),
        ({"features": pd.DataFrame(index=["Akira"])}, ValueError, "features= has no column"),
        ({"features": pd.DataFrame({"x": [np.nan]}, index=["Akira"])}, ValueError, "contains NaN"),
        ({"method": "calibrated"}, ValueError, "method='calibrated' compares mixes"),
        (
            {"method": "calibrated", "features": pd.DataFrame({"x": [-1]}, index=["Akira"])},
            ValueError,
            "method='calibrated' compares mixes",
        ),
        ({"groups": "genre"}, ValueError, "belong together"),
        ({"groups": {"?": 1}, "max_per_group": 1}, ValueError, "None of the ids in groups="),
        ({"reserved": {0: "Akira"}}, ValueError, "reserved= has the rank 0"),
        ({"boosts": {"Akira": -1.0}}, ValueError, "boosts= has the factor -1.0 for item 'Akira'"),
    ],
)
def test_bad_input_is_named(params, error, match):
    with pytest.raises(error, match=match):
        diverse(**params).fit(table())


def test_pipelines_are_turned_inside_out():
    with pytest.raises(TypeError, match="put DiverseRecommender at the end of a Pipeline"):
        DiverseRecommender(make_pipeline(PopularityRecommender())).fit(table())


def test_another_method_may_need_another_fit():
    model = diverse(method="popularity").fit(table()).set_params(method="mmr", features="genre")
    with pytest.raises(ValueError, match="method='mmr' needs the features of the items"):
        model.recommend()


def test_one_candidate_only():
    model = diverse(n_candidates=1, features="genre").fit(table())
    assert items_for(model, n_items=1) == ["Akira"]
    assert items_for(model, include=["Erased"]) == ["Erased"]


# Together with others


def test_diversity_is_searchable():
    anime = load_anime_sample()
    X, catalog = anime.data, anime.catalog
    vectors = WeightedOneHotGenres().fit_transform(catalog[["genre"]])

    def diversity(recommended, relevant, k):
        return intra_list_diversity(recommended, catalog.index, vectors, k=k)

    search = GridSearchCV(
        DiverseRecommender(EASERecommender(), features=catalog[["genre"]]),
        {"diversity": [0.0, 0.8]},
        scoring=make_ranking_scorer(diversity),
        cv=LeaveKOutPerUser(5, random_state=0),
    ).fit(X)
    assert search.best_params_ == {"diversity": 0.8}


def test_weights_reach_the_recommender():
    weights = np.where(table()["item"] == "Erased", 10.0, 1.0)
    model = diverse(diversity=0, features="genre").fit(table(), sample_weight=weights)
    assert items_for(model)[0] == "Erased"
    with pytest.raises(ValueError, match="the fit of NoWeights takes none"):
        DiverseRecommender(NoWeights()).fit(table(), sample_weight=weights)


class NoWeights(PopularityRecommender):
    """A recommender that takes no weights."""

    def fit(self, X, y=None):
        return super().fit(X, y)


@parametrize_with_recommender_checks(
    [
        DiverseRecommender(EASERecommender(), method="dpp"),
        DiverseRecommender(PopularityRecommender(), method="popularity"),
        DiverseRecommender(SVDNeighborsRecommender(n_components=2, n_neighbors=3)),
        DiverseRecommender(DiverseRecommender(EASERecommender(), diversity=0.5), method="popularity"),
    ]
)
def test_it_is_a_recommender(estimator, check):
    check(estimator)


def test_two_stages_inside():
    X = table()
    stages = TopNRecommender(Ridge(), candidates=PopularityRecommender())
    numbers = X.assign(item=X["item"].map(ord_of), genre=X["item"].map(len))
    model = DiverseRecommender(stages, diversity=0.3, features="genre").fit(numbers, np.arange(len(X)))
    assert len(model.recommend([0])) == 5


def ord_of(text):
    return ord(text[0])
