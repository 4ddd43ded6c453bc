"""GET /v2/promotions/{promotion_id}/codes/{code}/usages: what was redeemed of a code (contract 6)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.redemptions.usages import FILTERS, Wanted
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.LIST_CODE_USAGES, authenticate)
def list_code_usages(promotion_id: str, code: str) -> Answer:
    promotion = service().promotions.get(promotion_id)
    query = requests.query(app.current_event, requests.USAGE_PARAMETERS)
    page = requests.page(query)
    newest_first = requests.newest_first(query, unless_sorted=False)
    wanted = Wanted.of(requests.clauses(query, FILTERS))
    found = service().usages.of_code(promotion, code, page, wanted, newest_first=newest_first)
    return answer(200, answers.listing(found, answers.usage, app.current_event, query.get("filter"), query.get("sort")))


handler = lambda_handler(app)
