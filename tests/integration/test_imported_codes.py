"""Imported codes as clients see them: found, redeemed, exported and removed as others are (docs/use/imports.md)."""

from tests.integration.importing import FILE, RESULT, file_of, import_file, list_codes, show_job, work_off
from tests.support.answers import CODE_NOT_FOUND, failure
from tests.support.builders import CLIENT_ID
from tests.support.cloud import Cloud
from tests.support.matchers import A_TIME


def test_imported_codes_are_found_as_others_are(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, "by-hand")
    job_id = import_file(cloud, promotion_id, FILE, consume_unit="per_item", max_uses_per_code=5)
    code = {
        "type": "promotion_codes",
        "id": "PRINTED-1",
        "code": "PRINTED-1",
        "max_uses": 1,
        "uses": 1,
        "consume_unit": "per_item",
        "created_by": CLIENT_ID,
        "job_id": job_id,
        "meta": {"timestamps": {"created_at": A_TIME}},
    }
    assert cloud.call("get_code", promotion_id, "printed-1") == (200, {"data": code})
    assert list_codes(cloud, promotion_id) == ["by-hand", "PRINTED-1", "PRINTED-2"]
    assert list_codes(cloud, promotion_id, job_id=job_id) == ["PRINTED-1", "PRINTED-2"]
    assert list_codes(cloud, promotion_id, code="printed-2") == ["PRINTED-2"]
    _, listed = cloud.call("list_promotions", query="filter=eq(code,printed-2)")
    assert [it["id"] for it in listed["data"]] == [promotion_id]
    duplicate = {"status": "422", "title": "Duplicate code", "detail": "Promotion code already in use"}
    sent = {"data": {"type": "promotion_codes", "codes": [{"code": "printed-1"}]}}
    assert cloud.call("add_codes", promotion_id, data=sent) == failure(422, duplicate)


def test_an_imported_code_is_redeemed_as_often_as_its_row_says(cloud: Cloud) -> None:
    promotion_id = cloud.create_promotion(start="2020-01-01", end="9999-01-01")
    import_file(cloud, promotion_id, FILE)
    assert cloud.call("redeem_code", data={"code": "printed-1", "id": "order-1"})[0] == 201
    again = {"title": "Code not usable", "detail": "The code has too few uses left"}
    refused = failure(422, {"status": "422", **again, "meta": {"reason": "exhausted", "uses": 0}})
    assert cloud.call("redeem_code", data={"code": "PRINTED-1", "id": "order-2"}) == refused
    _, usages = cloud.call("list_code_usages", promotion_id, "PRINTED-1")
    assert [it["redemption_id"] for it in usages["data"]] == ["order-1"]


def test_the_codes_of_an_import_are_exported_and_deleted_by_its_id(cloud: Cloud, promotion_id: str) -> None:
    cloud.add_codes(promotion_id, "by-hand")
    job_id = import_file(cloud, promotion_id, FILE)
    export_id = cloud.create_job(promotion_id, job_id=job_id, columns=["code", "max_uses"])
    work_off(cloud)
    assert file_of(cloud, promotion_id, export_id) == b"code,max_uses\r\nPRINTED-1,1\r\nPRINTED-2,\r\n"
    deletion_id = cloud.create_job(promotion_id, "code_delete", job_id=job_id)
    work_off(cloud)
    assert show_job(cloud, promotion_id, deletion_id)["result"] == {"deleted": 2}
    assert list_codes(cloud, promotion_id) == ["by-hand"]
    assert cloud.call("get_code", promotion_id, "PRINTED-1") == CODE_NOT_FOUND
    assert cloud.promotion(promotion_id).room == 999
    again = import_file(cloud, promotion_id, FILE)
    assert show_job(cloud, promotion_id, again)["result"] == RESULT


def test_one_imported_code_is_removed_by_hand(cloud: Cloud, promotion_id: str) -> None:
    import_file(cloud, promotion_id, FILE)
    named = {"data": {"type": "promotion_codes", "codes": [{"code": "PRINTED-2"}]}}
    assert cloud.call("delete_code", promotion_id, "printed-1")[0] == 204
    assert list_codes(cloud, promotion_id) == ["PRINTED-2"]
    assert cloud.call("delete_codes", promotion_id, data=named)[0] == 204
    assert (list_codes(cloud, promotion_id), cloud.promotion(promotion_id).room) == ([], 1_000)
