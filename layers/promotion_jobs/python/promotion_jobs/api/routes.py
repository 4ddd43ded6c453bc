"""Every route of the API, as in the template (a test compares them): it tells an unknown path from a wrong method."""

import re
from collections.abc import Mapping

ROUTES: Mapping[str, frozenset[str]] = {
    "/docs": frozenset({"GET"}),
    "/oauth/access_token": frozenset({"POST"}),
    "/openapi.json": frozenset({"GET"}),
    "/v2/promotions": frozenset({"GET", "POST"}),
    "/v2/promotions/{promotion_id}": frozenset({"DELETE", "GET", "PUT"}),
    "/v2/promotions/{promotion_id}/codes": frozenset({"DELETE", "GET", "POST"}),
    "/v2/promotions/{promotion_id}/codes/{code}": frozenset({"DELETE", "GET"}),
    "/v2/promotions/{promotion_id}/jobs": frozenset({"GET", "POST"}),
    "/v2/promotions/{promotion_id}/jobs/{job_id}": frozenset({"GET"}),
    "/v2/promotions/{promotion_id}/jobs/{job_id}/cancel": frozenset({"POST"}),
    "/v2/promotions/{promotion_id}/jobs/{job_id}/file": frozenset({"GET"}),
}


_PARAMETER = re.compile(r"\{\w+\}")


def methods_of(path: str) -> frozenset[str]:
    """The methods that the path takes; none where there is no such path."""
    for route, methods in ROUTES.items():
        if re.fullmatch("[^/]+".join(map(re.escape, _PARAMETER.split(route))), path):
            return methods
    return frozenset()
