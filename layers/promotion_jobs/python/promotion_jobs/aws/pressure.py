"""Throttled calls, timeouts and AWS's own failures, of every service, as one error."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from promotion_jobs.errors import StoreBusy

_BUSY = frozenset(
    {
        "OverLimit",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Codes of refusals below 500 that mean: later."""


@contextmanager
def unless_busy() -> Iterator[None]:
    """Around a call to AWS. Raises StoreBusy if the service throttles it, fails, or does not answer.

    By then botocore has asked three times (clients.py), or read a body that broke, which it does not ask for again.
    A call that was not answered may take effect all the same.
    """
    try:
        yield
    except Exception as error:
        if not _is_busy(error):
            raise
        raise StoreBusy from error


def _is_busy(error: Exception) -> bool:
    # Imported here: functions that call nothing of AWS should not pay for it.
    from botocore.exceptions import (  # noqa: PLC0415
        ClientError,
        ConnectionError,  # noqa: A004
        HTTPClientError,
        IncompleteReadError,
    )
    from urllib3.exceptions import SSLError  # noqa: PLC0415

    if not isinstance(error, ClientError):
        # Reading a body also raises the last two: where it ends early, and where TLS fails, which botocore passes on.
        return isinstance(error, ConnectionError | HTTPClientError | IncompleteReadError | SSLError)
    answer: dict[str, Any] = dict(error.response)
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return answer["Error"]["Code"] in _BUSY or bool(status >= HTTPStatus.INTERNAL_SERVER_ERROR)
