"""What every HTTP function shares: the resolver, the token check, the error map and the log line of a request."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from promotion_jobs.api.errors import MethodNotAllowed, RouteNotFound, answer_to, headers_of, internal_error
from promotion_jobs.api.routes import methods_of
from promotion_jobs.errors import PromotionJobsError
from promotion_jobs.observe import count_refusal, flush_metrics, logger

Answer = Response[Any]
CLIENT_ID = "client_id"


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    return Response(status, content_types.APPLICATION_JSON, body, dict(headers or {}))


def document(content_type: str, text: str) -> Answer:
    """A text as it is."""
    return Response(HTTPStatus.OK.value, content_type, text)


def no_content() -> Answer:
    return Response(HTTPStatus.NO_CONTENT.value)


def _require_token(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Answer:
    # Here, because who needs no token needs none of what AWS's clients take to import.
    from promotion_jobs import wiring  # noqa: PLC0415

    client_id = wiring.tokens().authenticate(app.current_event.headers.get("authorization"))
    app.context[CLIENT_ID] = client_id
    logger.append_keys(client_id=client_id)
    return next_middleware(app)


def client_id(app: APIGatewayHttpResolver) -> str:
    """The client whose token the request bears."""
    return str(app.context[CLIENT_ID])


def resolver(*, token_required: bool = True) -> APIGatewayHttpResolver:
    app = APIGatewayHttpResolver()
    if token_required:
        app.use([_require_token])

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
    """What the path names, for the log: a code is none of its business."""
    parameters = event.get("pathParameters") or {}
    return {name: parameters[name] for name in ("promotion_id", "job_id") if name in parameters}


def lambda_handler(app: APIGatewayHttpResolver) -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    @logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        logger.append_keys(**_named(event))
        # Quoted, or the resolver's patterns would not match the ids that nobody has, and their 404 would be another.
        reply = app.resolve({**event, "rawPath": quote(event["rawPath"], errors="replace")}, context)
        logger.info("request answered", route=event["routeKey"], status=reply["statusCode"])
        flush_metrics()
        return reply

    return handler
