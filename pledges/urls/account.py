from django.urls import path

from pledges.views import account

urlpatterns = [
    path("account/", account.home, name="account"),
]
