"""GET /docs: a page that shows the description of the API, with nothing from anywhere else."""

from promotion_jobs.api.resolver import Answer, document, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route

app = resolver()


@serve(app, Route.SHOW_DOCS)
def show_docs() -> Answer:
    return document("text/html; charset=utf-8", "docs.html")


handler = lambda_handler(app)
