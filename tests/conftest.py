"""For every test: the variables that Powertools reads on import, and property tests that repeat."""

import os

from hypothesis import settings

os.environ |= {"POWERTOOLS_SERVICE_NAME": "promotion-jobs", "POWERTOOLS_METRICS_NAMESPACE": "PromotionJobs"}

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("quick", settings.get_profile("repeatable"), max_examples=20)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
