"""POST /v2/promotions/{promotion_id}/jobs: a job, if the promotion has none open (contract 1); or a dry run of it."""

from promotion_jobs import wiring
from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, client_id, lambda_handler, resolver
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.jobs import job_schema
from promotion_jobs.errors import PromotionJobsError
from promotion_jobs.measures import Measure
from promotion_jobs.observe import logger, measure

app = resolver()


@app.post("/v2/promotions/<promotion_id>/jobs")
def create_job(promotion_id: str) -> Answer:
    try:
        data = requests.json_data(app.current_event)
        new = validate(job_schema(data), data).to_domain()
        is_dry_run = requests.is_dry_run(requests.query(app.current_event))
        key = None if is_dry_run else requests.idempotency_key(app.current_event)
    except PromotionJobsError:
        # Whether there is such a promotion comes first (decision 6), and is asked only where it matters.
        wiring.promotions().get(promotion_id)
        raise
    if is_dry_run:
        return answer(
            200, {"data": answers.forecast(promotion_id, new, wiring.job_creator().forecast(promotion_id, new))}
        )
    job, is_new = wiring.job_creator().create(promotion_id, new, client_id(app), key)
    logger.append_keys(job_id=job.id)
    measure(Measure.JOBS_CREATED, int(is_new))
    return answer(201, {"data": answers.job(job)})


handler = lambda_handler(app)
