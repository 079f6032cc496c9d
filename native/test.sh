#!/bin/sh
# Tests the native kernels without Java: as they are built, under the address and undefined behaviour
# sanitizers, and for Arm under emulation where its tools are installed (Debian: g++-aarch64-linux-gnu,
# qemu-user). Takes some minutes.
#
#   sh native/test.sh [--library FILE] [--arm-every N] [DIR]
#
#   --library FILE   the liboctavo to test first; without it one is compiled
#   --arm-every N    under emulation, run one of so many cases; default 1
#   DIR              is built in; default native/target/native-test
#
#   OCTAVO_NATIVE_REQUIRED=true   fail where tools are missing
#
# Tiers that this CPU lacks are compiled with the library and do not run: qemu's own translator has no
# AVX-512 and no AVX-VNNI.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
library= every=1
while [ $# -gt 1 ]; do
  case $1 in
    --library) library=$2 ;;
    --arm-every) every=$2 ;;
    *) echo "octavo-native: unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
work=${1:-$here/target/native-test}
jobs=$(getconf _NPROCESSORS_ONLN 2> /dev/null || echo 2)
if [ -n "$library" ] && [ ! -f "$library" ]; then
  echo "octavo-native: there is no $library" >&2
  exit 2
fi

build() {
  name=$1
  shift
  cmake -S "$here" -B "$work/$name" -DOCTAVO_TESTS=ON "$@" > "$work/$name.log" 2>&1 &&
    cmake --build "$work/$name" --target kernels_test -j "$jobs" >> "$work/$name.log" 2>&1 || {
    tail -n 30 "$work/$name.log" >&2
    exit 1
  }
}

mkdir -p "$work"
echo "octavo-native: testing, ${library:-release}"
build release "-DOCTAVO_LIBRARY=$library"
"$work/release/kernels_test" > "$work/release.txt" || { cat "$work/release.txt"; exit 1; }
cat "$work/release.txt"

# only what may run here, as the others would be compiled for nothing
tiers=$(sed -n 's/^tier \([a-z0-9_]*\) *runs here$/\1/p' "$work/release.txt" | paste -sd ';' -)
echo "octavo-native: testing, with sanitizers: $tiers"
# and at -O1, as at -O3 the compiler takes minutes for a source
build sanitized -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O1 \
  -DOCTAVO_SANITIZE=address,undefined "-DOCTAVO_TIERS=$tiers"
"$work/sanitized/kernels_test"

[ "$(uname -m)" != aarch64 ] || exit 0

missing=
for tool in aarch64-linux-gnu-g++ qemu-aarch64; do
  command -v $tool > /dev/null 2>&1 || missing="$missing $tool"
done
if [ -n "$missing" ]; then
  echo "octavo-native: NOT tested for Arm, as this machine lacks$missing;" \
    "Debian: apt install g++-aarch64-linux-gnu qemu-user"
  [ "${OCTAVO_NATIVE_REQUIRED:-false}" != true ] || exit 1
  exit 0
fi
echo "octavo-native: testing, for Arm under emulation"
build arm -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++
# with its dot products, which the emulator's usual CPU has
qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu "$work/arm/kernels_test" "--every=$every"
