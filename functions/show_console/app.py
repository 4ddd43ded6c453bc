"""GET /console and GET /console/{file}: the console in the browser, which calls the API and the bucket alone."""

from pathlib import Path

from promotion_jobs.api.resolver import Answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.api.site import Site
from promotion_jobs.settings import settings

app = resolver()
site = Site(Path(__file__).with_name("static"), "console")


@serve(app, Route.SHOW_CONSOLE)
def show_page() -> Answer:
    return site.page(app.current_event, settings().files_origin)


@serve(app, Route.SHOW_CONSOLE_FILE)
def show_file(file: str) -> Answer:
    return site.file(app.current_event, file)


handler = lambda_handler(app)
