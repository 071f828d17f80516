"""Claims about the pages of the service in a real browser."""

import threading
import time

import pandas as pd
import pytest
import uvicorn

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.neighbors import SVDNeighborsRecommender
from sklearn_anime.serve import make_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
# For each element that has text of its own: the contrast to what is behind it.
CONTRASTS = """() => {
  const channels = color => color.match(/[\\d.]+/g).map(Number);
  const light = color => channels(color).slice(0, 3).map(value => value / 255)
    .map(value => value <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4)
    .reduce((sum, value, i) => sum + value * [.2126, .7152, .0722][i], 0);
  const isClear = color => channels(color)[3] === 0;
  const behind = element => {
    const color = getComputedStyle(element).backgroundColor;
    return !isClear(color) || !element.parentElement ? color : behind(element.parentElement);
  };
  const texts = [...document.querySelectorAll('body *')].filter(element => element.checkVisibility()
    && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return texts.map(element => {
    const [one, other] = [getComputedStyle(element).color, behind(element)].map(light);
    const contrast = (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
    return [element.textContent.slice(0, 40), contrast];
  });
}"""

OUTLINE = """() => {
  const style = getComputedStyle(document.activeElement);
  return [style.outlineStyle, style.outlineWidth];
}"""

CHANGED = """before => {
  const cards = [...document.querySelectorAll('#recommended > li > .row h3')];
  return String(cards.map(each => each.textContent)) !== String(before);
}"""


class Running:
    """An application behind a server of its own, in a thread."""

    def __init__(self, app):
        self.server = uvicorn.Server(uvicorn.Config(app, port=0, ws="none", log_level="critical"))
        self._thread = threading.Thread(target=self.server.run)

    def __enter__(self):
        self._thread.start()
        while not self.server.started:
            time.sleep(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/"
        return self

    def stop(self):
        self.server.should_exit = True
        self._thread.join()

    def __exit__(self, *error):
        self.stop()


@pytest.fixture(scope="module")
def demo(model, anime):
    with Running(make_app(model, anime.catalog)) as running:
        yield running.address


@pytest.fixture
def open_tab(browser):
    """Open pages; at the end, none has complained of errors or asked another host for anything."""
    opened, complaints = [], []

    def open_tab(address, *, path="", width=1280, scheme="light", complain=True):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)  # some machines are busy
        if complain:
            page.on(
                "console", lambda message: message.type == "error" and complaints.append(message.text)
            )
            page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: request.url.startswith((address, "data:")) or complaints.append(request.url),
        )
        assert page.goto(address + path).ok
        return page

    yield open_tab
    for context in opened:
        context.close()
    assert complaints == []


def recommended(page):
    return page.locator("#recommended > li > .row h3").all_inner_texts()


def wait_for(page, title):
    page.locator("#recommended-title", has_text=title).wait_for()


def like(page, text):
    """Type a part of a title and click the first that is found."""
    page.get_by_label("Title", exact=True).fill(text)
    found = page.locator("#found button", has_text=text).first
    name = found.inner_text()
    found.click()
    page.locator("#liked li", has_text=name).first.wait_for()
    return name


def test_page_begins_with_popular_titles(open_tab, demo, anime):
    page = open_tab(demo)
    page.locator("#recommended > li").nth(9).wait_for()
    assert page.locator("#recommended-title").inner_text() == "Popular titles"
    assert set(recommended(page)) <= set(anime.catalog["name"])
    assert page.locator(".reasons").all_inner_texts() == [""] * 10


def test_click_on_a_title_changes_the_recommendations(open_tab, demo, model, anime):
    page = open_tab(demo)
    names = []
    for text in ("Toradora", "Clannad"):
        names.append(like(page, text))
        wait_for(page, "Recommended for you")
        liked = anime.catalog.index[anime.catalog["name"].isin(names)]
        expected = model.recommend(history=[[-1, item] for item in liked])
        expected = anime.catalog["name"].loc[expected["anime_id"]].tolist()
        page.wait_for_function(
            "first => document.querySelector('#recommended h3').textContent === first", arg=expected[0]
        )
        assert recommended(page) == expected
    reasons = page.locator(".reasons", has_text="Because you liked").first
    reasons.wait_for()
    assert any(name in reasons.inner_text() for name in names)


def test_title_can_be_taken_back(open_tab, demo):
    page = open_tab(demo)
    name = like(page, "Toradora")
    wait_for(page, "Recommended for you")
    page.get_by_role("button", name=f"Remove {name}").click()
    wait_for(page, "Popular titles")
    assert page.locator("#liked li").count() == 0
    assert page.locator("#nothing").is_visible()


def test_recommended_title_can_be_liked(open_tab, demo):
    page = open_tab(demo)
    page.locator("#recommended > li").first.wait_for()
    name = recommended(page)[0]
    page.get_by_role("button", name=f"I liked {name}").first.click()
    page.locator("#liked li", has_text=name).first.wait_for()
    wait_for(page, "Recommended for you")
    assert name not in recommended(page)


def test_similar_titles_open_and_close(open_tab, demo, model, anime):
    page = open_tab(demo)
    page.locator("#recommended > li").first.wait_for()
    name = recommended(page)[0]
    button = page.get_by_role("button", name=f"Similar to {name}").first
    button.click()
    similar = page.get_by_role("list", name=f"Similar to {name}")
    similar.wait_for()
    item = anime.catalog.index[anime.catalog["name"] == name][0]
    expected = anime.catalog["name"].loc[model.similar_items([item], 5)["neighbor"]].tolist()
    assert similar.locator("h3").all_inner_texts() == expected
    assert button.get_attribute("aria-expanded") == "true"
    button.click()
    similar.wait_for(state="hidden")


def test_genres_of_what_was_liked_and_of_what_is_recommended(open_tab, demo):
    page = open_tab(demo)
    like(page, "Toradora")
    wait_for(page, "Recommended for you")
    rows = page.locator("#mix tr")
    assert 1 <= rows.count() <= 6
    assert "%" in rows.first.inner_text()


def test_keyboard_alone_is_enough(open_tab, demo):
    page = open_tab(demo)
    page.locator("#found button").first.wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("Toradora")
    page.locator("#found button", has_text="Toradora").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_for(page, "Recommended for you")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("Clannad")
    page.locator("#found button", has_text="Clannad").first.wait_for()
    page.keyboard.press("Enter")
    page.locator("#liked li").nth(1).wait_for()


@SCHEMES
def test_focus_can_be_seen(open_tab, demo, scheme):
    page = open_tab(demo, scheme=scheme)
    like(page, "Toradora")
    wait_for(page, "Recommended for you")
    for _ in range(15):
        page.keyboard.press("Tab")
        style, width = page.evaluate(OUTLINE)
        assert (style, width) == ("solid", "3px")


@SCHEMES
@pytest.mark.parametrize("path", ["", "docs"])
def test_text_has_contrast(open_tab, demo, scheme, path):
    page = open_tab(demo, path=path, scheme=scheme)
    page.wait_for_load_state("networkidle")
    found = page.evaluate(CONTRASTS)
    assert len(found) > 10
    assert [(text, ratio) for text, ratio in found if ratio < 4.5] == []


@SCHEMES
@pytest.mark.parametrize("path", ["", "docs"])
def test_axe_finds_nothing(open_tab, demo, axe, scheme, path):
    page = open_tab(demo, path=path, scheme=scheme)
    if not path:
        like(page, "Toradora")
        page.locator(".reasons", has_text="Because you liked").first.wait_for()
        page.get_by_role("button", name="Similar to").first.click()
    page.wait_for_load_state("networkidle")
    violations = axe.run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == []


def test_dark_mode_is_dark(open_tab, demo):
    colors = {
        scheme: open_tab(demo, scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert colors == {"light": "rgb(255, 255, 255)", "dark": "rgb(19, 22, 27)"}


@pytest.mark.parametrize("path", ["", "docs"])
def test_phone_does_not_scroll_sideways(open_tab, demo, path):
    page = open_tab(demo, path=path, width=390)
    if not path:
        like(page, "Toradora")
        wait_for(page, "Recommended for you")
        page.get_by_role("button", name="Similar to").first.click()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_titles_with_tags_show_as_text(open_tab):
    title = "<script>document.title = 'caught'</script><img src=x onerror=alert(1)>"
    X = [["ann", "<b>1</b>"], ["ann", "2"], ["bob", "2"], ["bob", "<b>1</b>"], ["cat", "2"]]
    catalog = pd.DataFrame({"name": {"<b>1</b>": title}, "genre": {"<b>1</b>": "<i>x</i>"}})
    with Running(make_app(PopularityRecommender().fit(X), catalog)) as running:
        page = open_tab(running.address)
        page.locator("#recommended h3", has_text="<script>").wait_for()
        assert title in recommended(page)
        assert page.title() == "What to watch, read or play next"
        like(page, "<script>")
        assert page.locator("#liked h3").inner_text() == title
        assert page.locator("main script, main img, main b, main i").count() == 0


def test_stars_count_where_the_model_looks_at_ratings(open_tab, anime):
    rated = SVDNeighborsRecommender(16, axis="item", random_state=0).fit(anime.data, anime.target)
    with Running(make_app(rated, anime.catalog)) as running:
        page = open_tab(running.address)
        first, _ = like(page, "Toradora"), like(page, "Naruto")
        page.locator("#status", has_text="10 titles").wait_for()
        page.wait_for_load_state("networkidle")
        before = recommended(page)
        stars, lowest = page.get_by_label(f"Stars for {first}"), anime.target.min()
        with page.expect_request("**/recommendations") as asked:
            stars.select_option(f"{lowest:g}")
        assert [each["rating"] for each in asked.value.post_data_json["history"]] == [lowest, 10]
        page.wait_for_function(CHANGED, arg=before)


def test_page_without_explanations_leaves_them_out(open_tab, anime):
    model = PopularityRecommender().fit(anime.data)
    with Running(make_app(model, anime.catalog)) as running:
        page = open_tab(running.address)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        like(page, "Toradora")
        wait_for(page, "Recommended for you")
        page.wait_for_load_state("networkidle")
        assert [url for url in asked if "explanations" in url] == []
        assert "".join(page.locator(".reasons").all_inner_texts()) == ""


def test_page_says_when_the_service_has_stopped_and_goes_on_after_it(open_tab, model, anime):
    with Running(make_app(model, anime.catalog)) as running:
        page = open_tab(running.address, complain=False)
        page.locator("#recommended > li").first.wait_for()
        assert page.get_by_role("alert").count() == 0
        running.stop()
        page.get_by_label("Title", exact=True).fill("Clannad")
        alert = page.get_by_role("alert")
        alert.wait_for()
        assert "The service does not answer." in alert.inner_text()
        page.get_by_role("button", name="Try again").click()
        assert alert.is_visible()


def test_page_asks_for_the_token(open_tab, model, anime):
    with Running(make_app(model, anime.catalog, token="sesame")) as running:
        page = open_tab(running.address, complain=False)
        page.get_by_label("Token of this service").fill("sesame")
        page.get_by_role("button", name="Use this token").click()
        page.locator("#recommended > li").nth(9).wait_for()
        assert page.get_by_role("alert").count() == 0


def test_page_for_programmers_sends_requests(open_tab, demo):
    page = open_tab(demo, path="docs")
    section = page.locator("section", has_text="GET /items/{item}/similar")
    section.get_by_label("item (text)").fill("7")
    section.get_by_role("button", name="Send").click()
    section.get_by_text('"similarity"').first.wait_for()
    section = page.locator("section", has_text="POST /recommendations")
    section.get_by_label("body (RecommendationRequest)").fill('{"history": [{"item": 7}]}')
    section.get_by_role("button", name="Send").click()
    section.get_by_text('"fallback": false').wait_for()
    assert page.locator("h2").all_inner_texts()[0] == "GET /health"
