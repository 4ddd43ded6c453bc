"""GET /v2/promotions/{promotion_id}/jobs/{job_id}/file: a link to an export's file (contract 1.5)."""

from promotion_jobs import wiring
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver

app = resolver()


@app.get("/v2/promotions/<promotion_id>/jobs/<job_id>/file")
def get_job_file(promotion_id: str, job_id: str) -> Answer:
    return answer(200, {"href": wiring.downloads().link(promotion_id, job_id)})


handler = lambda_handler(app)
