"""POST /v2/promotions/{promotion_id}/jobs: a job, if the promotion has none open (contract 1); or a dry run of it."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, client_id, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.jobs import job_schema
from promotion_jobs.measures import Measure
from promotion_jobs.observe import logger, measure
from promotion_jobs.wiring import authenticate, find_promotion, service

app = resolver()


@serve(app, Route.CREATE_JOB, authenticate, find_promotion)
def create_job(promotion_id: str) -> Answer:
    query = requests.query(app.current_event, requests.JOB_PARAMETERS, only=True)
    data = requests.json_data(app.current_event)
    new = validate(job_schema(data), data).to_domain()
    if requests.is_dry_run(query):
        forecast = service().job_creator.forecast(promotion_id, new)
        return answer(200, {"data": answers.forecast(promotion_id, new, forecast)})
    key = requests.idempotency_key(app.current_event)
    job, is_new = service().job_creator.create(promotion_id, new, client_id(app), key)
    logger.append_keys(job_id=job.id)
    measure(Measure.JOBS_CREATED, int(is_new))
    return answer(201, {"data": answers.job(job)})


handler = lambda_handler(app)
