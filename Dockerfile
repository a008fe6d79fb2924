# One image for web, worker, beat and the one-shot `migrate`; docker-compose.yml says which command each runs.

FROM python:3.11-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
COPY requirements.lock /
# An index of your own: docker build --secret id=pip_conf,src=pip.conf
# Compiled here, because modules without bytecode cost every process five times the start and three times the memory.
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf \
    /venv/bin/pip install --require-hashes --compile -r /requirements.lock

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PORTAL_HOME=/var/lib/portal
RUN useradd --system --uid 10001 --user-group --create-home --home-dir /var/lib/portal portal \
 && install --directory --owner portal --group portal /var/lib/simulator
COPY --from=packages /venv /venv
WORKDIR /app
COPY manage.py ./
COPY portal portal
COPY replication replication
COPY simulator simulator
COPY templates templates
COPY static static
COPY scripts/healthy.py scripts/healthy.py
RUN python -m compileall -q portal replication simulator
USER portal
# The static files belong to the image, so that a new version never serves the old ones. The key is of this build only.
RUN PORTAL_SECRET_KEY=collectstatic python manage.py collectstatic --noinput --verbosity 0
EXPOSE 8000
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
