# The base images that Dockerfiles in tests build on: as close to those of Docker Hub as the tests
# need, made from Debian's packages and the Go toolchain. images.go lays the context out.
FROM scratch AS debian
ARG TARGETARCH TARGETVARIANT
ADD debian-${TARGETARCH}${TARGETVARIANT}.tar /
CMD ["bash"]

FROM scratch AS golang
ARG TARGETARCH TARGETVARIANT
ADD golang-${TARGETARCH}${TARGETVARIANT}.tar /
COPY goroot-${TARGETARCH}${TARGETVARIANT} /usr/local/go
ARG GOLANG_VERSION
ENV PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    GOLANG_VERSION=$GOLANG_VERSION \
    GOTOOLCHAIN=local \
    GOPATH=/go
WORKDIR /go

FROM scratch AS tools
ARG TARGETARCH TARGETVARIANT
ADD tools-${TARGETARCH}${TARGETVARIANT}.tar /
# What installation scripts do, where they are left out.
RUN for name in cc=gcc c++=g++ awk=mawk aclocal=aclocal-1.16 automake=automake-1.16; do \
      test -e /usr/bin/${name%=*} || ln -s ${name#*=} /usr/bin/${name%=*}; \
    done
CMD ["bash"]

FROM scratch AS rust
ARG TARGETARCH TARGETVARIANT
ADD rust-${TARGETARCH}${TARGETVARIANT}.tar /
# What an installation script does, where they are left out.
RUN test -e /usr/bin/cc || ln -s gcc /usr/bin/cc
CMD ["bash"]
