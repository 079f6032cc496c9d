#!/bin/sh
# Fetches the binaries of other projects that the tests of octavo.Policy compare with, into target/peers:
#   torch   libtorch for Linux x86-64 from Maven Central (108 MB to fetch, 360 MB on the disk)
#   ggml    ggml for Linux x86-64 from npm (11 MB)
# Prints the names of those that are there then, separated by commas; without arguments it fetches both.
set -u
cd "$(dirname "$0")" || exit 1
peers=$PWD/target/peers
ggml=3.22.1
ggml_integrity=e6e0820cda9608d7da026f1a47f533c5ba381c1a4a80d17dd640873dea4a86032057638099ab6879f6ce94c8a1b2a0a21f639ddf913f7941d00856df44126e3a
mkdir -p "$peers"

torch() {
  [ -f "$peers/torch/libtorch_cpu.so" ] && return 0
  rm -rf "$peers/torch.part"
  for artifact in org.bytedeco:pytorch:2.13.0-1.5.14:jar:linux-x86_64 org.bytedeco:openblas:0.3.31-1.5.13:jar:linux-x86_64; do
    (cd ../.. && "${MAVEN:-./mvnw}" -B -q -N dependency:unpack "-Dartifact=$artifact" "-DoutputDirectory=$peers/torch.part" \
      '-Dmdep.unpack.includes=**/libtorch_cpu.so,**/libc10.so,**/libgomp.so.1,**/libopenblas.so.0,**/libgfortran.so.5,**/libquadmath.so.0') >&2 ||
      return 1
  done
  mkdir "$peers/torch.flat" && find "$peers/torch.part" -type f -exec mv {} "$peers/torch.flat" ';' &&
    mv "$peers/torch.flat" "$peers/torch" && rm -rf "$peers/torch.part"
}

ggml() {
  [ -f "$peers/ggml/libggml-base.so" ] && return 0
  command -v npm > /dev/null || { echo "peers.sh: no npm on the PATH: ggml is not compared" >&2; return 1; }
  rm -rf "$peers/ggml.part" && mkdir "$peers/ggml.part" || return 1
  (
    cd "$peers/ggml.part" && npm pack --silent "@node-llama-cpp/linux-x64@$ggml" > /dev/null &&
      case $(sha512sum ./*.tgz) in
        "$ggml_integrity "*) ;;
        *) echo "peers.sh: not the ggml that is expected" >&2; exit 1 ;;
      esac &&
      tar xzf ./*.tgz
  ) >&2 || return 1
  mkdir "$peers/ggml.flat" && mv "$peers/ggml.part/package/bins/linux-x64/libggml-base.so" "$peers/ggml.flat" &&
    mv "$peers/ggml.flat" "$peers/ggml" && rm -rf "$peers/ggml.part"
}

there=
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "peers.sh: these binaries are for Linux on x86-64, this is $(uname -sm)" >&2
  exit 0
fi
for peer in "${@:-torch ggml}"; do
  for name in $peer; do
    if "$name"; then there=$there${there:+,}$name; else echo "peers.sh: $name is not to be had" >&2; fi
  done
done
echo "$there"
