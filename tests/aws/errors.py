"""DynamoDB's refusals, as the exceptions that boto3 raises for them."""

from http import HTTPStatus
from typing import Any

import botocore.session
from botocore.errorfactory import ClientExceptionsFactory
from botocore.exceptions import ClientError

SERVICE: Any = botocore.session.get_session().get_service_model("dynamodb")
EXCEPTIONS: Any = ClientExceptionsFactory().create_client_exceptions(SERVICE)

CONDITION_LOST = "ConditionalCheckFailed"
CONFLICT = "TransactionConflict"
THROTTLES = ("ProvisionedThroughputExceeded", "ThrottlingError", "RequestLimitExceeded", "InternalServerError")

_EXCEPTION_CODES = {
    CONFLICT: "TransactionConflictException",
    CONDITION_LOST: "ConditionalCheckFailedException",
    "ProvisionedThroughputExceeded": "ProvisionedThroughputExceededException",
    "ThrottlingError": "ThrottlingException",
}
"""Code of a part of a call → its spelling as the code of a whole call, where the two differ."""

_STATUS = {"InternalServerError": HTTPStatus.INTERNAL_SERVER_ERROR}


def refusal(code: str, message: str, operation: str = "", **members: Any) -> ClientError:
    """The exception for a refused call; ``code`` as in the reasons of a transaction or as in an exception's name."""
    code = _EXCEPTION_CODES.get(code, code)
    kind = EXCEPTIONS.from_code(code) if hasattr(EXCEPTIONS, code) else ClientError
    status = _STATUS.get(code, HTTPStatus.BAD_REQUEST)
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **members,
    }
    error: ClientError = kind(answer, operation)
    return error


def invalid(message: str) -> ClientError:
    return refusal("ValidationException", message)
