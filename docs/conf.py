"""Sphinx configuration: all that the site needs is installed, nothing is fetched while it is built."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # before TensorFlow is imported: quiet examples
os.environ.setdefault("MPLBACKEND", "agg")

from sklearn.experimental import enable_halving_search_cv  # noqa: F401  (the gallery looks up what examples import)

import sklearn_anime

sys.path.insert(0, str(Path(__file__).parent))  # leaderboard_tables.py, linked_names.py

project = "sklearn-anime"
author = "The sklearn-anime developers"
copyright = "2026, The sklearn-anime developers"
version = release = sklearn_anime.__version__
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx-mathjax-offline",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "api/backreferences"]
templates_path = ["_templates"]
default_role = "literal"

# API reference
autodoc_typehints = "none"  # the docstrings say more
autosummary_generate = True
toc_object_entries_show_parents = "hide"
numpydoc_class_members_toctree = False  # methods stand on the page of their class
viewcode_line_numbers = True

# Code blocks are copied without prompts and output.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Gallery
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "api/backreferences",
    "doc_module": ("sklearn_anime",),
    "reference_url": {"sklearn_anime": None},
    "ignore_repr_types": r"matplotlib|sklearn_anime\.inspection",
    "image_srcset": ["2x"],
    "remove_config_comments": True,
    "reset_modules": ("matplotlib",),
    "show_memory": False,
    "show_signature": False,
    "within_subsection_order": "FileNameSortKey",
    "write_computation_times": False,
}


def repository():
    """Return the web address of the git remote, "https://github.com/owner/name"; None without one."""
    command = ["git", "-C", str(Path(__file__).parent), "remote", "get-url", "origin"]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    address = urlsplit(re.sub(r"^\w+@([\w.-]+):", r"ssh://\1/", found))
    if address.scheme not in ("https", "http", "ssh", "git") or not address.hostname:
        return None
    return f"https://{address.hostname}{address.path.removesuffix('.git')}"


def edit_links(address):
    """Return what the theme needs for links that edit a page; nothing for a host it does not know."""
    for host in ("github", "gitlab", "bitbucket"):
        if address and host in urlsplit(address).hostname:
            owner, _, name = urlsplit(address).path.strip("/").rpartition("/")
            kind = {f"{host}_user": owner, f"{host}_repo": name, f"{host}_version": "main"}
            return {f"{host}_url": address.partition(f"/{owner}/")[0], **kind, "doc_path": "docs"}
    return {}


REPOSITORY = repository()
EDIT_LINKS = edit_links(REPOSITORY)

# Theme
html_theme = "pydata_sphinx_theme"
html_title = "sklearn-anime"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["sort-table.js"]
html_favicon = "_static/logo.svg"
html_context = {"default_mode": "auto", **EDIT_LINKS}
html_copy_source = False
html_show_sphinx = False
html_sidebars = {
    page: []
    for page in (
        *("index", "install", "getting_started", "choosing", "coming_from", "leaderboard", "faq"),
        *("cheat_sheet", "glossary", "whats_new"),
    )
}
html_theme_options = {
    "logo": {
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo-dark.svg",
        "alt_text": "sklearn-anime, home",
        "text": "sklearn-anime",
    },
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navbar_end": ["theme-switcher", "navbar-icon-links", "version"],
    "icon_links": [{"name": "Repository", "url": REPOSITORY, "icon": "fa-brands fa-git-alt"}]
    if REPOSITORY
    else [],
    "use_edit_page_button": bool(EDIT_LINKS),
    "show_toc_level": 2,
    "secondary_sidebar_items": {
        "*": ["page-toc", "edit-this-page"],
        "user_guide/*": ["page-toc", "edit-this-page"],
        "api/index": ["page-toc", "edit-this-page"],
        "api/generated/*": ["page-toc"],
        "auto_examples/*": ["page-toc", "sg_download_links"],
    },
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "pygments_light_style": "tango",
    "pygments_dark_style": "monokai",
}

# scikit-learn's own docstrings, which estimators inherit, refer to its site.
SCIKIT_LEARN = "https://scikit-learn.org/stable/"
SCIKIT_LEARN_LABELS = {
    "df_output_transform": "modules/df_output_transform.html",
    "metadata_routing": "metadata_routing.html",
}


def scikit_learn_address(node):
    """Return the page of scikit-learn's site that a reference names, None where it names none."""
    target = node["reftarget"]
    if node.get("refdomain") == "py" and re.fullmatch(r"sklearn\.[\w.]+\.\w+", target):
        return f"modules/generated/{target}.html"
    if node["reftype"] == "term":
        return f"glossary.html#term-{target}"
    if example := re.fullmatch(r"sphx_glr_auto_examples_([a-z]+)_(plot_\w+)\.py", target):
        return "auto_examples/{}/{}.html".format(*example.groups())
    return SCIKIT_LEARN_LABELS.get(target)


def link_to_scikit_learn(app, env, node, contnode):
    """Resolve references to scikit-learn by rule, as no inventory is downloaded."""
    from docutils import nodes

    address = scikit_learn_address(node)
    return address and nodes.reference("", "", contnode, internal=False, refuri=SCIKIT_LEARN + address)


def make_leaderboard(app):
    """Write the tables and plots of the page before it is read."""
    from leaderboard_tables import write_leaderboard

    docs = Path(app.srcdir)
    write_leaderboard(docs.parent / "benchmarks" / "public" / "results", docs / "leaderboard_files")


def setup(app):
    from linked_names import link_names

    app.connect("builder-inited", make_leaderboard)
    app.connect("doctree-read", link_names)
    app.connect("missing-reference", link_to_scikit_learn)
