"""Claims about WeightedOneHotGenres; numbers are worked out by hand unless a test says otherwise."""

import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from sklearn_anime.preprocessing import WeightedOneHotGenres

TEXTS = ["Action, Drama, Space", "Drama, Romance", None, "Drama"]
GENRES = ["Action", "Drama", "Romance", "Space"]
LINEAR = [[3, 2, 0, 1], [0, 3, 2, 0], [0, 0, 0, 0], [0, 3, 0, 0]]
LISTS = [["Action", "Drama", "Space"], ["Drama", "Romance"], None, ["Drama"]]

CONTAINERS = {
    "object array": lambda texts: np.array(texts, dtype=object).reshape(-1, 1),
    "nested list": lambda texts: [[text] for text in texts],
    "pandas object": lambda texts: pd.DataFrame({"genre": texts}, dtype=object),
    "pandas str": lambda texts: pd.DataFrame({"genre": pd.Series(texts, dtype="str")}),
    "pandas nullable": lambda texts: pd.DataFrame({"genre": pd.array(texts, dtype="string")}),
    "pandas category": lambda texts: pd.DataFrame({"genre": pd.Categorical(texts)}),
    "polars String": lambda texts: pl.DataFrame({"genre": texts}),
    "polars Categorical": lambda texts: pl.DataFrame({"genre": pl.Series(texts, dtype=pl.Categorical)}),
    "polars Enum": lambda texts: pl.DataFrame(
        {"genre": pl.Series(texts, dtype=pl.Enum(sorted({t for t in texts if t}, reverse=True)))}
    ),
}

LIST_CONTAINERS = {
    "pandas lists": lambda cells: pd.DataFrame({"genre": cells}),
    "pandas tuples": lambda cells: pd.DataFrame({"genre": [c and tuple(c) for c in cells]}),
    "pandas arrays": lambda cells: pd.DataFrame({"genre": [c and np.array(c) for c in cells]}),
    "polars lists": lambda cells: pl.DataFrame({"genre": cells}),
}


def frame(*cells, name="genre"):
    return pd.DataFrame({name: list(cells)})


def encode(cells, /, new=None, **params):
    """Fit on the cells of one column and return the dense encoding of them, or of new cells."""
    encoder = WeightedOneHotGenres(**params).fit(frame(*cells))
    return encoder.transform(frame(*(cells if new is None else new)))


@pytest.fixture(params=CONTAINERS.values(), ids=CONTAINERS)
def container(request):
    return request.param


# What goes in


def test_text_of_every_container_is_encoded_alike(container):
    assert_array_equal(WeightedOneHotGenres().fit_transform(container(TEXTS)), LINEAR)


def test_fit_then_transform_equals_fit_transform(container):
    X = container(TEXTS)
    encoder = WeightedOneHotGenres()
    assert_array_equal(encoder.fit(X).transform(X), clone(encoder).fit_transform(X))


@pytest.mark.parametrize("make", LIST_CONTAINERS.values(), ids=LIST_CONTAINERS)
def test_lists_are_encoded_like_text(make):
    assert_array_equal(WeightedOneHotGenres().fit_transform(make(LISTS)), LINEAR)


def test_arrow_lists_in_pandas_are_encoded_like_text():
    pa = pytest.importorskip("pyarrow")
    cells = pd.Series(LISTS, dtype=pd.ArrowDtype(pa.list_(pa.string())))
    assert_array_equal(WeightedOneHotGenres().fit_transform(cells.to_frame("genre")), LINEAR)


@pytest.mark.parametrize("missing", [None, np.nan, float("nan"), pd.NA, "", " , ", [], [None]])
def test_missing_and_empty_cells_give_zeros(missing):
    assert_array_equal(encode(["A, B", missing]), [[2, 1], [0, 0]])


def test_a_column_of_missing_cells_has_no_output_columns():
    X = pd.DataFrame({"genre": ["A", "B"], "theme": [None, None]})
    encoder = WeightedOneHotGenres().fit(X)
    assert_array_equal(encoder.get_feature_names_out(), ["genre_A", "genre_B"])
    assert_array_equal(encoder.transform(X), np.eye(2))


@pytest.mark.parametrize(
    ("X", "names"),
    [
        (np.array([[7.0], [np.nan], [-2.0]]), ["code_-2.0", "code_7.0"]),
        (pd.DataFrame({"code": pd.array([7, None, -2], dtype="Int64")}), ["code_-2", "code_7"]),
        (pl.DataFrame({"code": [7, None, -2]}), ["code_-2", "code_7"]),
    ],
    ids=["ndarray", "pandas nullable", "polars"],
)
def test_a_number_is_one_genre(X, names):
    encoder = WeightedOneHotGenres().fit(X)
    assert_array_equal(encoder.get_feature_names_out(["code"]), names)
    assert_array_equal(encoder.transform(X), [[0, 1], [0, 0], [1, 0]])


def test_blanks_around_genres_and_empty_pieces_are_dropped():
    assert_array_equal(encode([" A ,, B,", "B"], separator=","), [[2, 1], [0, 2]])


def test_separator_divides_text_only():
    encoder = WeightedOneHotGenres(separator="|").fit(frame("A|B", ["C|D"]))
    assert_array_equal(encoder.genres_[0], ["A", "B", "C|D"])


def test_unused_categories_are_not_genres():
    X = pd.DataFrame({"genre": pd.Categorical(["A"], categories=["A", "B"])})
    assert_array_equal(WeightedOneHotGenres().fit(X).genres_[0], ["A"])


def test_columns_are_encoded_separately():
    X = pd.DataFrame({"genre": ["A, B", "B"], "theme": ["B", "C"]})
    encoder = WeightedOneHotGenres().fit(X)
    names = ["genre_A", "genre_B", "theme_B", "theme_C"]
    assert_array_equal(encoder.get_feature_names_out(), names)
    assert_array_equal(encoder.n_positions_, [2, 1])
    assert_array_equal(encoder.transform(X), [[2, 1, 1, 0], [0, 2, 0, 1]])


# Weights


@pytest.mark.parametrize(
    ("weighting", "weights"),
    [
        ("linear", [3, 2, 1]),
        ("reciprocal", [1, 1 / 2, 1 / 3]),
        ("exponential", [1, 1 / 2, 1 / 4]),
        ("uniform", [1, 1, 1]),
        (lambda position: 10 - position**2, [9, 6, 1]),
    ],
)
def test_weight_of_each_position(weighting, weights):
    assert_array_equal(encode(["A, B, C"], weighting=weighting), [weights])


def test_linear_weight_beyond_the_longest_fitted_cell_is_zero():
    assert_array_equal(encode(["A, B", "C"], new=["A, B, C"]), [[2, 1, 0]])


def test_repeats_are_removed_before_positions_are_counted():
    assert_array_equal(encode(["A, B, A, B, C"]), [[3, 2, 1]])


def test_a_repeated_genre_counts_where_it_stands_first():
    assert_array_equal(encode(["A, B, A"]), [[2, 1]])


def test_unknown_genres_count_in_the_positions():
    assert_array_equal(encode(["A, B, C"], new=["?, A", "B, ?, C"]), [[2, 0, 0], [0, 3, 1]])


def test_uniform_equals_multi_label_binarizer():
    lists = [["B", "A"], [], ["C", "B"]]
    expected = MultiLabelBinarizer().fit_transform(lists)
    assert_array_equal(encode(lists, weighting="uniform"), expected)


def test_callable_gets_positions_as_python_ints_from_one():
    seen = []
    encode(["A, B"], weighting=lambda position: seen.append(position) or 1.0)
    assert set(seen) == {1, 2}
    assert {type(position) for position in seen} == {int}


# Limits and unknown genres


def test_max_genres_keeps_the_most_frequent_and_of_ties_the_first_by_name():
    cells = ["C, B", "B, A", "D"]
    encoder = WeightedOneHotGenres(max_genres=2).fit(frame(*cells))
    assert_array_equal(encoder.genres_[0], ["A", "B"])
    assert_array_equal(encoder.infrequent_genres_[0], ["C", "D"])
    assert_array_equal(encoder.transform(frame(*cells)), [[0, 1], [1, 2], [0, 0]])


def test_max_genres_that_limits_nothing_leaves_no_infrequent_genres():
    encoder = WeightedOneHotGenres(max_genres=2).fit(frame("A, B"))
    assert encoder.infrequent_genres_ == [None]


@pytest.mark.parametrize(
    ("min_frequency", "kept"),
    [(1, ["A", "B", "C"]), (2, ["A", "B"]), (3, ["A"]), (0.5, ["A", "B"]), (0.51, ["A"])],
)
def test_min_frequency_counts_rows_or_their_fraction(min_frequency, kept):
    X = frame("A, B", "A, B", "A, C, C", None)
    assert_array_equal(WeightedOneHotGenres(min_frequency=min_frequency).fit(X).genres_[0], kept)


def test_min_frequency_counts_every_row_of_a_repeated_text():
    X = frame("A", "A", "A", "B, C", "C")
    assert_array_equal(WeightedOneHotGenres(min_frequency=3).fit(X).genres_[0], ["A"])


def test_ignore_drops_unknown_genres():
    assert_array_equal(encode(["A, B"], new=["?", "?, B"]), [[0, 0], [0, 1]])


def test_error_names_unknown_genre_row_column_and_remedy():
    message = (
        r"unknown genre 'Isekai' in row 1 of column 'genre' \(2 unknown in all, 2 seen in fit\): "
        r"correct it, or set handle_unknown='ignore' or 'infrequent'"
    )
    with pytest.raises(ValueError, match=message):
        encode(["A, B"], new=["A", "B, Isekai", "Mecha"], handle_unknown="error")


def test_error_does_not_take_limited_genres_for_unknown():
    encoded = encode(["A", "A, B"], new=["B, A"], max_genres=1, handle_unknown="error")
    assert_array_equal(encoded, [[1]])


def test_infrequent_column_takes_limited_and_unknown_genres():
    cells = ["A, B", "A, C"]
    encoder = WeightedOneHotGenres(min_frequency=2, handle_unknown="infrequent").fit(frame(*cells))
    assert_array_equal(encoder.get_feature_names_out(), ["genre_A", "genre_infrequent"])
    assert_array_equal(encoder.transform(frame("A, B", "?, A", "A")), [[2, 1], [1, 2], [2, 0]])


@pytest.mark.parametrize(
    ("weighting", "largest"), [("linear", 3), (lambda p: p, 4), (lambda p: -float(p), -2)]
)
def test_infrequent_column_takes_the_largest_of_several_weights(weighting, largest):
    cells = ["A, B, C, D", "A"]
    encoded = encode(cells, min_frequency=2, handle_unknown="infrequent", weighting=weighting)
    assert encoded[0, 1] == largest


def test_max_genres_counts_the_infrequent_column():
    encoder = WeightedOneHotGenres(max_genres=2, handle_unknown="infrequent")
    names = encoder.fit(frame("A, B, C", "A")).get_feature_names_out()
    assert_array_equal(names, ["genre_A", "genre_infrequent"])


def test_unknown_genres_are_dropped_where_no_genre_is_infrequent():
    encoded = encode(["A, B"], new=["?, B"], max_genres=2, handle_unknown="infrequent")
    assert_array_equal(encoded, [[0, 1]])


# What comes out


def test_set_output_pandas_keeps_index_and_names():
    X = frame("A, B", "B").set_axis([5, 3])
    out = WeightedOneHotGenres().set_output(transform="pandas").fit_transform(X)
    expected = pd.DataFrame({"genre_A": [2.0, 0.0], "genre_B": [1.0, 2.0]}, index=[5, 3])
    pd.testing.assert_frame_equal(out, expected)


def test_set_output_polars_names_columns():
    encoder = WeightedOneHotGenres().set_output(transform="polars")
    out = encoder.fit_transform(pl.DataFrame({"genre": ["A, B", "B"]}))
    assert out.equals(pl.DataFrame({"genre_A": [2.0, 0.0], "genre_B": [1.0, 2.0]}))


def test_names_of_a_nameless_array_and_given_names():
    encoder = WeightedOneHotGenres().fit([["A"]])
    assert_array_equal(encoder.get_feature_names_out(), ["x0_A"])
    assert_array_equal(encoder.get_feature_names_out(["genre"]), ["genre_A"])


def test_sparse_output_equals_dense(container):
    out = WeightedOneHotGenres(sparse_output=True).fit_transform(container(TEXTS))
    assert sparse.issparse(out)
    assert out.format == "csr"
    assert_array_equal(out.toarray(), LINEAR)


def test_sparse_output_stores_no_zeros():
    out = encode(["A, B", "C"], new=["A, B, C"], sparse_output=True)
    assert out.nnz == 2


@pytest.mark.parametrize(
    ("interface", "kind"), [("spmatrix", sparse.csr_matrix), ("sparray", sparse.csr_array)]
)
def test_sparse_output_follows_the_configured_interface(interface, kind):
    with config_context(sparse_interface=interface):
        assert isinstance(encode(["A", "B"], sparse_output=True), kind)


@pytest.mark.parametrize("sparse_output", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.int8, "uint16"])
def test_output_has_the_dtype_asked_for(dtype, sparse_output):
    out = encode(["A, B"], dtype=dtype, sparse_output=sparse_output)
    assert out.dtype == np.dtype(dtype)


# The way back


@pytest.mark.parametrize("sparse_output", [False, True])
@pytest.mark.parametrize("weighting", ["linear", "reciprocal", "exponential", lambda p: p])
def test_inverse_transform_gives_genres_back_in_order(weighting, sparse_output):
    X = np.array([["C, A, B", "Y"], [None, "X, Y"], ["B, C", None]], dtype=object)
    encoder = WeightedOneHotGenres(weighting=weighting, sparse_output=sparse_output)
    assert_array_equal(encoder.inverse_transform(encoder.fit_transform(X)), X)


def test_inverse_transform_of_uniform_weights_has_the_fitted_order():
    encoder = WeightedOneHotGenres(weighting="uniform", separator="|").fit(frame("C|A|B"))
    assert encoder.inverse_transform([[1, 0, 1]]).tolist() == [["A|C"]]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_inverse_transform_takes_frames(library):
    encoder = WeightedOneHotGenres().set_output(transform=library)
    out = encoder.fit_transform(frame(*TEXTS))
    assert encoder.inverse_transform(out)[:, 0].tolist() == TEXTS


def test_inverse_transform_keeps_numbers():
    encoder = WeightedOneHotGenres().fit(frame(7, [7, 3]))
    assert encoder.inverse_transform([[0, 2], [2, 1], [0, 0]]).tolist() == [[7], [[3, 7]], [None]]


def test_inverse_transform_of_the_infrequent_column_says_so():
    encoder = WeightedOneHotGenres(max_genres=2, handle_unknown="infrequent")
    encoder.fit(frame("A, B, C", "A"))
    assert encoder.inverse_transform([[2, 3]]).tolist() == [["infrequent, A"]]


@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_inverse_transform_takes_unsigned_weights(dtype):
    encoder = WeightedOneHotGenres(weighting="uniform", dtype=dtype)
    assert encoder.inverse_transform(encoder.fit_transform(frame("A, B"))).tolist() == [["A, B"]]


def test_inverse_transform_of_another_width_raises():
    encoder = WeightedOneHotGenres().fit(frame("A, B"))
    with pytest.raises(ValueError, match=r"X has 3 columns, but WeightedOneHotGenres gives 2: "):
        encoder.inverse_transform(np.ones((1, 3)))


# In company


def test_linear_equals_the_reference_table(real_folder, weighted_genres):
    catalog = pd.read_csv(next(real_folder.glob("anime.csv*")), index_col="anime_id")
    encoder = WeightedOneHotGenres().set_output(transform="pandas")
    out = encoder.fit_transform(catalog.loc[weighted_genres.index, ["genre"]])
    assert_array_equal(out.columns.str.removeprefix("genre_"), weighted_genres.columns)
    assert_array_equal(out, weighted_genres)


@pytest.mark.parametrize("copy", [clone, lambda e: pickle.loads(pickle.dumps(e))])
def test_copies_encode_alike(copy):
    encoder = WeightedOneHotGenres(weighting="exponential", max_genres=2).fit(frame(*TEXTS))
    copied = copy(encoder)
    assert copied.get_params() == encoder.get_params()
    assert_array_equal(copied.fit_transform(frame(*TEXTS)), encoder.transform(frame(*TEXTS)))


@pytest.mark.parametrize("sparse_output", [False, True])
def test_column_transformer_and_pca_after_it(sparse_output):
    genres = make_pipeline(WeightedOneHotGenres(sparse_output=sparse_output), PCA(2))
    X = frame(*TEXTS).assign(episodes=[26, 23, 1, 12])
    rows = ColumnTransformer(
        [("genres", genres, ["genre"]), ("numbers", "passthrough", ["episodes"])],
        verbose_feature_names_out=False,
    )
    if not sparse_output:
        rows.set_output(transform="pandas")
    out = rows.fit_transform(X)
    assert_array_equal(rows.get_feature_names_out(), ["pca0", "pca1", "episodes"])
    expected = PCA(2).fit_transform(np.array(LINEAR, dtype=float))
    np.testing.assert_allclose(np.abs(np.asarray(out)[:, :2]), np.abs(expected), atol=1e-9)


def test_grid_search_finds_the_weighting_that_made_the_target():
    cells = [", ".join(pair) for pair in pairwise("ABCDEFG" * 8)] + ["B, A", "D, C", "A, C"] * 8
    y = encode(cells, weighting="linear") @ np.arange(7)
    model = make_pipeline(WeightedOneHotGenres(), Ridge(alpha=1e-3))
    grid = {"weightedonehotgenres__weighting": ["uniform", "linear"]}
    search = GridSearchCV(model, grid, cv=KFold(3, shuffle=True, random_state=0))
    assert search.fit(frame(*cells), y).best_params_ == {grid.popitem()[0]: "linear"}
