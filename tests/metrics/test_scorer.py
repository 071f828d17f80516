"""Claims about scorers: what they count, whom they warn, and that searches take them as they are."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from sklearn_anime import metrics
from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import TopNRecommender
from sklearn_anime.datasets import load_anime, load_anime_sample
from sklearn_anime.metrics import make_ranking_scorer, make_rating_scorer
from sklearn_anime.metrics._scorer import JointScorer
from sklearn_anime.model_selection import LastKPerUser, LeaveKOutPerUser, NewItemSplit, NewUserSplit
from sklearn_anime.neighbors import SVDNeighborsRecommender

FUNCTIONS = {
    "ndcg": metrics.ndcg_at_k,
    "recall": metrics.recall_at_k,
    "precision": metrics.precision_at_k,
    "map": metrics.average_precision_at_k,
    "mrr": metrics.reciprocal_rank_at_k,
    "hit_rate": metrics.hit_rate_at_k,
}
LEAVE_OUT = LeaveKOutPerUser(5, random_state=0)
FORMS = {
    "pandas": lambda X, y: (X, y),
    "nullable pandas": lambda X, y: (X.convert_dtypes(), y.convert_dtypes()),
    "polars": lambda X, y: (pl.from_pandas(X), pl.from_pandas(y, nan_to_null=False)),
    "polars with nulls": lambda X, y: (pl.from_pandas(X), pl.from_pandas(y)),
    "ndarray": lambda X, y: (X.to_numpy(), y.to_numpy()),
    "list": lambda X, y: (X.to_numpy().tolist(), y.tolist()),
}

# Ann has seen 1 and 2, Bob 1 and 3, Cat 3: to Ann the most popular unseen items are 3 and 4, and so on.
SEEN = [["ann", 1], ["ann", 2], ["bob", 1], ["bob", 3], ["cat", 3], ["dan", 4], ["dan", 1]]
HELD_OUT = [["ann", 3], ["ann", 4], ["bob", 4], ["cat", 2]]


class Remembering(PopularityRecommender):
    """Most popular items; all objects of the class write down what `recommend` is asked."""

    calls = []

    def recommend(self, users=None, n_items=10, **options):
        found = super().recommend(users, n_items, **options)
        self.calls.append({"users": users, "n_items": n_items, "found": found, **options})
        return found


class FromElsewhere(BaseEstimator):
    """A recommender that knows nothing of this package: it shows item 4 to everyone."""

    def fit(self, X, y=None):
        return self

    def recommend(self, users, n_items):
        assert isinstance(users, pd.Series)
        return pd.DataFrame({"user": users, "item": 4, "score": 1.0, "rank": 1})


@pytest.fixture(scope="module")
def rows():
    """Return the rows of 120 viewers, a fifth of them without a rating."""
    sample = load_anime_sample(unrated="nan")
    kept = sample.data["user_id"] <= 120
    return sample.data[kept].reset_index(drop=True), sample.target[kept].reset_index(drop=True)


@pytest.fixture(scope="module")
def wide():
    """Return the rows of 120 viewers with columns of the titles."""
    frame = load_anime_sample(unrated="nan").frame.query("user_id <= 120")
    return frame[["user_id", "anime_id", "type", "members"]], frame["rating"]


@pytest.fixture(scope="module")
def held_out(rows):
    """Return a fitted recommender, and rows and ratings that it has not seen."""
    X, y = rows
    train, test = next(LEAVE_OUT.split(X))
    return make_neighbors().fit(X.iloc[train], y.iloc[train]), X.iloc[test], y.iloc[test]


@pytest.fixture
def popular():
    return PopularityRecommender().fit(SEEN)


@pytest.fixture
def remembering(monkeypatch):
    monkeypatch.setattr(Remembering, "calls", [])
    return Remembering()


@pytest.fixture(scope="module")
def tribes():
    """Return rows of users who each choose fifteen titles of one half of the catalog."""
    rng = np.random.RandomState(0)
    chosen = {user: 30 * (user % 2) + rng.choice(30, 15, replace=False) for user in range(60)}
    return np.array([[user, item] for user, items in chosen.items() for item in items])


def make_neighbors(**params):
    return SVDNeighborsRecommender(8, 20, random_state=0, **params)


def turn(X):
    """Return the rows with the users in the last of three columns."""
    return X.assign(source="web")[["source", "anime_id", "user_id"]]


def on_factors():
    """Return a recommender made of ridge regression on the factors of users and titles."""
    return TopNRecommender(make_pipeline(make_neighbors(), Ridge()))


def own_half(recommended, relevant, k):
    """Return which share of the lists is of the tribe of the user."""
    return float(np.mean(recommended["item"] // 30 == recommended["user"] % 2))


def training_rows(model):
    """Return what a model has seen as rows and ratings."""
    seen = model.interactions_
    ids = {"user_id": seen.users.values[seen.row_codes], "anime_id": seen.items.values[seen.item_codes]}
    return pd.DataFrame(ids), pd.Series(seen.ratings, name="rating")


# Values


@pytest.mark.parametrize("k", [1, 10])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_score_is_the_metric_of_the_lists_for_the_test_users(held_out, name, k):
    model, X, y = held_out
    lists = model.recommend(X["user_id"].unique(), n_items=k)
    score = make_ranking_scorer(name, k=k)(model, X, y)
    assert score == pytest.approx(FUNCTIONS[name](lists, X, k=k), rel=1e-12)
    assert type(score) is float


def test_default_is_ndcg_of_ten(held_out):
    assert make_ranking_scorer()(*held_out) == make_ranking_scorer("ndcg", k=10)(*held_out)


def test_coverage_is_of_the_items_of_fit(held_out):
    model, X, y = held_out
    lists = model.recommend(X["user_id"].unique(), n_items=5)
    expected = lists["anime_id"].nunique() / len(model.items_)
    assert make_ranking_scorer("coverage", k=5)(model, X, y) == expected


ITEMS = [1, 2, 3]  # item 4 has no row
FEATURES = pd.DataFrame({"action": [1.0, 0.0, 1.0], "drama": [0.0, 1.0, 0.0]}, index=ITEMS)


@pytest.mark.parametrize(
    "features", [FEATURES, pl.from_pandas(FEATURES.reset_index())], ids=["pd", "pl"]
)
def test_metrics_beyond_accuracy_are_those_of_the_functions(popular, features):
    lists = popular.recommend(["ann", "bob", "cat"], n_items=2)
    items, vectors = [1, 2, 3, 4], [[1, 0], [0, 1], [1, 0], [0, 0]]
    expected = {
        "diversity": metrics.intra_list_diversity(lists, items, vectors, k=2),
        "calibration": -metrics.calibration_error(lists, SEEN, items, vectors, k=2),
        "novelty": metrics.novelty(lists, SEEN, k=2),
    }
    for name, value in expected.items():
        score = make_ranking_scorer(name, k=2, features=features)(popular, HELD_OUT)
        assert score == pytest.approx(value, rel=1e-12)
    both = make_ranking_scorer({"recall": 1, "diversity": 0.5}, k=2, features=features)
    assert both(popular, HELD_OUT) == pytest.approx(BY_HAND["recall"] + 0.5 * expected["diversity"])


@pytest.mark.parametrize(
    ("metric", "match"),
    [
        ("diversity", "metric='diversity' compares features of items"),
        ({"ndcg": 1, "calibration": 1}, "metric='calibration' compares features of items"),
        ({"ndcg": "much"}, "weight 'much' of 'ndcg'"),
        ({"ndcg": float("nan")}, "weight nan of 'ndcg'"),
        ({"beauty": 1}, "has the metric 'beauty'"),
        ({}, "has no metric"),
    ],
    ids=str,
)
def test_metrics_that_do_not_fit(metric, match):
    with pytest.raises(ValueError, match=match):
        make_ranking_scorer(metric)


@pytest.mark.parametrize("value", ["Action", np.nan, None], ids=str)
def test_features_that_are_no_numbers(value):
    with pytest.raises(ValueError, match=r"features= takes numbers.*WeightedOneHotGenres"):
        make_ranking_scorer("diversity", features=pd.DataFrame({"genre": [value]}, index=[1]))


def test_features_that_are_no_frame():
    with pytest.raises(TypeError, match="features= is a list"):
        make_ranking_scorer("diversity", features=[[1]])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_callable_counts_as_the_metric_of_its_name(held_out, name):
    by_function = make_ranking_scorer(FUNCTIONS[name], k=7)
    assert by_function(*held_out) == pytest.approx(make_ranking_scorer(name, k=7)(*held_out), rel=1e-12)


def test_a_callable_gets_lists_relevant_rows_and_length(popular):
    given = []

    def metric(recommended, relevant, k):
        given.append((recommended, relevant, k))
        return 0.25

    assert make_ranking_scorer(metric, k=2)(popular, HELD_OUT) == 0.25
    [(recommended, relevant, k)] = given
    assert recommended.columns.tolist() == ["user", "item", "score", "rank"]
    assert recommended["rank"].max() == k == 2
    assert relevant.to_numpy().tolist() == HELD_OUT


# Of the lists of two, both of Ann's are hits, and the second one of Bob and of Cat.
BY_HAND = {
    "hit_rate": 1,
    "recall": 1,
    "precision": (2 / 2 + 1 / 2 + 1 / 2) / 3,
    "mrr": (1 / 1 + 1 / 2 + 1 / 2) / 3,
    "coverage": 4 / 4,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_score_equals_the_sum_by_hand(popular, name):
    found = popular.recommend(["ann", "bob", "cat"], n_items=2)
    assert found["item"].tolist() == [3, 4, 2, 4, 1, 2]
    assert make_ranking_scorer(name, k=2)(popular, HELD_OUT) == pytest.approx(BY_HAND[name])


def test_score_equals_an_independent_script_on_real_data(real_folder, independent):
    anime = load_anime(real_folder, unrated="nan")
    train, test = next(LEAVE_OUT.split(anime.data))
    X = anime.data.iloc[test]
    model = PopularityRecommender().fit(anime.data.iloc[train])
    scorers = {
        "ndcg@10": make_ranking_scorer("ndcg", k=10),
        "recall@20": make_ranking_scorer("recall", k=20),
        "coverage@10": make_ranking_scorer("coverage", k=10),
    }
    expected = independent.ranking(model.recommend(X["user_id"].unique(), 20), X, len(model.items_))
    found = {name: scorer(model, X) for name, scorer in scorers.items()}
    assert found == pytest.approx(expected, rel=1e-12)
    assert found["ndcg@10"] > 0.05


@pytest.mark.parametrize("form", FORMS)
def test_score_is_the_same_for_every_kind_of_table(rows, form):
    X, y = rows
    expected = cross_val_score(make_neighbors(), X, y, cv=LEAVE_OUT, scoring=make_ranking_scorer())
    scorer = make_ranking_scorer()
    found = cross_val_score(make_neighbors(), *FORMS[form](X, y), cv=LEAVE_OUT, scoring=scorer)
    assert found == pytest.approx(expected, rel=1e-12)
    assert 0.05 < found[0] < 1


def test_ids_may_be_in_any_columns(held_out):
    model, X, y = held_out
    train, ratings = training_rows(model)
    by_name = clone(model).set_params(user="user_id", item="anime_id")
    by_place = clone(model).set_params(user=2, item=1)
    for recommender in (by_name, by_place):
        recommender.fit(turn(train), ratings)
        assert make_ranking_scorer()(recommender, turn(X), y) == make_ranking_scorer()(model, X, y)


def test_a_recommender_from_elsewhere_is_scored_too():
    score = make_ranking_scorer("hit_rate")(FromElsewhere().fit(SEEN), HELD_OUT)
    assert score == pytest.approx(2 / 3)  # Ann and Bob find 4, Cat does not


# Which rows are relevant


def test_unrated_rows_are_relevant_where_every_row_is(popular):
    y = [np.nan, 3, np.nan, 9]
    scorer = make_ranking_scorer("recall", k=1)
    assert scorer(popular, HELD_OUT, y) == scorer(popular, HELD_OUT)


def test_relevant_counts_ratings_from_that_value_on(held_out):
    model, X, y = held_out
    liked = X[y >= 8]
    lists = model.recommend(liked["user_id"].unique())
    with pytest.warns(UserWarning, match=r"of 120 users of X have no relevant row and are left out\.$"):
        score = make_ranking_scorer(relevant=8)(model, X, y)
    assert score == pytest.approx(metrics.ndcg_at_k(lists, liked), rel=1e-12)


def test_relevant_leaves_lower_and_missing_ratings_out(popular):
    # Of Ann only item 4 counts, of Bob 4, of Cat 2.
    y = [7, 8, 8.5, 10]
    assert make_ranking_scorer("recall", k=1, relevant=8)(popular, HELD_OUT, y) == 0
    assert make_ranking_scorer("recall", k=2, relevant=8)(popular, HELD_OUT, y) == 1
    assert make_ranking_scorer("recall", k=1, relevant=7)(popular, HELD_OUT, y) == pytest.approx(1 / 6)


def test_users_without_a_relevant_row_are_left_out_with_one_warning(popular):
    scorer = make_ranking_scorer("recall", k=2, relevant=8)
    message = r"^2 of 3 users of X have no relevant row and are left out\.$"
    with pytest.warns(UserWarning, match=message) as warned:
        assert scorer(popular, HELD_OUT, [7, 8, np.nan, 2]) == 1
    assert [warning.filename for warning in warned] == [__file__]


def test_repeated_rows_count_once(held_out):
    model, X, _ = held_out
    again = pd.concat([X, X.iloc[::3]])
    assert make_ranking_scorer()(model, again) == make_ranking_scorer()(model, X)


def test_relevant_needs_ratings(popular):
    with pytest.raises(ValueError, match=r"relevant=8 compares ratings, but y is None\. Pass y, or"):
        make_ranking_scorer(relevant=8)(popular, HELD_OUT)


@pytest.mark.parametrize(
    ("y", "largest"), [([7, 3, np.nan, 2], r"7\.0"), ([np.nan] * 4, "nan")], ids=["low", "missing"]
)
def test_no_relevant_row_raises(popular, y, largest):
    message = rf"^No row of X is relevant: the largest rating is {largest} and relevant=8\. Lower it"
    with pytest.raises(ValueError, match=message):
        make_ranking_scorer(relevant=8)(popular, HELD_OUT, y)


# History


def test_history_tells_the_tastes_of_new_users(tribes):
    X, y, splitter = tribes, np.ones(len(tribes)), NewUserSplit(3, random_state=0)
    scorer = make_ranking_scorer(own_half, history=0.8, random_state=0)
    assert cross_val_score(make_neighbors(), X, y, cv=splitter, scoring=scorer).tolist() == [1.0] * 3


@pytest.mark.filterwarnings("ignore:20 of 20 users have no history")
def test_without_history_new_users_are_all_alike(tribes):
    X, y, splitter = tribes, np.ones(len(tribes)), NewUserSplit(3, random_state=0)
    scorer = make_ranking_scorer(own_half)
    # All get the same recommendations, and ten of the twenty users are of either tribe.
    scores = cross_val_score(make_neighbors(), X, y, cv=splitter, scoring=scorer)
    assert scores == pytest.approx([0.5] * 3, abs=0.2)


@pytest.mark.parametrize("with_ratings", [True, False])
def test_history_hides_what_is_to_be_found(remembering, tribes, with_ratings):
    model = remembering.fit(tribes[:450])
    y = np.arange(450.0) if with_ratings else None
    given = []
    scorer = make_ranking_scorer(
        lambda recommended, relevant, k: given.append(relevant) or 0.0, history=0.6, random_state=0
    )
    scorer(model, tribes[450:], y)
    [call], [relevant] = model.calls, given
    history = call["history"][0] if with_ratings else call["history"]
    past, future = set(map(tuple, history.tolist())), set(map(tuple, relevant.to_numpy().tolist()))
    assert past | future == set(map(tuple, tribes[450:].tolist()))
    assert not past & future
    assert np.unique(history[:, 0], return_counts=True)[1].tolist() == [9] * 30
    shown = set(map(tuple, call["found"][["user", "item"]].to_numpy().tolist()))
    assert not past & shown
    assert shown & future


def test_history_carries_the_ratings_of_its_rows(remembering, tribes):
    y = np.arange(len(tribes), dtype=float)
    scorer = make_ranking_scorer(history=0.5, random_state=0)
    scorer(remembering.fit(tribes), tribes, y)
    X, ratings = remembering.calls[0]["history"]
    assert tribes[ratings.astype(int)].tolist() == X.tolist()


def test_history_rounds_down(remembering):
    X = [["eve", item] for item in range(1, 5)] + [["fay", 1], ["fay", 2], ["fay", 4]]
    make_ranking_scorer("recall", k=1, history=0.5, random_state=0)(remembering.fit(SEEN), X)
    users = [user for user, _ in remembering.calls[0]["history"]]
    assert sorted(users) == ["eve", "eve", "fay"]


def test_history_draws_anew_without_a_seed(tribes):
    model = make_neighbors().fit(tribes, np.ones(len(tribes)))
    seeded = make_ranking_scorer(history=0.5, random_state=3)
    assert seeded(model, tribes) == seeded(model, tribes)
    drawing = make_ranking_scorer(history=0.5, random_state=np.random.RandomState(0))
    assert drawing(model, tribes) != drawing(model, tribes)


def test_repeated_pairs_are_not_both_history_and_to_be_found(remembering, tribes):
    twice = np.vstack([tribes, tribes[::2]])
    given = []
    scorer = make_ranking_scorer(
        lambda recommended, relevant, k: given.append(relevant) or 0.0, history=0.5, random_state=0
    )
    scorer(remembering.fit(tribes), twice)
    history = set(map(tuple, remembering.calls[0]["history"].tolist()))
    relevant = set(map(tuple, given[0].to_numpy().tolist()))
    assert history
    assert relevant
    assert not history & relevant


def test_users_with_too_few_rows_for_a_history_get_popular_items(popular):
    X = [["eve", 2], ["fay", 1], ["fay", 2]]
    with pytest.warns(UserWarning, match=r"^1 of 2 users have no history that fit or history= knows"):
        make_ranking_scorer("recall", k=1, history=0.5, random_state=0)(popular, X)


def test_history_of_no_row_raises(popular):
    message = r"^history=0\.5 of the rows of a user is less than one row: no user of X has more than 1\."
    with pytest.raises(ValueError, match=message):
        make_ranking_scorer(history=0.5)(popular, [["eve", 2], ["fay", 1]])


def test_history_of_all_that_is_relevant_raises(popular):
    message = r"^No relevant row of X is left to find: .* \(history=0\.5\)\. Lower it\.$"
    with pytest.raises(ValueError, match=message):
        make_ranking_scorer(history=0.5)(popular, [["eve", 2], ["eve", 2]])


@pytest.mark.filterwarnings("ignore:.*of history= were not in the rows of fit")  # rare titles
@pytest.mark.parametrize("form", FORMS)
def test_history_is_the_same_for_every_kind_of_table(rows, form):
    X, y = rows
    scorer = make_ranking_scorer(history=0.5, relevant=4, random_state=0)
    splitter = NewUserSplit(2, random_state=0)
    expected = cross_val_score(make_neighbors(), X, y, cv=splitter, scoring=scorer)
    found = cross_val_score(make_neighbors(), *FORMS[form](X, y), cv=splitter, scoring=scorer)
    assert found == pytest.approx(expected, rel=1e-9)
    assert (found > 0.05).all()


# Samples of users


def test_sample_is_of_so_many_users(remembering, rows):
    X, _ = rows
    train, test = next(LEAVE_OUT.split(X))
    model = remembering.fit(X.iloc[train])
    score = make_ranking_scorer(sample_users=30, random_state=0)(model, X.iloc[test])
    users = model.calls[0]["users"]
    assert len(users) == users.nunique() == 30
    of_sample = X.iloc[test][X.iloc[test]["user_id"].isin(users)]
    assert score == pytest.approx(metrics.ndcg_at_k(model.recommend(users), of_sample), rel=1e-12)


def test_sample_is_the_same_under_a_seed(held_out):
    scorers = [make_ranking_scorer(sample_users=30, random_state=seed) for seed in (0, 0, 1)]
    first, again, other = (scorer(*held_out) for scorer in scorers)
    assert first == again != other


def test_sample_larger_than_the_users_takes_all(held_out):
    assert make_ranking_scorer(sample_users=1000)(*held_out) == make_ranking_scorer()(*held_out)


def test_sample_is_drawn_from_users_with_a_relevant_row(popular):
    scorer = make_ranking_scorer("recall", k=2, relevant=8, sample_users=1)
    with pytest.warns(UserWarning, match="2 of 3 users of X have no relevant row"):
        assert scorer(popular, HELD_OUT, [7, 8, np.nan, 2]) == 1


# Searches and cross-validation


@pytest.mark.parametrize("form", ["pandas", "polars", "ndarray"])
def test_grid_search_scores_each_candidate_on_its_lists(rows, form):
    X, y = rows
    search = GridSearchCV(
        make_neighbors(),
        {"n_neighbors": [2, 50]},
        scoring=make_ranking_scorer("ndcg", k=10),
        cv=LEAVE_OUT,
    ).fit(*FORMS[form](X, y))
    train, test = next(LEAVE_OUT.split(X))
    expected = []
    for n_neighbors in (2, 50):
        model = make_neighbors().set_params(n_neighbors=n_neighbors).fit(X.iloc[train], y.iloc[train])
        lists = model.recommend(X["user_id"].iloc[test].unique(), n_items=10)
        expected.append(metrics.ndcg_at_k(lists, X.iloc[test]))
    assert search.cv_results_["mean_test_score"] == pytest.approx(expected, rel=1e-9)
    assert search.best_params_ == {"n_neighbors": 50}


def test_default_recommender_is_searched_without_further_ado(rows):
    search = GridSearchCV(
        SVDNeighborsRecommender(),
        {"n_neighbors": [5, 20]},
        scoring=make_ranking_scorer("ndcg", k=10),
        cv=LeaveKOutPerUser(5, random_state=0),
    ).fit(*rows)
    assert (search.cv_results_["mean_test_score"] > 0.05).all()


def test_randomized_search_takes_the_scorer(rows):
    search = RandomizedSearchCV(
        make_neighbors(),
        {"n_neighbors": [2, 50]},
        n_iter=2,
        scoring=make_ranking_scorer(),
        cv=LEAVE_OUT,
        random_state=0,
    ).fit(*rows)
    assert search.best_params_ == {"n_neighbors": 50}


def test_halving_search_takes_the_scorer(rows):
    search = HalvingGridSearchCV(
        make_neighbors(),
        {"n_neighbors": [2, 5, 20, 50]},
        scoring=make_ranking_scorer(),
        cv=LEAVE_OUT,
        factor=2,
        min_resources=4000,
        return_train_score=False,
        random_state=0,
    ).fit(*rows)
    assert search.n_candidates_ == [4, 2]
    assert (search.cv_results_["mean_test_score"] > 0).all()


@pytest.mark.slow
def test_two_processes_score_as_one_does(rows):
    scorer = make_ranking_scorer(sample_users=50, random_state=0)
    alone, together = (
        GridSearchCV(make_neighbors(), {"n_neighbors": [2, 50]}, scoring=scorer, cv=LEAVE_OUT, n_jobs=n)
        .fit(*rows)
        .cv_results_["mean_test_score"]
        for n in (1, 2)
    )
    assert together == pytest.approx(alone, rel=1e-9)


def test_metadata_routing_needs_no_request(rows):
    X, y = rows
    scoring = {"ndcg": make_ranking_scorer(), "rmse": make_rating_scorer()}
    expected = cross_validate(make_neighbors(), X, y, cv=LEAVE_OUT, scoring=scoring)
    with config_context(enable_metadata_routing=True):
        found = cross_validate(make_neighbors(), X, y, cv=LEAVE_OUT, scoring=scoring)
        search = GridSearchCV(
            make_neighbors(), {"n_neighbors": [20]}, scoring=make_ranking_scorer(), cv=LEAVE_OUT
        ).fit(X, y)
    for name in ("test_ndcg", "test_rmse"):
        assert found[name] == pytest.approx(expected[name], rel=1e-12)
    assert search.best_score_ == pytest.approx(expected["test_ndcg"].mean(), rel=1e-12)


def test_several_scorers_give_what_each_gives_alone(rows):
    X, y = rows
    splitter = LeaveKOutPerUser(5, n_splits=2, random_state=0)
    scoring = {
        **{name: make_ranking_scorer(name) for name in (*FUNCTIONS, "coverage")},
        "rmse": make_rating_scorer("rmse"),
    }
    together = cross_validate(make_neighbors(), X, y, cv=splitter, scoring=scoring)
    for name, scorer in scoring.items():
        alone = cross_val_score(make_neighbors(), X, y, cv=splitter, scoring=scorer)
        assert together[f"test_{name}"] == pytest.approx(alone, rel=1e-12)


def test_search_refits_by_one_of_several_scorers(rows):
    search = GridSearchCV(
        make_neighbors(),
        {"n_neighbors": [2, 50]},
        scoring={"ndcg": make_ranking_scorer(), "rmse": make_rating_scorer()},
        refit="ndcg",
        cv=LEAVE_OUT,
    ).fit(*rows)
    assert search.best_params_ == {"n_neighbors": 50}
    assert (search.cv_results_["mean_test_rmse"] < 0).all()


@pytest.mark.filterwarnings("ignore:.*pairs that fit has seen")  # that is what training scores are
def test_training_scores_are_zero(rows):
    scores = cross_validate(
        make_neighbors(), *rows, cv=LEAVE_OUT, scoring=make_ranking_scorer(), return_train_score=True
    )
    assert scores["train_score"].tolist() == [0.0]
    assert scores["test_score"][0] > 0.05


def test_popularity_needs_no_ratings(rows):
    X, _ = rows
    scores = cross_val_score(PopularityRecommender(), X, cv=LEAVE_OUT, scoring=make_ranking_scorer())
    assert scores[0] > 0.05


@pytest.mark.parametrize(
    "scorer", [make_ranking_scorer("map", 5, relevant=8), make_rating_scorer("mae")]
)
def test_scorers_are_pickled_copied_and_compared_by_value(scorer):
    assert pickle.loads(pickle.dumps(scorer)) == scorer
    search = GridSearchCV(BiasRegressor(), {"shrinkage": [1, 3]}, scoring=scorer)
    assert clone(search).scoring == scorer


def test_a_metric_of_the_user_is_pickled_by_name():
    scorer = make_ranking_scorer(metrics.ndcg_at_k, k=3)
    assert pickle.loads(pickle.dumps(scorer)) == scorer


@pytest.mark.parametrize(
    ("scorer", "text"),
    [
        (make_ranking_scorer(), "make_ranking_scorer(metric='ndcg', k=10)"),
        (
            make_ranking_scorer("map", 5, relevant=8, random_state=0),
            "make_ranking_scorer(metric='map', k=5, relevant=8, random_state=0)",
        ),
        (make_rating_scorer("mae"), "make_rating_scorer(metric='mae')"),
    ],
)
def test_repr_makes_the_scorer_anew(scorer, text):
    assert repr(scorer) == text
    assert eval(text) == scorer


# Pipelines, searches and regressors


def test_pipeline_is_scored_on_what_reaches_the_recommender(rows, held_out):
    X, y = rows
    columns = ColumnTransformer(
        [("ids", "passthrough", ["user_id", "anime_id"])], verbose_feature_names_out=False
    ).set_output(transform="pandas")
    pipeline = make_pipeline(columns, make_neighbors())
    splitter = LeaveKOutPerUser(5, user="user_id", item="anime_id", random_state=0)
    scores = cross_val_score(pipeline, turn(X), y, cv=splitter, scoring=make_ranking_scorer())
    assert scores[0] == pytest.approx(make_ranking_scorer()(*held_out), rel=1e-12)


def test_pipeline_may_move_the_ids(rows, held_out):
    X, y = rows
    pipeline = make_pipeline(
        FunctionTransformer(lambda rows: rows[:, ::-1]), make_neighbors(user=1, item=0)
    )
    scorer = make_ranking_scorer()
    scores = cross_val_score(pipeline, X.to_numpy(), y, cv=LEAVE_OUT, scoring=scorer)
    assert scores[0] == pytest.approx(make_ranking_scorer()(*held_out), rel=1e-12)


@pytest.mark.parametrize("history", [None, 0.5])
def test_wrapped_recommenders_score_as_they_do_alone(rows, history):
    X, y = rows
    train, test = next(LEAVE_OUT.split(X))
    train, test = (X.iloc[train], y.iloc[train]), (X.iloc[test], y.iloc[test])
    scorer = make_ranking_scorer(history=history, random_state=0)
    search = GridSearchCV(
        make_neighbors(), {"n_neighbors": [20]}, scoring=make_ranking_scorer(), cv=LEAVE_OUT
    )
    alone, *wrapped = (
        scorer(estimator.fit(*train), *test)
        for estimator in (
            make_neighbors(),
            make_pipeline(make_neighbors()),
            search,
            make_pipeline("passthrough", clone(search)),
            clone(search).set_params(
                estimator=make_pipeline("passthrough", make_neighbors()), param_grid={}
            ),
        )
    )
    assert wrapped == pytest.approx([alone] * 4, rel=1e-12)


def test_any_regressor_is_scored_as_a_recommender(rows):
    X, y = rows
    scoring = {"ndcg": make_ranking_scorer(), "rmse": make_rating_scorer()}
    scores = cross_validate(on_factors(), X, y, cv=LEAVE_OUT, scoring=scoring)
    train, test = next(LEAVE_OUT.split(X))
    model = on_factors().fit(X.iloc[train], y.iloc[train])
    lists = model.recommend(X["user_id"].iloc[test].unique())
    assert scores["test_ndcg"] == pytest.approx([metrics.ndcg_at_k(lists, X.iloc[test])], rel=1e-9)
    assert -3 < scores["test_rmse"][0] < -0.5


@pytest.mark.parametrize(
    ("splitter", "history"),
    [(LEAVE_OUT, None), (NewUserSplit(2, random_state=0), 0.5)],
    ids=["known users", "new users"],
)
@pytest.mark.filterwarnings("ignore:.*of history= were not in the rows of fit")  # rare titles
def test_a_regressor_on_columns_of_titles_is_searched_by_its_lists(wide, splitter, history):
    X, y = wide
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["type"]), (StandardScaler(), ["members"])
    )
    search = GridSearchCV(
        TopNRecommender(make_pipeline(columns, Ridge())),
        {"estimator__ridge__alpha": [1.0, 1e9], "candidates": [None, PopularityRecommender()]},
        scoring=make_ranking_scorer("recall", history=history, random_state=0),
        cv=splitter,
    ).fit(X, y)
    assert (search.cv_results_["mean_test_score"] > 0).all()
    assert "candidates" in search.best_params_


def test_a_column_of_times_is_no_obstacle(wide):
    X, y = wide
    timed = X[["user_id", "anime_id"]].assign(day=np.random.RandomState(0).randint(99, size=len(X)))
    splitter = LastKPerUser(5, time="day")
    scores = cross_val_score(make_neighbors(), timed, y, cv=splitter, scoring=make_ranking_scorer())
    assert scores[0] > 0.05


@pytest.mark.parametrize(
    "estimator",
    [Ridge(), make_pipeline("passthrough", Ridge()), GridSearchCV(Ridge(), {})],
    ids=["alone", "pipeline", "search"],
)
def test_an_estimator_without_lists_is_told_of_the_one_that_makes_them(estimator):
    message = r"^Ridge has no method `recommend`\. Wrap it: TopNRecommender\(Ridge\(\.\.\.\)\)"
    with pytest.raises(TypeError, match=message):
        make_ranking_scorer()(estimator, HELD_OUT)


@pytest.mark.parametrize("estimator", [PopularityRecommender(), make_pipeline(PopularityRecommender())])
def test_an_estimator_before_fit_raises(estimator):
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        make_ranking_scorer()(estimator, HELD_OUT)


# Warnings of splits that cannot tell


def test_users_unknown_to_the_recommender_get_popular_items_with_one_warning(popular):
    with pytest.warns(UserWarning, match=r"^1 of 2 users have no history") as warned:
        score = make_ranking_scorer("recall", k=1)(popular, [["ann", 3], ["eve", 1]])
    assert score == 1
    assert len(warned) == 1


def test_lists_longer_than_the_catalog_are_shorter_with_one_warning(popular):
    message = r"^k=50 is more than the 4 items of fit: users get fewer recommendations\.$"
    with pytest.warns(UserWarning, match=message) as warned:
        score = make_ranking_scorer("recall", k=50)(popular, HELD_OUT)
    assert score == 1
    assert [warning.filename for warning in warned] == [__file__]


def test_pairs_that_fit_has_seen_are_misses_with_one_warning(popular):
    X = [["ann", 1], ["ann", 3], ["bob", 4]]
    message = r"^1 of 3 relevant rows are pairs that fit has seen\..*count as misses"
    with pytest.warns(UserWarning, match=message) as warned:
        assert make_ranking_scorer("recall", k=2)(popular, X) == (1 / 2 + 1) / 2
    assert [warning.filename for warning in warned] == [__file__]


def test_new_items_are_in_no_list_and_one_warning_says_so(rows):
    X, _ = rows
    train, test = next(NewItemSplit(5, random_state=0).split(X))
    model = PopularityRecommender().fit(X.iloc[train])
    message = r"^No relevant item was in the rows of fit.*make_rating_scorer\.$"
    with pytest.warns(UserWarning, match=message) as warned:
        assert make_ranking_scorer()(model, X.iloc[test]) == 0
    assert [warning.filename for warning in warned] == [__file__]


def test_some_new_items_are_no_reason_to_warn(popular):
    assert make_ranking_scorer("recall", k=1)(popular, [["ann", 3], ["ann", 99]]) == 0.5


def test_history_stands_in_for_what_fit_has_seen(popular):
    X = [["bob", item] for item in (1, 2, 3, 4)]
    assert make_ranking_scorer("recall", k=2, history=0.5, random_state=0)(popular, X) == 1


# Columns


def test_columns_are_read_by_the_names_of_fit(held_out):
    model, X, y = held_out
    expected = make_ranking_scorer()(model, X, y)
    assert make_ranking_scorer()(model, X[["anime_id", "user_id"]], y) == expected


def test_rows_without_the_names_of_fit_raise(held_out):
    model, X, y = held_out
    with pytest.raises(ValueError, match=r"user='user_id' is a column name, but X has no column names"):
        make_ranking_scorer()(model, X.to_numpy(), y)


# Ratings


@pytest.mark.parametrize(
    ("name", "error"), [("rmse", root_mean_squared_error), ("mae", mean_absolute_error)]
)
@pytest.mark.parametrize("form", FORMS)
def test_rating_score_is_minus_the_error_on_the_rated_rows(held_out, name, error, form):
    model, X, y = held_out
    rated = y.notna()
    assert 0.5 < rated.mean() < 0.95
    expected = -error(y[rated], model.predict(X[rated]))
    model = make_neighbors().fit(*FORMS[form](*training_rows(model)))
    score = make_rating_scorer(name)(model, *FORMS[form](X, y))
    assert score == pytest.approx(expected, rel=1e-9)
    assert type(score) is float


def test_default_error_is_the_root_of_the_mean_square(held_out):
    assert make_rating_scorer()(*held_out) == make_rating_scorer("rmse")(*held_out)


def test_rating_score_equals_the_sum_by_hand():
    model = BiasRegressor(shrinkage=0).fit(SEEN, [8.0] * len(SEEN))  # predicts 8
    assert make_rating_scorer("mae")(model, HELD_OUT, [9, np.nan, 5, 8]) == pytest.approx(-(1 + 3) / 3)
    assert make_rating_scorer("rmse")(model, HELD_OUT, [9, np.nan, 5, 8]) == pytest.approx(
        -np.sqrt((1 + 9) / 3)
    )


def test_rating_scorer_takes_any_regressor():
    X, y = np.eye(4), np.array([1.0, 2.0, np.nan, 4.0])
    model = Ridge().fit(X, [1.0, 2.0, 3.0, 4.0])
    expected = -mean_absolute_error(y[[0, 1, 3]], model.predict(X[[0, 1, 3]]))
    assert make_rating_scorer("mae")(model, X, y) == pytest.approx(expected)


def test_rating_scorer_takes_sparse_rows():
    X, y = np.eye(3), [1.0, np.nan, 3.0]
    model = Ridge().fit(X, [1.0, 2.0, 3.0])
    expected = make_rating_scorer()(model, X, y)
    assert make_rating_scorer()(model, sparse.csr_matrix(X), y) == pytest.approx(expected)


def test_rating_scorer_serves_searches_on_rows_without_a_rating(rows):
    search = GridSearchCV(
        BiasRegressor(), {"shrinkage": [3.0, 1e6]}, scoring=make_rating_scorer(), cv=LEAVE_OUT
    ).fit(*rows)
    assert search.best_params_ == {"shrinkage": 3.0}
    assert np.isfinite(search.best_score_)


def test_rows_without_any_rating_have_no_error():
    model = BiasRegressor().fit(SEEN, [8.0] * len(SEEN))
    with pytest.raises(ValueError, match=r"^Input y contains NaN only \(4 rows\): there is no rating"):
        make_rating_scorer()(model, HELD_OUT, [np.nan] * 4)


@pytest.mark.parametrize("estimator", [PopularityRecommender(), LogisticRegression()])
def test_what_predicts_no_ratings_has_no_error(estimator):
    message = rf"^{type(estimator).__name__} is no regressor: .*make_ranking_scorer\.$"
    with pytest.raises(TypeError, match=message):
        make_rating_scorer()(estimator, HELD_OUT, [1.0] * 4)


# Several scorers in one


def test_joint_scorer_gives_what_each_gives_alone(held_out):
    scorers = {
        **{
            name: make_ranking_scorer(name, k=k)
            for name, k in zip(FUNCTIONS, (1, 5, 10, 20, 3, 2), strict=True)
        },
        "coverage": make_ranking_scorer("coverage", k=4),
        "callable": make_ranking_scorer(metrics.precision_at_k, k=6),
        "sample": make_ranking_scorer("recall", sample_users=20, random_state=0),
        "rmse": make_rating_scorer(),
    }
    expected = {name: scorer(*held_out) for name, scorer in scorers.items()}
    assert JointScorer(scorers)(*held_out) == pytest.approx(expected, rel=1e-12)


def test_joint_scorer_asks_once_for_the_longest_list(remembering):
    scorers = {
        "one": make_ranking_scorer("ndcg", k=1),
        "two": make_ranking_scorer("recall", k=3),
        "three": make_ranking_scorer("coverage", k=2),
    }
    JointScorer(scorers)(remembering.fit(SEEN), HELD_OUT)
    assert [call["n_items"] for call in remembering.calls] == [3]


def test_joint_scorer_hands_a_callable_no_more_than_its_places(popular):
    scorers = {
        "length": make_ranking_scorer(lambda recommended, relevant, k: recommended["rank"].max(), k=1),
        "recall": make_ranking_scorer("recall", k=3),
    }
    assert JointScorer(scorers)(popular, HELD_OUT)["length"] == 1


def test_joint_scorer_asks_again_for_other_rows(remembering):
    scorers = {
        "all": make_ranking_scorer("ndcg", k=2),
        "liked": make_ranking_scorer("ndcg", k=1, relevant=8),
        "disliked": make_ranking_scorer("ndcg", k=3, relevant=1),
    }
    JointScorer(scorers)(remembering.fit(SEEN), HELD_OUT, [8, 8, 8, 8])
    assert [call["n_items"] for call in remembering.calls] == [2, 1, 3]


def test_joint_scorer_warns_its_caller(popular):
    scorers = {"a": make_ranking_scorer("ndcg", k=50), "b": make_ranking_scorer("recall", k=2)}
    with pytest.warns(UserWarning, match="k=50 is more than the 4 items") as warned:
        JointScorer(scorers)(popular, HELD_OUT)
    assert [warning.filename for warning in warned] == [__file__]


# Bad parameters


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("metric", "auc", ValueError),
        ("metric", None, TypeError),
        ("k", 0, ValueError),
        ("k", 2.5, TypeError),
        ("relevant", "high", TypeError),
        ("history", 0, ValueError),
        ("history", 1.0, ValueError),
        ("sample_users", 0, ValueError),
        ("random_state", "seed", ValueError),
    ],
)
def test_bad_parameters_of_ranking_scorers_raise(name, value, error):
    with pytest.raises(
        (ValueError, TypeError), match=rf"^The '{name}' parameter of make_ranking_scorer must"
    ):
        make_ranking_scorer(**{name: value})


@pytest.mark.parametrize("metric", ["r2", None])
def test_bad_parameters_of_rating_scorers_raise(metric):
    message = r"^The 'metric' parameter of make_rating_scorer must be a str among \{.*'rmse'.*\}\. Got"
    with pytest.raises((ValueError, TypeError), match=message):
        make_rating_scorer(metric)
