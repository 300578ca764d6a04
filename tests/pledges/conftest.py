"""What tests of pledges share."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection


@pytest.fixture
def at_once():
    """`at_once(f, g, …)` runs the functions in threads that start together; returns each one's result or refusal."""

    def run(*functions):
        barrier = threading.Barrier(len(functions), timeout=20)
        results = [None] * len(functions)

        def call(n, function):
            try:
                barrier.wait()
                results[n] = function()
            except ValidationError as refusal:
                results[n] = refusal
            finally:
                connection.close()

        threads = [threading.Thread(target=call, args=pair) for pair in enumerate(functions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert not any(thread.is_alive() for thread in threads)
        return results

    return run
