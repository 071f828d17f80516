"""Draw the figures of the user guide from the embedded sample. Run it again when the sample changes."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import DiverseRecommender, StackedRatingRegressor
from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.inspection import (
    DiversityCurveDisplay,
    GenreWeightsDisplay,
    IntervalCalibrationDisplay,
    ItemMapDisplay,
    UserMapDisplay,
)
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.metrics import ndcg_at_k
from sklearn_anime.model_selection import (
    LastKPerUser,
    LeaveKOutPerUser,
    NewItemSplit,
    NewUserSplit,
    TimeSplit,
)
from sklearn_anime.neighbors import FaissNeighbors, SVDNeighborsRecommender
from sklearn_anime.preprocessing import WeightedOneHotGenres

IMAGES = Path(__file__).parents[1] / "docs" / "images"
BLUE, ORANGE, GRAY = "#2c62ad", "#e07b00", "#d9dee5"


def user_space(sample):
    """Map the users, with the two most similar active ones highlighted."""
    model = SVDNeighborsRecommender(random_state=0).fit(sample.data, sample.target)
    n_rated = sample.data[sample.target.notna()].groupby("user_id").size()
    nearest = model.similar_users(n_rated.index[n_rated >= 50], n_users=1)
    user, neighbor = nearest.loc[nearest["similarity"].idxmax(), ["user_id", "neighbor"]]
    figure, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
    UserMapDisplay.from_estimator(model, highlight=[user, neighbor], ax=ax)
    return figure


def rows(sample):
    """Show a corner of the interaction matrix."""
    users = sample.data.user_id.value_counts().index[100:140]
    items = sample.data.anime_id.value_counts().index[:80]
    frame = sample.data.assign(kind=np.where(sample.target.isna(), 1.0, 2.0))
    matrix = frame.pivot(index="user_id", columns="anime_id", values="kind").reindex(users)[items]
    figure, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
    ax.pcolormesh(matrix.fillna(0), cmap=ListedColormap([GRAY, ORANGE, BLUE]), edgecolors="w", lw=0.3)
    ax.set(xlabel="Item", ylabel="User", xticks=[], yticks=[], title="A part of the interaction matrix")
    handles = [plt.Rectangle((0, 0), 1, 1, color=color) for color in (BLUE, ORANGE, GRAY)]
    figure.legend(handles, ["rated", "seen, not rated", "not seen"], loc="outside lower center", ncols=3)
    return figure


def datasets(sample):
    """Draw the ratings and the number of rows per user."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
    counts = sample.target.value_counts().sort_index()
    left.bar(counts.index, counts, color=BLUE)
    left.set(title="Ratings", xlabel="Rating", ylabel="Number of rows")
    right.hist(sample.data.groupby("user_id").size(), bins=30, color=BLUE)
    right.set(title="Activity", xlabel="Interactions of a user", ylabel="Number of users")
    return figure


def genres(sample):
    """Show the columns of genres of some anime."""
    figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    some = sample.catalog[::55]
    encoder = WeightedOneHotGenres().fit(sample.catalog[["genre"]])
    GenreWeightsDisplay.from_estimator(encoder, some[["genre"]], names=some["name"], ax=ax)
    return figure


def baselines(sample):
    """Draw the biases of users and items."""
    model = BiasRegressor().fit(sample.data, sample.target)
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained", sharex=True)
    for ax, name, biases in zip(
        axes, ("user", "item"), (model.user_bias_, model.item_bias_), strict=True
    ):
        ax.hist(biases, bins=30, color=BLUE)
        ax.set(title=f"Biases of {name}s", xlabel="Bias", ylabel=f"Number of {name}s")
    return figure


def faiss_neighbors(sample):
    """Draw the recall of two indexes against their main hyperparameter."""
    vectors = np.random.default_rng(0).normal(size=(4000, 32)).astype("float32")
    exact = FaissNeighbors(10, index="flat").fit(vectors)
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained", sharey=True)
    for ax, index, name, values in (
        (axes[0], "hnsw", "ef_search", [10, 20, 40, 80, 160]),
        (axes[1], "lsh", "n_bits", [64, 128, 256, 512, 1024]),
    ):
        found = [
            FaissNeighbors(10, index=index, **{name: value}).fit(vectors).recall_against(exact)
            for value in values
        ]
        ax.plot(values, found, "o-", color=BLUE)
        ax.set(title=f'index="{index}"', xlabel=name, xscale="log", xticks=values, ylim=(0, 1.03))
        ax.set_xticks(values, values)
        ax.minorticks_off()
    axes[0].set_ylabel("Recall of 10 neighbors")
    return figure


def bayesian_factorization(sample):
    """Draw the calibration of predictive intervals."""
    rated = sample.target.notna()
    X, y = sample.data[rated], sample.target[rated]
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
    model = BayesianFactorizationRegressor(8, n_iter=100, random_state=0).fit(X_train, y_train)
    figure, ax = plt.subplots(figsize=(5, 3.6), layout="constrained")
    IntervalCalibrationDisplay.from_estimator(model, X_test, y_test, ax=ax)
    return figure


def stacking(sample):
    """Compare the error of a stack with those of its members."""
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(sample.data))
    test = test[sample.target.iloc[test].notna()]
    members = {
        "biases": BiasRegressor(),
        "item neighbors": SVDNeighborsRecommender(64, axis="item", random_state=0),
        "Bayesian": BayesianFactorizationRegressor(8, n_iter=80, random_state=0),
    }
    stack = StackedRatingRegressor(
        list(members.items()), rankers=[("ease", EASERecommender())], cv=3, random_state=0
    )
    X, y = sample.data, sample.target
    errors = {
        name: root_mean_squared_error(
            y.iloc[test], model.fit(X.iloc[train], y.iloc[train]).predict(X.iloc[test])
        )
        for name, model in {**members, "stack": stack}.items()
    }
    figure, ax = plt.subplots(figsize=(6, 2.6), layout="constrained")
    bars = ax.barh(list(errors), list(errors.values()), color=[BLUE] * 3 + [ORANGE])
    ax.bar_label(bars, fmt="%.3f", padding=3)
    ax.set(xlabel="RMSE on held-out ratings of the sample: smaller is better")
    ax.invert_yaxis()
    ax.margins(x=0.15)
    return figure


def diversity(sample):
    """Draw accuracy against diversity."""
    features = sample.catalog[["genre"]]
    encoder = WeightedOneHotGenres(weighting="uniform").set_output(transform="pandas")
    vectors = encoder.fit_transform(features)
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(sample.data))
    models = {
        method: DiverseRecommender(EASERecommender(), method=method, features=features).fit(
            sample.data.iloc[train]
        )
        for method in ("mmr", "maxsum", "dpp")
    }
    figure, ax = plt.subplots(figsize=(6, 3.8), layout="constrained")
    DiversityCurveDisplay.from_estimator(
        models,
        sample.data.iloc[test],
        goal="diversity",
        features=vectors,
        diversity=[0.0, 0.2, 0.4, 0.6, 0.8],
        ax=ax,
    )
    return figure


def evaluation(sample):
    """Show which rows the splitters hold out of a small table."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        [(user, item, 0) for user in range(8) for item in rng.permutation(16)], columns=["u", "i", "day"]
    )
    table["day"] = np.tile(np.arange(16), 8) + np.repeat(rng.permutation(8), 16)
    splitters = {
        "LeaveKOutPerUser": LeaveKOutPerUser(3, min_items=5, user="u", item="i", random_state=0),
        "LastKPerUser": LastKPerUser(3, min_items=5, time="day", user="u", item="i"),
        "TimeSplit": TimeSplit(time="day", test_size=0.25, user="u", item="i"),
        "NewUserSplit": NewUserSplit(4, user="u", item="i", random_state=0),
        "NewItemSplit": NewItemSplit(4, user="u", item="i", random_state=0),
    }
    figure, axes = plt.subplots(1, 5, figsize=(9.5, 2.9), layout="constrained", sharey=True)
    for ax, (name, splitter) in zip(axes, splitters.items(), strict=True):
        _, test = next(splitter.split(table))
        held_out = np.isin(np.arange(len(table)), test)
        for kind, color in ((~held_out, GRAY), (held_out, ORANGE)):
            ax.scatter(table.day[kind], table.u[kind], color=color, marker="s", s=14)
        ax.set(title=name, xlabel="Time", xticks=[], yticks=[])
        ax.title.set_fontsize(10)
    axes[0].set_ylabel("User")
    handles = [plt.Line2D([], [], marker="s", ls="", color=color) for color in (GRAY, ORANGE)]
    figure.legend(handles, ["training", "test"], loc="outside lower center", ncols=2)
    return figure


def cold_start(sample):
    """Draw how the recommendations for new users improve with the length of their history."""
    train, test = next(NewUserSplit(5, random_state=0).split(sample.data))
    new = sample.data.iloc[test].sample(frac=1, random_state=0)
    position = new.groupby("user_id").cumcount()
    n_rows = new.groupby("user_id")["anime_id"].transform("size")
    relevant = new[(n_rows >= 25) & (position >= 20)]
    figure, ax = plt.subplots(figsize=(5.5, 3.2), layout="constrained")
    for model, color in ((EASERecommender(), BLUE), (PopularityRecommender(), ORANGE)):
        model.fit(sample.data.iloc[train])
        lengths = [1, 2, 5, 10, 20]
        scores = [
            ndcg_at_k(model.recommend(history=new[(n_rows >= 25) & (position < length)]), relevant)
            for length in lengths
        ]
        ax.plot(lengths, scores, "o-", color=color, label=type(model).__name__)
    ax.set(xlabel="Items in the history", ylabel="NDCG@10 for new users", ylim=(0, None))
    ax.legend()
    return figure


def time(sample):
    """Draw the weight of an interaction by its age and by its position."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained", sharey=True)
    ages, positions = np.linspace(0, 365, 200), np.arange(12)
    for days, color in ((30, ORANGE), (90, BLUE)):
        left.plot(ages, 0.5 ** (ages / days), color=color, label=f'half_life="{days}D"')
    for decay, color in ((0.5, ORANGE), (0.9, BLUE)):
        right.plot(positions, decay**positions, "o-", color=color, label=f"decay={decay}")
    left.set(xlabel="Age in days", ylabel="Weight", ylim=(0, 1.03))
    right.set(xlabel="Position from the newest item")
    left.legend()
    right.legend()
    return figure


def large_data(sample):
    """Draw the size of EASE by the number of items."""
    n_items = np.linspace(1_000, 100_000, 200)
    figure, ax = plt.subplots(figsize=(5.5, 3), layout="constrained")
    ax.plot(n_items, 4 * n_items**2 / 2**30, color=ORANGE, label="exact: 4 n_items ** 2 bytes")
    ax.plot(n_items, 4 * n_items * 512 / 2**30, color=BLUE, label="factors: 4 n_items * 512 bytes")
    ax.set(xlabel="Number of items", ylabel="GiB", yscale="log", title="Size of EASERecommender")
    ax.legend()
    return figure


def pictures(sample):
    """Map the items."""
    model = SVDNeighborsRecommender(axis="item", random_state=0).fit(sample.data, sample.target)
    figure, ax = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
    ItemMapDisplay.from_estimator(model, catalog=sample.catalog, named=8, ax=ax)
    return figure


def boxes(*labels):
    """Return a figure of labeled boxes in a row, with arrows between them."""
    figure, ax = plt.subplots(figsize=(2.1 * len(labels), 1.3), layout="constrained")
    for x, label in enumerate(labels):
        ax.text(
            x,
            0,
            label,
            ha="center",
            va="center",
            fontsize=10,
            bbox={"boxstyle": "round,pad=0.5", "facecolor": "#e8f1f8", "edgecolor": BLUE},
        )
        if x:
            ax.annotate(
                "", (x - 0.36, 0), (x - 0.64, 0), arrowprops={"arrowstyle": "-|>", "color": BLUE}
            )
    ax.set(xlim=(-0.5, len(labels) - 0.5), ylim=(-0.6, 0.6))
    ax.axis("off")
    return figure


def next_item(sample):
    """Show the way from the order of a history to what comes next."""
    return boxes("item 1", "item 2", "item 3", "next item?")


def sequence(sample):
    """Show what the network reads and what it returns."""
    return boxes(
        "vectors of\nitems 1, 2, 3", "GRU, LSTM\nor attention", "softmax over\nall items", "next item"
    )


def own_data(sample):
    """Show the way from files to a service."""
    return boxes(
        "ratings.csv\nitems.csv", "fit, tune,\nevaluate", "top-N frame", "model.skops", "service"
    )


def serving(sample):
    """Show the parts of the service."""
    return boxes("model file", "service", "HTTP request:\nuser or history", "top-N as JSON")


def top_n(sample):
    """Show the two stages."""
    return boxes("all items", "candidates\nof EASE", "predicted\nratings", "top-N")


def own_recommender(sample):
    """Show what a subclass writes and what the mixin does."""
    return boxes(
        "rows X, y",
        "fit:\ninteractions_",
        "_score_block:\nscores",
        "mixin: mask\nand rank",
        "top-N frame",
    )


def save_load_deploy(sample):
    """Show the way of a model to its service."""
    return boxes("fit", "dump", "safe file", "load", "recommend")


FIGURES = (
    own_data,
    sequence,
    rows,
    datasets,
    genres,
    baselines,
    faiss_neighbors,
    bayesian_factorization,
    stacking,
    diversity,
    evaluation,
    cold_start,
    time,
    next_item,
    large_data,
    serving,
    pictures,
    top_n,
    own_recommender,
    save_load_deploy,
)


def main(names):
    """Write docs/images/user_space.png and docs/images/guide, all of it or the figures of some names."""
    sample = load_anime_sample(unrated="nan")
    for draw in (user_space, *FIGURES):
        if names and draw.__name__ not in names:
            continue
        folder = IMAGES if draw is user_space else IMAGES / "guide"
        folder.mkdir(exist_ok=True)
        figure = draw(sample)
        figure.savefig(folder / f"{draw.__name__}.png", dpi=100)
        plt.close(figure)


if __name__ == "__main__":
    main(sys.argv[1:])
