from django.db import connection


def lock_on(name):
    """Waits until no other transaction holds the lock of this name, and holds it until this transaction ends.

    For decisions about rows that do not exist yet; rows that exist are locked with `select_for_update`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
