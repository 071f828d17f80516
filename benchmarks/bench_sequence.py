"""Measure SequenceRecommender: accuracy of the next item and CPU seconds, beside the closed form.

Usage: python benchmarks/bench_sequence.py [PART ...]

The parts are movielens, curves and games. Without names all run. The tables and the test are those of
bench_next_item.py: the last item of each user with five or more. `curves` chooses: it is measured on the
last items of training, and the test is not touched. Times are CPU seconds of the process in fit and
recommend.
"""

import sys
from time import process_time

from bench_next_item import K, gains_of, games_rows, last_out, movielens_rows

from sklearn_anime.linear_model import NextItemRecommender
from sklearn_anime.neural_network import SequenceRecommender

CELLS = ("gru", "lstm", "attention")
EPOCHS = (3, 6, 12)
IDEAS = {
    "the defaults": {},
    "random first vectors": {"init": "random"},
    "full softmax": {"n_negatives": None},
    "sequences of 50": {"max_length": 50},
    "no dropout": {"dropout": 0.0},
}


def main(names):
    for name, part in PARTS.items():
        if not names or name in names:
            print(f"\n{name}: {part.__doc__}", flush=True)
            part()


def movielens():
    """NDCG@10 on MovieLens latest-small, each cell with the defaults."""
    train, test = last_out(movielens_rows())
    report("next item, closed form", NextItemRecommender(time=2), train, test)
    for cell in CELLS:
        report(f"{cell}", make(cell), train, test)


def curves():
    """NDCG@10 on the last items of training of MovieLens, by the number of epochs, for each idea."""
    inner = last_out(last_out(movielens_rows())[0], at_least=4)
    for idea, settings in IDEAS.items():
        for epochs in EPOCHS:
            report(f"{idea}, {epochs} epochs", make(epochs=epochs, **settings), *inner)


def games():
    """NDCG@10 on games."""
    train, test = last_out(games_rows())
    report("gru", make(), train, test)


def make(cell="gru", **settings):
    return SequenceRecommender(cell, time=2, random_state=0, **settings)


def report(name, model, train, test):
    """Print the accuracy of a model with its standard error, and what it costs."""
    start = process_time()
    model.fit(train)
    fitted = process_time()
    gains = gains_of(model.recommend(test.iloc[:, 0].unique(), n_items=K), test)
    error = gains.std(ddof=1) / len(gains) ** 0.5
    print(
        f"{name:<32} NDCG@{K} {gains.mean():.4f} +- {error:.4f}  fit {fitted - start:6.1f} CPU s  "
        f"recommend {process_time() - fitted:5.1f} CPU s",
        flush=True,
    )


PARTS = {"movielens": movielens, "curves": curves, "games": games}

if __name__ == "__main__":
    main(sys.argv[1:])
