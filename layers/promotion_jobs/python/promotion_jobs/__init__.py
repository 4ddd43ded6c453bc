"""Promotion Jobs: everything that is not an entry point.

Imports point one way: ``functions`` → :mod:`api`, :mod:`wiring` → use cases (:mod:`promotions`, :mod:`jobs`,
:mod:`worker`, …) → :mod:`model`, :mod:`errors`. Adapters (:mod:`dynamodb`, :mod:`sqs`, :mod:`s3`,
:mod:`eventbridge`) import the use cases' values and errors, never HTTP; only :mod:`settings` reads the environment,
only :mod:`clients` makes clients of AWS, and only :mod:`wiring` knows both ports and adapters.
"""

import gc

# What a container loads stays: looking for garbage among it again and again takes a good part of a cold start.
gc.set_threshold(50_000)
