from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class OiepConfig(AppConfig):
    name = "oiep"
    verbose_name = _("People, mail and audit trail")

    def ready(self):
        from oiep import tracing

        connection_created.connect(tracing.watch_queries)
