# make or make help lists the targets.

# What dfrewrite names for the helpers, and what make image calls the image: registry/you/xx:tag.
# Empty, dfrewrite names a public image that keeps the same contract.
IMAGE ?=
# Where make install puts things: PREFIX/bin.
PREFIX ?= /usr/local
# How long make fuzz gives each target.
FUZZTIME ?= 60s
# What runs BuildKit: docker buildx, or the buildx program alone.
BUILDX ?= docker buildx
# Set PUSH=1 for make image to push it.
PUSH ?=

VERSION ?= $(or $(shell git describe --tags --always --dirty 2>/dev/null),dev)
SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --format=%ct 2>/dev/null),0)

# xx goes into every build stage. Without inlining it is 4 % smaller, and starts as fast.
small = -gcflags=all=-l

# What runs tests: .ci/run has a program here that counts them. Without cgo, paths and a second vet, nothing is compiled twice.
# Nothing depends on how fast the machine is; the limit is for what hangs.
GOTEST ?= go test
gotest = CGO_ENABLED=0 $(GOTEST) -trimpath -vet=off -timeout 90m
debian = [ "$$(id -u)" = 0 ] && grep -qs '^ID=debian$$' /etc/os-release
stamp = -s -w -X main.version=$(VERSION)

.DEFAULT_GOAL := help
.PHONY: help demo check test test-debian e2e bench format vet lint build install image fuzz go

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo 'Variables: IMAGE=registry/you/xx:tag  PREFIX=$(PREFIX)  FUZZTIME=$(FUZZTIME)  PUSH=1  BUILDX="$(BUILDX)"'

# Every target that runs go comes after this, so that a missing or old Go is explained once.
go:
	@command -v go >/dev/null || { \
		echo 'This needs Go, and there is none on PATH.'; \
		echo 'Get it from https://go.dev/dl/: unpack the archive in /usr/local and put /usr/local/go/bin on PATH.'; \
		exit 1; } >&2
	@go list -m >/dev/null || { \
		echo 'This Go is older than go.mod asks for. Go 1.21 and later fetch the right one by themselves,'; \
		echo 'unless GOTOOLCHAIN=local is set; else get a newer one from https://go.dev/dl/.'; \
		exit 1; } >&2

demo: go ## show the main job on examples/: lint, rewrite, cross-compile for ten platforms (needs only Go)
	@go run '-gcflags=all=-l -dwarf=false' ./internal/demo # as the demo builds, to compile the library once

check: format vet ## format, vet, and unit tests of what has changed: for each save (under a minute)
	$(gotest) $$(go list ./... | grep -v '/testscripts$$') # go remembers what has passed

test: go ## everything that needs neither root file systems nor containers
	$(gotest) ./...
	@[ "$$(id -u)" = 0 ] || echo 'LEFT OUT: the test of the sandbox (testscripts/internal/sandbox), which needs root.'

test-debian: go ## the helpers, and the pages of docs/, in throw-away Debian roots (root on Debian)
	@if $(debian); then \
		set -x; $(gotest) -tags debian ./testscripts/debian -count=1; \
	else \
		echo 'LEFT OUT: testscripts/debian, which needs root on Debian (mounts, chroot, apt-get).'; \
	fi

e2e: go ## rewrite, build and run on a real BuildKit and registry, which it starts itself (root on Debian)
	$(gotest) -tags e2e ./testscripts/buildkit -count=1 -parallel 3 # a proof waits for the network or the disk a third of its time

bench: go ## measure the figures in the README (root on Debian; 45 minutes)
	@go run ./testscripts/bench

format: go
	@unformatted=$$(gofmt -l .) && if [ -n "$$unformatted" ]; then echo "not gofmt'ed:" $$unformatted >&2; exit 1; fi

vet: go
	CGO_ENABLED=0 go vet -trimpath ./... # no C compiler needed
	CGO_ENABLED=0 go vet -trimpath -tags e2e,debian ./testscripts/...
	cd examples/go-server && CGO_ENABLED=0 go vet ./...
	cd examples/cgo-sqlite && CGO_ENABLED=0 go vet ./...

lint: format vet ## gofmt, go vet, staticcheck, and dfrewrite and xx-verify for other systems
	CGO_ENABLED=0 GOFLAGS="$$(go env GOFLAGS) -trimpath" go tool staticcheck -tags e2e,debian ./...
	GOOS=darwin go build -o /dev/null ./cmd/dfrewrite
	GOOS=windows go build -o /dev/null ./cmd/dfrewrite
	GOOS=darwin go build -o /dev/null ./cmd/xx-verify

build: go ## build xx, dfrewrite and xx-verify into bin/
	CGO_ENABLED=0 go build -trimpath $(small) -ldflags '$(stamp)' -o bin/xx ./cmd/xx
	CGO_ENABLED=0 go build -trimpath -ldflags '$(stamp) -X main.defaultImage=$(IMAGE)' -o bin/dfrewrite ./cmd/dfrewrite
	CGO_ENABLED=0 go build -trimpath -ldflags '$(stamp)' -o bin/xx-verify ./cmd/xx-verify

install: build ## install them, and a link for each helper, into PREFIX/bin
	mkdir -p $(DESTDIR)$(PREFIX)/bin
	install -m 755 bin/dfrewrite $(DESTDIR)$(PREFIX)/bin/dfrewrite
	bin/xx install $(DESTDIR)$(PREFIX)/bin
	install -m 755 bin/xx-verify $(DESTDIR)$(PREFIX)/bin/xx-verify # instead of the helper, which does less

image: ## build the image for every platform; with PUSH=1 IMAGE=registry/you/xx:tag push it
	$(if $(IMAGE),IMAGE=$(IMAGE)) VERSION=$(VERSION) SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(BUILDX) bake $(if $(PUSH),--push)

fuzz: go ## run each fuzz target for FUZZTIME
	@set -e; for pkg in $$(go list ./...); do \
		targets=$$(go test -list '^Fuzz' $$pkg); \
		for target in $$(echo "$$targets" | grep '^Fuzz' || true); do \
			echo "go test -fuzz $$target -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$pkg"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$pkg; \
		done; \
	done
