"""The site's settings, made quick and quiet for the tests."""

import os

os.environ.setdefault("SECRET_KEY", "tests only")

from oiep.settings import *  # noqa: F403
from oiep.settings import DATABASES, STORAGES

DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TEST_DATABASE_NAME", "test_oiep")}
DATABASES["default"]["CONN_MAX_AGE"] = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["private"] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
STORAGES["erasures"] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
SEARCHES_A_MINUTE = 100_000
DATA_LIMIT_BY_SOURCE = (100_000, 300)
CELERY_BROKER_URL = "memory://"
SITE_URL = "http://testserver"
PAGES_KEPT_MEGABYTES = 0  # tests/oiep/test_kept_pages.py keeps some
FIGURES_REST_AT_MOST = 0  # a slow machine is no large scheme
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
# Look static files up when they are asked for, rather than list them all for each test's client.
WHITENOISE_AUTOREFRESH = True
