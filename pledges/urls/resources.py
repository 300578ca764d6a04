from django.urls import path

from pledges.views import help_wanted, resources
from pledges.views.account import help_wanted as own

urlpatterns = [
    path("resources/", resources.resources, name="resources"),
    path("resources/<slug:slug>/", resources.resource, name="resource"),
    path("resources/<slug:slug>/file/", resources.resource_file, name="resource-file"),
    path("help/", help_wanted.requests, name="help"),
    path("help/<int:pk>/", help_wanted.request, name="help-request"),
    path("help/<int:pk>/sent/", help_wanted.sent, name="help-sent"),
    path("account/partners/<slug:slug>/help/", own.requests, name="account-help"),
    path("account/partners/<slug:slug>/help/ask/", own.ask, name="account-help-ask"),
    path("account/partners/<slug:slug>/help/<int:pk>/", own.change, name="account-help-change"),
    path("account/partners/<slug:slug>/help/<int:pk>/close/", own.close, name="account-help-close"),
]
