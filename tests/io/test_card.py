"""Claims about model cards."""

import re

import pandas as pd
import pytest
from fitted_models import fit, from_columns, table
from sklearn.model_selection import GridSearchCV

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.io import model_card
from sklearn_anime.metrics import ranking_report

SMALL = pytest.mark.filterwarnings("ignore:k=10")  # is more than the catalog has
ROWS = [["ann", 1], ["ann", 2], ["bob", 1], ["cat", 2], ["cat", 3]]


def cells(card, section):
    """Return the rows of the table of a section as name -> other cells."""
    text = card.partition(f"{section}\n")[2].partition("\n#")[0]
    rows = [re.findall(r"[^|]+", line) for line in text.splitlines() if line.startswith("| ")]
    return {name.strip(): [cell.strip() for cell in others] for name, *others in rows[2:]}


def test_card_counts_what_the_model_saw():
    model = BiasRegressor().fit(ROWS, [5.0, 3.0, float("nan"), 2.0, 4.0])
    assert cells(model_card(model), "## Data") == {
        "users": ["3"],
        "items": ["3"],
        "interactions": ["5"],
        "of which rated": ["4"],
        "mean rating": ["3.50"],
    }


def test_card_has_every_parameter():
    model = BiasRegressor(shrinkage=2.5).fit(ROWS, [5.0, 3.0, 1.0, 2.0, 4.0])
    parameters = cells(model_card(model), "# BiasRegressor")
    assert parameters.keys() == model.get_params().keys()
    assert parameters["shrinkage"] == ["`2.5`"]


@SMALL
def test_card_has_the_metrics_of_the_report():
    model = PopularityRecommender().fit(ROWS)
    X = [["ann", 3], ["bob", 2]]
    mean = ranking_report(model, X, random_state=0).summary["mean"]
    metrics = cells(model_card(model, X), "## Metrics")
    assert {name: values[0] for name, values in metrics.items()} == {
        f"{name}@10": f"{value:.4f}" for name, value in mean.items()
    }
    assert "Means over 2 users" in model_card(model, X)


def test_card_without_rows_has_no_metrics():
    assert "## Metrics" not in model_card(PopularityRecommender().fit(ROWS))


@SMALL
@pytest.mark.filterwarnings("ignore:.*relevant rows are pairs that fit has seen")
def test_card_prints_no_ids():
    X = pd.DataFrame(ROWS, columns=["user_id", "anime_id"])
    X["user_id"] = "secret " + X["user_id"]
    X["anime_id"] = "title " + X["anime_id"].astype(str)
    card = model_card(
        PopularityRecommender().fit(X), X.assign(anime_id=X["anime_id"].iloc[::-1].to_numpy())
    )
    assert "secret" not in card
    assert "title" not in card


def test_card_says_what_happens_to_new_items():
    assert "New items cannot be recommended" in model_card(fit("bias")[0])
    card = model_card(fit("embedding")[0])
    assert "New items are scored by their features" in card
    assert cells(card, "## Data")["features"] == ["episodes"]


def test_card_says_what_is_predicted_for_unknown_ids():
    assert "`predict` is 0" in model_card(PopularityRecommender().fit(ROWS))
    assert "`predict` falls back" in model_card(fit("bias")[0])


def test_card_of_a_pipeline_or_a_search_is_that_of_its_last_estimator():
    X, y = table()
    pipeline = from_columns(BiasRegressor()).fit(X, y)
    search = GridSearchCV(BiasRegressor(), {"shrinkage": [4.0]}, cv=2).fit(X, pd.Series(y).fillna(7.0))
    assert model_card(pipeline).startswith("# BiasRegressor")
    assert cells(model_card(search), "# BiasRegressor")["shrinkage"] == ["`4.0`"]


def test_card_without_interactions_has_parameters_only():
    from sklearn.preprocessing import StandardScaler

    assert "## Data" not in model_card(StandardScaler())


def test_pipes_in_a_parameter_do_not_break_the_table():
    model = BiasRegressor(user="a|b", item="c").fit(
        pd.DataFrame({"a|b": [1, 2], "c": [1, 2]}), [3.0, 4.0]
    )
    assert "| user | `'a\\|b'` |" in model_card(model)
