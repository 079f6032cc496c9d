#!/bin/sh
# Tests the native kernels without Java: as they are built, under the address and undefined behaviour
# sanitizers, and for Arm under emulation where its tools are installed (Debian: g++-aarch64-linux-gnu,
# qemu-user). Takes some minutes.
#
#   sh native/test.sh [DIR]     DIR is built in; default native/target/native-test
#
# The AVX-512 and VNNI tiers are compiled here and run only where the CPU has them: qemu's own
# translator has no AVX-512 and no AVX-VNNI.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
work=${1:-$here/target/native-test}
jobs=$(getconf _NPROCESSORS_ONLN 2> /dev/null || echo 2)

build() {
  name=$1
  shift
  echo "octavo-native: testing, $name"
  cmake -S "$here" -B "$work/$name" -DOCTAVO_TESTS=ON "$@" > "$work/$name.log" 2>&1 &&
    cmake --build "$work/$name" -j "$jobs" >> "$work/$name.log" 2>&1 || {
    tail -n 30 "$work/$name.log" >&2
    exit 1
  }
}

mkdir -p "$work"
build release
"$work/release/kernels_test"

# only what may run here, as the others would be compiled for nothing
build sanitized -DOCTAVO_SANITIZE=address,undefined "-DOCTAVO_TIERS=portable;avx2;neon;neon_dotprod"
"$work/sanitized/kernels_test"

if command -v aarch64-linux-gnu-g++ > /dev/null 2>&1 && command -v qemu-aarch64 > /dev/null 2>&1; then
  build arm -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
    -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++
  qemu-aarch64 -L /usr/aarch64-linux-gnu "$work/arm/kernels_test"
else
  echo "octavo-native: not tested for Arm, aarch64-linux-gnu-g++ or qemu-aarch64 is missing"
fi
