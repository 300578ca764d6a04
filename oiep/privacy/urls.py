from django.urls import path

from oiep.privacy import views

urlpatterns = [
    path("account/privacy/", views.privacy, name="account-privacy"),
    path("account/privacy/download/", views.download, name="account-download"),
    path("account/privacy/erase/", views.erase_oneself, name="account-erase"),
    path("account/privacy/erased/", views.erased, name="account-erased"),
    path("admin/oiep/user/<int:pk>/erase/", views.erase_somebody, name="admin-erase"),
]
