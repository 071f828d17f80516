"""Claims about what the service gives away, and to whom."""

import base64
import hashlib
import logging
import re

import pandas as pd
import pytest

from sklearn_anime.serve.__main__ import read_arguments

TOKEN = "sésame"
OPEN = ("/", "/docs", "/health", "/openapi.json")
CLOSED = ("/recommendations/1", "/items", "/items/1/similar", "/metrics")


def authorization(token):
    return {"Authorization": f"Bearer {token}".encode()}


def test_it_listens_to_this_machine_alone_by_default():
    assert read_arguments([]).host == "127.0.0.1"


@pytest.mark.parametrize("path", OPEN)
def test_pages_and_health_need_no_token(serve, model, path):
    assert serve(model, token=TOKEN).get(path).status_code == 200


@pytest.mark.parametrize("path", CLOSED)
def test_token_opens_the_rest(serve, model, path):
    client = serve(model, token=TOKEN)
    assert client.get(path, headers=authorization(TOKEN)).status_code == 200
    for headers in ({}, authorization("sesame"), authorization(""), {"Authorization": TOKEN.encode()}):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["detail"] == "Send the token: Authorization: Bearer <token>."


def test_token_is_compared_in_constant_time(serve, model, monkeypatch):
    compared = []
    monkeypatch.setattr("hmac.compare_digest", lambda *pair: bool(compared.append(pair)))
    assert serve(model, token="a").get("/items", headers=authorization("b")).status_code == 401
    assert compared == [(b"Bearer b", b"Bearer a")]


def test_other_pages_are_not_let_in_unless_asked(serve, model):
    headers = {"Origin": "https://shop.example"}
    preflight = {**headers, "Access-Control-Request-Method": "POST"}
    closed, opened = serve(model), serve(model, allow_origins=["https://shop.example"], token="x")
    assert "access-control-allow-origin" not in closed.get("/health", headers=headers).headers
    assert closed.options("/recommendations", headers=preflight).status_code == 405
    assert opened.options("/recommendations", headers=preflight).status_code == 200
    allowed = opened.get("/health", headers=headers).headers["access-control-allow-origin"]
    assert allowed == "https://shop.example"
    other = opened.get("/health", headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_run_their_own_script_alone(client, path):
    answer = client.get(path)
    policy = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
    script = re.search(r"<script>(.*?)</script>", answer.text, flags=re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy["script-src"] == f"'sha256-{digest}'"
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_name_no_other_host(client, path):
    assert re.findall(r"(?:https?:)?//\w[\w.]+", client.get(path).text) == []


@pytest.mark.parametrize("path", ["/", "/items", "/nothing"])
def test_browsers_do_not_guess_what_a_response_is(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_titles_are_data_in_json(serve, model):
    title = "<script>alert(1)</script>"
    client = serve(model, pd.DataFrame({"name": {7: title}}))
    answer = client.get("/items", params={"search": "script"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["items"][0]["name"] == title
    refused = client.get("/items/<script>/similar")
    assert refused.headers["content-type"] == "application/problem+json"


def said(caplog, serve, model, **options):
    """Return what is logged about a user and a history."""
    with caplog.at_level(logging.DEBUG):
        client = serve(model, **options)
        client.get("/recommendations/user-4711")
        client.post("/recommendations", json={"history": [{"item": 8812}]})
        client.post("/recommendations", json={"history": [{"item": [8812]}]})
    records = [record for record in caplog.records if record.name.startswith("sklearn_anime")]
    return "\n".join(record.getMessage() for record in records)


def test_logs_hold_routes_and_no_history(caplog, serve, model):
    logged = said(caplog, serve, model)
    assert re.search(r"^GET /recommendations/\{user:path\} 200 [\d.]+ ms$", logged, flags=re.MULTILINE)
    assert "4711" not in logged
    assert "8812" not in logged


def test_logs_hold_the_history_where_it_is_asked_for(caplog, serve, model):
    logged = said(caplog, serve, model, log_history=True)
    assert "4711" in logged
    assert "8812" in logged


def test_metrics_count_routes_and_not_who_asks(serve, model):
    client = serve(model)
    for path in ("/recommendations/user-4711", "/nothing/user-4711", "/items?search=user-4711"):
        client.get(path)
    text = client.get("/metrics").text
    assert "4711" not in text
    route = 'method="GET",route="/recommendations/{user:path}",status="200"'
    assert f"sklearn_anime_requests_total{{{route}}} 1.0" in text
    assert 'sklearn_anime_requests_total{method="any",route="none",status="404"} 1.0' in text
    assert "sklearn_anime_fallbacks_total 1.0" in text


def test_openapi_describes_each_route_and_its_problems(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {
        "/health",
        "/recommendations",
        "/recommendations/{user}",
        "/items",
        "/items/{item}/similar",
        "/explanations",
    }
    for methods in paths.values():
        for operation in methods.values():
            assert "application/problem+json" in operation["responses"]["4XX"]["content"]
            assert "422" not in operation["responses"]
            assert operation["description"].endswith(".")
