"""The checks of schemathesis that cannot know a rule of the API, with these rules. schemathesis loads this module."""

import json
import re

import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.openapi.checks import UseAfterFree
from schemathesis.specs.openapi import checks

REFUSALS = [
    # What else there is at that moment: jobs, codes, room, a key.
    r"Too many jobs: .*",
    r"Too many promotion codes: Only \d+ promotion codes are allowed per promotion",
    r"Duplicate code: .*",
    r"No codes allowed: .*",
    r"Unprocessable Entity: This Idempotency-Key came with another request",
    r"Unprocessable Entity: Only pending or processing jobs can be cancelled",
    r"Unprocessable Entity: Job has no file to download\..*",
    r"Unprocessable Entity: max_codes must be at least the \d+ codes in use",
    r"Unprocessable Entity: A promotion with .*",
    # Two members beside each other, and the odds that follow from them.
    r"invalid: end must not be before start",
    r"Code space too small: .*",
    # The size of a promotion as it is stored.
    r"invalid: a promotion may have at most [\d,]+ bytes",
    # What holds for every text and number of a body, of free-form and ignored members too: the document says it at its
    # head. The schemas of members that are not free-form say it themselves, so that theirs are findings.
    r"invalid: .* has NUL or half a surrogate pair in it, which no text may have",
    r"Bad Request: A whole number in the body may have at most \d+ digits",
]
"""Title and detail of refusals whose reason no schema can express."""
_REFUSAL = re.compile("|".join(REFUSALS), re.DOTALL)

CREATE_JOB = "POST /v2/promotions/{promotion_id}/jobs"
DELETE_CODES = "DELETE /v2/promotions/{promotion_id}/codes"


@schemathesis.check
def valid_data_accepted(ctx: CheckContext, response: Response, case: Case) -> bool | None:
    """positive_data_acceptance, where no schema could have said why the request is refused."""
    if response.status_code in {400, 422} and _is_beyond_schemas(response):
        return True
    return checks.positive_data_acceptance(ctx, response, case)


def _is_beyond_schemas(response: Response) -> bool:
    faults = json.loads(response.content)["errors"]
    return all(_REFUSAL.fullmatch(f"{fault['title']}: {fault.get('detail', '')}") for fault in faults)


@schemathesis.check
def invalid_data_rejected(ctx: CheckContext, response: Response, case: Case) -> bool | None:
    """negative_data_rejection, but a dry run looks at no Idempotency-Key, which OpenAPI cannot say."""
    if case.operation.label == CREATE_JOB and response.status_code == 200 and _is_in_headers_alone(case):
        return True
    return checks.negative_data_rejection(ctx, response, case)


def _is_in_headers_alone(case: Case) -> bool:
    assert case.meta
    return [it for it, part in case.meta.components.items() if part.mode.is_negative] == [ParameterLocation.HEADER]


@schemathesis.check
def nothing_used_after_its_deletion(ctx: CheckContext, response: Response, case: Case) -> bool | None:
    """use_after_free, but a DELETE of codes that its body names leaves the list of codes where it is."""
    try:
        return checks.use_after_free(ctx, response, case)
    except UseAfterFree as failure:
        if failure.operation == DELETE_CODES:
            return True
        raise
