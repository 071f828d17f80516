"""Claims about the maps of users and of titles, and about names that do not overlap."""

from itertools import combinations
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklearn_anime.base import FactorsMixin, RecommenderMixin
from sklearn_anime.inspection import ItemMapDisplay, UserMapDisplay
from sklearn_anime.inspection._catalog import first_genres, read_column_of
from sklearn_anime.inspection._drawing import COLORS, QUIET
from sklearn_anime.inspection._plane import place_names
from sklearn_anime.neighbors import SVDNeighborsRecommender

MAPS = [UserMapDisplay, ItemMapDisplay]
every_map = pytest.mark.parametrize("display", MAPS, ids=["users", "items"])


class Unordered(FactorsMixin, RecommenderMixin, BaseEstimator):
    """A model whose factors have no order."""

    def fit(self, svd):
        random = np.random.RandomState(0)
        self.interactions_ = svd.interactions_
        self.user_factors_ = random.normal(size=(len(svd.users_), 5)) * [1, 2, 3, 1, 1]
        self.item_factors_ = random.normal(size=(len(svd.items_), 5)) * [1, 2, 3, 1, 1]
        return self


@pytest.fixture(scope="module")
def item_map(svd, sample):
    return ItemMapDisplay.from_estimator(svd, catalog=sample.catalog, named=20)


def boxes(labels):
    """Return the boxes of texts, without their connecting lines."""
    return [Text.get_window_extent(label) for label in labels]


def colored(display):
    """Return genre -> places of the titles and color."""
    return {
        scatter.get_label(): (scatter.get_offsets(), to_hex(scatter.get_facecolor()[0]).upper())
        for scatter in display.scatters_
    }


# Places


def test_users_lie_where_the_first_two_components_put_them(svd):
    display = UserMapDisplay.from_estimator(svd)
    np.testing.assert_allclose(display.scatter_.get_offsets(), svd.user_factors_[:, :2])
    assert display.highlights_ == display.labels_ == []


def test_titles_lie_where_the_components_asked_for_put_them(svd):
    display = ItemMapDisplay.from_estimator(svd, components=(3, 1))
    np.testing.assert_allclose(display.scatters_[0].get_offsets(), svd.item_factors_[:, [3, 1]])
    assert display.ax_.get_xlabel().startswith("SVD component 4 (")


def test_axes_say_which_share_they_hold(svd):
    display = UserMapDisplay.from_estimator(svd)
    shares = 100 * svd.explained_variance_ratio_
    assert display.ax_.get_xlabel() == f"SVD component 1 ({shares[0]:.1f} %)"
    assert display.ax_.get_ylabel() == f"SVD component 2 ({shares[1]:.1f} %)"


@every_map
def test_factors_without_an_order_are_drawn_by_their_principal_components(display, svd):
    model = Unordered().fit(svd)
    factors = model.user_factors_ if display is UserMapDisplay else model.item_factors_
    pca = PCA(2, svd_solver="full").fit(factors)
    shown = display.from_estimator(model)
    np.testing.assert_allclose(np.abs(shown.coordinates), np.abs(pca.transform(factors)))
    share = 100 * pca.explained_variance_ratio_[1]
    assert shown.ax_.get_ylabel() == f"Principal component 2 ({share:.1f} %)"


def test_those_singled_out_are_where_they_are_in_the_crowd(svd):
    users = svd.users_[[40, 7]]
    display = UserMapDisplay.from_estimator(svd, highlight=users)
    places = np.vstack([point.get_offsets() for point in display.highlights_])
    np.testing.assert_allclose(places, svd.user_factors_[[40, 7], :2])
    assert [label.get_text() for label in display.labels_] == [f"user {user}" for user in users]
    assert [to_hex(one.get_facecolor()[0]).upper() for one in display.highlights_] == [*COLORS[:2]]


def test_one_id_need_not_be_in_a_list(svd):
    assert len(UserMapDisplay.from_estimator(svd, highlight=svd.users_[0]).labels_) == 1


@every_map
def test_model_in_a_pipeline_is_drawn(display, sample):
    ids = make_column_transformer(
        ("passthrough", ["user_id", "anime_id"]), verbose_feature_names_out=False
    ).set_output(transform="pandas")
    pipeline = make_pipeline(ids, SVDNeighborsRecommender(2, random_state=0))
    pipeline.fit(sample.data.assign(note=1), sample.target)
    shown, bare = display.from_estimator(pipeline), display.from_estimator(pipeline[-1])
    np.testing.assert_array_equal(shown.coordinates, bare.coordinates)


def crowd(highlight):
    """Draw 2000 users, the first of whom is far away from the others."""
    places = np.random.RandomState(0).uniform(-1, 1, size=(2000, 2))
    places[0] = 100, 100
    display = UserMapDisplay(
        coordinates=places, users=range(2000), axis_names=("a", "b"), highlight=highlight
    ).plot()
    display.figure_.draw_without_rendering()
    return display


def test_one_far_away_leaves_room_for_the_others_and_is_counted():
    display = crowd(highlight=[1])
    assert max(np.abs([*display.ax_.get_xlim(), *display.ax_.get_ylim()])) < 2
    places = display.coordinates
    low, high = np.sort(places, axis=0)[1], np.sort(places, axis=0)[-2]  # 0.1 % of 1999 gaps is one
    n_outside = ((places < low) | (places > high)).any(axis=1).sum()
    assert display.ax_.get_title() == f"2,000 users by taste, {n_outside} of them farther out"


def test_one_far_away_is_shown_where_it_is_singled_out():
    assert crowd(highlight=[0]).ax_.get_xlim()[1] > 100


# Names and colors


def test_most_seen_titles_are_named(svd, sample, item_map):
    counts = sample.data.anime_id.value_counts()
    named = sample.catalog.name[counts.index[counts >= counts.iloc[19]]]
    assert {label.get_text().rstrip("…") for label in item_map.labels_} <= {
        name[:31].rstrip() if len(name) > 32 else name for name in named
    }
    assert len(item_map.labels_) == 20


def test_names_stand_where_their_titles_are(svd, sample):
    display = ItemMapDisplay.from_estimator(svd, catalog=sample.catalog, named=[5, 3])
    assert display.names == {5: "Dragon Ball Super", 3: "Dragon Ball GT"}
    rows = [list(svd.items_).index(item) for item in (5, 3)]
    np.testing.assert_allclose([label.xy for label in display.labels_], svd.item_factors_[rows, :2])


def test_colors_are_those_of_the_first_genre(svd, sample, item_map):
    first = sample.catalog.genre.loc[svd.items_].str.split(", ").str[0]
    frequent = first.value_counts().index[:6]
    shown = colored(item_map)
    assert list(shown) == ["other", *frequent]
    for genre, color in zip(frequent, COLORS, strict=True):
        places, drawn = shown[genre]
        np.testing.assert_allclose(places, svd.item_factors_[first == genre, :2])
        assert drawn == color
    assert len(shown["other"][0]) == (~first.isin(frequent)).sum()
    assert shown["other"][1] == QUIET


def test_legend_names_the_most_frequent_genre_first_and_the_others_last(item_map):
    names = [text.get_text() for text in item_map.legend_.get_texts()]
    assert names == [*(scatter.get_label() for scatter in item_map.scatters_[1:]), "other"]


def test_without_a_catalog_titles_are_named_by_their_ids(svd):
    display = ItemMapDisplay.from_estimator(svd, named=[5])
    assert [label.get_text() for label in display.labels_] == ["5"]
    assert display.genres is None
    assert display.legend_ is None


def test_without_a_column_of_genres_all_titles_look_alike(svd, sample):
    display = ItemMapDisplay.from_estimator(svd, catalog=sample.catalog, genre=None, named=[5])
    assert len(display.scatters_) == 1
    assert display.names == {5: "Dragon Ball Super"}


@pytest.mark.parametrize(
    "form",
    [
        lambda anime: anime,
        lambda anime: anime.reset_index(),
        lambda anime: anime.reset_index().convert_dtypes(),
        lambda anime: pl.DataFrame(anime.reset_index().to_dict("list"), strict=False),
        lambda anime: anime[::-1].assign(genre=[text.split(", ") for text in anime.genre[::-1]]),
    ],
    ids=["index", "column", "nullable", "polars", "lists"],
)
def test_catalog_may_come_in_any_form(svd, sample, item_map, form):
    display = ItemMapDisplay.from_estimator(svd, catalog=form(sample.catalog), named=20)
    assert display.genres == item_map.genres
    assert display.names == item_map.names


def test_first_genre_is_that_of_the_encoder():
    cells = ["Action, Drama", None, " Drama ", "", ["Comedy", "Action"], "Action"]
    assert first_genres(cells) == ["Action", None, "Drama", None, "Comedy", "Action"]


def test_titles_that_the_catalog_lacks_are_grey_and_named_by_their_ids(svd, sample):
    display = ItemMapDisplay.from_estimator(svd, catalog=sample.catalog.drop(index=5), named=[5])
    assert display.names == {5: 5}
    assert display.genres[list(svd.items_).index(5)] is None


# Names that do not overlap


@pytest.mark.parametrize("n_names", [1, 20, 30])
def test_names_on_one_spot_do_not_overlap_and_stay_inside(n_names):
    ax = plt.subplots()[1]
    points = np.random.RandomState(0).normal(scale=0.1, size=(n_names, 2))
    ax.scatter(*points.T)
    ax.set(xlim=(-1, 1), ylim=(-1, 1))
    labels = place_names(ax, points, [f"Title {i}" for i in range(n_names)])
    drawn = boxes(labels)
    assert not any(one.overlaps(other) for one, other in combinations(drawn, 2))
    inside = ax.get_window_extent()
    assert all(inside.contains(*box.min) and inside.contains(*box.max) for box in drawn)


def test_names_of_the_sample_do_not_overlap_each_other_or_the_legend(item_map):
    item_map.figure_.draw_without_rendering()
    drawn = [*boxes(item_map.labels_), item_map.legend_.get_window_extent()]
    assert not any(one.overlaps(other) for one, other in combinations(drawn, 2))


def test_name_alone_stands_beside_its_point():
    ax = plt.subplots()[1]
    ax.plot([0, 1], [0, 1])
    (label,) = place_names(ax, np.array([[0.5, 0.5]]), ["Akira"])
    box, point = Text.get_window_extent(label), ax.transData.transform((0.5, 0.5))
    assert 0 < box.x0 - point[0] < 15
    assert box.y0 < point[1] < box.y1


def test_name_at_the_edge_stays_in_the_axes():
    ax = plt.subplots()[1]
    ax.set(xlim=(0, 1), ylim=(0, 1))
    (label,) = place_names(ax, np.array([[1.0, 1.0]]), ["Fullmetal Alchemist"])
    box, inside = Text.get_window_extent(label), ax.get_window_extent()
    assert box.x1 <= inside.x1
    assert box.y1 <= inside.y1


def test_names_in_a_crowd_without_room_are_all_written():
    ax = plt.subplots(figsize=(1, 1))[1]
    assert len(place_names(ax, np.full((40, 2), 0.5), ["Fullmetal Alchemist"] * 40)) == 40


# Bad input


def test_unknown_user_is_named(svd):
    with pytest.raises(KeyError, match="user 99999 is not among the 500 users"):
        UserMapDisplay.from_estimator(svd, highlight=[1, 99999])


def test_unknown_title_is_named(svd):
    with pytest.raises(KeyError, match="item 'Akira' is not among the 332 items"):
        ItemMapDisplay.from_estimator(svd, named=["Akira"])


@every_map
def test_model_that_is_not_fitted_is_named(display):
    with pytest.raises(NotFittedError, match="SVDNeighborsRecommender instance is not fitted"):
        display.from_estimator(SVDNeighborsRecommender())


@every_map
def test_model_without_factors_is_named(display, bias):
    with pytest.raises(TypeError, match=r"^BiasRegressor\(\) has no factors of (user|item)s to draw"):
        display.from_estimator(bias)


@every_map
@pytest.mark.parametrize("components", [(0,), (1, 1), (0, 8), (-1, 0), (0, 1, 2)])
def test_components_are_two_of_those_that_there_are(display, svd, components):
    with pytest.raises(ValueError, match="must be two different positions among the 8 components"):
        display.from_estimator(svd, components=components)


@every_map
def test_recommender_from_elsewhere_is_refused(display):
    foreign = SimpleNamespace(recommend=lambda users: None)
    with pytest.raises(TypeError, match=r"is no recommender of this package\. Let it inherit"):
        display.from_estimator(foreign)


@pytest.mark.parametrize(
    ("catalog", "message"),
    [
        (pd.DataFrame({"title": ["Akira"]}), r"no column 'name' \(columns: \['title'\]\)"),
        (
            pd.DataFrame({"name": ["Akira"]}, index=["?"]),
            "knows none of the 332 items of fit",
        ),
        (pl.DataFrame({"id": [1], "name": ["Akira"]}), "no column 'anime_id' with the ids"),
    ],
    ids=["column", "ids", "polars"],
)
def test_catalog_that_does_not_fit_says_what_it_lacks(svd, catalog, message):
    with pytest.raises(ValueError, match=message):
        read_column_of(catalog, "name", svd.interactions_.items)
