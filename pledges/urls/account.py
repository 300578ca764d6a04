from django.urls import path

from pledges.views.account import leaving, logo, partner, people, pledges, profile, recognitions

urlpatterns = [
    path("account/partners/<slug:slug>/", partner.partner, name="account-partner"),
    path("account/partners/<slug:slug>/profile/", profile.profile, name="account-profile"),
    path("account/partners/<slug:slug>/contact/", profile.contact, name="account-contact"),
    path("account/partners/<slug:slug>/pledges/add/", pledges.add_pledge, name="account-pledge-add"),
    path("account/partners/<slug:slug>/pledges/<int:pk>/", pledges.change_pledge, name="account-pledge"),
    path("account/partners/<slug:slug>/pledges/<int:pk>/stop/", pledges.stop_pledge, name="account-pledge-stop"),
    path("account/partners/<slug:slug>/recognitions/", recognitions.recognitions, name="account-recognitions"),
    path(
        "account/partners/<slug:slug>/recognitions/add/<slug:kind>/", recognitions.claim, name="account-recognition-add"
    ),
    path("account/partners/<slug:slug>/recognitions/<int:pk>/", recognitions.change, name="account-recognition"),
    path(
        "account/partners/<slug:slug>/recognitions/<int:pk>/take-off/",
        recognitions.take_off,
        name="account-recognition-take-off",
    ),
    path(
        "account/partners/<slug:slug>/recognitions/<int:pk>/evidence/",
        recognitions.evidence,
        name="account-recognition-evidence",
    ),
    path("partners/<slug:slug>/logo/<int:pk>/", logo.logo, name="partner-logo"),
    path("account/partners/<slug:slug>/joining/<int:pk>/", people.join_request, name="account-join-request"),
    path("account/partners/<slug:slug>/decision/<int:pk>/", profile.own_approval, name="account-own-approval"),
    path("account/partners/<slug:slug>/withdraw/", leaving.withdraw, name="account-withdraw"),
]
