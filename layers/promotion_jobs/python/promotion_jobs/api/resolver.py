"""Shared by all HTTP functions: the resolver, the token check, the error map and the log line of a request."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from promotion_jobs.api.errors import (
    MethodNotAllowed,
    PayloadTooLarge,
    RouteNotFound,
    UnsupportedMediaType,
    answer_to,
    headers_of,
    internal_error,
)
from promotion_jobs.api.routes import Route, methods_of
from promotion_jobs.errors import InvalidRequest, PromotionJobsError
from promotion_jobs.observe import count_refusal, flush_metrics, logger
from promotion_jobs.tokens.token import Right
from promotion_jobs.values import canonical_identifier, is_identifier

Answer = Response[Any]
Handler = TypeVar("Handler", bound=Callable[..., Answer])
Middleware = Callable[[APIGatewayHttpResolver, NextMiddleware], Answer]
Authenticate = Callable[[str | None, Right], str]
FindPromotion = Callable[[str], object]
CLIENT_ID = "client_id"
NOT_KEPT = {"Cache-Control": "no-store"}
"""Headers of an answer that has a secret: a token or a signed link (RFC 6749, 5.1)."""

_IDS = {"promotion_id", "job_id"}

_FAULTY_REQUEST = (InvalidRequest, PayloadTooLarge, UnsupportedMediaType)


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    return Response(status, content_types.APPLICATION_JSON, body, dict(headers or {}))


def no_content() -> Answer:
    return Response(HTTPStatus.NO_CONTENT.value)


def client_id(app: APIGatewayHttpResolver) -> str:
    """The client whose token the request bears."""
    return str(app.context[CLIENT_ID])


def resolver() -> APIGatewayHttpResolver:
    """A resolver without a route, which answers errors in the API's envelope."""
    app = APIGatewayHttpResolver()

    def refuse(error: PromotionJobsError) -> Answer:
        status, body = answer_to(error)
        refusal = type(error).__name__
        logger.append_keys(refusal=refusal, **({"reason": error.reason} if error.reason else {}))
        count_refusal(refusal)
        return answer(status, body, headers_of(error))

    def fail(_: Exception) -> Answer:
        logger.exception("request failed")
        return answer(*internal_error(app.current_event.request_context.request_id))

    def reject(_: NotFoundError) -> Answer:
        methods = methods_of(app.current_event.path)
        # The right method comes here if the template has left the route out.
        if not methods or app.current_event.http_method in methods:
            return refuse(RouteNotFound())
        # The $default route catches preflights too; API Gateway adds their headers to any answer.
        preflight = app.current_event.http_method == "OPTIONS"
        reply = no_content() if preflight else refuse(MethodNotAllowed(methods))
        reply.headers["Allow"] = ", ".join(sorted(methods))
        return reply

    app.exception_handler(PromotionJobsError)(refuse)
    app.exception_handler(NotFoundError)(reject)
    app.exception_handler(Exception)(fail)
    return app


def _with_canonical_ids(event: dict[str, Any]) -> dict[str, Any]:
    """The event with the ids of its path as they are stored, and with the path quoted.

    An unquoted odd id would miss the route's pattern and get the wrong 404.
    """
    path = "/".join(map(canonical_identifier, event["rawPath"].split("/")))
    parameters = {
        name: canonical_identifier(value) if name in _IDS else value
        for name, value in (event.get("pathParameters") or {}).items()
    }
    return {**event, "rawPath": quote(path, errors="replace"), "pathParameters": parameters}


def _named(event: dict[str, Any]) -> dict[str, str]:
    """The ids in the path, for the log. A code stays out of it, and so does a text in the place of an id."""
    return {name: it for name, it in event["pathParameters"].items() if name in _IDS and is_identifier(it)}


def _check(right: Right, authenticate: Authenticate, find_promotion: FindPromotion | None) -> Middleware:
    """The middleware that checks the token before anything else of a request is looked at."""

    def check(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Answer:
        app.context[CLIENT_ID] = authenticate(app.current_event.headers.get("authorization"), right)
        logger.append_keys(client_id=client_id(app))
        try:
            return next_middleware(app)
        except _FAULTY_REQUEST:
            if find_promotion:
                find_promotion(app.current_event.path_parameters["promotion_id"])
            raise

    return check


def serve(
    app: APIGatewayHttpResolver,
    route: Route,
    authenticate: Authenticate | None = None,
    find_promotion: FindPromotion | None = None,
) -> Callable[[Handler], Handler]:
    """Have the decorated function answer the requests of a route; parameters of the path are its arguments.

    ``authenticate`` gives the client of an Authorization header, if it has the route's right. With ``find_promotion``,
    a missing promotion takes precedence over all that is wrong with a request (decision 6), and is looked for only if
    something is.

    Raises ValueError unless there is ``authenticate`` exactly where the route takes a right.
    """
    if (authenticate is None) != (route.right is None):
        raise ValueError(f"{route} is to be served with authenticate if it takes a right, and else without")
    checks = [_check(route.right, authenticate, find_promotion)] if authenticate and route.right else []

    def decorate(handler: Handler) -> Handler:
        def answer_to_decoded(**parameters: str) -> Answer:
            # The resolver takes them from the path, which lambda_handler has quoted.
            return handler(**{name: unquote(value, errors="replace") for name, value in parameters.items()})

        app.route(route.rule, route.method, middlewares=checks)(answer_to_decoded)
        return handler

    return decorate


def lambda_handler(app: APIGatewayHttpResolver) -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    @logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        event = _with_canonical_ids(event)
        logger.append_keys(**_named(event))
        reply = app.resolve(event, context)
        logger.info("request answered", route=event["routeKey"], status=reply["statusCode"])
        flush_metrics()
        return reply

    return handler
