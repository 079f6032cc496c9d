package octavo.kernels.convert;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import octavo.format.DecodeTable;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.kernels.vector.ScratchPool;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Working memory of {@link ConvertVector}: some consecutive elements on their way. */
final class Line {

  /** The most elements of a line: even, and a multiple of every width's lanes. */
  static final int LENGTH = 2048;

  private static final int INFINITY = 0x7F80_0000;

  private static final ScratchPool<Line> POOL = new ScratchPool<>(Line::new);

  private final byte[] bytes = new byte[LENGTH + 4]; // what narrow() may write beyond
  private final short[] shorts = new short[LENGTH];
  private final float[] numbers = new float[LENGTH];
  private final int[] codes = new int[LENGTH];
  private final int[] random = new int[LENGTH];
  private FloatFormat format = Formats.FP32;
  private Rounding rounding = Rounding.NEAREST_EVEN;
  private Overflow overflow = Overflow.SATURATE;
  private @Nullable Target target; // null for FP32

  private Line() {}

  /** {@return a line that no other call is using} */
  static Line take() {
    return POOL.take();
  }

  /** Ends the use of this line. */
  void give() {
    POOL.give(this);
  }

  /** Sets what {@link #encode} encodes to. */
  void aim(FloatFormat to, Rounding how, Overflow beyond) {
    target = to.equals(Formats.FP32) ? null : Target.of(to, how, beyond);
    format = to;
    rounding = how;
    overflow = beyond;
  }

  /** Decodes {@code count} elements that begin at an offset in elements. */
  void read(Tensor in, long at, int count) {
    MemorySegment data = in.data();
    ElementFormat from = in.element();
    if (from.equals(Formats.FP32)) {
      MemorySegment.copy(data, Codes.FLOAT, at * Float.BYTES, numbers, 0, count);
    } else if (from.equals(Formats.BF16) || from.equals(Formats.FP16)) {
      MemorySegment.copy(data, Codes.SHORT, at * Short.BYTES, shorts, 0, count);
      if (from.equals(Formats.BF16)) {
        fromBf16(shorts, numbers, count);
      } else {
        fromFp16(shorts, numbers, count);
      }
    } else if (from.storageBits() == 8) {
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, bytes, 0, count);
      look(bytes, DecodeTable.of(from), numbers, count);
    } else if (from.storageBits() == 4 && (at & 1) == 0) {
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at >> 1, bytes, 0, (count + 1) >> 1);
      lookPairs(bytes, DecodeTable.of(from), numbers, (count + 1) & -2);
    } else {
      for (int i = 0; i < count; i++) {
        numbers[i] = from.decode(Codes.get(data, from, at + i));
      }
    }
  }

  /** Encodes what was read. */
  void encode(Encoder encoder, long key, int lowIndex, int count) {
    Target to = target;
    if (to == null) {
      boolean saturate = overflow == Overflow.SATURATE;
      int infinity = saturate ? format.maxFiniteCode() : format.infinityCode(false);
      toFp32(numbers, infinity, codes, count);
      return;
    }
    int whole = Math.ceilDiv(count, encoder.lanes()) * encoder.lanes();
    int largest;
    if (rounding == Rounding.NEAREST_EVEN) {
      largest = encoder.nearest(numbers, whole, to, codes);
    } else {
      if (rounding == Rounding.STOCHASTIC) {
        encoder.draw(key, lowIndex, whole, random);
      } else {
        Arrays.fill(random, 0, count, 0);
      }
      largest = encoder.byChance(numbers, whole, to, random, codes);
    }
    if (!to.negativeZero()) {
      dropNegativeZeros(numbers, to, codes, count);
    }
    if (largest >= INFINITY) {
      mend(numbers, to, codes, count);
    }
    if (to.padding() != 0) {
      pad(codes, to.padding(), count);
    }
  }

  /** Writes the codes of {@code count} elements from an offset in elements on. */
  void write(Encoder encoder, Tensor out, long at, int count) {
    MemorySegment data = out.data();
    switch (out.element().storageBits()) {
      case 4 -> {
        int even = (at & 1) == 0 ? count & -2 : 0;
        toPairs(codes, bytes, even);
        MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, at >> 1, even >> 1);
        for (int i = even; i < count; i++) {
          Codes.set(data, out.element(), at + i, codes[i]);
        }
      }
      case 8 -> {
        encoder.narrow(codes, Math.ceilDiv(count, encoder.lanes()) * encoder.lanes(), bytes);
        MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, at, count);
      }
      case 16 -> {
        toShorts(codes, shorts, count);
        MemorySegment.copy(shorts, 0, data, Codes.SHORT, at * Short.BYTES, count);
      }
      default -> MemorySegment.copy(codes, 0, data, Codes.INT, at * Integer.BYTES, count);
    }
  }

  // ---- leaves: one loop each

  private static void fromBf16(short[] from, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = Float.intBitsToFloat(from[i] << 16);
    }
  }

  private static void fromFp16(short[] from, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = Float.float16ToFloat(from[i]);
    }
  }

  private static void look(byte[] from, float[] table, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = table[from[i] & (table.length - 1)];
    }
  }

  private static void lookPairs(byte[] from, float[] table, float[] to, int count) {
    for (int i = 0; i < count; i += 2) {
      to[i] = table[from[i >> 1] & 0xF & (table.length - 1)];
      to[i + 1] = table[from[i >> 1] >>> 4 & 0xF & (table.length - 1)];
    }
  }

  /** Where zero has one code, the other is NaN: small numbers with it were negative zeros. */
  private static void dropNegativeZeros(float[] numbers, Target target, int[] codes, int count) {
    for (int i = 0; i < count; i++) {
      int magnitude = Float.floatToRawIntBits(numbers[i]) & 0x7FFF_FFFF;
      boolean zero = magnitude < target.minNormal() && codes[i] == target.signBit();
      codes[i] = zero ? 0 : codes[i];
    }
  }

  private static void mend(float[] numbers, Target target, int[] codes, int count) {
    for (int i = 0; i < count; i++) {
      int bits = Float.floatToRawIntBits(numbers[i]);
      int sign = bits < 0 ? target.signBit() : 0;
      int magnitude = bits & 0x7FFF_FFFF;
      if (magnitude > INFINITY) {
        codes[i] = target.nan() | (target.signedNan() ? sign : 0);
      } else if (magnitude == INFINITY) {
        codes[i] = target.infinity() | sign;
      }
    }
  }

  private static void pad(int[] codes, int padding, int count) {
    for (int i = 0; i < count; i++) {
      codes[i] <<= padding;
    }
  }

  /** Exact but for infinities, and for NaN, which becomes the quiet one of its sign. */
  private static void toFp32(float[] from, int infinity, int[] to, int count) {
    for (int i = 0; i < count; i++) {
      int bits = Float.floatToRawIntBits(from[i]);
      int sign = bits & 0x8000_0000;
      int magnitude = bits & 0x7FFF_FFFF;
      int special = magnitude == INFINITY ? infinity : 0x7FC0_0000;
      to[i] = magnitude < INFINITY ? bits : sign | special;
    }
  }

  private static void toPairs(int[] from, byte[] to, int count) {
    for (int i = 0; i < count; i += 2) {
      to[i >> 1] = (byte) (from[i] | from[i + 1] << 4);
    }
  }

  private static void toShorts(int[] from, short[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = (short) from[i];
    }
  }
}
