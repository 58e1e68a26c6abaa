# The base images that Dockerfiles in tests build on: as close to those of Docker Hub as the tests
# need, made from Debian's packages and the Go toolchain. images.go lays the context out.

# How the official images of Debian set apt up (docker-apt-speedup, for dpkg, is in the roots). It decides how long an
# installation takes: without a cache, apt reads its lists anew for every command.
FROM scratch AS apt
COPY <<"EOF" /etc/apt/apt.conf.d/docker-clean
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
APT::Update::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
EOF
COPY <<"EOF" /etc/apt/apt.conf.d/docker-gzip-indexes
Acquire::GzipIndexes "true";
EOF
COPY <<"EOF" /etc/apt/apt.conf.d/docker-autoremove-suggests
Apt::AutoRemove::SuggestsImportant "false";
EOF

FROM scratch AS debian
ARG TARGETARCH TARGETVARIANT
ADD debian-${TARGETARCH}${TARGETVARIANT}.tar /
COPY --from=apt / /
CMD ["bash"]

# What compiles is a root for each image on amd64, and one for all of them elsewhere.
FROM scratch AS golang-amd64
ADD golang-amd64.tar /
FROM scratch AS tools-amd64
ADD tools-amd64.tar /
FROM scratch AS rust-amd64
ADD rust-amd64.tar /
FROM scratch AS compiler
ARG TARGETARCH TARGETVARIANT
ADD compiler-${TARGETARCH}${TARGETVARIANT}.tar /
FROM compiler AS golang-arm64
FROM compiler AS golang-arm
FROM compiler AS tools-arm64
FROM compiler AS tools-arm
FROM compiler AS rust-arm64
FROM compiler AS rust-arm

FROM golang-${TARGETARCH} AS golang
ARG TARGETARCH TARGETVARIANT
COPY --from=apt / /
COPY goroot-${TARGETARCH}${TARGETVARIANT} /usr/local/go
ARG GOLANG_VERSION
ENV PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    GOLANG_VERSION=$GOLANG_VERSION \
    GOTOOLCHAIN=local \
    GOPATH=/go
WORKDIR /go

FROM tools-${TARGETARCH} AS tools
COPY --from=apt / /
# What installation scripts do, where they are left out.
RUN for name in cc=gcc c++=g++ awk=mawk aclocal=aclocal-1.16 automake=automake-1.16; do \
      test -e /usr/bin/${name%=*} || ln -s ${name#*=} /usr/bin/${name%=*}; \
    done
CMD ["bash"]

FROM rust-${TARGETARCH} AS rust
COPY --from=apt / /
# What an installation script does, where they are left out.
RUN test -e /usr/bin/cc || ln -s gcc /usr/bin/cc
CMD ["bash"]
