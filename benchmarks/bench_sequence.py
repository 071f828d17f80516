"""Measure SequenceRecommender: accuracy of the next item and CPU seconds, beside the closed form.

Usage: python benchmarks/bench_sequence.py [PART ...]

The parts are movielens, curves and games. Without names all run. The tables and the test are those of
bench_next_item.py: the last item of each user with five or more. `curves` chooses: it is measured on the
last items of training, and the test is not touched. Times are CPU seconds of the process in fit and
recommend.
"""

import sys
from time import process_time

import numpy as np
from _data import last_out
from bench_next_item import COMPONENTS, K, gains_of, games_rows, movielens_rows

from sklearn_anime.linear_model import NextItemRecommender
from sklearn_anime.neural_network import SequenceRecommender

CELLS = ("gru", "lstm", "attention")
N_DRAWS = 500
EPOCHS = (4, 12)
IDEAS = {
    "the defaults": {},
    "random first vectors": {"init": "random"},
    "full softmax": {"n_negatives": None},
}


def main(names):
    for name, part in PARTS.items():
        if not names or name in names:
            print(f"\n{name}: {part.__doc__}", flush=True)
            part()


def movielens():
    """NDCG@10 on MovieLens latest-small, each cell with the defaults, and one with the closed form."""
    train, test = last_out(movielens_rows())
    report("next item, closed form", NextItemRecommender(time=2), train, test)
    for cell in CELLS:
        report(cell, make(cell), train, test)
    report("gru with base=", make(base=NextItemRecommender()), train, test)


def curves():
    """NDCG@10 on the last items of training of MovieLens, by the number of epochs, for each idea."""
    inner = last_out(last_out(movielens_rows())[0], at_least=4)
    for idea, settings in IDEAS.items():
        for epochs in EPOCHS:
            report(f"{idea}, {epochs} epochs", make(epochs=epochs, **settings), *inner)


def games():
    """NDCG@10 on games: the closed form, and the network with it, of one fit; differences by user."""
    train, test = last_out(games_rows())
    base = NextItemRecommender(400.0, decay=0.8, training_decay=0.9, **COMPONENTS)
    model = make(base=base)
    start = process_time()
    model.fit(train)
    print(f"fit of both: {process_time() - start:.1f} CPU s", flush=True)
    linear = show("next item, 512 components", model.base_, test)
    joined = show("gru with base=", model, test)
    more = joined - linear
    draws = np.random.RandomState(0).randint(len(more), size=(N_DRAWS, len(more)))
    low, high = np.percentile(more[draws].mean(axis=1), [2.5, 97.5])
    print(f"difference {more.mean():.4f}, 95 % of paired bootstraps {low:.4f} to {high:.4f}")
    alone = model._set_fitted(base_=None)
    show("gru alone", alone, test)


def make(cell="gru", **settings):
    return SequenceRecommender(cell, time=2, random_state=0, **settings)


def report(name, model, train, test):
    """Print the accuracy of a model with its standard error, and what the fit costs."""
    start = process_time()
    model.fit(train)
    show(f"{name}, fit {process_time() - start:.1f} CPU s", model, test)


def show(name, model, test):
    """Print the accuracy of a fitted model with its standard error; return the gain of each user."""
    start = process_time()
    gains = gains_of(model.recommend(test.iloc[:, 0].unique(), n_items=K), test)
    error = gains.std(ddof=1) / len(gains) ** 0.5
    took = process_time() - start
    print(
        f"{name:<48} NDCG@{K} {gains.mean():.4f} +- {error:.4f}  recommend {took:.1f} CPU s", flush=True
    )
    return gains


PARTS = {"movielens": movielens, "curves": curves, "games": games}

if __name__ == "__main__":
    main(sys.argv[1:])
