"""POST /oauth/access_token: an access token for a client (contract 4)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import NOT_KEPT, Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.limits import TOKEN_LIFE
from promotion_jobs.wiring import service

app = resolver()


@serve(app, Route.ISSUE_TOKEN)
def issue_token() -> Answer:
    form = requests.form(app.current_event)
    issued = service().tokens.issue(form.get("grant_type"), *requests.client_credentials(app.current_event, form))
    token = answers.token(*issued, life_seconds=int(TOKEN_LIFE.total_seconds()))
    return answer(200, token, NOT_KEPT)


handler = lambda_handler(app)
