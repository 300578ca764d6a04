from django.urls import path

from pledges.views.account import logo, recognitions

urlpatterns = [
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
]
