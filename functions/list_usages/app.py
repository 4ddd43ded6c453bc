"""GET /v2/promotions/{promotion_id}/usages: what was redeemed of a promotion (contract 6)."""

from promotion_jobs.api import answers, requests
from promotion_jobs.api.resolver import Answer, answer, lambda_handler, resolver, serve
from promotion_jobs.api.routes import Route
from promotion_jobs.redemptions.usages import FILTERS, Wanted
from promotion_jobs.wiring import authenticate, service

app = resolver()


@serve(app, Route.LIST_USAGES, authenticate)
def list_usages(promotion_id: str) -> Answer:
    promotion = service().promotions.get(promotion_id)
    query = requests.query(app.current_event, requests.USAGE_PARAMETERS)
    page = requests.page(query, beyond="; to see earlier ones, filter by used_on")
    newest_first = requests.newest_first(query, unless_sorted=True)
    wanted = Wanted.of(requests.clauses(query, FILTERS))
    found = service().usages.list(promotion, page, wanted, newest_first=newest_first)
    return answer(200, answers.listing(found, answers.usage, app.current_event, query.get("filter"), query.get("sort")))


handler = lambda_handler(app)
