"""The register of all fields of all models, joined from what each app says of its own (`oiep.personal`)."""

import re

from django.apps import apps
from django.db.models import Q

from desk import personal as desk
from events import personal as events
from oiep import personal as ground
from oiep.reach import personal as reach
from oiep.reports import personal as reports
from oiep.texts import personal as texts
from partners import personal as partners
from pledges import personal as pledges
from working_groups import personal as working_groups

REGISTER = {
    **ground.REGISTER,
    **texts.REGISTER,
    **partners.REGISTER,
    **pledges.REGISTER,
    **working_groups.REGISTER,
    **events.REGISTER,
    **desk.REGISTER,
    **reach.REGISTER,
    **reports.REGISTER,
}


def tables():
    """(model, Table) for each model of the apps that are installed."""
    for name, table in REGISTER.items():
        app, model = name.split(".")
        if apps.is_installed(app) or app in apps.app_configs:
            yield apps.get_model(app, model), table


def faults():
    """What the register and the models do not agree on, in words for whoever has changed a model."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        label = model._meta.label
        if model._meta.proxy:
            continue
        if label not in REGISTER:
            found.append(
                f"{label} is in no register. Add it to the `personal.py` of its app; `oiep/personal.py` says how."
            )
            continue
        listed, there = REGISTER[label].fields(), {field.name for field in model._meta.concrete_fields}
        found += [f"{label}.{name} is in no register: whose is it?" for name in sorted(there - {*listed})]
        found += [f"{label}.{name} is in the register, and the model has none." for name in sorted({*listed} - there)]
        found += [
            f"{label}.{name} is in the register twice." for name in sorted({n for n in listed if listed.count(n) > 1})
        ]
        if REGISTER[label].personal and not (REGISTER[label].rows or REGISTER[label].clock):
            found.append(f"{label} holds something personal, and nothing says whose its rows are.")
    return found


def address_pattern(address):
    """A pattern of PostgreSQL that finds an e-mail address, and not within a longer one."""
    return rf"(?<![\w.%+-]){re.escape(address)}(?![\w-]|\.\w)"


def rows_about(model, rows, user):
    """Those rows of a model that are about a person."""
    if rows.user:
        return model._default_manager.filter(**{rows.user: user.pk})
    if rows.address:
        return model._default_manager.filter(**{f"{rows.address}__iexact": user.email})
    # The first condition is the quick one.
    found = (
        Q(**{f"{field}__icontains": user.email}) & Q(**{f"{field}__iregex": address_pattern(user.email)})
        for field in rows.mentions
    )
    condition = Q()
    for one in found:
        condition |= one
    return model._default_manager.filter(condition)


def rows_of_tables(user):
    """(model, Rows, its rows about a person) for all that the register knows."""
    for model, table in tables():
        for rows in table.rows:
            yield model, rows, rows_about(model, rows, user)
