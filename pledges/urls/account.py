from django.urls import path

from pledges.views import account

urlpatterns = [
    path("account/", account.home, name="account"),
    path("account/partners/<slug:slug>/", account.partner, name="account-partner"),
    path("account/partners/<slug:slug>/profile/", account.profile, name="account-profile"),
    path("account/partners/<slug:slug>/contact/", account.contact, name="account-contact"),
    path("account/partners/<slug:slug>/pledges/add/", account.add_pledge, name="account-pledge-add"),
    path("account/partners/<slug:slug>/pledges/<int:pk>/", account.change_pledge, name="account-pledge"),
    path("account/partners/<slug:slug>/pledges/<int:pk>/stop/", account.stop_pledge, name="account-pledge-stop"),
    path("account/partners/<slug:slug>/joining/<int:pk>/", account.join_request, name="account-join-request"),
    path("account/partners/<slug:slug>/decision/<int:pk>/", account.own_approval, name="account-own-approval"),
    path("account/partners/<slug:slug>/withdraw/", account.withdraw, name="account-withdraw"),
]
