"""Shared by all HTTP functions: the resolver, the token check, the error map and the log line of a request."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

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

Answer = Response[Any]
Handler = TypeVar("Handler", bound=Callable[..., Answer])
CLIENT_ID = "client_id"

_FAULTY_REQUEST = (InvalidRequest, PayloadTooLarge, UnsupportedMediaType)


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    return Response(status, content_types.APPLICATION_JSON, body, dict(headers or {}))


def document(content_type: str, name: str) -> Answer:
    """A file of this folder as it is: the API's description, which `make openapi` writes, or its page."""
    return Response(HTTPStatus.OK.value, content_type, Path(__file__).with_name(name).read_text())


def no_content() -> Answer:
    return Response(HTTPStatus.NO_CONTENT.value)


def client_id(app: APIGatewayHttpResolver) -> str:
    """The client whose token the request bears."""
    return str(app.context[CLIENT_ID])


def resolver(
    authenticate: Callable[[str | None], str] | None = None, find_promotion: Callable[[str], object] | None = None
) -> APIGatewayHttpResolver:
    """The resolver of a function's route.

    ``authenticate`` gives the client of an Authorization header; without it no token is required. With
    ``find_promotion``, a missing promotion takes precedence over all that is wrong with a request (decision 6), and is
    looked for only if something is.
    """
    app = APIGatewayHttpResolver()

    def check(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Answer:
        if authenticate:
            app.context[CLIENT_ID] = authenticate(app.current_event.headers.get("authorization"))
            logger.append_keys(client_id=client_id(app))
        try:
            return next_middleware(app)
        except _FAULTY_REQUEST:
            if find_promotion:
                find_promotion(app.current_event.path_parameters["promotion_id"])
            raise

    app.use([check])

    def refuse(error: PromotionJobsError) -> Answer:
        status, body = answer_to(error)
        refusal = type(error).__name__
        logger.append_keys(refusal=refusal)
        count_refusal(refusal)
        return answer(status, body, headers_of(error))

    def fail(_: Exception) -> Answer:
        logger.exception("request failed")
        return answer(*internal_error(app.current_event.request_context.request_id))

    def reject(_: NotFoundError) -> Answer:
        methods = methods_of(app.current_event.path)
        if not methods:
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


def _named(event: dict[str, Any]) -> dict[str, str]:
    """The ids in the path, for the log. A code in the path stays out of it."""
    parameters = event.get("pathParameters") or {}
    return {name: parameters[name] for name in ("promotion_id", "job_id") if name in parameters}


def serve(app: APIGatewayHttpResolver, route: Route) -> Callable[[Handler], Handler]:
    """Have the decorated function answer the requests of a route; parameters of the path are its arguments."""
    decorator: Callable[[Handler], Handler] = app.route(route.rule, route.method)
    return decorator


def lambda_handler(app: APIGatewayHttpResolver) -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    @logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        logger.append_keys(**_named(event))
        # Quote the path: an unquoted odd id would miss the route's pattern and get the wrong 404.
        reply = app.resolve({**event, "rawPath": quote(event["rawPath"], errors="replace")}, context)
        logger.info("request answered", route=event["routeKey"], status=reply["statusCode"])
        flush_metrics()
        return reply

    return handler
