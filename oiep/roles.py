"""The OIEP manager: a Django group that can do all of the scheme's work in admin and cannot touch users' rights."""

from django.apps import apps as installed_apps
from django.contrib.auth.management import create_permissions

MANAGER = "OIEP manager"

_SEE, _EDIT, _KEEP = ("view",), ("view", "change"), ("view", "add", "change")
_ALL = (*_KEEP, "delete")
# app → model → what the manager may do with it. What is part of something
# larger, and a block, can be deleted. Nothing else can: lists are retired, the rest has its own clocks.
MANAGER_MAY = {
    "oiep": {"user": ("view", "erase"), "auditevent": _SEE, "outgoingemail": _EDIT, "translation": _EDIT},
    "partners": {
        "partner": _EDIT,
        "membership": _SEE,
        "contactmessage": _EDIT,  # settling what was reported
        "district": _KEEP,
        "priorityarea": _KEEP,
        "sector": _KEEP,
        "declinereason": _KEEP,
        "recognitionkind": _KEEP,
        "recognition": _EDIT,  # removing one; it is verified with the partner's other things
        "blockedsender": ("view", "delete"),
    },
    "pledges": {
        "case": _EDIT,
        "pledge": _SEE,
        "review": _EDIT,  # its levers; what partners say in it changes through decisions only
        "signature": _KEEP,  # adding one is what entering it for somebody asks for (`/sign/?assisted=…`)
        "signing": _SEE,
        "charterversion": _KEEP,
        "pledgeidea": _KEEP,
        "story": _KEEP,
        "storypicture": _ALL,
        "consent": _ALL,
        "resource": _KEEP,
        "helprequest": _EDIT,
        "helpreply": _SEE,
    },
    "working_groups": {
        "group": _KEEP,
        "groupmember": _KEEP,
        "groupinvitation": _SEE,
        "groupjoinrequest": _SEE,
        "meeting": _KEEP,
        "attendance": _ALL,
        "decision": _ALL,
        "paper": _KEEP,
        "action": _KEEP,
        "progressupdate": _KEEP,
    },
    "events": {
        "series": _KEEP,
        "event": _KEEP,
        "contributor": _ALL,
        "programmeitem": _ALL,
        "learningpoint": _ALL,
        "photograph": _ALL,
        "material": _ALL,
        "registration": _KEEP,
        "feedback": _SEE,
        "awardround": _KEEP,
        "category": _ALL,
        "criterion": _ALL,
        "nomination": _EDIT,
        "judge": _ALL,
        "judgeinvitation": ("view", "add"),
        "interest": _ALL,
        "score": _SEE,
    },
    "desk": {"import": _KEEP, "message": _KEEP},
    "texts": {"wording": _EDIT},
    "reports": {"updatereport": _KEEP, "statement": _KEEP},
}


def make_manager_group(apps=installed_apps, schema_editor=None):
    """Makes the group, or gives it what it does not have yet; a migration calls this.

    Permissions are otherwise only made after all migrations have run. Those of models that do not exist yet are left to
    the migration that brings the models.
    """
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    group, _new = Group.objects.get_or_create(name=MANAGER)
    for app, models in MANAGER_MAY.items():
        if app not in apps.app_configs:
            continue
        _make_permissions(apps, app)
        codenames = [f"{verb}_{model}" for model, verbs in models.items() for verb in verbs]
        group.permissions.add(*Permission.objects.filter(content_type__app_label=app, codename__in=codenames))
    return group


def _make_permissions(apps, app):
    config = apps.get_app_config(app)
    # The apps of a migration have no such attribute, without which nothing is made.
    module = getattr(config, "models_module", None)
    config.models_module = module or True
    create_permissions(config, verbosity=0, apps=apps)
    config.models_module = module
