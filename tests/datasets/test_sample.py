import gzip
import warnings
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from make_sample import make_files, simulate_ratings, to_gzip
from sample_titles import parse_titles

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.datasets import _sample, load_anime, load_anime_sample
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.neighbors import SVDNeighborsRecommender

GENRES = """
Action, Adventure, Cars, Comedy, Dementia, Demons, Drama, Ecchi, Fantasy, Game, Harem,
Historical, Horror, Josei, Kids, Magic, Martial Arts, Mecha, Military, Music, Mystery, Parody,
Police, Psychological, Romance, Samurai, School, Sci-Fi, Seinen, Shoujo, Shoujo Ai, Shounen,
Shounen Ai, Slice of Life, Space, Sports, Super Power, Supernatural, Thriller, Vampire
"""


@pytest.fixture(scope="module")
def generated():
    return make_files()


@pytest.fixture(scope="module")
def sample():
    return load_anime_sample()


@pytest.mark.parametrize("name", ["anime.csv.gz", "rating.csv.gz", "time.csv.gz"])
def test_generator_reproduces_the_shipped_text(generated, name):
    shipped = (_sample.DATA_FOLDER / name).read_bytes()
    assert gzip.decompress(generated[name]) == gzip.decompress(shipped)


@pytest.mark.skipif(
    "ng" in zlib.ZLIB_RUNTIME_VERSION, reason="zlib-ng compresses the same text to other bytes"
)
@pytest.mark.parametrize("name", ["anime.csv.gz", "rating.csv.gz", "time.csv.gz"])
def test_generator_reproduces_the_shipped_files_byte_for_byte(generated, name):
    assert generated[name] == (_sample.DATA_FOLDER / name).read_bytes()


def test_compressed_files_carry_neither_date_nor_name():
    header = to_gzip(pd.DataFrame({"user_id": [1]}))[:10]
    assert header[3:8] == bytes(5)  # flags, then four bytes of the date


def test_shipped_files_are_small():
    assert sum(path.stat().st_size for path in _sample.DATA_FOLDER.iterdir()) < 400_000


def test_sample_is_what_load_anime_reads_from_its_folder(sample):
    loaded = load_anime(_sample.DATA_FOLDER)
    pd.testing.assert_frame_equal(sample.frame, loaded.frame)
    assert list(sample) == list(loaded)


def test_description_tells_the_size_and_that_ratings_are_simulated(sample):
    assert "simulated" in sample.DESCR
    size = f"{len(sample.catalog)} well-known anime and 500 simulated viewers with 39,629 rows"
    assert size in " ".join(sample.DESCR.split())


def test_return_x_y_and_unrated_are_those_of_load_anime(sample):
    X, y = load_anime_sample(unrated="nan", return_X_y=True)
    assert len(X) == 39_629
    assert y.notna().sum() == len(sample.data)
    assert 0.15 < y.isna().mean() < 0.25


def test_times_are_a_third_column_of_simulated_datetimes(sample):
    timed = load_anime_sample(times=True)
    assert timed.feature_names == list(timed.data) == ["user_id", "anime_id", "timestamp"]
    pd.testing.assert_frame_equal(timed.data[["user_id", "anime_id"]], sample.data)
    assert timed.data["timestamp"].dt.year.isin(range(2017, 2023)).all()
    assert not timed.data.duplicated(["user_id", "timestamp"]).any()
    assert "all times are simulated" in " ".join(timed.DESCR.split())
    assert "timestamp" in timed.frame


def test_times_are_those_of_the_rows_whatever_becomes_of_unrated_ones():
    everything, y = load_anime_sample(unrated="keep", times=True, return_X_y=True)
    rated, _ = load_anime_sample(times=True, return_X_y=True)
    pd.testing.assert_frame_equal(everything[y > 0].reset_index(drop=True), rated)


def test_viewers_binge_the_titles_of_a_franchise():
    timed = load_anime_sample(unrated="nan", times=True).data.sort_values(["user_id", "timestamp"])
    franchises = np.array([title.franchise for title in parse_titles()])[timed["anime_id"] - 1]
    same = (franchises[1:] == franchises[:-1]) & (np.diff(timed["user_id"]) == 0)
    waits = timed["timestamp"].diff().iloc[1:]
    assert same.mean() > 0.1
    assert waits[same].median() < pd.Timedelta("1D")
    assert waits[~same & (np.diff(timed["user_id"]) == 0)].median() > pd.Timedelta("3D")


def test_viewers_are_up_for_one_of_their_tastes_in_a_quarter():
    # Of two titles in a row, no sequels, in one quarter, more share the first genre than beyond it.
    timed = load_anime_sample(unrated="nan", times=True)
    rows = timed.data.sort_values(["user_id", "timestamp"])
    rows["genre"] = timed.catalog["genre"].str.split(", ").str[0].reindex(rows["anime_id"]).to_numpy()
    hours = (rows["timestamp"] - pd.Timestamp("2017-01-01")) // pd.Timedelta("1h")
    rows["quarter"] = hours // (91 * 24)
    shares = rows.groupby(["user_id", "quarter", "genre"]).size()
    counts = rows.groupby(["user_id", "quarter"]).size()
    within = (shares * (shares - 1)).groupby(level=[0, 1]).sum().sum() / (counts * (counts - 1)).sum()
    total = rows.groupby(["user_id", "genre"]).size()
    every = rows.groupby("user_id").size()
    overall = (total * (total - 1)).sum() / (every * (every - 1)).sum()
    assert within > 1.1 * overall


def test_models_rank_in_the_order_that_they_have_on_real_tables(sample):
    models = {
        "EASE": EASERecommender(),
        "neighbors": SVDNeighborsRecommender(random_state=0),
        "neighbors by item": SVDNeighborsRecommender(512, axis="item", random_state=0),
        "popularity": PopularityRecommender(),
    }
    for seed in range(2):
        train, test = next(LeaveKOutPerUser(5, random_state=seed).split(sample.data))
        ndcg = {}
        for name, model in models.items():
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "A table of 500 users", UserWarning)
                model.fit(sample.data.iloc[train], sample.target.iloc[train])
            ndcg[name] = make_ranking_scorer("ndcg", k=10)(model, sample.data.iloc[test])
        best = max(ndcg["neighbors"], ndcg["neighbors by item"])
        assert ndcg["EASE"] > best + 0.02
        assert min(ndcg["neighbors"], ndcg["neighbors by item"]) > 3 * ndcg["popularity"]


def test_bad_options_get_the_message_of_scikit_learn():
    with pytest.raises(ValueError, match="The 'unrated' parameter of load_anime_sample must be"):
        load_anime_sample(unrated="zero")


def test_titles_use_the_genre_vocabulary_and_distinct_names():
    titles = parse_titles()
    vocabulary = {genre.strip() for genre in GENRES.split(",")}
    assert {genre for title in titles for genre in title.genre.split(", ")} <= vocabulary
    assert len({title.name for title in titles}) == len(titles)
    assert {title.type for title in titles} <= {"TV", "Movie", "OVA", "ONA", "Special"}


def test_viewers_rate_like_the_real_ones(sample):
    rows = load_anime_sample(unrated="keep").data["user_id"].value_counts()
    assert len(rows) == 500
    assert rows.between(10, 200).all()
    assert set(sample.target) <= set(range(1, 11))
    assert 7.5 < sample.target.mean() < 8.1


def test_popular_titles_are_rated_more_often(sample):
    counts = sample.data["anime_id"].value_counts()
    members = sample.catalog["members"][counts.index]
    assert np.corrcoef(np.log(members), counts)[0, 1] > 0.5


def test_site_rating_tells_the_mean_rating_of_a_title(sample):
    means = sample.frame.groupby("anime_id")["rating"].mean()
    assert np.corrcoef(sample.catalog["site_rating"][means.index], means)[0, 1] > 0.5


def residual_matrix(frame):
    """Ratings less the means of title and viewer, viewers x titles; zero where unrated."""
    residuals = frame["rating"] - frame.groupby("anime_id")["rating"].transform("mean")
    residuals -= residuals.groupby(frame["user_id"]).transform("mean")
    return frame.assign(residual=residuals).pivot(index="user_id", columns="anime_id", values="residual")


def neighbors(sample, name, n_neighbors=10):
    """Titles whose ratings lie nearest to those of a title, by the cosine of the residuals."""
    matrix = residual_matrix(sample.frame).fillna(0)
    unit = matrix / np.sqrt((matrix**2).sum())
    names = sample.catalog["name"]
    similarity = unit.T @ unit[names[names == name].index[0]]
    nearest = similarity.sort_values(ascending=False).index[1 : n_neighbors + 1]
    return sample.catalog.loc[nearest]


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("Dragon Ball Z", "Super Power|Martial Arts"),
        ("Clannad", "Romance|Drama"),
        ("Mobile Suit Gundam Seed", "Mecha|Space"),
        ("K-On!", "Slice of Life|Music"),
        ("Haikyuu!!", "Sports"),
        ("Bishoujo Senshi Sailor Moon", "Magic|Shoujo"),
    ],
)
def test_neighbors_of_a_title_share_its_telling_genres(sample, name, telling):
    nearest = neighbors(sample, name)
    assert nearest["genre"].str.contains(telling).mean() >= 0.6, nearest["name"].tolist()


def test_neighbors_of_dragon_ball_z_are_dragon_ball_titles(sample):
    names = neighbors(sample, "Dragon Ball Z")["name"]
    assert names.str.startswith("Dragon Ball").sum() >= 3, names.tolist()


def test_an_unrated_row_is_seen_but_has_no_value_in_range():
    ratings = simulate_ratings(parse_titles(), n_viewers=20)["rating"]
    assert set(ratings) <= {-1, *range(1, 11)}


def test_data_folder_lies_in_the_package():
    assert Path(_sample.__file__).parent in _sample.DATA_FOLDER.parents
