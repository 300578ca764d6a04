from django.urls import path

from working_groups.views import public

urlpatterns = [
    path("working-groups/", public.groups, name="working-groups"),
    path("working-groups/<slug:slug>/", public.group, name="working-group"),
]
