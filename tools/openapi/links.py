"""Links of answers: what a client has after one request and may name in the next."""

import re
from collections.abc import Mapping
from typing import Any

from promotion_jobs.api.routes import Route

_SAME_PROMOTION = {"promotion_id": "$request.path.promotion_id"}
_KNOWN: Mapping[Route, Mapping[str, str]] = {
    Route.CREATE_PROMOTION: {"promotion_id": "$response.body#/data/id"},
    Route.CREATE_JOB: {**_SAME_PROMOTION, "job_id": "$response.body#/data/id"},
    Route.REDEEM_CODE: {"promotion_id": "$response.body#/data/promotion_id", "usage_id": "$response.body#/data/id"},
    Route.ADD_CODES: {**_SAME_PROMOTION, "code": "$request.body#/data/codes/0/code"},
}
"""Route → the parameters of paths that are known after it, and where they stand."""


def links(route: Route) -> dict[str, Any]:
    """Those of the route's answer, to every operation whose path takes just what is known then."""
    known = dict(_KNOWN.get(route, {}))
    followed = [it for it in Route if known and set(re.findall(r"\{(\w+)\}", it.path)) == known.keys()]
    return {it.function: {"operationId": it.function, "parameters": known} for it in followed}
