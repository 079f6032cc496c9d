package octavo.checkpoint.trn;

import java.lang.foreign.MemorySegment;
import octavo.format.Formats;
import octavo.format.Overflow;

/**
 * A way to bring E4M3FN codes into the range of Trainium's E4M3: all numbers are divided by a
 * factor and the scale that decodes them is multiplied by it.
 *
 * <p>The new code of a code {@code c} is, by definition, the one nearest to {@code decode(c) /
 * factor}, halfway cases to the even code. NaN stays NaN.
 */
public enum TrnRemedy {
  /**
   * What AWS documents: {@code weights / (448/240)}, {@code scale * (448/240)}. The whole range of
   * E4M3 is used, and nearly every number is rounded once more: from code 0x0F on, a code becomes
   * the one 7 below it, which is off by up to 5 %.
   *
   * <p>Source: neuronx-distributed, {@code README_rescaling_fp8_for_neuron.md}; Neuron SDK, custom
   * quantization guide. AWS's script divides in BF16, which gives the same codes.
   */
  DOCUMENTED("448/240", 448.0f / 240.0f) {
    @Override
    void eights(long[] words, int count) {
      for (int i = 0; i < count; i++) {
        long m = words[i] & ~TOP;
        // From 0x0F on m - 7; below, subnormals among them, half of m rounded up, and 0x0E's 8.
        long upper = (m | TOP) - 7 * EACH;
        long lower = (m + EACH + ((m + (0x80 - 0x0E) * EACH) >>> 7 & EACH)) >>> 1;
        words[i] = (words[i] & TOP) | notNan(m, select(m + (0x80 - 0x0F) * EACH, upper, lower));
      }
    }
  },

  /**
   * Division by two, {@code scale * 2}: not what AWS documents, but exact for all numbers of at
   * least 2^-5 (in units of the scale), and for the even ones among the 16 codes below. The numbers
   * end at 224.
   */
  HALVE("2", 2.0f) {
    @Override
    void eights(long[] words, int count) {
      for (int i = 0; i < count; i++) {
        long m = words[i] & ~TOP;
        // From 0x10 on the exponent falls by one; below are equal steps, of which half are taken.
        long upper = (m | TOP) - 8 * EACH;
        long lower = (m + (m >>> 1 & EACH)) >>> 1;
        words[i] = (words[i] & TOP) | notNan(m, select(m + (0x80 - 0x10) * EACH, upper, lower));
      }
    }
  };

  /*
   * Codes are changed eight at a time, in the bytes of a long. With the sign bits taken out no sum
   * above carries from one byte to the next, and bit 7 of a byte is free to hold a comparison.
   *
   * The longs are those of a small array: loops over it become vector instructions, loops from one
   * segment to another do not (C2 of JDK 25 cannot tell that two segments do not overlap), and
   * copying to and from an array in the first-level cache costs next to nothing. One loop for each
   * constant, since a call that depends on the constant would keep a common loop from that.
   */
  private static final long EACH = 0x0101_0101_0101_0101L;
  private static final long TOP = 0x8080_8080_8080_8080L;

  private static final int WORDS = 1024;
  private static final ThreadLocal<long[]> SCRATCH = ThreadLocal.withInitial(() -> new long[WORDS]);

  private final String ratio;
  private final float factor;

  TrnRemedy(String ratio, float factor) {
    this.ratio = ratio;
    this.factor = factor;
  }

  /** {@return the factor as people write it} */
  public String ratio() {
    return ratio;
  }

  /** {@return the factor in FP32} */
  public float factor() {
    return factor;
  }

  /**
   * {@return the new code of an E4M3FN code, by the definition}
   *
   * @param code an E4M3FN code
   */
  public int code(int code) {
    float value = Formats.E4M3FN.decode(code);
    return Formats.E4M3FN.encode(value / factor, Overflow.SATURATE);
  }

  /**
   * {@return the new scale}, rounded to nearest
   *
   * @param scale the scale that decodes the old codes
   */
  public float scale(float scale) {
    return scale * factor;
  }

  /**
   * Gives many codes their new ones.
   *
   * @param in E4M3FN codes
   * @param out as many bytes for the new codes; may be {@code in}
   * @throws IndexOutOfBoundsException if {@code out} has less bytes
   */
  public void codes(MemorySegment in, MemorySegment out) {
    long[] words = SCRATCH.get();
    MemorySegment scratch = MemorySegment.ofArray(words);
    long size = in.byteSize();
    for (long i = 0; i < size; i += scratch.byteSize()) {
      long count = Math.min(scratch.byteSize(), size - i);
      MemorySegment.copy(in, i, scratch, 0, count);
      eights(words, Math.ceilDiv((int) count, Long.BYTES));
      MemorySegment.copy(scratch, 0, out, i, count);
    }
  }

  /** Gives codes their new ones, eight in each of the first words of an array. */
  abstract void eights(long[] words, int count);

  /** {@return in each byte, without its bit 7, a where bit 7 of the condition is set, else b} */
  private static long select(long condition, long a, long b) {
    long bit = condition >>> 7 & EACH;
    long mask = (bit << 7) - bit;
    return (a & mask) | (b & ~mask & ~TOP);
  }

  /**
   * {@return in each byte the new magnitude, or where the old one is NaN, all ones, the old one}
   */
  private static long notNan(long old, long changed) {
    return select(old + EACH, old, changed);
  }
}
