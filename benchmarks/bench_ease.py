"""Measure EASERecommender: accuracy, what genres add, time, throughput and memory, beside others.

Usage: python benchmarks/bench_ease.py [PART ...]

The parts are gowalla, accuracy, alphas, genres, lapack, throughput, sparse_throughput, full, catalog
and million. Without names all run. Gowalla is read from the folder that SKLEARN_ANIME_GOWALLA names
(train.csv.gz and test.csv.gz of user and item), the ratings of anime and of MovieLens from those of
SKLEARN_ANIME_DATA and SKLEARN_ANIME_MOVIELENS (ratings.csv.gz), or else beside the checkout in
`../shared/data`; full, catalog and million draw tables with `make_ratings`. Times are ratios within one
run: run it on an idle machine. skrecsys and implicit come with the dependency group `bench`; every
measurement of them is a process of its own.
"""

import importlib.util
import os
import subprocess
import sys
import warnings
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from _data import FOLDER, GOWALLA, MOVIELENS
from scipy import sparse
from scipy.linalg import lapack
from sklearn.utils.extmath import randomized_svd

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.datasets import load_anime, load_anime_sample, make_ratings
from sklearn_anime.interactions import Interactions
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.linear_model._gram import gram_matrix
from sklearn_anime.metrics import make_ranking_scorer, ndcg_at_k, recall_at_k
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.preprocessing import WeightedOneHotGenres

NDCG = make_ranking_scorer("ndcg", k=10)
MODELS = {
    "exact": "EASERecommender(n_jobs=2)",
    "512 components": "EASERecommender(n_components=512, random_state=0, n_jobs=2)",
    "512, no tail": "EASERecommender(n_components=512, tail=0.0, random_state=0, n_jobs=2)",
    "1,024 components": "EASERecommender(n_components=1024, random_state=0, n_jobs=2)",
}
SPARSE = {
    "256 components, the defaults": "EASERecommender(n_components=256, random_state=0)",
    "256, no tail": "EASERecommender(n_components=256, tail=0.0, random_state=0)",
    "256, users alike": "EASERecommender(n_components=256, user_power=0.0, random_state=0)",
    "256, alpha=100, the model of the first paper": (
        "EASERecommender(100.0, dropout=0.0, user_power=0.0, n_components=256, tail=0.0, random_state=0)"
    ),
}
SETTING = """
import resource, sys
from time import perf_counter
import numpy as np
import pandas as pd
from scipy import sparse
from sklearn_anime.datasets import load_anime, make_ratings
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.linear_model import EASERecommender
def clock(run):
    start = perf_counter()
    answer = run()
    print(perf_counter() - start)
    return answer
"""
REAL = """
X = load_anime(sys.argv[1], unrated="nan").data
train, test = next(LeaveKOutPerUser(5, random_state=0).split(X))
X, users = X.iloc[train], X.iloc[test, 0].unique()
"""
GOWALLA_ROWS = """
X = pd.read_csv(sys.argv[1] + "/train.csv.gz")
users = X.iloc[:, 0].unique()
"""
SYNTHETIC = "X = make_ratings(*map(int, sys.argv[1:]), random_state=0).data\n"
OURS = "model = {}\nclock(lambda: model.fit(X))\nclock(lambda: model.recommend({}))\n"
THEIRS = {
    "skrecsys": """
from skrecsys.recommendation import EASE
pairs = X.to_numpy()
model = EASE(l2_reg=100.0)
clock(lambda: model.fit(pairs))
clock(lambda: model.recommend(users))
""",
    "implicit": """
from implicit.als import AlternatingLeastSquares
rows, u = np.unique(X.iloc[:, 0], return_inverse=True)
columns, i = np.unique(X.iloc[:, 1], return_inverse=True)
table = sparse.csr_matrix((np.ones(len(X), np.float32), (u, i)))
model = AlternatingLeastSquares(factors=64, random_state=0, use_gpu=False)
clock(lambda: model.fit(table, show_progress=False))
asked = np.searchsorted(rows, users)
clock(lambda: model.recommend(asked, table[asked], N=10))
""",
}
PLAIN = """
from sklearn_anime.interactions import Interactions
weights = EASERecommender().fit(X)._weights.weights
rows = Interactions.from_rows(X, needs_ratings=False).seen_matrix().astype(np.float32)
def loop():
    for start in range(0, rows.shape[0], 500):
        block = rows[start : start + 500]
        scores = block @ weights
        scores[np.repeat(np.arange(block.shape[0]), np.diff(block.indptr)), block.indices] = -np.inf
        np.argpartition(scores, -10, axis=1)
clock(lambda: None)
clock(loop)
"""
PEAK = "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"


def main(names):
    print(f"{os.cpu_count()} cores")
    for name, part in PARTS.items():
        if not names or name in names:
            print(f"\n{name}: {part.__doc__}")
            part()


def gowalla():
    """Recall@20 and NDCG@20 on the public split; CPU seconds beside scikit-learn's randomized SVD."""
    train, test = (pd.read_csv(f"{GOWALLA}/{name}.csv.gz") for name in ("train", "test"))
    matrix = Interactions.from_rows(train, needs_ratings=False).seen_matrix().astype(np.float32)
    reference = cpu(lambda: randomized_svd(sparse.csr_matrix(matrix), 256, random_state=0))
    print(f"randomized_svd with 256 components: {reference:.1f} CPU s")
    for name, code in SPARSE.items():
        model = eval(code)
        seconds = cpu(lambda model=model: model.fit(train))
        found = model.recommend(test.user.unique(), n_items=20)
        recall, ndcg = (metric(found, test, k=20) for metric in (recall_at_k, ndcg_at_k))
        print(
            f"{name:<46} recall@20 {recall:.4f}  NDCG@20 {ndcg:.4f}  fit {seconds:5.1f} CPU s, "
            f"{seconds / reference:.2f} times",
            flush=True,
        )


def accuracy():
    """NDCG@10, five items of each user with twenty held out: anime, then MovieLens latest-small."""
    tables = {"anime": load_anime(FOLDER, unrated="nan").data}
    tables["movielens"] = pd.read_csv(f"{MOVIELENS}/ratings.csv.gz").iloc[:, :2]
    for table, X in tables.items():
        train, test = held_out(X)
        models = {"popular": PopularityRecommender()}
        models |= {name: eval(code) for name, code in MODELS.items()}
        models["256 components"] = EASERecommender(n_components=256, random_state=0)
        models["exact, alpha=100, the first paper"] = EASERecommender(100, dropout=0, user_power=0)
        for name, model in models.items():
            score = NDCG(model.fit(train), test)
            print(
                f"{table:<10} {name:<34} {score:.4f}  alpha {getattr(model, 'alpha_', 0):g}", flush=True
            )


def alphas():
    """NDCG@10 by alpha on other tables: the embedded one, and synthetic ones."""
    tables = {"sample": load_anime_sample().data}
    for size in ((1000, 500, 50_000), (5000, 2000, 200_000)):
        tables[" x ".join(map(str, size))] = make_ratings(*size, random_state=0).data
    for name, table in tables.items():
        train, test = held_out(table)
        print(f"{name:<22} popular {NDCG(PopularityRecommender().fit(train), test):.4f}", end="")
        for alpha in ("auto", 3, 10, 30, 100, 300, 1000):
            print(f"   {alpha} {NDCG(EASERecommender(alpha).fit(train), test):.4f}", end="", flush=True)
        print()


def genres(weights=(0.0, 1.0, 3.0, 10.0, 30.0)):
    """NDCG@10 with genres: users with fewer than ten rows, and items that fewer than five have seen.

    Half of the users keep 3 to 9 rows and half of the titles 1 to 4, drawn at random; the rest of their
    rows is the test. The weight is chosen on validation rows, taken from training the same way.
    """
    anime = load_anime(FOLDER, unrated="nan")
    columns = WeightedOneHotGenres().set_output(transform="pandas")
    table = columns.fit_transform(anime.catalog[["genre"]])
    table = table / np.linalg.norm(table, axis=1, keepdims=True).clip(min=1)
    for name, split in {"users": few_rows_of_users, "items": few_rows_of_items}.items():
        rest, test = split(anime.data, seed=0)
        train, validation = split(rest, seed=1)
        scores = {w: genre_score(w, train, validation, table, name) for w in weights}
        best = max(scores, key=scores.get)
        found = {w: genre_score(w, rest, test, table, name) for w in (0.0, best)}
        print(f"{name}: validation {scores}; best weight {best:g}; test {found}", flush=True)


def lapack_parts():
    """Seconds of the exact fit, against a bare B'B, potrf and potri of the same size."""
    train, _ = held_out(load_anime(FOLDER, unrated="nan").data)
    rows = Interactions.from_rows(train, None, needs_ratings=False).seen_matrix().astype(np.float32)

    def bare():
        gram = gram_matrix(rows, np.float32)
        gram[np.diag_indices_from(gram)] += 100
        upper, _ = lapack.spotrf(gram.T, overwrite_a=1, clean=0)
        lapack.spotri(upper, overwrite_c=1)

    seconds = [[timed(run) for run in (bare, lambda: EASERecommender().fit(train))] for _ in range(3)]
    bare_seconds, ours = np.min(seconds, axis=0)
    print(f"bare {bare_seconds:.2f} s, fit {ours:.2f} s: {ours / bare_seconds:.2f} times")


def throughput(n_rounds=3):
    """Users a second on two cores, beside skrecsys, implicit (64 factors) and a loop on one thread."""
    cases = {name: OURS.format(code, "users") for name, code in MODELS.items()}
    compare_throughput(cases | {"plain loop, exact": PLAIN}, REAL, FOLDER, n_rounds)


def sparse_throughput(n_rounds=2):
    """Users a second on Gowalla: 29,858 users, 40,981 items."""
    cases = {
        name: OURS.format(code.replace(")", ", n_jobs=2)"), "users") for name, code in SPARSE.items()
    }
    compare_throughput(dict(list(cases.items())[:2]), GOWALLA_ROWS, GOWALLA, n_rounds, ("implicit",))


def compare_throughput(cases, rows, folder, n_rounds, others=tuple(THEIRS)):
    """Print seconds and peak memory of each case, the best of several rounds, and ratios to skrecsys."""
    for name in others:
        if importlib.util.find_spec(name):
            cases |= {name: THEIRS[name]}
        else:
            print(f"{name} is not installed: pip install --group bench")
    count = int(run(rows + "print(len(users))\n", folder)[0])
    rounds = [{name: run(rows + code, folder) for name, code in cases.items()} for _ in range(n_rounds)]
    measured = {name: np.min([results[name] for results in rounds], axis=0) for name in cases}
    reference = measured[others[0]][1] if others[0] in measured else np.nan
    for name, (fit, recommend, peak) in measured.items():
        print(
            f"{name:<30} fit {fit:6.2f} s  {count / recommend:8,.0f} users/s  {peak:6.0f} MB  "
            f"{reference / recommend:.2f} times {others[0]}"
        )


def full():
    """73,516 users x 11,200 items, 7.8 million rows: fit, lists for all users, peak memory."""
    models = {"exact": MODELS["exact"], "512": MODELS["512 components"]}
    for name, code in models.items():
        fit, recommend, peak = run(SYNTHETIC + OURS.format(code, ""), 73_516, 11_200, 7_813_737)
        print(
            f"{name:<6} fit {fit:6.1f} s  recommend {recommend:6.1f} s, "
            f"{73_516 / recommend:,.0f} users a second  {peak:6.0f} MB",
            flush=True,
        )


def catalog():
    """20,000 users x 500,000 items, 256 components: fit, lists for 1,000 users, peak memory."""
    code = OURS.format("EASERecommender(n_components=256, random_state=0)", "model.users_[:1000]")
    fit, recommend, peak = run(SYNTHETIC + code, 20_000, 500_000, 5_000_000)
    print(f"fit {fit:.1f} s  recommend {recommend:.1f} s  {peak:.0f} MB")


def million():
    """1,000,000 users x 500,000 items, 20 million rows, 256 components: time and peak memory."""
    code = OURS.format("EASERecommender(n_components=256, random_state=0)", "model.users_[:1000]")
    fit, recommend, peak = run(SYNTHETIC + code, 1_000_000, 500_000, 20_000_000)
    print(f"fit {fit:.1f} s  recommend {recommend:.1f} s  {peak:.0f} MB")


def held_out(X):
    """Return training and test rows, five random ones of each user with twenty or more."""
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(X))
    return X.iloc[train], X.iloc[test]


def few_rows_of_users(X, seed):
    """Take half of the users down to 3 to 9 rows, as the seed draws them; return both parts."""
    return thinned(X, X.columns[0], 3, 9, seed)


def few_rows_of_items(X, seed):
    """Take half of the items down to 1 to 4 rows, as the seed draws them; return both parts."""
    return thinned(X, X.columns[1], 1, 4, seed)


def thinned(X, column, least, most, seed):
    """Return the rows kept, and those taken away, of half of the ids of a column with 5 rows more."""
    rng = np.random.RandomState(seed)
    sizes = X[column].value_counts().sort_index()
    chosen = sizes.index[(sizes >= most + 5) & (rng.rand(len(sizes)) < 0.5)]
    kept = X[column].map(dict(zip(chosen, rng.randint(least, most + 1, len(chosen)), strict=True)))
    place = X.assign(key=rng.rand(len(X))).groupby(column)["key"].rank()
    away = (place > kept).fillna(False)
    return X[~away], X[away]


def genre_score(weight, train, test, table, side):
    """Return NDCG@10 on the rows taken away; for items, of the thinned items alone."""
    wide = train.join(table, on=train.columns[1]) if weight else train
    model = EASERecommender(feature_weight=weight).fit(wide)
    known = test[test.iloc[:, 0].isin(model.users_)]
    if side == "users":
        return round(NDCG(model, known.join(table, on=known.columns[1]) if weight else known), 4)
    lists = model.recommend(known.iloc[:, 0].unique(), include=known.iloc[:, 1].unique())
    return round(NDCG.relevant_items(model, lists, known), 4)


def cpu(run):
    """Return the CPU seconds of a call."""
    start = process_time()
    run()
    return process_time() - start


def timed(run):
    """Return how long a call takes."""
    start = perf_counter()
    run()
    return perf_counter() - start


def run(code, *arguments):
    """Return the numbers that code prints in a process of its own, and its peak memory in MB."""
    command = [sys.executable, "-c", SETTING + code + PEAK, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(line) for line in done.stdout.split()]


PARTS = {
    "gowalla": gowalla,
    "accuracy": accuracy,
    "alphas": alphas,
    "genres": genres,
    "lapack": lapack_parts,
    "throughput": throughput,
    "sparse_throughput": sparse_throughput,
    "full": full,
    "catalog": catalog,
    "million": million,
}

if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A table of")
        main(sys.argv[1:])
