import pytest

from promotion_jobs.api.routes import Route, methods_of
from promotion_jobs.tokens.token import Right
from tests.support.builders import JOB_ID, PROMOTION_ID

PROMOTION = f"/v2/promotions/{PROMOTION_ID}"


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/oauth/access_token", {"POST"}),
        ("/v2/promotions", {"GET", "POST"}),
        ("/docs", {"GET"}),
        ("/docs/docs.js", {"GET"}),
        ("/console", {"GET"}),
        ("/console/main.js", {"GET"}),
        ("/openapi.json", {"GET"}),
        (PROMOTION, {"DELETE", "GET", "PUT"}),
        (f"{PROMOTION}/codes", {"DELETE", "GET", "POST"}),
        (f"{PROMOTION}/codes/WELCOME-10", {"DELETE", "GET"}),
        (f"{PROMOTION}/codes/WELCOME-10/usages", {"GET"}),
        (f"{PROMOTION}/usages", {"GET"}),
        (f"{PROMOTION}/usages/a", {"GET"}),
        ("/v2/promotions/codes/validate", {"POST"}),
        ("/v2/promotions/redemptions", {"DELETE", "GET", "POST", "PUT"}),
        ("/v2/promotions/redemptions/rollback", {"POST"}),
        ("/v2/promotions/usages/anonymize", {"POST"}),
        (f"{PROMOTION}/jobs", {"GET", "POST"}),
        (f"{PROMOTION}/jobs/{JOB_ID}", {"GET"}),
        (f"{PROMOTION}/jobs/{JOB_ID}/cancel", {"POST"}),
        (f"{PROMOTION}/jobs/{JOB_ID}/file", {"GET"}),
        ("/v2/promotions/anything at all/jobs", {"GET", "POST"}),
    ],
)
def test_a_path_of_the_api_has_methods(path: str, methods: set[str]) -> None:
    assert methods_of(path) == methods


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v2",
        "/v2/",
        "/v2/promotions/",
        "/v2/promotions//jobs",
        f"{PROMOTION}/",
        f"{PROMOTION}/jobs/",
        f"{PROMOTION}/jobs/{JOB_ID}/file/",
        f"{PROMOTION}/jobs/{JOB_ID}/file/csv",
        f"{PROMOTION}/codes/",
        f"{PROMOTION}/codes/WELCOME-10/usages/1",
        f"{PROMOTION}/history",
        "/openapiXjson",
        "/docs/",
        "/console/",
        "/console/vendor/preact.mjs",
        f"/prefix{PROMOTION}",
        "/V2/promotions",
        "/v2/promotions\n",
    ],
)
def test_any_other_path_has_none(path: str) -> None:
    assert methods_of(path) == frozenset()


OPEN_TO_ALL = {"issue_token", "get_openapi", "show_console", "show_docs"}
REDEEMING = {"validate_code", "redeem_code", "roll_back_redemption"}


def _right(route: Route) -> Right | None:
    if route.function in OPEN_TO_ALL:
        return None
    if route.function in REDEEMING:
        return Right.REDEEM
    return Right.READ if route.method == "GET" else Right.CHANGE


def test_a_checkout_needs_the_right_to_redeem_every_other_get_that_to_read_and_the_rest_that_to_change() -> None:
    assert {route: route.right for route in Route} == {route: _right(route) for route in Route}
