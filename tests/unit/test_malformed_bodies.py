"""Every wrong body is refused with the answer that is documented (contract 5, decision 10).

One table, against what reads the body of each route; tests/integration/test_malformed_requests.py asks each route.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from promotion_jobs.api import requests
from promotion_jobs.api.errors import answer_to
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.codes import NamedCodes, SentCodes
from promotion_jobs.api.schemas.jobs import job_schema
from promotion_jobs.api.schemas.promotions import SentPromotion, changed
from promotion_jobs.api.schemas.uploads import SentUpload
from promotion_jobs.errors import PromotionJobsError
from tests.support import builders, events, malformed
from tests.support.cloud import PROMOTION, Answer
from tests.support.gateway import Request
from tests.support.malformed import PROMOTIONS, Case, P

STORED = replace(builders.promotion(), fields=validate(SentPromotion, PROMOTION).to_domain().fields)
READERS: dict[str, Callable[[dict[str, Any]], object]] = {
    f"POST {PROMOTIONS}": lambda data: validate(SentPromotion, data).to_domain(),
    f"PUT {P}": lambda data: changed(STORED, data),
    f"POST {P}/codes": lambda data: validate(SentCodes, data),
    f"DELETE {P}/codes": lambda data: validate(NamedCodes, data),
    f"POST {P}/uploads": lambda data: validate(SentUpload, data),
    f"POST {P}/jobs": lambda data: validate(job_schema(data), data).to_domain(),
}
"""Request line → what reads the data of its body."""


def _answer(request: Request) -> Answer | None:
    """The answer to a body that cannot be read; None to one that can."""
    headers = request.headers or {"content-type": "application/json"}
    event = events.request("create_job", body=request.body or "", headers=headers)
    try:
        READERS[request.line](requests.json_data(event))
    except PromotionJobsError as error:
        return answer_to(error)
    return None


@pytest.mark.parametrize(
    "cases",
    [malformed.bodies, malformed.values, malformed.whole_jobs, malformed.wholes, malformed.injections],
)
def test_a_wrong_body_gets_the_answer_that_is_documented(cases: Callable[[], Iterable[Case]]) -> None:
    answered = [(request, expected, _answer(request)) for request, expected in cases()]
    assert answered
    assert [it for it in answered if it[1] != it[2]] == []
