"""GET /docs: a page that shows the description of the API, with nothing from anywhere else."""

from promotion_jobs.api.resolver import Answer, document, lambda_handler, resolver

app = resolver()


@app.get("/docs")
def show_docs() -> Answer:
    return document("text/html; charset=utf-8", "docs.html")


handler = lambda_handler(app)
