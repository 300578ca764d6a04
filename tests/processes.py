"""For tests that start processes of their own: what they need to work on the test's database."""

from urllib.parse import quote

from django.db import connection


def database_url():
    """The address of the test database, as DATABASE_URL takes it."""
    database = connection.settings_dict
    user = f"{database['USER']}:{quote(database['PASSWORD'] or '', safe='')}"
    if database["HOST"]:
        return f"postgresql://{user}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"
    return f"postgresql://{user}@/{database['NAME']}?host={quote(database['OPTIONS']['host'], safe='')}"
