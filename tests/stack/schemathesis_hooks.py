"""What schemathesis cannot know of the API: it loads this module, and drops the failures that are none."""

import json
import os
import re
from functools import singledispatch
from itertools import count
from typing import Any

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.meta import CoveragePhaseData
from schemathesis.hooks import HookContext
from schemathesis.openapi.checks import (
    AllowHeaderMismatch,
    EnsureResourceAvailability,
    RejectedPositiveData,
    UnsupportedMethodResponse,
    UseAfterFree,
)

from promotion_jobs.api.routes import methods_of
from promotion_jobs.limits import CODE_CHARACTERS

REFUSALS = (
    # What else there is at that moment: jobs, codes, room, a key.
    r"Too many jobs: .*",
    r"Too many promotion codes: Only \d+ promotion codes are allowed per promotion",
    r"Duplicate code: Promotion code already in use",
    r"No codes allowed: Cannot add codes to an automatic promotion",
    r"Unprocessable Entity: This Idempotency-Key came with another request",
    r"Unprocessable Entity: Only pending or processing jobs can be cancelled",
    r"Unprocessable Entity: Job has no file to download\. .*",
    r"Unprocessable Entity: max_codes must be at least the \d+ codes in use",
    r"Unprocessable Entity: A promotion with (codes or )?an open job cannot be (made automatic|deleted)",
    r"Unprocessable Entity: (The promotion has no such upload|Nothing was sent to the upload|The upload is used by).*",
    # Made-up codes and usages are not there; a promotion that is made up has ended or not started.
    r"Not Found: (code|usage) not found",
    r"Code not usable: .*",
    r"Could not anonymize some usages: Usages not found\.",
    r"Unprocessable Entity: This id redeemed the code with another quantity or customer",
    r"Unprocessable Entity: The redemption of this id was rolled back: use another id",
    r"invalid: rows_per_file must be at least \d+, since an export has at most 200 files",
    # Two members beside each other, and the odds that follow from two.
    r"invalid: end must not be before start",
    r"Code space too small: .*",
    # Sizes in all: of a code's customers, and of a promotion as it is stored.
    r"invalid: user must be text .* with 1,000 characters in all",
    r"invalid: a promotion may have at most 20,000 bytes",
    # What holds at every depth, for free-form and for ignored members: the document says it at its head. Schemas say it
    # of the members that are not free-form, as test_openapi.py makes sure.
    r"invalid: .* has NUL or half a surrogate pair in it, which no text may have",
    r"Bad Request: A whole number in the body may have at most 18 digits",
)
"""Title and detail of the refusals for which a schema cannot give the reason."""

_REFUSAL = re.compile("|".join(REFUSALS), re.DOTALL)
_CREATE_JOB = "POST /v2/promotions/{promotion_id}/jobs"
_ADD_CODES = "POST /v2/promotions/{promotion_id}/codes"
_DELETE_CODES = "DELETE /v2/promotions/{promotion_id}/codes"

EVERY = int(os.environ["EVERY"])
_turn, _new = count(int(os.environ["SEED"])), count()


@schemathesis.hook
def filter_case(_context: HookContext, case: Case[Any]) -> bool:
    """Of the requests that schemathesis derives from a schema, the same for every seed, one in so many is sent."""
    derived = case.meta is not None and isinstance(case.meta.phase.data, CoveragePhaseData)
    return not derived or next(_turn) % EVERY == 0


@schemathesis.hook
def map_case(_context: HookContext, case: Case[Any]) -> Case[Any]:
    """The codes of a valid body made new: schemathesis would add the same few, which are then in use."""
    if case.operation.label == _ADD_CODES and case.meta and case.meta.generation.mode.is_positive:
        body: Any = case.body
        for it in body.get("data", body)["codes"]:
            it["code"] = f"{next(_new)}-{it['code']}"[:CODE_CHARACTERS]
    return case


@schemathesis.hook
def filter_failure(_context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    return not is_right(failure, case, response)


@singledispatch
def is_right(_failure: Failure, _case: Case[Any], _response: Response) -> bool:
    """Whether the API is right all the same."""
    return False


@is_right.register
def _(_failure: RejectedPositiveData, _case: Case[Any], response: Response) -> bool:
    faults = json.loads(response.content)["errors"]
    return all(_REFUSAL.fullmatch(f"{fault['title']}: {fault.get('detail', '')}") for fault in faults)


@is_right.register
def _(_failure: AcceptedNegativeData, case: Case[Any], response: Response) -> bool:
    """A dry run looks at no Idempotency-Key (decisions, "Dry run"): OpenAPI has no such dependence."""
    assert case.meta
    wrong = [where for where, part in case.meta.components.items() if part.mode.is_negative]
    dry_run = case.operation.label == _CREATE_JOB and response.status_code == 200
    return dry_run and wrong == [ParameterLocation.HEADER]


@is_right.register
def _(failure: UnsupportedMethodResponse, case: Case[Any], _response: Response) -> bool:
    """`redemptions` may stand where the id of a promotion does, which is not there."""
    return failure.method in methods_of(case.path)


@is_right.register
def _(failure: AllowHeaderMismatch, case: Case[Any], _response: Response) -> bool:
    """Likewise."""
    return set(failure.undocumented_methods) <= methods_of(case.path) and not failure.missing_methods


@is_right.register
def _(_failure: EnsureResourceAvailability, _case: Case[Any], response: Response) -> bool:
    """A promotion that was just created has no codes."""
    return [fault.get("detail") for fault in json.loads(response.content)["errors"]] == ["code not found"]


@is_right.register
def _(failure: UseAfterFree, _case: Case[Any], _response: Response) -> bool:
    """A deletion of the codes that its body names leaves the list of codes where it is."""
    return failure.operation == _DELETE_CODES
