import numpy as np
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from sklearn_anime.datasets import make_ratings

# of the sizes, the first is drawn cell by cell and the second pair by pair
SIZES = [(60, 40, 900), (400, 300, 3000)]


@pytest.fixture(params=SIZES, ids=["dense", "sparse"])
def size(request):
    return request.param


def test_rows_are_distinct_sorted_pairs_of_known_ids(size):
    n_users, n_items, n_ratings = size
    data = make_ratings(*size, random_state=0).data
    assert data.shape == (n_ratings, 2)
    assert not data.duplicated().any()
    assert data["user_id"].between(0, n_users - 1).all()
    assert data["item_id"].between(0, n_items - 1).all()
    assert data.sort_values(["user_id", "item_id"]).index.equals(data.index)


def test_the_same_random_state_draws_the_same_table(size):
    first, second = (make_ratings(*size, random_state=3) for _ in range(2))
    assert_frame_equal(first.data, second.data)
    assert_series_equal(first.target, second.target)
    assert_frame_equal(first.catalog, second.catalog)


def test_another_random_state_draws_another_table(size):
    first, second = (make_ratings(*size, random_state=seed) for seed in (0, 1))
    assert not first.data.equals(second.data)


def test_ratings_are_whole_numbers_from_1_to_10():
    target = make_ratings(random_state=0).target
    assert set(target) <= set(range(1, 11))
    assert target.dtype == "float64"
    assert target.name == "rating"


def test_expected_is_the_sum_of_the_truth():
    ratings = make_ratings(30, 20, 100, random_state=0)
    user, item = ratings.data.iloc[17]
    taste = sum(ratings.user_factors[user] * ratings.item_factors[item])
    by_hand = ratings.mean + ratings.user_bias[user] + ratings.item_bias[item] + taste
    assert ratings.expected[17] == pytest.approx(by_hand)


def test_without_noise_the_target_is_the_rounded_truth():
    ratings = make_ratings(noise=0, random_state=0)
    np.testing.assert_array_equal(ratings.target, np.clip(np.rint(ratings.expected), 1, 10))


def test_noise_is_in_rating_points():
    ratings = make_ratings(n_ratings=100_000, noise=0.5, random_state=0)
    inner = np.abs(ratings.expected - 6) < 2
    spread = (ratings.target - ratings.expected)[inner].std()
    # rounding adds the variance 1/12 of the uniform distribution
    assert spread == pytest.approx(np.sqrt(0.5**2 + 1 / 12), rel=0.02)


@pytest.mark.parametrize("unrated", [0.0, 0.2])
def test_unrated_is_the_share_of_missing_ratings(unrated):
    target = make_ratings(unrated=unrated, random_state=0).target
    assert target.isna().mean() == pytest.approx(unrated, abs=0.01)


def test_activity_and_popularity_are_skewed(size):
    data = make_ratings(*size, random_state=0).data
    for column in data:
        counts = data[column].value_counts()
        assert counts.max() > 2 * counts.median()


def test_users_watch_what_they_like():
    ratings = make_ratings(random_state=0)
    taste = ratings.user_factors @ ratings.item_factors.T
    users, items = ratings.data.to_numpy().T
    assert taste[users, items].mean() > taste.mean() + 0.2


def test_dense_and_sparse_sampling_agree_on_the_marginals(monkeypatch):
    size = (200, 100, 2000)
    dense = make_ratings(*size, random_state=0)
    monkeypatch.setattr("sklearn_anime.datasets._synthetic.MAX_SPARSE_DENSITY", 1)
    sparse = make_ratings(*size, random_state=0)
    assert not dense.data.equals(sparse.data)
    for column in ("user_id", "item_id"):
        first, second = (
            table.data[column].value_counts().reindex(range(100), fill_value=0)
            for table in (dense, sparse)
        )
        assert np.corrcoef(first, second)[0, 1] > 0.6


def test_catalog_names_the_genres_in_the_order_of_their_weights():
    ratings = make_ratings(20, 10, 50, random_state=0)
    assert ratings.catalog.index.name == "item_id"
    for item, genres in ratings.catalog["genre"].items():
        numbers = [int(genre.removeprefix("genre")) for genre in genres.split(", ")]
        expected = [1, 0.75, 0.5, 0.25][: len(numbers)]
        assert ratings.item_factors[item, numbers].tolist() == expected
        assert np.count_nonzero(ratings.item_factors[item]) == len(numbers)


def test_a_single_genre_is_possible():
    ratings = make_ratings(10, 5, 20, n_genres=1, random_state=0)
    assert set(ratings.catalog["genre"]) == {"genre0"}


def test_every_pair_can_be_asked_for():
    ratings = make_ratings(30, 20, 600, random_state=0)
    assert len(ratings.data) == len(ratings.data.drop_duplicates()) == 600


def test_more_ratings_than_pairs_raise():
    with pytest.raises(ValueError, match="n_ratings=601 is more than the 600 different pairs"):
        make_ratings(30, 20, 601)


@pytest.mark.parametrize(
    "options",
    [{"n_users": 0}, {"n_items": 1.5}, {"n_genres": 0}, {"noise": -1}, {"unrated": 1.0}],
)
def test_bad_options_get_the_message_of_scikit_learn(options):
    name = next(iter(options))
    with pytest.raises(ValueError, match=f"The {name!r} parameter of make_ratings must be"):
        make_ratings(**options)
