"""Claims about BayesianFactorizationRegressor; those about the sampler are in test_gibbs.py.

Thresholds are wider than what was measured, which the comments give.
"""

from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import StackingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import KFold, train_test_split

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.compose import TopNRecommender
from sklearn_anime.datasets import load_anime, make_ratings
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.decomposition._sampler import kept_sweeps
from sklearn_anime.decomposition._traces import effective_samples, r_hat
from sklearn_anime.preprocessing import WeightedOneHotGenres

N_USERS, N_ITEMS, N_ROWS, N_SAMPLES = 40, 30, 500, 12
SINGLE = {"rtol": 1e-5, "atol": 1e-5}  # samples are kept in single precision


def make_model(n_components=3, **params):
    quick = {"n_iter": 20, "burn_in": 5, "n_samples": N_SAMPLES, "random_state": 0}
    return BayesianFactorizationRegressor(n_components, **{**quick, **params})


def unclipped(model):
    return deepcopy(model).set_params(clip=False)


@pytest.fixture(scope="module")
def table():
    """Rows of user, item, a feature of the item and one of the user; every tenth is not rated."""
    ratings = make_ratings(N_USERS, N_ITEMS, N_ROWS, random_state=0)
    rng = np.random.default_rng(0)
    episodes, age = rng.uniform(1, 60, N_ITEMS), rng.uniform(12, 70, N_USERS)
    X = ratings.data.assign(episodes=episodes[ratings.data["item_id"]], age=age[ratings.data["user_id"]])
    return X, ratings.target.where(np.arange(N_ROWS) % 10 > 0)


@pytest.fixture(scope="module")
def small(table):
    return make_model().fit(*table)


@pytest.fixture(scope="module")
def ids(table):
    """Return a model of ids alone."""
    return make_model(use_history=False).fit(table[0].iloc[:, :2], table[1])


@pytest.fixture(scope="module")
def split():
    """Split synthetic ratings, of which the truth is known, at random."""
    ratings = make_ratings(400, 200, 12_000, n_genres=4, random_state=0)
    return train_test_split(ratings.data, ratings.target, ratings.expected, random_state=0)


@pytest.fixture(scope="module")
def learned(split):
    return BayesianFactorizationRegressor(8, n_iter=80, random_state=0).fit(split[0], split[2])


# What it learns


def test_held_out_ratings_are_predicted_better_than_by_the_biases(learned, split):
    X, X_test, y, y_test, _, _ = split
    biases = root_mean_squared_error(y_test, BiasRegressor().fit(X, y).predict(X_test))  # 1.04
    assert root_mean_squared_error(y_test, learned.predict(X_test)) < 0.95 * biases  # 0.96


def test_nine_tenths_of_the_held_out_ratings_lie_inside_the_central_interval(learned, split):
    predicted, deviation = learned.predict(split[1], return_std=True)
    inside = np.abs(split[3] - predicted) < 1.6449 * deviation
    assert 0.88 < inside.mean() < 0.93


def test_deviations_tell_uncertain_predictions_from_certain_ones(learned, split):
    """The error that remains of the truth is as large as the deviation without the noise says."""
    predicted, deviation = learned.predict(split[1], return_std=True)
    noise = np.mean([sample.noise for sample in learned._posterior.samples], axis=0)
    doubt = np.sqrt(deviation**2 - noise[np.searchsorted(learned.users_, split[1]["user_id"])])
    unsure = doubt > np.median(doubt)
    errors = (predicted - split[5]) ** 2
    assert errors[unsure].mean() > 1.3 * errors[~unsure].mean()


def test_noise_precision_is_that_of_the_ratings(learned):
    # Noise of deviation 0.8 and rounding to whole numbers, less where ratings are cut off at 1 and 10.
    assert 1 / learned.noise_precision_ == pytest.approx(0.8**2 + 1 / 12, rel=0.15)


def test_users_whose_ratings_are_noisier_have_more_noise():
    """Every other user rates with a further deviation of 2, and gets wider intervals."""
    ratings = make_ratings(60, 80, 2400, random_state=0)
    noisy = (ratings.data["user_id"] % 2 == 1).to_numpy()
    y = ratings.target + np.random.default_rng(0).normal(0, 2, 2400) * noisy
    model = make_model(n_iter=40).fit(ratings.data, y)
    odd = model.users_ % 2 == 1
    assert model.user_noise_[odd].mean() > 1.7 * model.user_noise_[~odd].mean()
    deviation = model.predict(ratings.data, return_std=True)[1]
    assert deviation[noisy].mean() > 1.5 * deviation[~noisy].mean()


def test_training_error_falls_to_the_noise(learned):
    assert learned.loss_curve_[0] > 1.3 * learned.loss_curve_[-1]
    assert len(learned.loss_curve_) == learned.n_iter_ == 80


def test_features_predict_titles_without_ratings_better_than_ids():
    ratings = make_ratings(200, 100, 6000, n_genres=6, random_state=0)
    genres = WeightedOneHotGenres().set_output(transform="pandas").fit_transform(ratings.catalog)
    X, y = ratings.data.join(genres, on="item_id"), ratings.target
    new = X["item_id"] % 5 == 0
    plain = ["user_id", "item_id"]
    blind = make_model(4, n_iter=40).fit(X.loc[~new, plain], y[~new]).predict(X.loc[new, plain])
    seeing = make_model(4, n_iter=40).fit(X[~new], y[~new]).predict(X[new])
    errors = root_mean_squared_error(y[new], seeing), root_mean_squared_error(y[new], blind)
    assert errors[0] < 0.97 * errors[1]  # 1.16 against 1.23


def test_what_was_seen_and_not_rated_moves_predictions(table):
    """The taste of a user of whom no rating is known shows in what the user has seen."""
    ratings = make_ratings(300, 100, 9000, n_genres=3, random_state=0)
    hidden = (ratings.data["user_id"] % 5 == 0).to_numpy()
    y = ratings.target.where(~hidden)
    errors = [
        root_mean_squared_error(
            ratings.target[hidden],
            make_model(4, n_iter=40, use_history=use).fit(ratings.data, y).predict(ratings.data[hidden]),
        )
        for use in (True, False)
    ]
    assert errors[0] < 0.97 * errors[1], errors


@pytest.mark.slow
def test_real_ratings_are_predicted_better_than_by_the_biases(real_folder):
    rated = load_anime(real_folder, n_users=800)
    X, X_test, y, y_test = train_test_split(rated.data, rated.target, test_size=0.2, random_state=0)
    biases = root_mean_squared_error(y_test, BiasRegressor().fit(X, y).predict(X_test))
    model = BayesianFactorizationRegressor(8, n_iter=50, burn_in=10, n_samples=40, random_state=0)
    assert root_mean_squared_error(y_test, model.fit(X, y).predict(X_test)) < 0.97 * biases


# Predictions


def test_prediction_is_the_mean_over_the_samples(small, table):
    X = table[0]
    users, items = (
        np.searchsorted(small.users_, X["user_id"]),
        np.searchsorted(small.items_, X["item_id"]),
    )
    draws = [
        s.users.vectors[users, 0]
        + s.items.vectors[items, 0]
        + (s.users.vectors[users, 1:] * s.items.vectors[items, 1:]).sum(axis=1)
        for s in small._posterior.samples
    ]
    low, high = table[1].min(), table[1].max()
    assert_allclose(
        small.predict(X), np.clip(table[1].mean() + np.mean(draws, axis=0), low, high), **SINGLE
    )
    noise = np.mean([s.noise[users] for s in small._posterior.samples], axis=0)
    deviation = small.predict(X, return_std=True)[1]
    assert_allclose(deviation, np.sqrt(np.var(draws, axis=0) + noise), **SINGLE)


def unknown_by_simulation(model, user, item, numbers, n=20_000):
    """Return mean and deviation of simulated ratings, vectors of unknown ids drawn from their prior."""
    rng, values = np.random.default_rng(0), []
    for sample in model._posterior.samples:
        vectors = []
        for side, known, number in ((sample.users, user, numbers[0]), (sample.items, item, numbers[1])):
            if known is not None:
                vectors.append(np.tile(side.vectors[known], (n, 1)))
                continue
            mean = side.center + number @ side.numbers
            vectors.append(rng.multivariate_normal(mean, side.covariance.astype(float), n))
        users, items = vectors
        values.append(users[:, 0] + items[:, 0] + (users[:, 1:] * items[:, 1:]).sum(axis=1))
    noise = np.mean([s.mean_noise if user is None else s.noise[user] for s in model._posterior.samples])
    return model.mean_rating_ + np.mean(values), np.sqrt(np.var(values) + noise)


@pytest.mark.parametrize("pair", [(-1, 7), (3, -1), (-1, -1)], ids=["user", "item", "both"])
def test_unknown_ids_have_the_mean_and_spread_of_their_prior(small, table, pair):
    row = pd.DataFrame([[*pair, 24.0, 20.0]], columns=table[0].columns)
    known = [
        None if id_ < 0 else np.searchsorted(ids, id_)
        for id_, ids in zip(pair, (small.users_, small.items_), strict=True)
    ]
    numbers = [
        (value - features.mean()) / features.std()
        for value, features in ((20.0, small.user_features_), (24.0, small.item_features_))
    ]
    expected = unknown_by_simulation(small, *known, [np.array([number]) for number in numbers])
    rating, deviation = unclipped(small).predict(row, return_std=True)
    assert_allclose([rating[0], deviation[0]], expected, rtol=0.02)


def test_unknown_item_is_centered_on_the_mean_over_the_items(small):
    episodes = small.item_features_
    numbers = (episodes - episodes.mean()) / episodes.std()
    for sample in small._posterior.samples:
        side = sample.items
        expected = (side.vectors - numbers * side.numbers).mean(axis=0)
        assert_allclose(side.center, expected, rtol=1e-3, atol=1e-5)


def test_unknown_users_have_wider_intervals(small, table):
    rows = table[0].head(20)
    known = small.predict(rows, return_std=True)[1]
    assert small.predict(rows.assign(user_id=-1), return_std=True)[1].mean() > 1.1 * known.mean()


def test_predictions_are_clipped_to_the_ratings_seen(table):
    X, y = table
    model = make_model(clip=False).fit(X, y.clip(upper=8) * 1.0)
    free = model.predict(X)
    assert free.max() > 8
    assert_array_equal(model.set_params(clip=True).predict(X), np.clip(free, y.min(), 8))


def test_deviations_are_those_of_the_predictions_clipped_or_not(small, table):
    free = clone(small).set_params(clip=False).fit(*table)
    assert_array_equal(free.predict(table[0], True)[1], small.predict(table[0], True)[1])


def test_features_of_known_ids_are_not_read(small, table):
    X = table[0].assign(episodes=np.nan, age=np.nan)
    assert_array_equal(small.predict(X), small.predict(table[0]))


def test_features_of_unknown_ids_are_read(small, table):
    rows = table[0].head(3).assign(item_id=-1)
    assert (small.predict(rows) != small.predict(rows.assign(episodes=60.0))).all()
    rows.loc[rows.index[1], "episodes"] = np.nan
    with pytest.raises(ValueError, match=r"NaN or infinity: nan in row 1 of column 'episodes'"):
        small.predict(rows)


# What fit leaves behind


def test_factors_and_biases_are_means_over_the_samples(small, table):
    vectors = np.mean([sample.items.vectors for sample in small._posterior.samples], axis=0)
    assert_allclose(small.item_bias_, vectors[:, 0], **SINGLE)
    assert_allclose(small.item_factors_, vectors[:, 1:], **SINGLE)
    assert small.user_factors_.shape == (len(small.users_), 3)
    expected = np.hstack([small.user_factors_[0], small.item_factors_[3]])
    row = [[small.users_[0], small.items_[3], 1.0, 1.0]]
    assert_array_equal(small.transform(pd.DataFrame(row, columns=table[0].columns)), [expected])


def test_features_are_told_apart(small, table):
    assert_array_equal(
        small.item_features_.ravel(), table[0].groupby("item_id")["episodes"].first()[small.items_]
    )
    assert_array_equal(
        small.user_features_.ravel(), table[0].groupby("user_id")["age"].first()[small.users_]
    )


@pytest.mark.parametrize(("burn_in", "n_samples", "kept"), [(0, 20, range(20)), (5, 3, [9, 14, 19])])
def test_samples_are_spread_evenly_over_the_sweeps_after_burn_in(table, burn_in, n_samples, kept):
    assert kept_sweeps(20, burn_in, n_samples) == set(kept)
    model = make_model(burn_in=burn_in, n_samples=n_samples).fit(*table)
    assert len(model._posterior.samples) == n_samples


def test_curve_holds_the_error_of_each_draw(table):
    X, y = table
    model = make_model(burn_in=0, n_samples=20, clip=False).fit(X, y)
    for sample, error in zip(model._posterior.samples, model.loss_curve_, strict=True):
        single = deepcopy(model)
        single._posterior.samples[:] = [sample]
        assert_allclose(
            root_mean_squared_error(y.dropna(), single.predict(X[y.notna()])), error, **SINGLE
        )


def test_samples_are_in_single_precision(small):
    sample = small._posterior.samples[0]
    assert sample.users.vectors.dtype == sample.items.vectors.dtype == np.float32


def test_verbose_shows_the_sweeps(table, capsys):
    make_model(verbose=1).fit(*table)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[-1].startswith("sweep 20 of 20: RMSE ")
    make_model(verbose=2).fit(*table)
    assert len(capsys.readouterr().out.splitlines()) == 20


# Equal data, equal posterior


def test_equal_seeds_give_equal_predictions(small, table):
    assert_array_equal(make_model().fit(*table).predict(table[0]), small.predict(table[0]))
    assert (make_model(random_state=1).fit(*table).predict(table[0]) != small.predict(table[0])).any()


def test_ratings_on_another_scale_give_predictions_on_that_scale(small, table):
    X, y = table
    scaled = make_model().fit(X, 100 + 7 * y)
    assert_allclose(scaled.predict(X), 100 + 7 * small.predict(X), rtol=1e-3)
    assert_allclose(scaled.predict(X, True)[1], 7 * small.predict(X, True)[1], rtol=1e-2)


def test_features_on_another_scale_change_nothing(small, table):
    X, y = table
    scaled = make_model().fit(X.assign(episodes=3 + 50 * X["episodes"], age=0.01 * X["age"]), y)
    assert_allclose(scaled.predict(X), small.predict(X), **SINGLE)


def test_weight_two_equals_the_row_twice(table):
    X, y = table
    twice = np.arange(len(X)) % 3 == 0
    weighted = make_model().fit(X, y, sample_weight=1.0 + twice)
    repeated = make_model().fit(pd.concat([X, X[twice]]), pd.concat([y, y[twice]]))
    assert_allclose(weighted.predict(X), repeated.predict(X), **SINGLE)


def test_heavy_ratings_are_met_more_closely(table):
    X, y = table
    heavy = np.arange(len(X)) % 7 == 1
    errors = [
        np.abs(make_model().fit(X, y, weights).predict(X) - y)[heavy].mean()
        for weights in (np.where(heavy, 100.0, 1.0), None)
    ]
    assert errors[0] < 0.6 * errors[1]


# Going on


def test_warm_start_continues_the_chain(table):
    X, y = table
    halves = make_model(warm_start=True, n_iter=10, n_samples=5).fit(X, y).fit(X, y)
    whole = make_model(n_iter=20, burn_in=15, n_samples=5).fit(X, y)
    assert_array_equal(halves.loss_curve_, whole.loss_curve_)
    assert_array_equal(halves.predict(X), whole.predict(X))
    assert halves.n_iter_ == 20


def test_without_warm_start_the_chain_begins_anew(small, table):
    again = deepcopy(small).fit(*table)
    assert_array_equal(again.predict(table[0]), small.predict(table[0]))
    assert again.n_iter_ == 20


def test_warm_start_lets_new_ids_join(table):
    X, y = table
    early = ((X["user_id"] > 0) & (X["item_id"] != 5)).to_numpy()
    model = make_model(warm_start=True).fit(X[early], y[early])
    before = model.loss_curve_
    model.set_params(burn_in=0, n_iter=12).fit(X, y)
    assert model.loss_curve_[20] < 0.9 * before[0]
    assert 0 in model.users_
    assert model.user_factors_.shape == (len(model.users_), 3)


def test_warm_start_with_other_components_raises(table):
    model = make_model(warm_start=True).fit(*table)
    with pytest.raises(ValueError, match="n_components was 3 in fit and is 4 now"):
        model.set_params(n_components=4).fit(*table)


def test_a_fit_that_fails_leaves_the_model_as_it_was(table, monkeypatch):
    X, y = table
    model = make_model(warm_start=True).fit(X, y)
    before, state = model.predict(X), deepcopy(model._generators)
    with monkeypatch.context() as patch:
        patch.setattr(type(model), "_report", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            model.fit(X.head(50), y.head(50))
    with pytest.raises(ValueError, match="NaN only"):
        model.fit(X, y * np.nan)
    assert_array_equal(model.predict(X), before)
    assert model._generators == state
    assert model.n_iter_ == 20


def test_partial_fit_continues_the_chain_on_all_rows(table):
    X, y = table
    early = ((X["user_id"] > 0) & (X["item_id"] != 5)).to_numpy()
    model = make_model().fit(X[early], y[early]).partial_fit(X[~early], y[~early])
    assert model.n_iter_ == 40
    assert set(model.users_) == set(X["user_id"])
    assert model.interactions_.rated.sum() == y.notna().sum()
    assert model.loss_curve_[20:].mean() < model.loss_curve_[:20].mean()
    known = model.predict(X, return_std=True)[1]
    assert (known < model.predict(X.assign(user_id=-1), return_std=True)[1]).mean() > 0.9


def test_first_partial_fit_is_a_fit(small, table):
    assert_array_equal(make_model().partial_fit(*table).predict(table[0]), small.predict(table[0]))


def test_partial_fit_with_other_columns_leaves_the_chain_as_it_was(table):
    X, y = table
    model = make_model().fit(X, y)
    before, generators = model.predict(X), deepcopy(model._generators)
    with pytest.raises(ValueError, match="feature names should match"):
        model.partial_fit(X.rename(columns={"age": "height"}), y)
    assert_array_equal(model.predict(X), before)
    assert model._generators == generators


def test_partial_fit_with_another_number_of_chains_raises(table):
    model = make_model().fit(*table).set_params(n_chains=2)
    with pytest.raises(ValueError, match="n_chains was 1 in fit and is 2 now"):
        model.partial_fit(*table)


# Several chains


def test_predictions_are_means_over_the_chains(small, table):
    model = make_model(n_chains=3, n_jobs=2).fit(*table)
    assert len(model._posterior.samples) == 3 * N_SAMPLES
    single = deepcopy(model).set_params(clip=False)
    expected = []
    for chain in range(3):
        single._posterior.samples[:] = model._posterior.samples[chain * N_SAMPLES :][:N_SAMPLES]
        expected.append(single.predict(table[0]))
    assert_allclose(unclipped(model).predict(table[0]), np.mean(expected, axis=0), **SINGLE)
    assert_allclose(expected[0], unclipped(small).predict(table[0]))  # the first chain is that of one


def test_chains_do_not_depend_on_the_number_of_threads(table):
    models = [make_model(n_chains=2, n_jobs=n_jobs).fit(*table) for n_jobs in (None, 2)]
    assert_array_equal(models[0].predict(table[0]), models[1].predict(table[0]))


def test_traces_hold_what_the_samples_say(table):
    model = make_model(n_chains=2, burn_in=0, n_samples=20).fit(*table)
    traces = model.traces_
    assert traces.errors.shape == traces.noise.shape == (2, 20)
    assert_allclose(traces.errors.mean(axis=0), model.loss_curve_)
    assert_allclose(
        traces.noise.ravel() ** 2, [s.mean_noise for s in model._posterior.samples], **SINGLE
    )
    pairs = np.column_stack([model.users_[traces.user_codes], model.items_[traces.item_codes]])
    rows = pd.DataFrame(pairs, columns=["user_id", "item_id"]).assign(episodes=np.nan, age=np.nan)
    assert_allclose(traces.ratings.mean(axis=(0, 1)), unclipped(model).predict(rows), **SINGLE)


def test_diagnostics_name_what_was_traced(table):
    frame = make_model(n_chains=2).fit(*table).diagnostics()
    assert frame["quantity"].tolist()[:2] == ["training error", "noise"]
    assert frame["quantity"].iloc[2].startswith("rating of 0 for ")
    assert frame.columns.tolist() == ["quantity", "mean", "std", "effective_samples", "r_hat"]
    assert (frame["effective_samples"] <= 30).all()


def test_diagnostics_of_independent_draws_are_those_of_converged_chains():
    trace = np.random.default_rng(0).standard_normal((4, 500))
    assert r_hat(trace) == pytest.approx(1, abs=0.01)
    assert effective_samples(trace) > 1500


def test_effective_samples_of_an_autoregression():
    """Autocorrelations .8 ** lag: 4,000 draws are worth 4,000 * (1 - .8) / (1 + .8)."""
    rng, trace = np.random.default_rng(0), np.zeros((4, 1000))
    for step in range(1, 1000):
        trace[:, step] = 0.8 * trace[:, step - 1] + rng.standard_normal(4)
    assert effective_samples(trace) == pytest.approx(4000 / 9, rel=0.25)


def test_r_hat_tells_chains_that_disagree():
    trace = np.random.default_rng(0).normal([[0.0], [5.0]], 1.0, (2, 100))
    assert r_hat(trace) > 2
    assert np.isnan(r_hat(trace[:, :3]))
    assert np.isnan(effective_samples(np.ones((1, 10))))


def test_callbacks_are_told_of_each_sweep(table):
    class Count:
        """Count the tasks that end, by name."""

        def __init__(self):
            self.names = []

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context):
            self.names.append(context.task_name)

    count = Count()
    make_model(n_chains=2).set_callbacks(count).fit(*table)
    assert count.names.count("sweep") == 40
    assert count.names.count("chain") == 2


# Rankings


def test_scores_are_the_predictions_before_they_are_clipped(small, table):
    lists = small.recommend(n_items=N_ITEMS, exclude_seen=False)
    pairs = lists[["user_id", "item_id"]].assign(episodes=np.nan, age=np.nan)
    assert_allclose(lists["score"], unclipped(small).predict(pairs), **SINGLE)


def test_history_that_fit_saw_gives_the_lists_of_fit(small, table):
    X, y = table
    one = (X["user_id"] == 4).to_numpy()
    pd.testing.assert_frame_equal(small.recommend(history=(X[one], y[one])), small.recommend(users=[4]))


@pytest.mark.parametrize("name", ["small", "ids"])
@pytest.mark.parametrize("user", [4, 99], ids=["known", "new"])
def test_history_moves_the_vectors_as_in_a_loop(name, user, table, request):
    model = request.getfixturevalue(name)
    n_columns = model.n_features_in_
    seen, ratings = model.items_[[3, 8, 15, 20]], np.array([9.0, 2.0, np.nan, 7.0])
    X = pd.DataFrame({"user_id": user, "item_id": seen, "episodes": 1.0, "age": 1.0}).iloc[:, :n_columns]
    history = np.zeros(N_ITEMS)
    history[[3, 8, 15, 20]] = 4**-0.3
    scores = []
    for sample in model._posterior.samples:
        side, items = sample.users, sample.items.vectors.astype(float)
        mean = side.intercept.astype(float)
        if model.use_history:
            mean = mean + history @ model._posterior.history.components @ side.history
            age = model.user_features_.ravel()
            mean = mean + (1.0 - age.mean()) / age.std() * side.numbers[0]  # that of the history
        precision, linear = side.precision.astype(float), side.precision @ mean
        noise = sample.noise[4] if user == 4 else sample.mean_noise
        for item, rating in zip([3, 8, 20], [9.0, 2.0, 7.0], strict=True):
            row = np.array([1, *items[item, 1:]])
            precision = precision + np.outer(row, row) / noise
            linear = linear + row * (rating - model.mean_rating_ - items[item, 0]) / noise
        vector = np.linalg.solve(precision, linear)
        scores.append(model.mean_rating_ + vector[0] + items[:, 0] + items[:, 1:] @ vector[1:])
    lists = model.recommend(history=(X, ratings), n_items=N_ITEMS, exclude_seen=False)
    expected = np.mean(scores, axis=0)[np.searchsorted(model.items_, lists["item_id"])]
    assert lists["user_id"].unique().tolist() == [user]
    assert_allclose(lists["score"], expected, rtol=1e-4)


@pytest.mark.parametrize("user", [4, 99], ids=["known", "new"])
def test_features_of_the_user_in_a_history_move_the_scores(small, table, user):
    rows = table[0][table[0]["user_id"] == 4].assign(user_id=user)
    history = rows, table[1][rows.index]
    first, second = (
        small.recommend(history=(rows.assign(age=age), history[1]), n_items=3)["score"]
        for age in (10.0, 60.0)
    )
    assert np.abs(first - second).max() > 1e-3


def test_a_history_that_equals_fit_gives_the_recommendations_of_fit(small, table):
    rows = table[0][table[0]["user_id"] == 4]
    answers = [
        small.recommend(history=(X, table[1][rows.index]), n_items=3)
        for X in (rows, rows[["user_id", "item_id"]])
    ]
    for answer in answers:
        assert_array_equal(answer, small.recommend([4], n_items=3))


def test_new_titles_score_as_their_features_predict(small, table):
    new = pd.DataFrame({"item_id": [100, 101], "episodes": [5.0, 55.0]})
    lists = small.recommend(users=[4, 7], items=new, include=[100, 101])
    rows = lists[["user_id", "item_id"]].merge(new).assign(age=np.nan)
    assert_allclose(
        lists["score"],
        unclipped(small).predict(rows[table[0].columns].assign(age=0.0)),
        **SINGLE,
    )
    assert lists["item_id"].nunique() == 2


def test_new_titles_need_features(ids):
    with pytest.raises(ValueError, match="does not use item features"):
        ids.recommend(users=[4], items=[[100]])


def test_unknown_users_get_the_most_popular_items(small):
    with pytest.warns(UserWarning, match="1 of 2 users have no history"):
        frame = small.recommend(users=[4, 99], n_items=1)
    assert frame["score"].isna().tolist() == [False, True]


def test_similar_items_are_those_of_nearest_factors(small):
    factors = small.item_factors_ / np.linalg.norm(small.item_factors_, axis=1, keepdims=True)
    cosine = factors @ factors[2]
    cosine[2] = -1
    nearest = small.similar_items(small.items_[2], n_items=1)
    assert nearest["neighbor"].item() == small.items_[np.argmax(cosine)]
    assert_allclose(nearest["similarity"].item(), cosine.max())


# Composition


def test_it_stacks_and_recommends_through_other_estimators(table):
    X, y = table[0][table[1].notna()], table[1].dropna()
    stack = StackingRegressor(
        [("bayes", make_model()), ("biases", BiasRegressor())], cv=KFold(2, shuffle=True, random_state=0)
    )
    assert stack.fit(X, y).predict(X).shape == (len(X),)
    assert len(TopNRecommender(make_model()).fit(X, y).recommend(users=[4], n_items=3)) == 3


# Bad input


@pytest.mark.parametrize("burn_in", [20, 30])
def test_burn_in_that_leaves_no_sweep_raises(table, burn_in):
    with pytest.raises(ValueError, match=rf"burn_in={burn_in} leaves none of the n_iter=20 sweeps"):
        make_model(burn_in=burn_in).fit(*table)


def test_more_samples_than_sweeps_raise(table):
    with pytest.raises(ValueError, match=r"n_samples=16 is more than the 15 sweeps .* raise n_iter"):
        make_model(n_samples=16).fit(*table)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_features_that_are_not_finite_raise(table, bad):
    X = table[0].assign(episodes=np.where(table[0]["item_id"] == 5, bad, 1.0))
    with pytest.raises(ValueError, match=r"contains NaN or infinity: .* of column 'episodes'"):
        make_model().fit(X, table[1])


def test_constant_feature_changes_nothing(small, table):
    X, y = table
    constant = X.assign(constant=0.1)
    assert make_model().fit(constant, y).item_features_.shape == (N_ITEMS, 2)
    assert np.isfinite(make_model().fit(constant, y).predict(constant)).all()
    alone = X.iloc[:, :2].assign(constant=0.1)
    assert np.isfinite(make_model().fit(alone, y).predict(alone)).all()


def test_one_rating_is_enough():
    model = make_model().fit([["ann", "Akira"]], [7.0])
    rating, deviation = model.predict([["ann", "Akira"], ["bob", "Bleach"]], return_std=True)
    assert_allclose(rating, 7)
    assert (deviation > 0).all()


def test_equal_ratings_predict_themselves(table):
    model = make_model().fit(table[0], np.full(N_ROWS, 7.0))
    assert_allclose(model.predict(table[0]), 7)
    assert_allclose(unclipped(model).predict(table[0]), 7, atol=0.1)


def test_user_without_a_rating_gets_predictions_from_the_history(table):
    X, y = table
    model = make_model().fit(X, y.where(X["user_id"] != 4))
    rows = X[X["user_id"] == 4]
    rating, deviation = model.predict(rows, return_std=True)
    assert np.isfinite(rating).all()
    assert (deviation > model.predict(X[X["user_id"] == 7], return_std=True)[1].mean()).all()


def test_predict_before_fit_raises():
    with pytest.raises(NotFittedError):
        BayesianFactorizationRegressor().predict([[1, 2]])


@pytest.mark.parametrize("of", ["score", "rating"])
def test_explanation_adds_up(of):
    ratings = make_ratings(30, 20, 250, random_state=0)
    model = BayesianFactorizationRegressor(2, n_iter=10, burn_in=2, n_samples=5, random_state=0)
    model.fit(ratings.data, ratings.target)
    frame = model.recommend([3], exclude_seen=False)
    predicted = model.predict(frame[["user_id", "item_id"]])
    expected = frame["score"] if of == "score" else predicted
    for item, value in zip(frame["item_id"], expected, strict=True):
        terms = model.explain(3, item, of=of)
        assert terms["contribution"].sum() == pytest.approx(value, abs=1e-4)
        assert terms["term"].tolist()[:4] == ["mean rating", "user bias", "item bias", "factors"]


def test_explanation_of_a_history_adds_up_to_the_score():
    ratings = make_ratings(30, 20, 250, random_state=0)
    model = BayesianFactorizationRegressor(2, n_iter=10, burn_in=2, n_samples=5, random_state=0)
    model.fit(ratings.data, ratings.target)
    history = ([["new", 1], ["new", 2]], [9.0, 3.0])
    frame = model.recommend(history=history, n_items=3)
    for item, score in zip(frame["item_id"], frame["score"], strict=True):
        total = model.explain("new", item, history=history)["contribution"].sum()
        assert total == pytest.approx(score, abs=1e-4)


def test_context_columns_are_warned_of_once_in_fit():
    X = pd.DataFrame({"user": [1, 1, 2, 2], "item": [7, 8, 7, 8], "hour": [1.0, 5.0, 2.0, 3.0]})
    model = BayesianFactorizationRegressor(1, n_iter=3, burn_in=1, n_samples=2)
    with pytest.warns(UserWarning, match=r"Columns \['hour'\] of X are constant neither") as warned:
        model.fit(X, [8, 7, 6, 5])
    assert len(warned) == 1
    assert len(model.recommend(exclude_seen=False)) == 4
