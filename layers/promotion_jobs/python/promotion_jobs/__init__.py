"""Promotion Jobs: everything that is not an entry point.

Imports point one way: ``functions`` → :mod:`api`, :mod:`wiring` → the capabilities (:mod:`jobs` → :mod:`codes` →
:mod:`promotions`; :mod:`tokens`) → :mod:`aws` → :mod:`errors`, :mod:`limits`. Only :mod:`settings` reads the
environment, only :mod:`aws.clients` makes clients of AWS, and only :mod:`wiring` puts the parts together.
"""

import gc

# A container keeps what it loads: looking for garbage there again and again takes a good part of a cold start.
gc.set_threshold(200_000)
