"""`Console=off` leaves the console out, and the API as it is."""

from pathlib import Path

from local.api import send
from local.stack import Client, local_stack

ROUTE_NOT_FOUND = {"errors": [{"status": 404, "title": "Not Found", "detail": "route not found"}]}


def test_a_stack_without_the_console_has_no_trace_of_it(tmp_path: Path) -> None:
    client = Client.kept_in(tmp_path / "client.json")
    with local_stack(client, state=tmp_path, parameters={"Console": "off"}) as stack:
        assert {name for name in stack.resources if "Console" in name} == set()
        for path in ("/console", "/console/main.js"):
            answer = send("GET", f"{stack.base_url}{path}")
            assert (answer.status, answer.json) == (404, ROUTE_NOT_FOUND)
        assert send("GET", f"{stack.base_url}/openapi.json").status == 200
