# The Dockerfile beside this one, made to cross-compile by hand: C and Go are compiled on the builder's own
# platform, for each target. XX is the image with the helpers.
ARG XX=registry/you/xx:tag
FROM --platform=$BUILDPLATFORM ${XX} AS xx

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
RUN apt-get update && apt-get install -y --no-install-recommends clang lld
COPY --from=xx / /
WORKDIR /src
COPY . .
ARG TARGETPLATFORM
RUN xx-apt-get install -y --no-install-recommends xx-c-essentials
RUN CGO_ENABLED=1 xx-go build -o /out/visits .

FROM debian:bookworm-slim
COPY --from=build /out/visits /usr/local/bin/visits
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/visits"]
