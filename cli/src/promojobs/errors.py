"""One exception for each kind of failure; ``exit_code`` is what the command line ends with."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class PromojobsError(Exception):
    """Base of all. ``errors`` are the API's own, and ``request_id`` names the request in its log."""

    exit_code: ClassVar[int] = 1
    kind: ClassVar[str] = "error"

    def __init__(
        self,
        text: str,
        *,
        status: int | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        request_id: str | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.errors = list(errors)
        self.request_id = request_id

    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        told: dict[str, Any] = {"kind": self.kind, "message": str(self), "errors": self.errors}
        if self.status is not None:
            told["status"] = self.status
        if self.request_id is not None:
            told["request_id"] = self.request_id
        return {"error": told}


class WrongUse(PromojobsError):
    """The caller asked for what cannot be; nothing was sent."""

    exit_code = 2
    kind = "usage"


class Refused(PromojobsError):
    """The API refused the request: 400, 404, 409, 413, 415 or 422."""

    exit_code = 3
    kind = "refused"


class NotSignedIn(PromojobsError):
    """No credentials, wrong ones, or no right to do this: 401 or 403."""

    exit_code = 4
    kind = "not_signed_in"


class JobFailed(PromojobsError):
    """The job has failed, and left nothing."""

    exit_code = 5
    kind = "job_failed"


class JobCancelled(PromojobsError):
    """The job was cancelled, and left nothing."""

    exit_code = 6
    kind = "job_cancelled"


class FileWrong(PromojobsError):
    """Bytes, rows or SHA-256 of a file are not those of the job, or it ended too early; nothing was written."""

    exit_code = 7
    kind = "file_wrong"


class TimedOut(PromojobsError):
    """The time to wait is over; the job goes on."""

    exit_code = 8
    kind = "timed_out"


class Unreachable(PromojobsError):
    """No answer, throttled, or a fault of the service, after all tries."""

    exit_code = 9
    kind = "unreachable"


def of_answer(status: int, document: Any, request_id: str | None) -> PromojobsError:
    """The exception that an answer of 400 or more stands for."""
    found = document.get("errors") if isinstance(document, dict) else None
    errors = [it for it in found if isinstance(it, dict)] if isinstance(found, list) else []
    if not errors and isinstance(document, dict) and isinstance(document.get("message"), str):
        # The gateway's own answer.
        errors = [{"title": document["message"]}]
    request_id = next((it["request_id"] for it in errors if "request_id" in it), request_id)
    text = "; ".join(map(sentence, errors)) or f"The service answered {status}"
    known = {401: NotSignedIn, 403: NotSignedIn}
    kind = known.get(status, Unreachable if status == 429 or status >= 500 else Refused)  # noqa: PLR2004 - HTTP's own
    return kind(text, status=status, errors=errors, request_id=request_id)


def sentence(error: Mapping[str, Any]) -> str:
    """An element of the API's ``errors`` as people read it."""
    told = [str(error[name]) for name in ("title", "detail") if error.get(name)]
    source = error.get("source")
    return ": ".join([*([source] if isinstance(source, str) else []), *told])
