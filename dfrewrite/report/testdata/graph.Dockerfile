ARG GO=1.26
FROM --platform=$BUILDPLATFORM tonistiigi/xx:1.8.0 AS xx
FROM --platform=$BUILDPLATFORM node:22 AS web
RUN npm ci && npm run build
FROM golang:${GO} AS base
WORKDIR /src
FROM base AS build
COPY --from=web /dist ./web
RUN make
RUN --mount=type=bind,from=deps,source=/m,target=/m go build -o /out/app
FROM --platform=$BUILDPLATFORM base AS lint
RUN golangci-lint run
FROM alpine:3.22
RUN apk add ca-certificates
COPY --from=build /out/app /usr/bin/app
COPY --from=web /dist /srv
COPY --from=nginx:1.27 /etc/nginx/mime.types /etc/
COPY --from=xx "/usr/bin/xx-info" "/a<b>&\"c" /
