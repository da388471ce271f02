# Two stages: the first makes the environment from the lock that developers use, the second carries only what serves.
FROM python:3.13-slim-bookworm AS builder

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    UV_NO_CACHE=1 \
    UV_COMPILE_BYTECODE=1 \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /srv/tiendo57

# uv comes from the lock, by its hash, and then takes from the lock only what the project needs to run.
COPY requirements.lock ./
RUN awk '/^[a-z0-9]/ { keep = /^uv==/ } keep' requirements.lock > /opt/uv.lock \
    && python -m venv /opt/uv \
    && /opt/uv/bin/pip install --quiet --require-hashes --requirement /opt/uv.lock
COPY pyproject.toml README.md LICENSE ./
RUN python -m venv --without-pip /opt/tiendo57 \
    && /opt/uv/bin/uv pip install --quiet --python /opt/tiendo57/bin/python \
        --require-hashes --constraints requirements.lock --requirements pyproject.toml
COPY app app
RUN /opt/uv/bin/uv pip install --quiet --python /opt/tiendo57/bin/python \
        --no-deps --build-constraints requirements.lock --editable .

FROM python:3.13-slim-bookworm

RUN groupadd --gid 10001 tiendo57 \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin tiendo57 \
    && install --directory --owner 10001 --group 10001 /data

ENV PATH=/opt/tiendo57/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATABASE_URL=sqlite:////data/tiendo57.db \
    PORT=8000
WORKDIR /srv/tiendo57
COPY --from=builder /opt/tiendo57 /opt/tiendo57
COPY alembic.ini ./
COPY app app
COPY migrations migrations
COPY templates templates
COPY static static
COPY locales locales
COPY deploy/container.sh deploy/container.sh

USER 10001:10001
VOLUME ["/data"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["/srv/tiendo57/deploy/container.sh"]
