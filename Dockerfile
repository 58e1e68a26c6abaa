# The image with the helpers, for COPY --from=xx / / in a build stage.
#
#	docker buildx bake                              # build it for every platform
#	IMAGE=registry/you/xx:tag docker buildx bake --push
#
# One machine builds it for all platforms, without emulation: the build stage runs on the builder's
# own platform and cross-compiles. It needs no frontend but BuildKit's own.

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY . .
ENV CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false"

# Laid out by a native build, which can run here: the target's is put in its place. Nothing in this
# step is about the target, so that it runs once for all platforms. Without vendored modules, go
# downloads them into the cache.
RUN --mount=type=cache,target=/root/.cache/go-build --mount=type=cache,target=/go/pkg/mod \
    go build -gcflags=all=-l -o /native/xx ./cmd/xx && /native/xx install /out/usr/bin

ARG VERSION=dev
ARG TARGETOS TARGETARCH TARGETVARIANT
# As make builds it: without inlining, which makes it 4 % smaller.
# GOARM is 7 for arm/v7 and empty, go's default, where there is no variant.
RUN --mount=type=cache,target=/root/.cache/go-build --mount=type=cache,target=/go/pkg/mod \
    GOOS=$TARGETOS GOARCH=$TARGETARCH GOARM=${TARGETVARIANT#v} \
    go build -gcflags=all=-l -ldflags "-s -w -buildid= -X main.version=$VERSION" -o /out/usr/bin/xx ./cmd/xx

FROM scratch
COPY --from=build /out/ /
ENTRYPOINT ["/usr/bin/xx"]
