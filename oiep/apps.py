from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OiepConfig(AppConfig):
    name = "oiep"
    verbose_name = _("People, mail and audit trail")
