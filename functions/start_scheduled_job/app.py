"""EventBridge Scheduler: start the job that a schedule's input names, by the API's rules (docs/use/schedules.md)."""

from typing import TYPE_CHECKING, Any

from promotion_jobs.api.errors import answer_to
from promotion_jobs.api.schemas.jobs import scheduled_job
from promotion_jobs.errors import PromotionJobsError, StoreBusy
from promotion_jobs.measures import Measure
from promotion_jobs.observe import count_refusal, in_the_background, logger, measure
from promotion_jobs.wiring import service

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SCHEDULE = "schedule"
"""The ``created_by`` of the jobs that schedules create."""


def start(event: Any) -> dict[str, str]:
    sent = scheduled_job(event)
    logger.append_keys(promotion_id=sent.promotion_id, execution_id=sent.execution_id)
    job, is_new = service().job_creator.create(sent.promotion_id, sent.new, SCHEDULE, sent.execution_id)
    logger.info("scheduled job started", job_id=job.id, is_new=is_new)
    measure(Measure.SCHEDULED_JOBS_STARTED, int(is_new))
    return {"job_id": job.id}


@in_the_background
def handler(event: Any, _context: "LambdaContext") -> object:
    try:
        return start(event)
    except StoreBusy:
        # Lambda calls again, twice, and the execution id makes it the same request.
        raise
    except PromotionJobsError as error:
        _, refusal = answer_to(error)
        logger.warning("scheduled job refused", refusal=type(error).__name__, **refusal)
        measure(Measure.SCHEDULED_JOBS_REFUSED)
        count_refusal(type(error).__name__)
        return refusal
