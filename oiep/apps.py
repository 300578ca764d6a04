from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class OiepConfig(AppConfig):
    name = "oiep"
    verbose_name = _("People, mail and audit trail")

    def ready(self):
        from oiep import changes, quick, tracing

        quick.remember_translations()
        connection_created.connect(tracing.watch_queries)
        # With the last of the apps: by then there are all tables.
        last = [config for config in self.apps.get_app_configs() if config.models_module][-1]
        post_migrate.connect(changes.watch_tables, sender=last)
