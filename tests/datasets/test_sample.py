import gzip
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from make_sample import make_files, simulate_ratings, to_gzip
from sample_titles import parse_titles

from sklearn_anime.datasets import _sample, load_anime, load_anime_sample

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


@pytest.mark.parametrize("name", ["anime.csv.gz", "rating.csv.gz"])
def test_generator_reproduces_the_shipped_text(generated, name):
    shipped = (_sample.DATA_FOLDER / name).read_bytes()
    assert gzip.decompress(generated[name]) == gzip.decompress(shipped)


@pytest.mark.skipif(
    "ng" in zlib.ZLIB_RUNTIME_VERSION, reason="zlib-ng compresses the same text to other bytes"
)
@pytest.mark.parametrize("name", ["anime.csv.gz", "rating.csv.gz"])
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
    size = f"{len(sample.catalog)} well-known anime and 500 simulated viewers with 38,529 rows"
    assert size in " ".join(sample.DESCR.split())


def test_return_x_y_and_unrated_are_those_of_load_anime(sample):
    X, y = load_anime_sample(unrated="nan", return_X_y=True)
    assert len(X) == 38_529
    assert y.notna().sum() == len(sample.data)
    assert 0.15 < y.isna().mean() < 0.20


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
