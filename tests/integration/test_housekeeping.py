"""Old files go by the bucket's rules, and old items by the table's time to live."""

from typing import Any

import pytest

from promotion_jobs.jobs.uploads import UPLOADS
from promotion_jobs.limits import IDEMPOTENCY_KEY_LIFE, UPLOAD_LIFE
from promotion_jobs.tokens.tokens import hash_secret
from promotion_jobs.values import from_text
from tests.support.builders import CLIENT_ID
from tests.support.cloud import CLIENT_SECRET, Cloud
from tests.support.template import environment, properties

TIME_TO_LIVE = properties("Table")["TimeToLiveSpecification"]
RULES = {rule["Id"]: rule for rule in properties("ExportBucket")["LifecycleConfiguration"]["Rules"]}


def test_exported_files_go_after_the_life_that_their_links_are_told() -> None:
    life = RULES["expire-exports"]["ExpirationInDays"]
    assert RULES["expire-exports"] == {"Id": "expire-exports", "Status": "Enabled", "ExpirationInDays": life}
    assert environment("get_job_file")["EXPORT_LIFE_DAYS"] == life == {"Ref": "ExportLifeDays"}


def test_uploads_that_nobody_ended_go_after_a_day() -> None:
    assert RULES["abort-stale-uploads"] == {
        "Id": "abort-stale-uploads",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }


def test_files_to_import_go_after_a_day() -> None:
    rule = {"Id": "expire-uploads", "Status": "Enabled", "Prefix": UPLOADS, "ExpirationInDays": UPLOAD_LIFE.days}
    assert RULES["expire-uploads"] == rule


def test_files_go_by_no_other_rule() -> None:
    assert set(RULES) == {"expire-exports", "expire-uploads", "abort-stale-uploads"}


def _expiring(cloud: Cloud) -> dict[str, Any]:
    """The value by which the table removes items, as it is stored, by the partition key."""
    assert TIME_TO_LIVE["Enabled"] is True
    attribute = TIME_TO_LIVE["AttributeName"]
    return {item["pk"]["S"]: item[attribute] for item in cloud.items() if attribute in item}


def test_tokens_go_when_they_expire(cloud: Cloud) -> None:
    form = f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}"
    # The first also counts the tokens of the minute, which is another's test.
    cloud.call("issue_token", body=form, headers={"authorization": None})
    before = _expiring(cloud)
    _, answer = cloud.call("issue_token", body=form, headers={"authorization": None})
    token = f"TOKEN#{hash_secret(answer['access_token'])}"
    assert _expiring(cloud) == before | {token: {"N": str(answer["expires"])}}


@pytest.mark.parametrize("job_type", ["code_generate", "code_export"])
def test_what_is_remembered_of_a_request_goes_when_its_key_is_forgotten(
    cloud: Cloud, promotion_id: str, job_type: str
) -> None:
    before = _expiring(cloud)
    parameters = {"parameters": {"number_of_codes": 10}} if job_type == "code_generate" else {}
    data = {"data": {"type": "promotion_job", "job_type": job_type, **parameters}}
    assert cloud.call("create_job", promotion_id, data=data, headers={"idempotency-key": "1"})[0] == 201
    [created_at] = [item["created_at"]["S"] for item in cloud.items() if item["sk"]["S"].startswith("JOB#")]
    forgotten_at = int((from_text(created_at) + IDEMPOTENCY_KEY_LIFE).timestamp())
    # The promotion, its job and the note that it is open stay.
    after = _expiring(cloud)
    [request] = after.keys() - before.keys()
    assert request.startswith("REQUEST#")
    assert after == before | {request: {"N": str(forgotten_at)}}
