"""Every route of the API, as in the template (a test compares them): it tells an unknown path from a wrong method."""

import re
from collections.abc import Mapping

ROUTES: Mapping[str, frozenset[str]] = {
    "/oauth/access_token": frozenset({"POST"}),
    "/v2/promotions": frozenset({"GET", "POST"}),
    "/v2/promotions/{promotion_id}": frozenset({"GET"}),
    "/v2/promotions/{promotion_id}/codes": frozenset({"GET"}),
    "/v2/promotions/{promotion_id}/jobs": frozenset({"GET", "POST"}),
    "/v2/promotions/{promotion_id}/jobs/{job_id}": frozenset({"GET"}),
    "/v2/promotions/{promotion_id}/jobs/{job_id}/file": frozenset({"GET"}),
}


def methods_of(path: str) -> frozenset[str]:
    """The methods that the path takes; none where there is no such path."""
    for route, methods in ROUTES.items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route), path):
            return methods
    return frozenset()
