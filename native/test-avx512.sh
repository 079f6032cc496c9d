#!/bin/sh
# Runs the native kernels' conformance program for AVX-512 on machines without it: in Bochs, which
# emulates a whole computer, with the Linux kernel of Debian's package and nothing else on it.
#
#   sh native/test-avx512.sh [--every N] [--model MODEL --tier TIER] --library FILE --program FILE
#
#   --library FILE   liboctavo
#   --program FILE   kernels_test
#   --every N        one of so many cases is run; default 100
#   --model MODEL    a CPU that Bochs knows (bochs --help cpu); default corei7_skylake_x
#   --tier TIER      default avx512
#
#   OCTAVO_NATIVE_REQUIRED=true   fail where tools are missing
#
# Debian: apt install bochs bochsbios bochs-term vgabios isolinux syslinux-common xorriso cpio gcc;
# the kernel is downloaded with apt-get and not installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
library= program= every=100 model=corei7_skylake_x tier=avx512
while [ $# -gt 1 ]; do
  case $1 in
    --library) library=$2 ;;
    --program) program=$2 ;;
    --every) every=$2 ;;
    --model) model=$2 ;;
    --tier) tier=$2 ;;
    *) echo "octavo-native: unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
if [ ! -f "$library" ] || [ ! -f "$program" ]; then
  echo "octavo-native: needs --library and --program; the head of test-avx512.sh explains" >&2
  exit 2
fi

absent() {
  echo "octavo-native: NOT tested on an emulated CPU with $tier: $1"
  [ "${OCTAVO_NATIVE_REQUIRED:-false}" != true ] || exit 1
  exit 0
}

[ "$(uname -m)" = x86_64 ] || absent "this machine is a $(uname -m)"
for tool in bochs xorriso cpio gcc ldd script apt-get dpkg; do
  command -v $tool > /dev/null 2>&1 || absent "there is no $tool"
done
bios=/usr/share/bochs/BIOS-bochs-latest
video=/usr/share/bochs/VGABIOS-lgpl-latest
loader=/usr/lib/ISOLINUX/isolinux.bin
module=/usr/lib/syslinux/modules/bios/ldlinux.c32
for file in $bios $video $loader $module; do
  [ -f $file ] || absent "there is no $file"
done

build=$here/target/native-test/$tier
rm -rf "$build/system" "$build/iso"
mkdir -p "$build/system/proc" "$build/system/dev" "$build/iso/isolinux" "$build/kernel"
cd "$build"
if ! ls kernel/boot/vmlinuz-* > /dev/null 2>&1; then
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: //p' | head -n 1)
  [ -n "$package" ] && apt-get download -qq "$package" > download.log 2>&1 ||
    absent "a Linux kernel cannot be downloaded"
  dpkg -x linux-image-*.deb kernel
fi

# the file system: the program, its libraries, and what starts it
cp "$program" system/test
for needed in $(LD_LIBRARY_PATH=$(dirname "$library") ldd "$program" | grep -o '/[^ ]*'); do
  mkdir -p "system$(dirname "$needed")"
  cp -L "$needed" "system$needed"
done
mkdir -p system/lib/x86_64-linux-gnu
cp "$library" system/lib/x86_64-linux-gnu/liboctavo.so
gcc -O1 -static -DTIER="\"--tier=$tier\"" -DEVERY="\"--every=$every\"" \
  -o system/init "$here/src/test/cpp/emulated_init.c"
(cd system && find . | cpio -o -H newc 2> /dev/null | gzip -1) > iso/initrd
cp kernel/boot/vmlinuz-* iso/vmlinuz
cp $loader $module iso/isolinux/
# Bochs and this kernel disagree about the size of the compact format of saved registers
cat > iso/isolinux/isolinux.cfg << END
default test
prompt 0
label test
  kernel /vmlinuz
  append initrd=/initrd rdinit=/init console=ttyS0 quiet mitigations=off nopku clearcpuid=xsaves,xsavec security=none panic=-1
END
xorriso -as mkisofs -quiet -o boot.iso -b isolinux/isolinux.bin -c isolinux/boot.cat \
  -no-emul-boot -boot-load-size 4 -boot-info-table iso 2> /dev/null

cat > bochsrc << END
cpu: model=$model, count=1, ips=50000000
megs: 512
romimage: file=$bios
vgaromimage: file=$video
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=$build/boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$build/serial.txt
display_library: term
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
log: $build/bochs.log
clock: sync=none
END
echo continue > debugger
rm -f serial.txt
echo "octavo-native: testing, on an emulated $model: $tier, one case of $every"
# it wants a terminal, and ends when the system on it says so
TERM=linux timeout 900 script -qec "stty cols 100 rows 40; bochs -q -f bochsrc -rc debugger" /dev/null \
  > bochs.txt 2>&1 < /dev/null || true
touch serial.txt
tr -d '\r' < serial.txt | sed -n '/^octavo /,$p' > result.txt
[ -s result.txt ] || absent "the emulated computer did not get as far as the test; see $build"
cat result.txt
grep -q '^ended with ' result.txt || absent "the emulated computer was not done after 15 minutes; see $build"
grep -q '^ended with 0$' result.txt || {
  echo "octavo-native: the emulated run failed; see $build" >&2
  exit 1
}
