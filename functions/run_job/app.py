"""JobQueue: each message is one run of a job to work on (docs/architecture.md)."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from promotion_jobs import wiring
from promotion_jobs.measures import Measure
from promotion_jobs.observe import flush_metrics, logger, measure
from promotion_jobs.sqs import read_message

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def run_job(body: str, context: "LambdaContext") -> None:
    message = read_message(body)
    logger.append_keys(promotion_id=message.promotion_id, job_id=message.job_id, run=message.run)
    generated = wiring.worker().deliver(
        message, time_left=lambda: timedelta(milliseconds=context.get_remaining_time_in_millis())
    )
    logger.info("delivery done", generated=generated)
    measure(Measure.CODES_GENERATED, generated)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: "LambdaContext") -> None:
    """A batch is one message: what its delivery raises makes it come again."""
    try:
        for record in event["Records"]:
            run_job(record["body"], context)
    except Exception:
        # With the job's keys, which are gone when Lambda logs it.
        logger.exception("delivery failed")
        raise
    finally:
        flush_metrics()
