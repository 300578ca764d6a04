"""The site's settings with one more address, whose answer costs next to nothing ("bare")."""

from oiep.settings import *  # noqa: F403

ROOT_URLCONF = "tests.benchmarks.served"
SEARCHES_A_MINUTE = 1_000_000
