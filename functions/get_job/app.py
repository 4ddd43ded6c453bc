"""GET /v2/promotions/{promotion_id}/jobs/{job_id}: one job, with its progress while it runs."""

from promotion_jobs.api import answers
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.GET_JOB, authenticate)
def get_job(promotion_id: str, job_id: str) -> Answer:
    return answer(200, {"data": answers.job(*service().jobs.get(promotion_id, job_id))})


handler = lambda_handler(app)
