"""GET /openapi.json: the API described by itself."""

from promotion_jobs.api.description import openapi_text
from promotion_jobs.api.resolver import Answer, document, lambda_handler, resolver

app = resolver(token_required=False)


@app.get("/openapi.json")
def get_openapi() -> Answer:
    return document("application/json", openapi_text())


handler = lambda_handler(app)
