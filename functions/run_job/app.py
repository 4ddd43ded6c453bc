"""JobQueue: each message is one run of a job to work on (docs/architecture.md)."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from promotion_jobs import wiring
from promotion_jobs.observe import MetricUnit, flush_metrics, logger, metrics
from promotion_jobs.sqs import read_message

processor = BatchProcessor(event_type=EventType.SQS)


def run_job(record: SQSRecord, lambda_context: LambdaContext) -> None:
    message = read_message(record.body)
    logger.append_keys(promotion_id=message.promotion_id, job_id=message.job_id, run=message.run)
    try:
        generated = wiring.worker().deliver(
            message, time_left=lambda: timedelta(milliseconds=lambda_context.get_remaining_time_in_millis())
        )
    except Exception:
        # With the job's keys, which are gone when the batch is reported as failed.
        logger.exception("delivery failed")
        raise
    logger.info("delivery done", generated=generated)
    metrics.add_metric(name="CodesGenerated", unit=MetricUnit.Count, value=generated)
    flush_metrics()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event, run_job, processor, context)
