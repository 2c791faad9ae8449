# The orchestrator: pinned packages, verified by hash, and nothing that only builds them.
FROM python:3.12.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/orchestrator
WORKDIR /source

# First what changes seldom, so that a change of the source does not fetch it again.
COPY requirements/runtime.txt requirements/
RUN /opt/orchestrator/bin/pip install --no-deps --require-hashes -r requirements/runtime.txt

# What builds the package stays here.
COPY requirements/build.txt requirements/
RUN python -m pip install --no-deps --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY examples examples
COPY src src
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/orchestrator/bin/pip install --no-deps --no-index /wheels/*.whl

FROM python:3.12.11-slim-bookworm

# The data directory belongs to the user, so that a new volume on it does, too.
RUN useradd --uid 10001 --create-home app \
    && install --directory --owner=app --group=app /home/app/data
COPY --from=build /opt/orchestrator /opt/orchestrator
ENV PATH=/opt/orchestrator/bin:$PATH PYTHONUNBUFFERED=1 DATA_DIR=/home/app/data
WORKDIR /home/app
USER 10001
VOLUME /home/app/data
# What `serve` listens on; it wants identity for any address but the container's own.
EXPOSE 8080

# It reads settings and records and needs a moment, so that it asks seldom.
HEALTHCHECK --interval=60s --timeout=30s --start-period=20s --retries=3 CMD ["orq", "doctor"]
ENTRYPOINT ["orq"]
CMD ["--help"]
