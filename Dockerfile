# syntax=docker/dockerfile:1.7
# The image of ragterm: daemon, bots and every command, for linux/amd64 and linux/arm64.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --tag ragterm .
#   docker buildx build --target ocr --tag ragterm:ocr .     # with tesseract, for `index.ocr = true`
#
# The compiler runs on the machine that builds and crosses to the other architecture: emulated
# compilers take hours.

FROM --platform=$BUILDPLATFORM rust:1.95-slim-bookworm AS toolchain
WORKDIR /build
RUN cargo install cargo-chef --locked --version 0.1.73
ARG TARGETARCH
COPY deploy/docker/cross.sh /usr/local/bin/cross
RUN sh /usr/local/bin/cross install "$TARGETARCH"

# What the workspace depends on, without its sources: the next layer changes only when this does.
FROM toolchain AS plan
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM toolchain AS build
ARG TARGETARCH
# The repository keeps line tables for profiles; an image has no use for them.
ENV CARGO_PROFILE_RELEASE_DEBUG=none \
    CARGO_PROFILE_RELEASE_STRIP=symbols
COPY --from=plan /build/recipe.json recipe.json
RUN sh /usr/local/bin/cross cargo "$TARGETARCH" chef cook --release --locked --recipe-path recipe.json
COPY . .
RUN sh /usr/local/bin/cross cargo "$TARGETARCH" build --release --locked --bin ragterm && \
    install -D target/*-unknown-linux-gnu/release/ragterm /out/ragterm

# What the program needs of a system, and nothing else: no shell, no packages. So the image has 53 to
# 58 MB compressed, as the builder compresses (all but 2 of them are the program), and may have 80. On
# Debian's slim image (28 MB) with certificates (3 MB with what they need) it would have 82.
FROM debian:12.12-slim AS system
# Certificates for servers over TLS. Security updates of Debian matter more than a fixed version.
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates && \
    rm -rf /var/lib/apt/lists/*
# All that is ever written is below these directories and /tmp: the rest may be read-only.
RUN groupadd --gid 10001 ragterm && \
    useradd --uid 10001 --gid 10001 --home-dir /var/lib/ragterm --no-create-home \
      --shell /usr/sbin/nologin ragterm && \
    install -d -o 10001 -g 10001 -m 0700 /var/lib/ragterm /run/ragterm /var/backups/ragterm && \
    install -d -m 0755 /etc/ragterm

FROM system AS parts
RUN install -d -m 0755 /parts && \
    for part in /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.* /lib/*-linux-gnu/libc.so.6 \
      /lib/*-linux-gnu/libm.so.6 /lib/*-linux-gnu/libgcc_s.so.1 /etc/ssl/certs/ca-certificates.crt \
      /etc/passwd /etc/group /etc/nsswitch.conf; do \
      if [ -e "$part" ]; then cp --dereference --parents "$part" /parts || exit 1; fi; \
    done && \
    cp --archive --parents /var/lib/ragterm /run/ragterm /var/backups/ragterm /etc/ragterm /parts && \
    install -d -m 1777 /parts/tmp

FROM system AS tesseract
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install -y --no-install-recommends tesseract-ocr tesseract-ocr-eng tesseract-ocr-kor && \
    rm -rf /var/lib/apt/lists/*

FROM scratch AS base
ENV PATH=/usr/local/bin:/usr/bin:/bin \
    RAGTERM_CONFIG=/etc/ragterm/config.toml \
    RAGTERM_DATA_DIR=/var/lib/ragterm \
    SQLITE_TMPDIR=/var/lib/ragterm \
    RAGTERM_SOCKET=/run/ragterm/ragterm.sock \
    RAGTERM_DAEMON__AUTOSTART=false
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="ragterm" \
      org.opencontainers.image.description="Search and question answering over a company's own documents" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"
STOPSIGNAL SIGTERM
# THE health check of the image; compose uses it as it is. The same as the helper `ragterm.health` of
# deploy/helm/ragterm/templates/_helpers.tpl.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --start-interval=2s --retries=4 \
  CMD ["ragterm", "health"]
ENTRYPOINT ["ragterm"]
CMD ["daemon"]

FROM base AS ocr
# hadolint ignore=DL3067
COPY --from=tesseract / /
COPY --from=build /out/ragterm /usr/local/bin/ragterm
WORKDIR /var/lib/ragterm
VOLUME ["/var/lib/ragterm"]
USER 10001:10001

FROM base AS ragterm
COPY --from=parts /parts/ /
COPY --from=build /out/ragterm /usr/local/bin/ragterm
WORKDIR /var/lib/ragterm
VOLUME ["/var/lib/ragterm"]
USER 10001:10001
