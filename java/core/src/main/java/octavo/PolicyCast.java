package octavo;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.spi.Workers;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A policy's cast to one format: its definition, one number at a time, and the same by table.
 *
 * <p>From formats of at most 16 bits every code's result is in a table. From FP32 to formats of at
 * most 8 bits, the upper 16 bits of a number find an entry that holds two codes and which lower
 * bits have the second: no format of so few bits changes its code twice among numbers that agree in
 * their upper 16 bits. The other casts are computed, a few operations each.
 */
final class PolicyCast {

  /** The definition: from the bits of an FP32 number to a code. */
  interface Encoder {
    int encode(int bits);
  }

  private static final int NO_SECOND = 0xFFFF;

  /** Numbers of a part: some tens of microseconds. */
  private static final long PART = 1 << 16;

  private final FloatFormat format;
  private final @Nullable Cast plain;
  private final Encoder encoder;
  private final Map<ElementFormat, int[]> tables = new ConcurrentHashMap<>();
  private volatile int @Nullable [] steps;

  /**
   * Makes a cast.
   *
   * @param format the format of the codes
   * @param plain the cast that gives the same bits for all numbers and a NaN for NaN, if there is
   *     one
   * @param encoder the definition
   */
  PolicyCast(FloatFormat format, @Nullable Cast plain, Encoder encoder) {
    this.format = format;
    this.plain = plain;
    this.encoder = encoder;
  }

  /** Nearest even. */
  static PolicyCast of(FloatFormat format, Overflow overflow) {
    return new PolicyCast(
        format,
        overflow == Overflow.IEEE ? Cast.IEEE : Cast.SATURATE,
        bits -> format.encode(Float.intBitsToFloat(bits), overflow));
  }

  /** Nearest even, with codes for NaN of its own. */
  static PolicyCast withNan(FloatFormat format, Overflow overflow, Encoder nan) {
    return new PolicyCast(
        format,
        !format.hasNan() ? null : overflow == Overflow.IEEE ? Cast.IEEE : Cast.SATURATE,
        bits -> {
          float value = Float.intBitsToFloat(bits);
          return Float.isNaN(value) ? nan.encode(bits) : format.encode(value, overflow);
        });
  }

  /** A definition that no {@link Cast} has. */
  static PolicyCast special(FloatFormat format, Encoder encoder) {
    return new PolicyCast(format, null, encoder);
  }

  @Nullable Cast plain() {
    return plain;
  }

  int encode(float value) {
    return encoder.encode(Float.floatToRawIntBits(value));
  }

  /** Casts checked tensors of equal shape, a part of their rows at a time. */
  void convert(Tensor in, Tensor out, Workers workers) {
    Tensor from = in.matrix();
    Tensor to = out.matrix();
    boolean isShort = from.element().bits() <= 16;
    boolean isStepped =
        from.element().equals(Formats.FP32)
            && format.storageBits() == Byte.SIZE
            && from.unitColumnStride()
            && to.unitColumnStride();
    // Both are made here, or every worker would make its own.
    int[] table = isShort ? tables.computeIfAbsent(from.element(), this::table) : null;
    int[] stepTable = isStepped ? steps() : null;
    long rowsPerPart = Math.max(1, PART / Math.max(1, from.columns()));
    int parts = Math.toIntExact(Math.ceilDiv(from.rows(), rowsPerPart));
    workers.run(
        parts,
        part -> {
          long first = part * rowsPerPart;
          rows(from, to, table, stepTable, first, Math.min(from.rows(), first + rowsPerPart));
        });
  }

  private void rows(
      Tensor from,
      Tensor to,
      int @Nullable [] table,
      int @Nullable [] stepTable,
      long first,
      long end) {
    boolean isFp32 = from.element().equals(Formats.FP32);
    int inBits = from.element().storageBits();
    int outBits = format.storageBits();
    boolean neighbours = from.unitColumnStride() && to.unitColumnStride();
    for (long i = first; i < end; i++) {
      if (stepTable != null) {
        narrow(row(from, i), row(to, i), stepTable);
      } else if (neighbours && isFp32 && outBits == 16) {
        half(row(from, i), row(to, i));
      } else if (neighbours && table != null && inBits == 16 && outBits == 8) {
        lookUp(row(from, i), row(to, i), table);
      } else {
        any(from, to, i, table);
      }
    }
  }

  /** {@return the memory of a row whose codes are neighbours and take whole bytes} */
  private static MemorySegment row(Tensor matrix, long i) {
    int bytes = matrix.element().storageBits() / Byte.SIZE;
    return matrix.data().asSlice(i * matrix.stride(0) * bytes, matrix.columns() * bytes);
  }

  private static void narrow(MemorySegment in, MemorySegment out, int[] steps) {
    for (long k = 0; k < out.byteSize(); k++) {
      int bits = in.getAtIndex(Codes.INT, k);
      int step = steps[bits >>> 16];
      out.set(
          ValueLayout.JAVA_BYTE,
          k,
          (byte) (step >>> ((bits & 0xFFFF) > (step & 0xFFFF) ? 24 : 16)));
    }
  }

  private static void lookUp(MemorySegment in, MemorySegment out, int[] table) {
    for (long k = 0; k < out.byteSize(); k++) {
      int code = in.getAtIndex(Codes.SHORT, k) & 0xFFFF;
      out.set(ValueLayout.JAVA_BYTE, k, (byte) table[code]);
    }
  }

  /** To BF16 or FP16: IEEE casts in every policy, but for NaN. */
  private void half(MemorySegment in, MemorySegment out) {
    boolean isBf16 = format.equals(Formats.BF16);
    for (long k = 0; k < out.byteSize() / Short.BYTES; k++) {
      int bits = in.getAtIndex(Codes.INT, k);
      int code;
      if ((bits & 0x7FFF_FFFF) > 0x7F80_0000) {
        code = encoder.encode(bits);
      } else if (isBf16) {
        code = (bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16;
      } else {
        code = Float.floatToFloat16(Float.intBitsToFloat(bits));
      }
      out.setAtIndex(Codes.SHORT, k, (short) code);
    }
  }

  private void any(Tensor in, Tensor out, long i, int @Nullable [] table) {
    boolean isFp32 = in.element().equals(Formats.FP32);
    for (long k = 0; k < in.columns(); k++) {
      int code = Codes.get(in.data(), in.element(), i * in.stride(0) + k * in.stride(1));
      int result =
          table != null
              ? table[code]
              : isFp32 ? encoder.encode(code) : encode(in.element().decode(code));
      Codes.set(out.data(), out.element(), i * out.stride(0) + k * out.stride(1), result);
    }
  }

  private int[] table(ElementFormat from) {
    int[] table = new int[1 << from.bits()];
    for (int code = 0; code < table.length; code++) {
      table[code] = encode(from.decode(code));
    }
    return table;
  }

  /**
   * {@return by upper half of a number: second code, first code, last lower half with the first}
   */
  private int[] steps() {
    int[] made = steps;
    if (made == null) {
      made = new int[1 << 16];
      for (int upper = 0; upper < made.length; upper++) {
        made[upper] = step(upper << 16);
      }
      steps = made;
    }
    return made;
  }

  private int step(int start) {
    int first = encoder.encode(start);
    int second = encoder.encode(start | NO_SECOND);
    if (first == second) {
      return second << 24 | first << 16 | NO_SECOND;
    }
    int last = 0;
    int next = NO_SECOND;
    while (next - last > 1) {
      int middle = (last + next) / 2;
      if (encoder.encode(start | middle) == first) {
        last = middle;
      } else {
        next = middle;
      }
    }
    return second << 24 | first << 16 | last;
  }
}
