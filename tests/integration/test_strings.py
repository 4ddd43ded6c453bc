"""Strings that nothing limits come back as they were sent, whatever would run them elsewhere."""

from tests.support.cloud import Cloud
from tests.support.malformed import INJECTIONS

TEXTS = (*(it for it in INJECTIONS if "\0" not in it), "😀", "\ufeff\u202e", '"\\', "é" * 50)


def test_a_string_without_a_rule_is_kept_as_it_is_and_runs_nothing(cloud: Cloud) -> None:
    for text in TEXTS:
        promotion_id = cloud.create_promotion()
        cloud.add_codes(promotion_id, {"code": "A", "user": text})
        assert cloud.call("get_code", promotion_id, "A")[1]["data"]["user"] == text
        cloud.call("delete_code", promotion_id, "A")
        own = {"name": text, "description": text, "schema": {text: [text]}, "min_cart_value": [{text: text}]}
        _, changed = cloud.call("update_promotion", promotion_id, data={"data": own})
        assert {name: changed["data"][name] for name in own} == own
        assert cloud.call("get_promotion", promotion_id) == (200, changed)
        job = {"type": "promotion_job", "job_type": "code_export", "name": text[:50]}
        _, created = cloud.call("create_job", promotion_id, data={"data": job})
        _, listed = cloud.call("list_jobs", promotion_id)
        assert ([it["name"] for it in listed["data"]], created["data"]["name"]) == ([text[:50]], text[:50])
