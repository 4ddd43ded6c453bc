"""The errors of the domain.

* PromotionJobsError
  + InvalidRequest          one or more faults in what was sent
    - InvalidFilter
  + NotFound
    - PromotionNotFound
    - JobNotFound
    - CodeNotFound
    - UsageNotFound
  + UsagesNotFound          none of the usages that were named is there
  + TooManyUsages           a code has more than pages show
  + CodeNotUsable           the code cannot be used now
  + RedemptionDiffers       an id that redeemed the code for something else
  + RedemptionRolledBack    an id whose redemption was rolled back
  + TokenRequestInvalid     a request for a token lacks something
  + UnknownClient           wrong client id or secret
  + TooManyTokens           a client has been issued all that it may have in this minute
  + Unauthorized            no token, or not one of ours
  + Forbidden               a token without the right
  + CodesLimitExceeded      more codes asked for than the promotion may hold
  + PromotionFull           codes made by hand that the promotion has no room for
  + CodeSpaceTooSmall       so many codes of that length could be guessed
  + AutomaticPromotion      takes no codes
  + DuplicateCode           the code is in use
  + IdempotencyKeyReused    a key that came with another request
  + TooManyJobs             another job of the promotion is open
  + NotCancellable          the job is being cancelled, or has ended
  + CodesInUse              the promotion holds more codes than that
  + PromotionInUse          what cannot be done to a promotion that has codes or an open job
  + StoreBusy               the store went on throttling, or conflicting, through every attempt
  + WriteConflict           others went on changing the same thing at the same time
  + NoFile                  the job has no file to download
    - FileExpired

None of them knows HTTP: :mod:`promotion_jobs.api.errors` maps each to its answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from promotion_jobs.limits import LONGEST_NAME


class PromotionJobsError(Exception):
    """Base of every error that a caller can act on. ``reason`` is one word, of an error that has several."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where (a dotted path), what in two words, and what in a sentence."""

    source: str
    title: str
    detail: str


def shortened(name: str) -> str:
    """A name as an answer repeats it: an answer must not grow with what was sent."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


class InvalidRequest(PromotionJobsError):
    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults


class InvalidFilter(InvalidRequest):
    """The filter cannot be parsed, or names an attribute or operator that the list does not have."""


class NotFound(PromotionJobsError):
    what = "resource"


class PromotionNotFound(NotFound):
    what = "promotion"


class JobNotFound(NotFound):
    what = "job"


class CodeNotFound(NotFound):
    what = "code"


class UsageNotFound(NotFound):
    what = "usage"


class UsagesNotFound(PromotionJobsError):
    def __init__(self, usage_ids: Sequence[str]) -> None:
        super().__init__(usage_ids)
        self.usage_ids = usage_ids


class TooManyUsages(PromotionJobsError):
    pass


class CodeNotUsable(PromotionJobsError):
    """``uses`` is how many are left of a limited code."""

    reason: str

    def __init__(self, reason: str, uses: int | None) -> None:
        super().__init__(reason, uses)
        self.reason = reason
        self.uses = uses


class RedemptionDiffers(PromotionJobsError):
    pass


class RedemptionRolledBack(PromotionJobsError):
    pass


class TokenRequestInvalid(PromotionJobsError):
    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class UnknownClient(PromotionJobsError):
    pass


class TooManyTokens(PromotionJobsError):
    """``wait`` is how many seconds it takes until there are more."""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait


class Unauthorized(PromotionJobsError):
    pass


class Forbidden(PromotionJobsError):
    pass


class CodesLimitExceeded(PromotionJobsError):
    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class PromotionFull(PromotionJobsError):
    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class TooManyFiles(PromotionJobsError):
    """``enough`` is the least number of rows a file that would do."""

    def __init__(self, enough: int) -> None:
        super().__init__(enough)
        self.enough = enough


class CodeSpaceTooSmall(PromotionJobsError):
    """``enough`` is the shortest code length that would do; None where no length does."""

    def __init__(self, *, odds: int, least_odds: int, enough: int | None) -> None:
        super().__init__(odds, least_odds, enough)
        self.odds = odds
        self.least_odds = least_odds
        self.enough = enough


class AutomaticPromotion(PromotionJobsError):
    pass


class DuplicateCode(PromotionJobsError):
    pass


class UploadNotUsable(PromotionJobsError):
    """``detail`` says what is wrong with the upload that a job is to import."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    @classmethod
    def used(cls, job_id: str) -> "UploadNotUsable":
        return cls(f"The upload is used by the job {job_id}: announce another one")

    @classmethod
    def unknown(cls) -> "UploadNotUsable":
        return cls("The promotion has no such upload, or a day has passed since it was announced")


class NotCancellable(PromotionJobsError):
    pass


class CodesInUse(PromotionJobsError):
    """``codes`` is how many the promotion holds or is about to make."""

    def __init__(self, codes: int) -> None:
        super().__init__(codes)
        self.codes = codes


class PromotionInUse(PromotionJobsError):
    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class StoreBusy(PromotionJobsError):
    pass


class WriteConflict(PromotionJobsError):
    pass


class TooManyJobs(PromotionJobsError):
    """``open_job`` is the id of the job that holds the promotion."""

    def __init__(self, open_job: str) -> None:
        super().__init__(open_job)
        self.open_job = open_job


class IdempotencyKeyReused(PromotionJobsError):
    pass


class RequestRepeated(Exception):
    """The same request created a job meanwhile. Not for callers: they get that job."""


class NoFile(PromotionJobsError):
    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class FileExpired(NoFile):
    def __init__(self, status: str, expired_at: datetime) -> None:
        super().__init__(status)
        self.expired_at = expired_at
