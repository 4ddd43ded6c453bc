"""DELETE /v2/promotions/{promotion_id}/codes: those that the body names (contract 2, decision 14)."""

from promotion_jobs import wiring
from promotion_jobs.api import requests
from promotion_jobs.api.resolver import Answer, lambda_handler, no_content, resolver
from promotion_jobs.api.schemas.base import validate
from promotion_jobs.api.schemas.codes import NamedCodes

app = resolver()


@app.delete("/v2/promotions/<promotion_id>/codes")
def delete_codes(promotion_id: str) -> Answer:
    promotion = wiring.promotions().get(promotion_id)
    sent = validate(NamedCodes, requests.json_data(app.current_event))
    wiring.code_changes().remove(promotion, {code.code for code in sent.codes})
    return no_content()


handler = lambda_handler(app)
