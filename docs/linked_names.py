"""Link the names of public classes and functions to their pages, wherever a page writes them as code."""

import importlib
import inspect
from functools import cache

SCIKIT_LEARN = (
    *("compose", "decomposition", "ensemble", "linear_model", "model_selection"),
    *("neighbors", "pipeline"),
)
AMBIGUOUS = {"dump", "load", "fit", "predict", "recommend"}  # of joblib, and methods of estimators


@cache
def targets():
    """Return the full names of what may be written: all names of ours, and classes of scikit-learn."""
    import sklearn_anime

    found = {}
    for part in SCIKIT_LEARN:
        module = importlib.import_module(f"sklearn.{part}")
        classes = [name for name in module.__all__ if inspect.isclass(getattr(module, name))]
        found |= {name: f"sklearn.{part}.{name}" for name in classes}
    ours = [name for name in sklearn_anime.__all__ if name != "__version__"]
    for part in (*ours, "utils.estimator_checks"):
        module = importlib.import_module(f"sklearn_anime.{part}")
        names = set(module.__all__) - AMBIGUOUS
        found |= {name: f"sklearn_anime.{part}.{name}" for name in names}
        found |= {f"{part}.{name}": f"sklearn_anime.{part}.{name}" for name in module.__all__}
        found |= {
            f"sklearn_anime.{part}.{name}": f"sklearn_anime.{part}.{name}" for name in module.__all__
        }
    return found


def link_names(app, doctree):
    """Replace code such as ``EASERecommender(alpha=100)`` by a link to the class."""
    from docutils import nodes
    from sphinx.addnodes import pending_xref

    page = app.env.docname
    for code in list(doctree.findall(nodes.literal)):
        target = targets().get(code.astext().partition("(")[0])
        if target is None or page.endswith(target) or is_linked(code, nodes, pending_xref):
            continue
        link = pending_xref("", refdomain="py", reftype="obj", reftarget=target, refdoc=page)
        link["refexplicit"], link["refwarn"] = True, False
        code.replace_self(link)
        link += code


def is_linked(code, nodes, pending_xref):
    """Tell whether a piece of code is in a link or a heading already."""
    while code.parent is not None:
        code = code.parent
        if isinstance(code, nodes.reference | nodes.title | pending_xref):
            return True
    return False
