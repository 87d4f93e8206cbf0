# The newest Node.js with long-term support, pinned.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

# What production needs: without the tools of the build, the Prisma CLI and the embedded database.
FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
# The native code of the password hashes for this platform, which --omit=optional leaves out.
COPY --from=build /app/node_modules/@node-rs ./node_modules/@node-rs
COPY --from=build /app/package.json ./
COPY --from=build /app/dist ./dist
COPY --from=build /app/prisma ./prisma
COPY --from=build /app/views ./views
COPY --from=build /app/docs ./docs
# Any user may run it, and nothing below /app is written: the root may be read-only.
RUN chmod -R a+rX /app && ln -s /app/dist/postern.js /usr/local/bin/postern
USER 1000:1000
EXPOSE 3000
STOPSIGNAL SIGTERM
# Of a worker, which has no port, the command asks the database.
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --retries=3 CMD ["postern", "health"]
# docs/performance.md, "Memory"
CMD ["node", "--max-semi-space-size=16", "--min-semi-space-size=8", "--heap-growing-percent=60", "--v8-pool-size=1", "--wasm-lazy-compilation", "--no-wasm-tier-up", "dist/server.js"]
