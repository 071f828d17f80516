"""Checks of what a recommender answers: ids, ranks, scores, and what is left out."""

from unittest import SkipTest

import narwhals as nw
import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import is_regressor

from sklearn_anime.utils._check_tools import (
    COLUMNS,
    N_ITEMS,
    UNKNOWN,
    assert_close,
    assert_same,
    fitted,
    of_users,
    pairs,
    plain,
    ranking,
    recommender_check,
    rows,
    with_columns,
)


def _has_columns(estimator):
    return {"user", "item"} <= set(estimator.get_params(deep=False))


def _falls(estimator):
    return estimator._score_falls_with_rank


def _check_ids(name, estimator, ids):
    model, X, _ = fitted(estimator, ids)
    users = X["user_id"].unique()[:3][::-1]
    for frame, asked in [
        (model.recommend(users, 3), "recommend(users)"),
        (model.recommend(history=X[X["user_id"].isin(users)], n_items=3), "recommend(history=X)"),
    ]:
        assert set(frame["user_id"]) == set(users), f"{asked} must return the users asked for."
        assert set(frame["item_id"]) <= set(X["item_id"]), f"{asked} must return item ids of fit."
        for side in COLUMNS[:2]:
            assert frame[side].dtype == X[side].dtype, (
                f"{asked} of {name} returns {side} as {frame[side].dtype}, and fit had {X[side].dtype}: "
                f"ids must come out as they went in. Let interactions_ decode them."
            )
    order = list(model.recommend(users, 3)["user_id"].unique())
    assert order == list(users), "recommend(users) must keep the order of the users."


@recommender_check()
def check_integer_ids(name, estimator):
    """Check that integer ids come out as they went in, users in the order asked for."""
    _check_ids(name, estimator, "integers")


@recommender_check()
def check_text_ids(name, estimator):
    """Check that text ids come out as they went in."""
    _check_ids(name, estimator, "text")


@recommender_check()
def check_categorical_ids(name, estimator):
    """Check that categorical ids come out with the categories of fit."""
    _check_ids(name, estimator, "categories")


@recommender_check()
def check_names_of_columns(name, estimator):
    """Check that the columns of ids have the names that fit saw, beside score and rank."""
    model, X, _ = fitted(estimator)
    expected = ["user_id", "item_id", "score", "rank"]
    for frame in (model.recommend(n_items=2), model.recommend(history=X[:9], n_items=2)):
        assert list(frame.columns) == expected, (
            f"recommend of {name} must return the columns {expected}, not {list(frame.columns)}."
        )


@recommender_check()
def check_seen_items_are_left_out(name, estimator):
    """Check that items that a user has interacted with, rated or not, are not recommended again."""
    model, X, _ = fitted(estimator)
    again = pairs(ranking(model)) & pairs(X)
    assert not again, (
        f"{name} recommends {len(again)} pairs of user and item that were in fit: exclude_seen=True "
        f"must leave them out, also those without a rating."
    )


@recommender_check()
def check_seen_items_come_back(name, estimator):
    """Check that with exclude_seen=False seen items may be recommended."""
    model, X, _ = fitted(estimator)
    found = pairs(ranking(model, exclude_seen=False))
    assert found & pairs(X), f"{name} must recommend seen items with exclude_seen=False."


@recommender_check()
def check_no_item_twice(name, estimator):
    """Check that no item is recommended twice to a user."""
    model, *_ = fitted(estimator)
    for found in (ranking(model), ranking(model, exclude_seen=False)):
        assert not found.duplicated(["user", "item"]).any(), f"{name} recommends an item twice."


@recommender_check()
def check_ranks(name, estimator):
    """Check that the ranks of each user are 1, 2, 3, ... in the order of the rows."""
    model, *_ = fitted(estimator)
    for user, ranks in ranking(model).groupby("user")["rank"]:
        assert ranks.tolist() == list(range(1, len(ranks) + 1)), (
            f"The ranks of user {user} must count from 1 without gaps, not {ranks.tolist()}."
        )


@recommender_check(_falls)
def check_scores_fall_with_the_rank(name, estimator):
    """Check that the score never rises with the rank, unless `_score_falls_with_rank` is False."""
    model, *_ = fitted(estimator)
    for user, scores in ranking(model).groupby("user")["score"]:
        assert not (np.diff(scores) > 0).any(), (
            f"The scores of user {user} rise with the rank: {scores.tolist()}. A recommender whose rank "
            f"is another order sets _score_falls_with_rank = False."
        )


@recommender_check()
def check_number_of_items(name, estimator):
    """Check that the best n_items come out for each user, fewer where there are no more."""
    model, X, _ = fitted(estimator)
    every, few = ranking(model, n_items=10 * N_ITEMS), ranking(model, n_items=2)
    left = N_ITEMS - X.groupby("user_id").size()
    counts = every.groupby("user").size()
    assert (counts <= left[counts.index]).all(), (
        "A user must not get more items than fit had, without the seen ones."
    )
    first = every[every["rank"] <= 2]
    assert_close(first["score"], few["score"], "A smaller n_items must give the first ranks.")


@recommender_check()
def check_include_and_exclude(name, estimator):
    """Check that items come out of include= alone, and none that exclude= names."""
    model, X, _ = fitted(estimator)
    items = X["item_id"].unique()
    only = ranking(model, include=items[:4], exclude_seen=False)["item"]
    assert set(only) <= set(items[:4]), "Only items in include= may be recommended."
    others = ranking(model, exclude=items[:4], exclude_seen=False)["item"]
    assert not set(others) & set(items[:4]), "Items in exclude= must not be recommended."
    both = ranking(model, include=items[:4], exclude=items[:2], exclude_seen=False)["item"]
    assert set(both) <= set(items[2:4]), "exclude= must take items out of include=."


@recommender_check()
def check_unknown_users_get_popular_items(name, estimator):
    """Check that users without a history get popular items, most popular first, without a score."""
    model, X, _ = fitted(estimator)
    n_users = X.groupby("item_id").size()
    for user, found in ranking(model, UNKNOWN).groupby("user"):
        assert found["score"].isna().all(), (
            f"User {user} has no history: the score of popular items must be NaN."
        )
        counts = n_users[found["item"]].tolist()
        best = n_users.sort_values(ascending=False).tolist()[: max(1, len(counts))]
        assert counts == best, (
            f"An unknown user must get the items with most users ({best}), "
            f"not items with {counts} users."
        )


@recommender_check(_has_columns)
def check_columns_by_name(name, estimator):
    """Check that the parameters user and item find their columns by name, in any order."""
    X, y = rows()
    by_name = with_columns(estimator, "user_id", "item_id").fit(X[["item_id", "year", "user_id"]], y)
    expected = ranking(estimator.fit(X, y))
    message = f"{name}(user='user_id', item='item_id') must not depend on the order of the columns."
    assert_same(expected, ranking(by_name), message)


@recommender_check()
def check_polars_as_pandas(name, estimator):
    """Check that polars gives the recommendations of pandas, as a frame of polars."""
    try:
        import polars as pl
    except ImportError as error:
        raise SkipTest("polars is not installed.") from error
    X, y = rows()
    expected = ranking(estimator.fit(X, y))
    frame = estimator.fit(pl.DataFrame(X.to_dict("list")), y).recommend(n_items=N_ITEMS)
    assert isinstance(frame, pl.DataFrame), f"{name} must return polars for polars."
    assert frame["user_id"].dtype == pl.Int64, "Ids of polars must come out in the dtype of fit."
    assert_same(expected, plain(frame), "polars must give the recommendations of pandas.")


@recommender_check()
def check_arrays_as_frames(name, estimator):
    """Check that an array gives the recommendations of a frame, in columns user and item."""
    X, y = rows()
    expected = ranking(estimator.fit(X, y))
    frame = estimator.fit(X.to_numpy(), y).recommend(n_items=N_ITEMS)
    assert isinstance(frame, pd.DataFrame), f"{name} must return pandas for arrays."
    assert list(frame.columns) == ["user", "item", "score", "rank"], (
        f"The id columns must be called user and item for arrays, not {list(frame.columns[:2])}."
    )
    assert_same(expected, plain(frame), "Arrays must give the recommendations of frames.")


@recommender_check()
def check_repeated_rows(name, estimator):
    """Check that rows that repeat a pair count as one interaction."""
    X, y = rows()
    model = estimator.fit(pd.concat([X, X], ignore_index=True), np.concatenate([y, y]))
    found = ranking(model)
    assert not pairs(found) & pairs(X), "A repeated pair counts as seen."
    assert not found.duplicated(["user", "item"]).any(), "A repeated pair must not come out twice."
    counts = nw.from_native(model.recommend(UNKNOWN[:1], N_ITEMS))["item_id"].to_list()
    expected = X.groupby("item_id").size()[counts].tolist()
    assert expected == sorted(expected, reverse=True), "A repeated pair is one user of its item."


@recommender_check()
def check_recommend_changes_nothing(name, estimator):
    """Check that calls of recommend and predict give the same each time."""
    model, X, _ = fitted(estimator)
    first, predicted = ranking(model), model.predict(X)
    message = f"{name} must answer the same each time: _score_block returns a new array in each call."
    assert_same(first, ranking(model), message)
    assert_close(predicted, model.predict(X), message)


@recommender_check()
def check_block_size(name, estimator):
    """Check that users are scored independently: blocks of one user give the answers of one block."""
    model, X, _ = fitted(estimator)
    whole, predicted = ranking(model), model.predict(X)
    message = f"The score of a user in {name} must not depend on the other users of its block."
    with config_context(working_memory=1e-9):
        assert_same(whole, ranking(model), message)
        assert_close(predicted, model.predict(X), message)
    some = X["user_id"].unique()[5:2:-1]
    assert_same(whole[whole["user"].isin(some)], ranking(model, some), message)


@recommender_check(lambda estimator: "n_jobs" in estimator.get_params(deep=False))
def check_n_jobs(name, estimator):
    """Check that the number of threads does not change the recommendations."""
    model, *_ = fitted(estimator)
    expected = ranking(model)
    with config_context(working_memory=1e-9):
        found = ranking(model.set_params(n_jobs=2))
    assert_same(expected, found, f"{name} must recommend the same with n_jobs=2.")


@recommender_check(lambda estimator: not is_regressor(estimator))
def check_predict_gives_the_scores(name, estimator):
    """Check that what is no regressor predicts the score by which it ranks."""
    model, X, _ = fitted(estimator)
    found = ranking(model, exclude_seen=False)
    found = found[found["score"].notna()]
    years = X.groupby("item_id")["year"].first()[found["item"]].to_numpy()
    asked = pd.DataFrame(dict(zip(COLUMNS, [found["user"], found["item"], years], strict=True)))
    message = f"predict of {name} must return the score of recommend. A model of ratings inherits from "
    assert_close(found["score"], model.predict(asked), message + "RatingRegressorMixin.")


@recommender_check()
def check_new_items(name, estimator):
    """Check that new items in items= are recommended, or raise ValueError without features."""
    model, X, _ = fitted(estimator)
    new = pd.DataFrame({"item_id": [1], "year": [2000]})
    try:
        found = ranking(model, items=new, include=[1])
    except ValueError:
        return
    assert set(found["item"]) == {1}, f"{name} must recommend the new item of items= and include=."
    assert len(found) == X["user_id"].nunique(), "A new item is unseen by every user."
    new_user = of_users(X, X["year"], X["user_id"][:1])[0].assign(user_id=-1)
    found = ranking(model, history=new_user, items=new, include=[1])
    assert set(found["item"]) == {1}, "A new item must come out for users of history= too."
