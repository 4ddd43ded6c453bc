"""GET /openapi.json: the API described by itself."""

from promotion_jobs.api.resolver import Answer, document, lambda_handler, resolver

app = resolver()


@app.get("/openapi.json")
def get_openapi() -> Answer:
    return document("application/json", "openapi.json")


handler = lambda_handler(app)
