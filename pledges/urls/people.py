from django.urls import path

from pledges.views.account import people

urlpatterns = [
    path("account/partners/<slug:slug>/people/", people.people, name="account-people"),
    path("account/partners/<slug:slug>/people/invite/", people.invite, name="account-invite"),
    path("account/partners/<slug:slug>/people/leave/", people.leave, name="account-leave"),
    path("account/partners/<slug:slug>/people/<int:pk>/", people.person, name="account-person"),
    path("invitations/partners/<str:token>/", people.RECEPTION.view(), name="partner-invitation"),
]
