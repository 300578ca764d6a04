"""Whether something that a list brought in has been worked with since, so that it stays when the list is undone."""

from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import NotPossible


def delete_unused(obj, *, actor, besides=None):
    """Deletes a row that nothing else refers to. besides: relation → its rows that do not count, and go with it.

    Raises NotPossible where anything else does.
    """
    besides = besides or {}
    for relation in obj._meta.related_objects:
        if relation.many_to_many or (relation.one_to_one and not hasattr(obj, relation.get_accessor_name())):
            continue
        rows = relation.related_model._default_manager.filter(**{relation.field.name: obj})
        if (own := besides.get(relation.get_accessor_name())) is not None:
            rows = rows.exclude(pk__in=own.values("pk"))
        if rows.exists():
            raise NotPossible(_("It has been worked with since."))
    audit.record(verb=f"{obj._meta.model_name}.taken_out", subject=obj, actor=actor)
    obj.delete()
