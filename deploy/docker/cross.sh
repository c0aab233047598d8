#!/bin/sh
# For the Dockerfile: installs what compiles for an architecture, and runs cargo with it.
#   cross install ARCH           once
#   cross cargo ARCH COMMAND…    cargo COMMAND… --target TRIPLE; ARCH is Docker's amd64 or arm64
set -eu

action=$1
arch=$2
shift 2

case $arch in
  amd64) machine=x86_64 ;;
  arm64) machine=aarch64 ;;
  *) echo "cross: no such architecture: $arch (amd64, arm64)" >&2; exit 2 ;;
esac
triple=$machine-unknown-linux-gnu
gcc=$machine-linux-gnu-gcc

case $action in
  install)
    # The compiler of the own architecture is there already, under the same name.
    if ! command -v "$gcc" >/dev/null; then
      apt-get update
      apt-get install -y --no-install-recommends \
        "gcc-$(echo "$machine" | tr _ -)-linux-gnu" "libc6-dev-$arch-cross"
      rm -rf /var/lib/apt/lists/*
    fi
    rustup target add "$triple"
    ;;
  cargo)
    underscored=$(echo "$triple" | tr - _)
    upper=$(echo "$underscored" | tr '[:lower:]' '[:upper:]')
    export "CC_$underscored=$gcc" "AR_$underscored=$machine-linux-gnu-ar"
    export "CARGO_TARGET_${upper}_LINKER=$gcc"
    exec cargo "$@" --target "$triple"
    ;;
  *) echo "cross: no such action: $action (install, cargo)" >&2; exit 2 ;;
esac
