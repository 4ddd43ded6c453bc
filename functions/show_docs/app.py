"""GET /docs and GET /docs/{file}: a page that shows the description of the API, with nothing from anywhere else."""

from pathlib import Path

from promotion_jobs.api.resolver import Answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.site import Site

app = resolver()
site = Site(Path(__file__).with_name("static"), "docs")


@serve(app, Route.SHOW_DOCS)
def show_page() -> Answer:
    return site.page(app.current_event)


@serve(app, Route.SHOW_DOCS_FILE)
def show_file(file: str) -> Answer:
    return site.file(app.current_event, file)


handler = lambda_handler(app)
