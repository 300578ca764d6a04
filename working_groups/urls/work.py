from django.urls import path

from working_groups.views import about, actions, joining, members, room, updates

GROUP = "working-groups/<slug:slug>/"

urlpatterns = [
    path(GROUP + "room/", room.room, name="group-room"),
    path(GROUP + "about/", about.change, name="group-about"),
    path(GROUP + "actions/", actions.actions, name="group-actions"),
    path(GROUP + "actions/new/", actions.add, name="group-action-add"),
    path(GROUP + "actions/<int:pk>/", actions.action, name="group-action"),
    path(GROUP + "actions/<int:pk>/change/", actions.change, name="group-action-change"),
    path(GROUP + "updates/", updates.updates, name="group-updates"),
    path(GROUP + "updates/new/", updates.add, name="group-update-add"),
    path(GROUP + "updates/<int:pk>/", updates.change, name="group-update"),
    path(GROUP + "members/", members.members, name="group-members"),
    path(GROUP + "members/<int:pk>/", members.member, name="group-member"),
    path(GROUP + "members/invite/", joining.invite, name="group-invite"),
    path(GROUP + "members/invitations/<int:pk>/", joining.invitation, name="group-invited"),
    path(GROUP + "requests/<int:pk>/", joining.join_request, name="group-join-request"),
    path(GROUP + "join/", joining.join, name="group-join"),
    path("invitations/groups/<str:token>/", joining.RECEPTION.view(), name="group-invitation"),
    path("account/groups/<int:pk>/", joining.own_entry, name="account-group"),
    path("account/groups/<int:pk>/leave/", joining.leave, name="account-group-leave"),
]
