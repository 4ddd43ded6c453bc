"""The worker of the local stack: whether the queue's messages are delivered to it."""

from collections.abc import Mapping

from local.aws import Aws

FUNCTION = "RunJobFunction"


def set_worker(aws: Aws, resources: Mapping[str, str], *, works: bool) -> None:
    """Deliver messages to the worker, or let them wait in the queue. ``resources`` are physical ids by logical id."""
    mappings = aws.functions.list_event_source_mappings(FunctionName=resources[FUNCTION])["EventSourceMappings"]
    for mapping in mappings:
        aws.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=works)


def is_working(aws: Aws, resources: Mapping[str, str]) -> bool:
    mappings = aws.functions.list_event_source_mappings(FunctionName=resources[FUNCTION])["EventSourceMappings"]
    return any(mapping["State"] == "Enabled" for mapping in mappings)
