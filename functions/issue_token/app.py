"""POST /oauth/access_token: an access token for a client (contract 4)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.limits import TOKEN_LIFE
from promotion_jobs.wiring import service

app = resolver()


@serve(app, Route.ISSUE_TOKEN)
def issue_token() -> Answer:
    form = requests.form(app.current_event)
    issued = service().tokens.issue(form.get("grant_type"), form.get("client_id"), form.get("client_secret"))
    return answer(200, answers.token(*issued, life_seconds=int(TOKEN_LIFE.total_seconds())))


handler = lambda_handler(app)
