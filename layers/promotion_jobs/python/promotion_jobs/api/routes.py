"""Every route of the API, once: for its handler, for the answer to a wrong method, and for the OpenAPI document.

A test compares them with the template.
"""

import re
from enum import Enum

_PARAMETER = re.compile(r"\{(\w+)\}")

_PROMOTIONS = "/v2/promotions"
_PROMOTION = f"{_PROMOTIONS}/{{promotion_id}}"
_CODES = f"{_PROMOTION}/codes"
_CODE = f"{_CODES}/{{code}}"
_REDEMPTIONS = f"{_PROMOTIONS}/redemptions"
_JOBS = f"{_PROMOTION}/jobs"
_JOB = f"{_JOBS}/{{job_id}}"


class Route(Enum):
    ISSUE_TOKEN = "POST", "/oauth/access_token"
    CREATE_PROMOTION = "POST", _PROMOTIONS
    LIST_PROMOTIONS = "GET", _PROMOTIONS
    GET_PROMOTION = "GET", _PROMOTION
    UPDATE_PROMOTION = "PUT", _PROMOTION
    DELETE_PROMOTION = "DELETE", _PROMOTION
    ADD_CODES = "POST", _CODES
    LIST_CODES = "GET", _CODES
    DELETE_CODES = "DELETE", _CODES
    GET_CODE = "GET", _CODE
    DELETE_CODE = "DELETE", _CODE
    VALIDATE_CODE = "POST", f"{_PROMOTIONS}/codes/validate"
    REDEEM_CODE = "POST", _REDEMPTIONS
    ROLL_BACK_REDEMPTION = "POST", f"{_REDEMPTIONS}/rollback"
    LIST_USAGES = "GET", f"{_PROMOTION}/usages"
    GET_USAGE = "GET", f"{_PROMOTION}/usages/{{usage_id}}"
    LIST_CODE_USAGES = "GET", f"{_CODE}/usages"
    ANONYMIZE_USAGES = "POST", f"{_PROMOTIONS}/usages/anonymize"
    CREATE_JOB = "POST", _JOBS
    LIST_JOBS = "GET", _JOBS
    GET_JOB = "GET", _JOB
    CANCEL_JOB = "POST", f"{_JOB}/cancel"
    GET_JOB_FILE = "GET", f"{_JOB}/file"
    GET_OPENAPI = "GET", "/openapi.json"
    SHOW_DOCS = "GET", "/docs"

    def __init__(self, method: str, path: str) -> None:
        self.method = method
        self.path = path

    @property
    def function(self) -> str:
        """The name of the handler, of its folder, and of the operation in the OpenAPI document."""
        return self.name.lower()

    @property
    def rule(self) -> str:
        """The path as Powertools writes it."""
        return _PARAMETER.sub(r"<\1>", self.path)

    def matches(self, path: str) -> bool:
        literals = map(re.escape, _PARAMETER.split(self.path)[::2])
        return re.fullmatch("[^/]+".join(literals), path) is not None


def methods_of(path: str) -> frozenset[str]:
    """The methods that the path takes; none if there is no such path."""
    return frozenset(route.method for route in Route if route.matches(path))
