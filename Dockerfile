# One image for web, worker and scheduler; docker-compose.yml says which runs what.

FROM python:3.11-slim-bookworm AS packages
RUN python -m venv /opt/venv
COPY requirements.txt requirements-s3.txt ./
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements-s3.txt

FROM python:3.11-slim-bookworm
ENV PATH="/opt/venv/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SITE=production STATIC_ROOT=/srv/static MEDIA_ROOT=/srv/media ERASURES_ROOT=/srv/erasures
# pg_dump and psql as new as the server, from PostgreSQL's own repository: Debian's would refuse to work with it.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-common ca-certificates \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install -y --no-install-recommends postgresql-client-18 \
    && apt-get purge -y --auto-remove postgresql-common && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin charter \
    && install -d -o charter -g charter /srv/media /srv/erasures
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/charter
COPY manage.py ./
COPY oiep oiep
COPY partners partners
COPY pledges pledges
COPY working_groups working_groups
COPY events events
COPY desk desk
COPY templates templates
COPY static static
COPY locale locale
RUN python -m oiep.catalogues locale/*/LC_MESSAGES/django.po
# Collecting files talks to nothing; the names below only have to be there.
RUN SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(50))') ALLOWED_HOSTS=unused SITE_URL=https://unused FROM_EMAIL=unused CONTACT_EMAIL=unused \
    DATABASE_URL=postgresql://unused/unused REDIS_URL=redis://unused EMAIL_URL=smtp://unused \
    python manage.py collectstatic --noinput
USER charter
EXPOSE 8000
CMD ["gunicorn", "oiep.wsgi", "--config", "python:oiep.gunicorn", "--bind", "0.0.0.0:8000", "--no-control-socket"]
