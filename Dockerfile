# One image for every part: web (the preset), relay, worker, migrate, check and the operator's commands.
# Only what runs in production is in it: no tests, no compiler, no embedded PostgreSQL, no pip.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
# Every package by its hash, first, so that a change of our own code does not install them anew.
COPY requirements-build.lock requirements-runtime.lock ./
RUN python3 -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes --only-binary :all: -r requirements-build.lock \
    && python3 -m venv /opt/gatelodge \
    && /opt/gatelodge/bin/pip install --require-hashes --only-binary :all: -r requirements-runtime.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY provisioning provisioning
COPY saml saml
COPY workers workers
COPY embedded embedded
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation -w /wheels . \
    && /opt/gatelodge/bin/pip install --no-deps --no-index /wheels/*.whl \
    && /opt/gatelodge/bin/pip uninstall -y pip setuptools

FROM ${BASE}
RUN groupadd --system --gid 10001 gatelodge \
    && useradd --system --uid 10001 --gid gatelodge --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin gatelodge
COPY --from=build /opt/gatelodge /opt/gatelodge
ENV PATH=/opt/gatelodge/bin:$PATH PYTHONUNBUFFERED=1 LC_ALL=C.UTF-8
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /
EXPOSE 8080
STOPSIGNAL SIGTERM
# Of the web; where relay or worker run, this is switched off (compose.yaml).
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["gatelodge"]
CMD ["web", "--host", "0.0.0.0", "--port", "8080"]
