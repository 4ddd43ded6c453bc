"""Promotions whose codes can be redeemed, and redemptions of another time."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from promotion_jobs.redemptions.redemption import Redemption, Use
from tests.support.builders import CLIENT_ID
from tests.support.cloud import Cloud

FIRST, LAST = "2020-01-01", "9999-01-01"
LIMITED, PLAIN, UNLIMITED = "Limited", "plain-5000", "unlimited"


def open_promotion(cloud: Cloud) -> str:
    """The id of a promotion that goes on, with a code for five items, one with many counters, and one with none."""
    promotion_id = cloud.create_promotion(start=FIRST, end=LAST)
    limited = {"code": LIMITED, "uses": 5, "consume_unit": "per_item"}
    cloud.add_codes(promotion_id, limited, {"code": PLAIN, "uses": 5_000}, {"code": UNLIMITED})
    return promotion_id


def redeemed_at(cloud: Cloud, moment: datetime, **use: Any) -> Redemption:
    """What was redeemed at that moment."""
    redemption, is_new = replace(cloud.service.redeemer, now=lambda: moment).redeem(Use(**use), CLIENT_ID)
    assert is_new
    return redemption
