# Thin: every target is one or two commands of CMake, CTest or a script. `make demo` and `make test` need only Debian, git and make.

PACKAGES = build-essential cmake ninja-build pkg-config gettext \
	libwebsockets-dev libwebsockets-evlib-uv libuv1-dev libsodium-dev libssl-dev libqrencode-dev qrencode \
	libinih-dev libseccomp-dev libhiredis-dev libjansson-dev libunistring-dev openssl ca-certificates clang lld $(NODE_PACKAGES)
# systemd: 15 MB for systemd-analyze, which rates the relay's unit; nothing of it is started. redis-tools holds the server without its service.
TEST_PACKAGES = libclang-rt-dev llvm chromium unzip libcmocka-dev python3 python3-pytest python3-pytest-xdist python3-websockets strace mandoc systemd redis-tools iproute2
PACKAGE_PACKAGES = dpkg-dev file lintian
PACKAGE_TEST_PACKAGES = debootstrap procps
IMAGE_PACKAGES = buildah mmdebstrap
IMAGE_TEST_PACKAGES = python3-yaml
TLS_TEST_PACKAGES = testssl.sh
LINT_PACKAGES = universal-ctags clang-format clang-tidy cppcheck
JAVA_PACKAGES = openjdk-17-jdk-headless libbcprov-java libbcpkix-java libbcutil-java
PEER_PACKAGES = wormhole-william magic-wormhole python3-magic-wormhole-mailbox-server

# Where node came another way, with its npm, Debian's packages would be in its way.
NODE_PACKAGES := $(shell npm --version >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null || echo nodejs npm)

install_missing = sh tests/check/install_missing.sh

.PHONY: all deps test-deps build page demo test soak-cluster interop bench bench-peers fuzz lint install package package-test image image-test proxy-test tls-test clean

all: build

deps:
	@$(install_missing) $(PACKAGES)

test-deps:
	@$(install_missing) $(PACKAGES) $(TEST_PACKAGES)

build: deps
	@cmake --preset release -DCR_TESTS=OFF >/dev/null
	@cmake --build --preset release -- --quiet

# The phone page alone: build/release/page, and build/release/page-single/certrelay.html. PAGE_RELAY=wss://... builds a relay into it.
page: deps
	@cmake --preset release -DCR_TESTS=OFF -DCR_PAGE_RELAY=$(PAGE_RELAY) >/dev/null
	@cmake --build --preset release --target page -- --quiet

# Everything below PREFIX (below DESTDIR, for those who pack): programs, library, manual pages, completion, page, unit.
PREFIX = /usr/local
install: deps
	@cmake --preset release -DCR_TESTS=OFF -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null
	@cmake --build --preset release -- --quiet
	@DESTDIR=$(DESTDIR) cmake --install build/release >/dev/null

# Debian packages in build/package/packages: certrelay, certrelayd, libcertrelay0, libcertrelay-dev.
package: deps
	@$(install_missing) $(PACKAGE_PACKAGES)
	@sh packaging/package.sh

# The packages in a fresh Debian of their own: installed, used and purged. As root; takes some minutes.
package-test: package
	@$(install_missing) $(PACKAGE_TEST_PACKAGES)
	@sh tests/package/package_test.sh build/package

# A certificate moves between two folders of this machine, through a real relay over TLS.
demo: build
	@sh tests/demo/demo.sh build/release

# Everything, with gcc and sanitizers; then the same sources with clang, and each fuzzer for some seconds.
test: test-deps
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev -- --quiet
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -- --quiet
	@ctest --test-dir build/fuzz --output-on-failure --no-tests=error -j 2 -R '^fuzz'
	@ctest --test-dir build/dev --output-on-failure --no-tests=error -j 2

# The tests of several relays in full length: a death in the moment of every message, many deaths, cuts and restarts; takes about half an hour.
soak-cluster: test-deps
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev -- --quiet
	@cmake --build --preset dev --target soak_cluster -- --quiet

# Bouncy Castle opens what we write. Java is large (270 MB), so `make test` does this only where it is installed already.
interop: test-deps
	@$(install_missing) $(JAVA_PACKAGES)
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev -- --quiet
	@ctest --test-dir build/dev --output-on-failure --no-tests=error -R '^(store.samples|interop.bouncy)$$'

# Figures of this machine, as ratios within one run; takes some minutes. With `make bench-peers` first, others run side by side.
bench: test-deps
	@cmake --preset release -DCR_TESTS=ON >/dev/null
	@cmake --build --preset release -- --quiet
	@/usr/bin/python3 tests/bench/bench.py build/release

bench-peers:
	@$(install_missing) $(PEER_PACKAGES)

# The container image certrelayd:latest (docker/README.md). Without Docker by buildah, as root: then build/image/certrelayd.tar is for `docker load`.
image:
	@docker info >/dev/null 2>&1 || $(install_missing) $(IMAGE_PACKAGES)
	@sh docker/image.sh build/image

# A certificate moves through the image's relay, which has nothing to write to and no privileges; the sample configurations are read.
image-test: build
	@$(install_missing) $(TEST_PACKAGES) $(IMAGE_TEST_PACKAGES)
	@[ -f build/image/config.json ] || $(MAKE) --no-print-directory image
	@sh docker/test/run.sh build test_image test_settings

# Certificates move through nginx and Caddy, with the sample configurations, in front of a real relay. They are unpacked, not installed.
proxy-test: build
	@$(install_missing) $(TEST_PACKAGES) $(IMAGE_TEST_PACKAGES)
	@sh docker/test/run.sh build test_proxies

# testssl.sh asks a real relay whatever it knows about TLS; takes some minutes.
tls-test: build
	@$(install_missing) $(TLS_TEST_PACKAGES)
	@sh tests/check/testssl.sh build/release build/tls-test

# Each fuzzer for FUZZ_SECONDS (one hour by default).
FUZZ_SECONDS = 3600
fuzz: test-deps
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -- --quiet
	@sh tests/fuzz/long.sh build/fuzz $(FUZZ_SECONDS)

lint: test-deps
	@$(install_missing) $(LINT_PACKAGES)
	@sh tests/check/lint.sh

clean:
	@rm -rf build
