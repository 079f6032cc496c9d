#!/bin/sh
# Builds the native libraries. The Maven build calls this in the phase process-classes; by hand, after
# a Maven build:
#
#   JAVA_HOME=$(./octavo --java-home) sh native/build.sh --classes native/target/classes \
#     --class-path javacpp.jar --output native/target/native
#
#   --classes DIR       the compiled binding classes
#   --class-path PATH   what they need: JavaCPP
#   --output DIR        the libraries go to DIR/<os>-<arch>/
#   --version TEXT      what oct_version() says
#
#   JAVA_HOME                    the JDK whose headers libjnioctavo is compiled with, and which runs JavaCPP
#   CXX, CXXFLAGS                the compiler and extra flags, as CMake reads them
#   OCTAVO_NATIVE_REQUIRED=true  fail where tools are missing
#
# Where a tool is missing it says so in one line, leaves the line in DIR/<os>-<arch>/absent.txt for the
# library's users, and succeeds. Says nothing when nothing has changed.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
classes= class_path= output= version=0
while [ $# -gt 1 ]; do
  case $1 in
    --classes) classes=$2 ;;
    --class-path) class_path=$2 ;;
    --output) output=$2 ;;
    --version) version=$2 ;;
    *) echo "octavo-native: unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
if [ -z "$classes" ] || [ -z "$output" ] || [ -z "${JAVA_HOME:-}" ] || [ $# -gt 0 ]; then
  echo "octavo-native: needs --classes, --output and JAVA_HOME; the head of build.sh explains" >&2
  exit 2
fi

case $(uname -s) in
  Linux) os=linux jni=linux ;;
  Darwin) os=macos jni=darwin ;;
  *) os=$(uname -s | tr '[:upper:]' '[:lower:]') jni=$os ;;
esac
case $(uname -m) in
  x86_64 | amd64) arch=x86_64 ;;
  aarch64 | arm64) arch=aarch64 ;;
  *) arch=$(uname -m) ;;
esac
target=$output/$os-$arch
mkdir -p "$target"

absent() {
  rm -f "$target"/*octavo*
  echo "$1" > "$target/absent.txt"
  echo "octavo-native: not built, $1"
  [ "${OCTAVO_NATIVE_REQUIRED:-false}" != true ] || exit 1
  exit 0
}

compiler=
for candidate in "${CXX:-}" c++ g++ clang++; do
  if [ -n "$candidate" ] && command -v "${candidate%% *}" > /dev/null 2>&1; then
    compiler=$candidate
    break
  fi
done
[ -n "$compiler" ] || absent "the machine had no C++ compiler: install g++ or clang++ and build again"
for tool in cmake make; do
  command -v $tool > /dev/null 2>&1 || absent "the machine had no $tool: install $tool and build again"
done

# Everything that the result depends on.
inputs=$(
  {
    find "$here/src/main/cpp" "$here/CMakeLists.txt" "$here/build.sh" \
      "$classes"/octavo/natives/jni/Octavo*.class -type f | LC_ALL=C sort |
      while IFS= read -r file; do cksum < "$file"; done
    echo "$version $JAVA_HOME $compiler ${CXXFLAGS:-}"
    $compiler --version
  } | cksum
)
stamp=$target/built.stamp
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$inputs" ]; then
  exit 0
fi

# Two levels below the output, where no library is taken from.
work=$output/cmake/$os-$arch
log=$work/build.log
rm -rf "$stamp" "$target/absent.txt"
mkdir -p "$work"

failed() {
  echo "octavo-native: $1; the end of $log:" >&2
  tail -n 30 "$log" >&2
  exit 1
}

rm -rf "$work/jni"
"$JAVA_HOME/bin/java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$class_path" \
  org.bytedeco.javacpp.tools.Builder -classpath "$classes" -nocompile -d "$work/jni" \
  octavo.natives.jni.Octavo > "$log" 2>&1 || failed "JavaCPP did not generate the JNI source"

cmake -S "$here" -B "$work" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="${compiler%% *}" \
  -DOCTAVO_VERSION="$version" \
  -DOCTAVO_JNI_SOURCES="$work/jni/jnioctavo.cpp;$work/jni/jnijavacpp.cpp" \
  -DOCTAVO_JNI_INCLUDES="$JAVA_HOME/include;$JAVA_HOME/include/$jni" >> "$log" 2>&1 ||
  failed "CMake failed"

jobs=$(getconf _NPROCESSORS_ONLN 2> /dev/null || echo 2)
cmake --build "$work" -j "$jobs" >> "$log" 2>&1 || failed "the C++ build failed"

for library in "$work"/liboctavo.* "$work"/libjnioctavo.*; do
  cp "$library" "$target/"
done
echo "$inputs" > "$stamp"
echo "octavo-native: built for $os-$arch with $($compiler --version | head -n 1)"
