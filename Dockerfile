# Pin the base image by its digest: --build-arg NODE_IMAGE=node:26-slim@sha256:… (docker buildx imagetools inspect node:26-slim).
ARG NODE_IMAGE=node:26-slim
FROM ${NODE_IMAGE}
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 DATA_DIR=/data
# So that memory goes back to the system (docs/decisions/012-small-young-generation.md).
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072
COPY package.json package-lock.json ./
# The image has Node already, so the Node of the lock is not needed.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force && \
  rm -rf node_modules/node-linux-* node_modules/.bin/node
COPY commands commands
COPY examples examples
COPY migrations migrations
COPY src src
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "--max-semi-space-size=4", "--heap-growing-percent=50", "src/main.ts"]
