"""Production's settings for a scan: nothing is limited in number, as a scanner that has to wait finds nothing."""

import os

from oiep.settings import *  # noqa: F403

MANY = 1_000_000
SEARCHES_A_MINUTE = MANY
_limits = {name: value for name, value in vars().items() if "_LIMIT" in name and isinstance(value, tuple)}
vars().update({name: ((MANY, 60),) if isinstance(value[0], tuple) else (MANY, 60) for name, value in _limits.items()})
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
if os.environ.get("PLANTED_FAULTS"):
    ROOT_URLCONF = "tests.scans.planted"
    CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"script-src": ["*", "'unsafe-inline'"]}}
