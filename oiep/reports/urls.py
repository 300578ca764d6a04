from django.urls import path

from oiep.reports import views

urlpatterns = [
    path("reports/", views.reports, name="reports"),
    path("reports/<slug:slug>/", views.report, name="report"),
    path("reports/<slug:slug>/report.pdf", views.file, {"kind": "pdf"}, name="report-pdf"),
    path("reports/<slug:slug>/report.docx", views.file, {"kind": "docx"}, name="report-word"),
]
