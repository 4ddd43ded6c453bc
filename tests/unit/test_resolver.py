"""The resolver that all HTTP functions share."""

import pytest

from promotion_jobs.api.resolver import resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.tokens.token import Right


def _authenticate(_authorization: str | None, _right: Right) -> str:
    return "shop"


@pytest.mark.parametrize("route", Route)
def test_a_route_that_takes_a_right_is_never_served_without_a_check_of_it_nor_any_other_with_one(route: Route) -> None:
    wrong = _authenticate if route.right is None else None
    with pytest.raises(ValueError, match=f"^{route} is to be served with authenticate if it takes a right, and"):
        serve(resolver(), route, wrong)
