"""A voucher set of django-oscar, by the form of its dashboard. A program for the environment in which it is installed.

`oscar_vouchers.py DATABASE` makes an empty shop; `oscar_vouchers.py DATABASE COUNT` makes so many vouchers in it, and
prints how many there are, and the CPU time and the time that took.
"""

import json
import sys
import time
from typing import Any

import django
import oscar
from django.conf import settings
from django.core.management import call_command
from oscar import defaults

_OFFER = "10 % off"
_SETTINGS: dict[str, Any] = {name: value for name, value in vars(defaults).items() if name.isupper()}


def _set_up(database: str) -> None:
    """As the documentation of django-oscar has it."""
    settings.configure(
        **_SETTINGS,
        INSTALLED_APPS=oscar.INSTALLED_APPS,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database, "ATOMIC_REQUESTS": True}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
        SITE_ID=1,
        USE_TZ=True,
    )
    django.setup()


def _make_shop() -> None:
    from oscar.apps.offer import models  # noqa: PLC0415 - needs the settings

    call_command("migrate", verbosity=0)
    everything = models.Range.objects.create(name="Everything", includes_all_products=True)
    models.ConditionalOffer.objects.create(
        name=_OFFER,
        offer_type=models.ConditionalOffer.VOUCHER,
        condition=models.Condition.objects.create(range=everything, type=models.Condition.COUNT, value=1),
        benefit=models.Benefit.objects.create(range=everything, type=models.Benefit.PERCENTAGE, value=10),
    )


def _make_vouchers(count: int) -> dict[str, float]:
    from oscar.apps.dashboard.vouchers import forms  # noqa: PLC0415 - likewise

    sent = {
        "name": "Summer sale",
        "code_length": 8,
        "description": _OFFER,
        "start_datetime": "2026-06-01 00:00",
        "end_datetime": "2026-08-31 00:00",
        "count": count,
        "usage": "Single use",
        "offers": [forms.ConditionalOffer.objects.get(name=_OFFER).pk],
    }
    cpu, wall = time.process_time(), time.perf_counter()
    form = forms.VoucherSetForm(sent)
    if not form.is_valid():
        sys.exit(str(form.errors))
    made = form.save().vouchers.count()
    return {"amount": made, "cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}


def main() -> None:
    database, *count = sys.argv[1:]
    _set_up(database)
    if count:
        print(json.dumps(_make_vouchers(int(count[0]))))
    else:
        _make_shop()


if __name__ == "__main__":
    main()
