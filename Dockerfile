# One image for web servers and workers; see docs/deployment.md. The environment comes when it is started.
#   web:     docker run --env-file import-data.env -p 8000:8000 import-data
#   worker:  docker run --env-file import-data.env import-data python manage.py run_worker
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/import-data

COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock

COPY manage.py pyproject.toml ./
COPY crm_import crm_import
COPY entities entities
COPY imports imports
COPY templates templates
COPY static static
COPY locale locale
# The values are for this one command; none of them is kept in the image.
RUN PRODUCTION=1 SECRET_KEY=only-to-collect-files-0123456789-0123456789-abcdefgh \
    SITE_URL=https://localhost EMAIL_URL=console: python manage.py collectstatic --no-input

RUN useradd --system --create-home import-data
USER import-data
EXPOSE 8000
CMD ["gunicorn", "crm_import.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "8", \
     "--keep-alive", "75", "--graceful-timeout", "30", "--no-control-socket"]
