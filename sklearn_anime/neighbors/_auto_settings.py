"""Settings of neighborhoods: the values of "auto", and what a table allows."""

from numbers import Integral

from sklearn_anime.utils._warnings import warn

# The values for ratings and for scores; None takes all neighbors.
AUTO = {
    "user": {"n_neighbors": (80, 80), "similarity_power": (1.0, 3.0), "shrinkage": (2.0, None)},
    "item": {"n_neighbors": (None, 50), "similarity_power": (2.5, 3.0), "shrinkage": (0.03, None)},
}
# An index finds the nearest of all users, of whom only a part has rated the item of a prediction.
AUTO_WITH_INDEX = {"user": {"n_neighbors": (400, 80)}, "item": {}}


def neighbor_settings(model, shape):
    """Return the settings for ratings and those for scores, in a table of so many users and items."""
    largest = _n_others(shape, model.axis)
    n_neighbors = [n and min(n, largest) for n in _pair_of(model, "n_neighbors")]
    powers = _pair_of(model, "similarity_power")
    for_ratings = {"n_neighbors": n_neighbors[0], "power": powers[0]}
    for_ratings["shrinkage"] = _pair_of(model, "shrinkage")[0]
    return for_ratings, {"n_neighbors": n_neighbors[1], "power": powers[1]}


def warn_of_sizes(model, shape):
    """Warn of parameters that are larger than the table of ``fit`` allows."""
    allowed = {"n_components": min(shape), "n_neighbors": _n_others(shape, model.axis)}
    asked = {name: getattr(model, name) for name in allowed}
    cuts = {n: asked[n] for n in asked if isinstance(asked[n], Integral) and asked[n] > allowed[n]}
    if not cuts:
        return
    names = " and ".join(f"{name}={n} (used: {allowed[name]})" for name, n in cuts.items())
    message = f"A table of {shape[0]} users and {shape[1]} items does not allow {names}."
    if "n_components" in cuts:
        message += " Calls of partial_fit keep that number of components: begin with a larger table."
    warn(message)


def _n_others(shape, axis):
    """Return how many other users, or items, there are in a table; 1 at least."""
    return max(shape[axis == "item"] - 1, 1)


def _pair_of(model, name):
    """Return the values of a parameter for ratings and for scores."""
    value = getattr(model, name)
    auto = AUTO[model.axis] | (AUTO_WITH_INDEX[model.axis] if model.neighbors is not None else {})
    return auto[name] if value == "auto" else (value, value)
