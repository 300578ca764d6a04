from django.urls import path

from pledges.views.account import leaving, partner, people, pledges, profile

urlpatterns = [
    path("account/partners/<slug:slug>/", partner.partner, name="account-partner"),
    path("account/partners/<slug:slug>/profile/", profile.profile, name="account-profile"),
    path("account/partners/<slug:slug>/contact/", profile.contact, name="account-contact"),
    path("account/partners/<slug:slug>/pledges/add/", pledges.add_pledge, name="account-pledge-add"),
    path("account/partners/<slug:slug>/pledges/<int:pk>/", pledges.change_pledge, name="account-pledge"),
    path("account/partners/<slug:slug>/pledges/<int:pk>/stop/", pledges.stop_pledge, name="account-pledge-stop"),
    path("account/partners/<slug:slug>/joining/<int:pk>/", people.join_request, name="account-join-request"),
    path("account/partners/<slug:slug>/decision/<int:pk>/", profile.own_approval, name="account-own-approval"),
    path("account/partners/<slug:slug>/withdraw/", leaving.withdraw, name="account-withdraw"),
]
