package octavo.nki;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.tensor.Tensor;

/**
 * How FP4 operands become FP8 before they are multiplied: sixteen FP8 codes, one for each FP4 code.
 *
 * <p>The documentation calls the mapping programmer-defined, but no public instruction sets it.
 * {@link #identity} keeps the values of E2M1, all of which E4M3FN and E5M2 have.
 *
 * <p>Source: AWS Neuron SDK, NeuronCore-v4 architecture.
 */
public final class Fp4Expansion {

  /** The values of E2M1, in E4M3FN: what a tile of FP4 means in the OCP specification. */
  public static final Fp4Expansion IDENTITY = identity(Formats.E4M3FN);

  private final ElementFormat target;
  private final byte[] codes;
  private final short[] pairs = new short[256];

  private Fp4Expansion(ElementFormat target, byte[] codes) {
    this.target = target;
    this.codes = codes;
    for (int two = 0; two < pairs.length; two++) {
      pairs[two] = (short) ((codes[two & 0xF] & 0xFF) | codes[two >>> 4] << 8);
    }
  }

  /**
   * {@return a mapping to given codes}
   *
   * @param target E4M3FN or E5M2
   * @param codes sixteen codes in that format, for the FP4 codes 0 to 15
   * @throws IllegalArgumentException if the format is another, or there are not sixteen
   */
  public static Fp4Expansion of(ElementFormat target, byte... codes) {
    if (!target.equals(Formats.E4M3FN) && !target.equals(Formats.E5M2)) {
      throw new IllegalArgumentException("FP4 expands to E4M3FN or E5M2, not to " + target);
    }
    if (codes.length != 16) {
      throw new IllegalArgumentException(
          "%d codes; FP4 has 16, give one for each".formatted(codes.length));
    }
    return new Fp4Expansion(target, codes.clone());
  }

  /**
   * {@return the mapping that keeps values}
   *
   * @param target E4M3FN or E5M2
   * @throws IllegalArgumentException if the format is another
   */
  public static Fp4Expansion identity(ElementFormat target) {
    byte[] codes = new byte[16];
    for (int code = 0; code < codes.length; code++) {
      codes[code] = (byte) target.encode(Formats.E2M1.decode(code), Overflow.IEEE);
    }
    return of(target, codes);
  }

  /** {@return the format that FP4 expands to} */
  public ElementFormat target() {
    return target;
  }

  /**
   * {@return the FP8 code of an FP4 code}
   *
   * @param code 0 to 15
   */
  public int code(int code) {
    return codes[code] & 0xFF;
  }

  /** {@return whether values stay as they are, so that FP4 can be multiplied as it is} */
  boolean keepsValues() {
    for (int code = 0; code < codes.length; code++) {
      float value = target.decode(codes[code]);
      if (Float.floatToRawIntBits(value) != Float.floatToRawIntBits(Formats.E2M1.decode(code))) {
        return false;
      }
    }
    return true;
  }

  /** Expands MXFP4 rows to MXFP8 rows of the same shape, scales included. */
  void expand(Tensor from, Tensor to) {
    byte[] in = new byte[4096];
    short[] out = new short[4096];
    long bytes = Math.ceilDiv(from.columns(), 2L);
    for (long row = 0; row < from.rows(); row++) {
      long source = row * Relayout.stride(from, 0);
      long target = row * Relayout.stride(to, 0);
      for (long i = 0; i < bytes; i += in.length) {
        int count = (int) Math.min(in.length, bytes - i);
        MemorySegment.copy(from.data(), ValueLayout.JAVA_BYTE, source + i, in, 0, count);
        for (int j = 0; j < count; j++) {
          out[j] = pairs[in[j] & 0xFF];
        }
        MemorySegment.copy(out, 0, to.data(), octavo.tensor.Codes.SHORT, target + 2 * i, count);
      }
      MemorySegment.copy(
          from.scales().data(),
          row * from.scales().stride(0),
          to.scales().data(),
          row * to.scales().stride(0),
          from.scales().columns());
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Fp4Expansion that
        && target.equals(that.target)
        && Arrays.equals(codes, that.codes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(codes);
  }

  /** {@return target and codes} */
  @Override
  public String toString() {
    return target + " " + Arrays.toString(codes);
  }
}
