"""POST /v2/promotions/{promotion_id}/jobs: a job of either type, if the promotion has none open (contract 1)."""

from promotion_jobs import wiring
from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, client_id, lambda_handler, resolver
from promotion_jobs.api.schemas import job_schema
from promotion_jobs.observe import MetricUnit, metrics

app = resolver()


@app.post("/v2/promotions/<promotion_id>/jobs")
def create_job(promotion_id: str) -> Answer:
    promotion = wiring.promotions().get(promotion_id)
    data = requests.json_data(app.current_event)
    sent = requests.validate(job_schema(data), data)
    job = wiring.job_creator().create(promotion, sent.to_domain(), client_id(app))
    metrics.add_metric(name="JobsCreated", unit=MetricUnit.Count, value=1)
    return answer(201, {"data": answers.job(job)})


handler = lambda_handler(app)
