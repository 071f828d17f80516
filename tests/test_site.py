"""Claims about the built site: first about its files, then about what a browser makes of them.

``SKLEARN_ANIME_SITE`` is the folder of the html; without it, and without a browser, these tests are
skipped. Where ``SKLEARN_ANIME_BROWSER`` is ``required``, a missing browser is a failure.
"""

import os
import re
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from sklearn_anime.utils import all_estimators

PAGES = {
    "landing": "index.html",
    "gallery": "auto_examples/index.html",
    "example": "auto_examples/plot_anime_recommendations.html",
    "API page": "api/generated/sklearn_anime.neighbors.SVDNeighborsRecommender.html",
    "leaderboard": "leaderboard.html",
    "what's new": "whats_new.html",
    "how to choose": "choosing.html",
    "guide": "user_guide/ease.html",
    "cheat sheet": "cheat_sheet.html",
}
every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)


class Page(HTMLParser):
    """What a page links to, what it loads, and the names that a link to it can end with."""

    LOADED = {"img": "src", "link": "href", "script": "src", "source": "src", "iframe": "src"}

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.names = [], [], {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.names |= {attrs.get("id"), attrs.get("name")}
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        if attrs.get(self.LOADED.get(tag)):
            self.loaded.append(attrs[self.LOADED[tag]])


@pytest.fixture(scope="module")
def site():
    folder = os.environ.get("SKLEARN_ANIME_SITE")
    if not folder:
        pytest.skip("no built site; set SKLEARN_ANIME_SITE to the folder of its html")
    assert (Path(folder) / "index.html").is_file(), f"no site in {folder}"
    return Path(folder).resolve()


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}


def broken(pages, place, link):
    """Tell whether a link of the page at some place leads to a file or an anchor that is not there."""
    address = urlsplit(link)
    if address.scheme or address.netloc:
        return False
    target = (place.parent / unquote(address.path)).resolve() if address.path else place
    if target.is_dir():
        target /= "index.html"
    if target not in pages:
        return not target.is_file()
    return unquote(address.fragment) not in pages[target].names


# Files


@pytest.mark.parametrize("kind", ["links", "loaded"])
def test_every_internal_address_leads_somewhere(pages, kind):
    found = {
        (str(place), link)
        for place, page in pages.items()
        for link in getattr(page, kind)
        if broken(pages, place, link)
    }
    assert found == set()


def test_nothing_is_loaded_from_elsewhere(pages):
    loaded = {link for page in pages.values() for link in page.loaded}
    assert {link for link in loaded if urlsplit(link).netloc} == set()


@pytest.mark.parametrize("name", dict(all_estimators()))
def test_notebook_link_of_an_estimator_is_a_page_of_the_site(site, name):
    estimator = dict(all_estimators())[name]
    module = estimator.__module__.partition("._")[0]
    address = estimator._doc_link_template.format(estimator_module=module, estimator_name=name)
    assert (site / address.partition("/stable/")[2]).is_file()


def test_every_class_of_an_example_shows_it(site):
    example = "plot_compare_recommenders"
    for name in ("linear_model.EASERecommender", "compose.TopNRecommender", "model_selection.compare"):
        page = (site / f"api/generated/sklearn_anime.{name}.html").read_text(encoding="utf-8")
        section = page.partition('id="gallery-examples"')[2]
        assert f"{example}.html" in section, name


@pytest.mark.parametrize("name", ["UserMapDisplay", "ItemMapDisplay", "IntervalCalibrationDisplay"])
def test_a_display_shows_the_examples_that_draw_it(site, name):
    page = (site / f"api/generated/sklearn_anime.inspection.{name}.html").read_text(encoding="utf-8")
    assert "sphx-glr-thumbcontainer" in page.partition('id="gallery-examples"')[2]


def test_no_heading_of_examples_is_empty(site):
    for path in site.glob("api/generated/*.html"):
        _, heading, section = path.read_text(encoding="utf-8").partition('id="gallery-examples"')
        assert bool(heading) == ("sphx-glr-thumbcontainer" in section), path


def test_no_example_shows_a_warning_or_the_noise_of_tensorflow(site):
    noise = re.compile(r"\w*Warning:|Traceback|cudart|oneDNN|absl|WARNING|&lt;\S+ object at")
    for path in site.glob("auto_examples/plot_*.html"):
        assert noise.findall(path.read_text(encoding="utf-8")) == [], path


def test_every_page_of_the_guide_has_a_picture(site):
    for path in site.glob("user_guide/*.html"):
        assert path.name == "index.html" or "<img" in main_part(path), path.name


def test_questions_of_the_faq_are_headings_with_anchors(site):
    headings = re.findall(r"<h3>[^<]*\?<a class=\"headerlink\" href=\"#", main_part(site / "faq.html"))
    assert len(headings) >= 15


@pytest.mark.parametrize(
    ("page", "target"),
    [
        ("choosing.html", "linear_model.EASERecommender"),
        ("user_guide/rows.html", "baseline.PopularityRecommender"),
        ("user_guide/top_n.html", "neighbors.SVDNeighborsRecommender"),
        ("user_guide/evaluation.html", "model_selection.TimeSplit"),
    ],
)
def test_names_in_code_are_links(site, page, target):
    assert f"api/generated/sklearn_anime.{target}.html" in main_part(site / page)


@pytest.mark.parametrize("page", ["ease", "evaluation", "svd_neighbors", "bayesian_factorization"])
def test_guide_cites_papers(site, page):
    assert "References" in main_part(site / f"user_guide/{page}.html")


def test_terms_are_links_to_the_glossary(site):
    for page in ("getting_started.html", "choosing.html", "faq.html", "user_guide/cold_start.html"):
        assert "glossary.html#term-" in main_part(site / page), page


def test_sidebar_of_the_api_has_a_part_for_each_module(site):
    page = (site / "api/generated/sklearn_anime.metrics.ndcg_at_k.html").read_text(encoding="utf-8")
    captions = re.findall(r'class="caption"[^>]*><span class="caption-text">([^<]+)', page)
    assert {"sklearn_anime.metrics", "sklearn_anime.linear_model", "sklearn_anime.inspection"} <= set(
        captions
    )


def main_part(path):
    """Return the html of the article of a page, without bars and sidebars."""
    text = path.read_text(encoding="utf-8")
    return text.partition("<article")[2].partition("</article>")[0]


# In a browser


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site):
    """Serve the site at an address of this machine: the search does not work on bare files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=site)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def tab(address, browser):
    """Open a tab, which complains at its end of errors, of what was missing or came from elsewhere."""
    complaints = []

    def complain(what, when=True):
        if when:
            complaints.append(what)

    context = browser.new_context(
        base_url=address, viewport={"width": 1280, "height": 800}, color_scheme="light"
    )
    page = context.new_page()
    page.on("console", lambda message: complain(message.text, message.type == "error"))
    page.on("pageerror", lambda error: complain(str(error)))
    page.on("request", lambda request: complain(request.url, is_elsewhere(request.url, address)))
    page.on("response", lambda response: complain(response.url, response.status >= 400))
    yield page
    context.close()
    assert complaints == []


def is_elsewhere(url, address):
    return not url.startswith((address, "data:", "blob:"))


@pytest.mark.browser
@every_page
def test_page_opens_with_all_its_pictures(tab, page):
    assert tab.goto(page).ok
    assert tab.locator("h1").first.is_visible()
    tab.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
    tab.wait_for_load_state("networkidle")
    tab.wait_for_function("[...document.images].every(image => image.complete)")
    assert tab.evaluate("[...document.images].filter(i => i.naturalWidth == 0).map(i => i.src)") == []


@pytest.mark.browser
def test_landing_page_has_five_cards_that_lead_on(tab):
    tab.goto("index.html")
    titles = tab.locator(".landing-card .sd-card-title").all_inner_texts()
    assert titles == ["Getting started", "Your own data", "User guide", "Examples", "API"]
    tab.locator(".landing-card", has_text="API").click()
    assert tab.locator("h1").inner_text().startswith("API reference")


@pytest.mark.browser
def test_gallery_leads_to_an_example_with_pictures(tab):
    tab.goto("auto_examples/index.html")
    tab.locator(".sphx-glr-thumbcontainer").first.click()
    tab.wait_for_url("**/plot_*.html")
    assert tab.locator("img.sphx-glr-single-img").count()


@pytest.mark.browser
def test_search_box_finds_a_class(tab):
    tab.goto("index.html")
    tab.locator(".search-button__button:visible").first.click()
    box = tab.locator("input[type=search]:visible").first
    box.fill("EASERecommender")
    box.press("Enter")
    tab.wait_for_url("**/search.html?q=EASERecommender*")
    result = tab.locator("#search-results a[href*='linear_model.EASERecommender']").first
    result.wait_for()
    result.click()
    assert tab.locator("h1").inner_text().startswith("EASERecommender")


WORDS = (
    "persistence",
    "hyperparameter",
    "timestamp",
    "deploy",
    "cite",
    "RecTools",
    "cold start",
    "top-N",
)


@pytest.mark.browser
@pytest.mark.parametrize("word", WORDS)
def test_search_finds_what_users_look_for(tab, word):
    tab.goto(f"search.html?q={word}")
    tab.locator("#search-results li a").first.wait_for()


@pytest.mark.browser
def test_top_bar_leads_to_the_main_pages(tab):
    tab.goto("index.html")
    bar = tab.locator(".bd-header .navbar-nav > .nav-item > a.nav-link:visible").all_inner_texts()
    assert [text.strip() for text in bar] == [
        *("Getting started", "User guide", "How to choose", "Leaderboard", "Examples", "API"),
    ]


@pytest.mark.browser
def test_pages_lead_to_the_previous_and_the_next(tab):
    tab.goto("user_guide/ease.html")
    assert tab.locator(".prev-next-area a.left-prev").is_visible()
    assert tab.locator(".prev-next-area a.right-next").is_visible()


CUT_OFF = """
[...document.querySelectorAll("article pre:not(.sphx-glr-script-out pre)")]
    .filter(code => code.clientWidth && code.scrollWidth > code.clientWidth + 1)
    .map(code => code.innerText.slice(0, 60))
"""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_code_fits_a_laptop(tab, site, scheme):
    tab.emulate_media(color_scheme=scheme)
    cut = {}
    for path in [
        *site.glob("*.html"),
        *site.glob("user_guide/*.html"),
        *site.glob("auto_examples/plot_*.html"),
    ]:
        tab.goto(path.relative_to(site).as_posix())
        found = tab.evaluate(CUT_OFF)
        cut |= {path.name: found} if found else {}
    assert cut == {}


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_diagram_of_choosing_is_read_on_a_phone(tab, scheme):
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.goto("choosing.html")
    links = tab.locator(".choosing-diagram li a")
    assert links.count() >= 10
    for box in (links.nth(i).bounding_box() for i in range(links.count())):
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["height"] >= 12


@pytest.mark.browser
def test_columns_of_tables_are_read_on_a_phone(tab):
    tab.set_viewport_size({"width": 390, "height": 800})
    for page in ("choosing.html", "user_guide/evaluation.html", "leaderboard.html"):
        tab.goto(page)
        cells = tab.locator("article table td:visible")
        widths = cells.evaluate_all("cells => cells.map(cell => cell.getBoundingClientRect().width)")
        assert min(widths) >= 40, page


@pytest.mark.browser
def test_cheat_sheet_is_one_printed_page(tab):
    tab.goto("cheat_sheet.html")
    tab.wait_for_load_state("networkidle")
    assert len(re.findall(rb"/Type\s*/Page\b", tab.pdf(prefer_css_page_size=True))) == 1


@pytest.mark.browser
def test_headings_of_the_leaderboard_sort(tab):
    tab.goto("leaderboard.html")
    table = tab.locator("table.sortable", has_text="BSPM-EM").first
    heading = table.locator("thead th").nth(1)
    for order, sign in (("descending", -1), ("ascending", 1)):
        heading.click()
        assert heading.get_attribute("aria-sort") == order
        cells = table.locator("tbody tr td:nth-child(2)").all_inner_texts()
        numbers = [float(cell.split()[0]) for cell in cells if cell[0].isdigit()]
        assert len(numbers) >= 4
        assert numbers == sorted(numbers, key=lambda number: sign * number)


@pytest.mark.browser
def test_theme_switches_between_light_and_dark(tab):
    tab.goto("index.html")
    themes = {tab.locator("html").get_attribute("data-theme")}
    backgrounds = {tab.evaluate("getComputedStyle(document.body).backgroundColor")}
    for mode in ("light", "dark"):
        tab.locator(".theme-switch-button:visible").first.click()
        tab.locator(f".theme-change-button[data-mode={mode}]:visible").first.click()
        themes.add(tab.locator("html").get_attribute("data-theme"))
        backgrounds.add(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert themes == {"light", "dark"}
    assert len(backgrounds) == 2


@pytest.mark.browser
@every_page
def test_phone_does_not_scroll_sideways(tab, page):
    tab.set_viewport_size({"width": 375, "height": 800})
    tab.goto(page)
    tab.wait_for_load_state("networkidle")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 375
    assert tab.evaluate("document.querySelector('h1').scrollWidth") <= 375  # not cut off either


@pytest.mark.browser
def test_formulas_are_set_without_a_network(tab):
    tab.goto("api/generated/sklearn_anime.metrics.ndcg_at_k.html")
    tab.locator("mjx-container").first.wait_for()
