"""Claims about the heat map of genres."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline, make_union

from sklearn_anime.inspection import GenreWeightsDisplay
from sklearn_anime.preprocessing import WeightedOneHotGenres

TITLES = {
    "name": ["Cowboy Bebop", "Clannad", "Bleach", "Nameless"],
    "genre": ["Action, Drama, Space", "Drama, Romance", "Action", None],
    "members": [3.0, 2.0, 5.0, 1.0],
}
# Worked out by hand: the first of three places weighs 3.
GENRES = ["Action", "Drama", "Romance", "Space"]
WEIGHTS = [[3, 2, 0, 1], [0, 3, 2, 0], [3, 0, 0, 0], [0, 0, 0, 0]]


@pytest.fixture
def titles():
    return pd.DataFrame(TITLES)


@pytest.fixture
def encoder(titles):
    return WeightedOneHotGenres().fit(titles[["genre"]])


def columns(encoder):
    return ColumnTransformer([("number", "passthrough", ["members"]), ("genres", encoder, ["genre"])])


def test_cells_are_the_weights_of_the_encoder(encoder, titles):
    display = GenreWeightsDisplay.from_estimator(encoder, titles[["genre"]], names=titles.name)
    np.testing.assert_array_equal(display.im_.get_array(), WEIGHTS)
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == GENRES
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == TITLES["name"]
    assert display.colorbar_.ax.get_ylabel() == "Weight"


def test_weights_that_are_not_zero_are_written(encoder, titles):
    display = GenreWeightsDisplay.from_estimator(encoder, titles[["genre"]])
    written = {text.get_position()[::-1]: text.get_text() for text in display.text_}
    assert written == {cell: f"{weight:g}" for cell, weight in np.ndenumerate(WEIGHTS) if weight}


def test_nothing_is_written_into_very_many_cells():
    display = GenreWeightsDisplay(weights=np.eye(25), genres=range(25), names=range(25))
    assert display.plot().text_ == []


def test_genres_of_no_title_are_left_out(encoder, titles):
    display = GenreWeightsDisplay.from_estimator(encoder, titles[["genre"]][1:2])
    assert (display.genres, display.weights.tolist()) == (["Drama", "Romance"], [[3, 2]])
    assert display.names == ["0"]


@pytest.mark.parametrize(
    "wrap",
    [
        columns,
        lambda encoder: make_pipeline(columns(encoder), Ridge()),
        lambda encoder: columns(make_pipeline(encoder, PCA(2))),
        lambda encoder: columns(make_union(encoder, WeightedOneHotGenres(weighting="uniform"))),
    ],
    ids=["columns", "pipeline", "before PCA", "union"],
)
def test_encoder_is_found_among_steps(wrap, titles):
    estimator = wrap(WeightedOneHotGenres()).fit(titles, [1, 2, 3, 4])
    display = GenreWeightsDisplay.from_estimator(estimator, titles)
    np.testing.assert_array_equal(display.weights, WEIGHTS)


@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_frames_of_any_library_are_drawn(library, output):
    encoder = WeightedOneHotGenres().set_output(transform=output)
    frame = library(TITLES)
    display = GenreWeightsDisplay.from_estimator(encoder.fit(frame[["genre"]]), frame)
    np.testing.assert_array_equal(display.weights, WEIGHTS)


def test_sparse_weights_and_arrays_are_drawn():
    cells = np.array(TITLES["genre"], dtype=object)[:, None]
    display = GenreWeightsDisplay.from_estimator(
        WeightedOneHotGenres(sparse_output=True).fit(cells), cells
    )
    np.testing.assert_array_equal(display.weights, WEIGHTS)
    assert display.genres == GENRES


def test_genres_of_several_columns_keep_the_names_of_these(titles):
    both = titles.assign(theme=["Jazz", "School", "School", "School"])[["genre", "theme"]]
    display = GenreWeightsDisplay.from_estimator(WeightedOneHotGenres().fit(both), both)
    assert display.genres == [*(f"genre_{genre}" for genre in GENRES), "theme_Jazz", "theme_School"]


@pytest.mark.parametrize(
    ("rows", "names", "message"),
    [
        (slice(3, 4), None, "1 items with 0 different genres"),
        (slice(0, 2), ["Akira"], r"2 items with 4 different genres, and names=\['Akira'\]"),
        (slice(0, 0), None, r"0 sample\(s\)"),
    ],
    ids=["no genre", "too few names", "no rows"],
)
def test_titles_that_cannot_be_drawn_are_named(encoder, titles, rows, names, message):
    with pytest.raises(ValueError, match=message):
        GenreWeightsDisplay.from_estimator(encoder, titles[["genre"]][rows], names=names)


@pytest.mark.parametrize("estimator", [Ridge(), make_column_transformer(("drop", ["members"]))])
def test_estimator_without_an_encoder_is_named(estimator, titles):
    with pytest.raises(TypeError, match=f"no WeightedOneHotGenres in {type(estimator).__name__}"):
        GenreWeightsDisplay.from_estimator(estimator, titles)


@pytest.mark.parametrize("wrap", [lambda encoder: encoder, columns, make_pipeline])
def test_encoder_that_is_not_fitted_is_named(wrap, titles):
    with pytest.raises(NotFittedError, match="WeightedOneHotGenres instance is not fitted"):
        GenreWeightsDisplay.from_estimator(wrap(WeightedOneHotGenres()), titles)
