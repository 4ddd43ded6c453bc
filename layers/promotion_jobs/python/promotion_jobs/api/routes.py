"""Every route, once: for its handler, for the answer to a wrong method, and for the OpenAPI document.

A test compares them with the template.
"""

import re
from enum import Enum

from promotion_jobs.tokens.token import Right

_PARAMETER = re.compile(r"\{(\w+)\}")

_PROMOTIONS = "/v2/promotions"
_PROMOTION = f"{_PROMOTIONS}/{{promotion_id}}"
_CODES = f"{_PROMOTION}/codes"
_CODE = f"{_CODES}/{{code}}"
_REDEMPTIONS = f"{_PROMOTIONS}/redemptions"
_UPLOADS = f"{_PROMOTION}/uploads"
_JOBS = f"{_PROMOTION}/jobs"
_JOB = f"{_JOBS}/{{job_id}}"


class Route(Enum):
    """Method, path, and the right that the call takes: None where it takes no token.

    The function is called as the route is, unless it stands behind these.
    """

    ISSUE_TOKEN = "POST", "/oauth/access_token", None
    CREATE_PROMOTION = "POST", _PROMOTIONS, Right.CHANGE
    LIST_PROMOTIONS = "GET", _PROMOTIONS, Right.READ
    GET_PROMOTION = "GET", _PROMOTION, Right.READ
    UPDATE_PROMOTION = "PUT", _PROMOTION, Right.CHANGE
    DELETE_PROMOTION = "DELETE", _PROMOTION, Right.CHANGE
    ADD_CODES = "POST", _CODES, Right.CHANGE
    LIST_CODES = "GET", _CODES, Right.READ
    DELETE_CODES = "DELETE", _CODES, Right.CHANGE
    GET_CODE = "GET", _CODE, Right.READ
    DELETE_CODE = "DELETE", _CODE, Right.CHANGE
    VALIDATE_CODE = "POST", f"{_PROMOTIONS}/codes/validate", Right.REDEEM
    REDEEM_CODE = "POST", _REDEMPTIONS, Right.REDEEM
    ROLL_BACK_REDEMPTION = "POST", f"{_REDEMPTIONS}/rollback", Right.REDEEM
    LIST_USAGES = "GET", f"{_PROMOTION}/usages", Right.READ
    GET_USAGE = "GET", f"{_PROMOTION}/usages/{{usage_id}}", Right.READ
    LIST_CODE_USAGES = "GET", f"{_CODE}/usages", Right.READ
    ANONYMIZE_USAGES = "POST", f"{_PROMOTIONS}/usages/anonymize", Right.CHANGE
    CREATE_UPLOAD = "POST", _UPLOADS, Right.CHANGE
    CREATE_JOB = "POST", _JOBS, Right.CHANGE
    LIST_JOBS = "GET", _JOBS, Right.READ
    GET_JOB = "GET", _JOB, Right.READ
    CANCEL_JOB = "POST", f"{_JOB}/cancel", Right.CHANGE
    GET_JOB_FILE = "GET", f"{_JOB}/file", Right.READ
    GET_OPENAPI = "GET", "/openapi.json", None
    SHOW_DOCS = "GET", "/docs", None
    SHOW_DOCS_FILE = "GET", "/docs/{file}", None, "show_docs"
    SHOW_CONSOLE = "GET", "/console", None
    SHOW_CONSOLE_FILE = "GET", "/console/{file}", None, "show_console"

    def __init__(self, method: str, path: str, right: Right | None, function: str | None = None) -> None:
        self.method = method
        self.path = path
        self.right = right
        self.function = function or self.name.lower()
        """The name of the function, of its folder, and of the operation in the OpenAPI document."""

    @property
    def rule(self) -> str:
        """The path as Powertools writes it."""
        return _PARAMETER.sub(r"<\1>", self.path)

    def matches(self, path: str) -> bool:
        literals = map(re.escape, _PARAMETER.split(self.path)[::2])
        return re.fullmatch("[^/]+".join(literals), path) is not None


FOR_BROWSERS = frozenset({Route.SHOW_DOCS_FILE, Route.SHOW_CONSOLE, Route.SHOW_CONSOLE_FILE})
"""What a browser asks for by itself, or a person in it: the OpenAPI document leaves it out."""


def methods_of(path: str) -> frozenset[str]:
    """The methods that the path takes; none if there is no such path."""
    return frozenset(route.method for route in Route if route.matches(path))
