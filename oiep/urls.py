from django.contrib import admin
from django.urls import include, path

from oiep import languages, news_views, views
from oiep.data import views as data
from oiep.impact import views as impact

urlpatterns = [
    path("", views.home, name="home"),
    path("partners/", views.directory, name="partners"),
    path("partners/<slug:slug>/", views.partner, name="partner"),
    path("impact/", impact.impact, name="impact"),
    path("impact/<slug:key>.csv", impact.chart_file, name="impact-file"),
    path("data/", data.data, name="data"),
    path("data/datapackage.json", data.description, name="data-description"),
    path("data/<slug:name>.csv", data.csv_file, name="data-csv"),
    path("data/<slug:name>.json", data.json_file, name="data-json"),
    path("api/v1/", include("oiep.api.endpoints")),
    path("account/", views.account, name="account"),
    path("", include("oiep.privacy.urls")),
    path("", include("partners.urls")),
    path("", include("pledges.urls")),
    path("", include("working_groups.urls")),
    path("", include("events.urls")),
    path("news/stop/<str:token>/", news_views.stop, name="news-stop"),
    path("account/news/", news_views.own, name="account-news"),
    path("", include("oiep.reach.urls")),
    path("", include("oiep.reports.urls")),
    path("accessibility/", views.page, {"name": "accessibility"}, name="accessibility"),
    path("privacy/", views.page, {"name": "privacy"}, name="privacy"),
    path("terms/", views.page, {"name": "terms"}, name="terms"),
    path("contact/", views.contact, name="contact"),
    path("contact/sent/", views.contact_sent, name="contact-sent"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("sitemap-<slug:section>.xml", views.sitemap, name="sitemap-section"),
    path("robots.txt", views.robots, name="robots"),
    path("language/", languages.choose, name="choose-language"),
    path("metrics", views.metrics_page, name="metrics"),
    path(".well-known/security.txt", views.security_txt, name="security-txt"),
    path("health/live", views.health_live, name="health-live"),
    path("health/ready", views.health_ready, name="health-ready"),
    path("", include("oiep.sign_in.urls")),
    path("admin/", views.desk, name="desk"),
    path("admin/", admin.site.urls),
]

handler404 = "oiep.views.not_found"
handler500 = "oiep.views.server_error"
