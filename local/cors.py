"""CORS as HTTP APIs do it: from the API's configuration alone, whatever the function answers.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.payload import Headers, Response

if TYPE_CHECKING:
    from local.template import Template


@dataclass(frozen=True, slots=True)
class Cors:
    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = None
    allow_credentials: bool = False

    def preflight(self, origin: str) -> Response:
        """The answer to a browser's preflight request."""
        headers = self._shared(origin)
        if headers:
            headers += _header("access-control-allow-methods", ",".join(self.allow_methods))
            headers += _header("access-control-allow-headers", ",".join(self.allow_headers))
            headers += _header("access-control-max-age", "" if self.max_age is None else str(self.max_age))
        return Response(204, headers, b"")

    def applied_to(self, response: Response, origin: str | None) -> Response:
        """The response with these headers in place of the function's."""
        own = [(name, value) for name, value in response.headers if not name.startswith("access-control-")]
        return Response(response.status, own + (self._shared(origin) if origin else []), response.body)

    def _shared(self, origin: str) -> Headers:
        if "*" in self.allow_origins:
            allowed = "*"
        elif origin in self.allow_origins or f"{origin.partition('://')[0]}://*" in self.allow_origins:
            allowed = origin
        else:
            return []
        return [
            ("access-control-allow-origin", allowed),
            *_header("access-control-allow-credentials", "true" if self.allow_credentials else ""),
            *_header("access-control-expose-headers", ",".join(self.expose_headers)),
        ]


def read_cors(template: "Template") -> Cors | None:
    """The configuration of the template's HTTP API, None where it has none."""
    for properties in template.resources("AWS::Serverless::HttpApi").values():
        if configuration := properties.get("CorsConfiguration"):
            values = {name: template.value(node) for name, node in configuration.items()}
            age = values.get("MaxAge")
            return Cors(
                allow_origins=tuple(values.get("AllowOrigins", ())),
                allow_methods=tuple(values.get("AllowMethods", ())),
                allow_headers=tuple(values.get("AllowHeaders", ())),
                expose_headers=tuple(values.get("ExposeHeaders", ())),
                max_age=None if age is None else int(age),
                allow_credentials=bool(values.get("AllowCredentials")),
            )
    return None


def _header(name: str, value: str) -> Headers:
    return [(name, value)] if value else []
