"""POST /v2/promotions/{promotion_id}/jobs/{job_id}/cancel, with any body or none (contract 1.3, decision 7)."""

from promotion_jobs.api import answers
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.CANCEL_JOB, authenticate)
def cancel_job(promotion_id: str, job_id: str) -> Answer:
    return answer(200, {"data": answers.job(service().job_canceller.cancel(promotion_id, job_id))})


handler = lambda_handler(app)
