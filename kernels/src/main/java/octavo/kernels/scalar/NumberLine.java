package octavo.kernels.scalar;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import octavo.format.DecodeTable;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.StochasticBits;
import octavo.kernels.vector.ScratchPool;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Consecutive elements of a row on their way: codes, FP32 numbers, codes. All in Java arrays, which
 * loops in the interpreter are quick with; memory segments are copied whole.
 */
public final class NumberLine {

  /** The most elements of a line. */
  public static final int LENGTH = 1024;

  private static final ScratchPool<NumberLine> POOL = new ScratchPool<>(NumberLine::new);

  private final byte[] bytes = new byte[LENGTH + 1];
  private final short[] shorts = new short[LENGTH];
  private final float[] numbers = new float[LENGTH];
  private final int[] codes = new int[LENGTH];
  private @Nullable NearestEncoding nearest;
  private ElementFormat nearestFormat = Formats.FP32;
  private Overflow nearestOverflow = Overflow.SATURATE;
  private boolean quick;
  private ElementFormat format = Formats.FP32;
  private Rounding rounding = Rounding.NEAREST_EVEN;
  private Overflow overflow = Overflow.SATURATE;

  private NumberLine() {}

  /** {@return a line that nobody else uses} */
  public static NumberLine take() {
    return POOL.take();
  }

  /** Ends the use of this line. */
  public void give() {
    POOL.give(this);
  }

  /** {@return the numbers} */
  public float[] numbers() {
    return numbers;
  }

  /**
   * Sets what {@link #encode} encodes to.
   *
   * @param to the format
   * @param how the rounding
   * @param beyond what becomes of what is too large
   */
  public void aim(ElementFormat to, Rounding how, Overflow beyond) {
    quick = how == Rounding.NEAREST_EVEN && NearestEncoding.covers(to);
    // Kept while lines of other formats pass, or casts there and back would make one each time.
    if (quick && (nearest == null || !to.equals(nearestFormat) || beyond != nearestOverflow)) {
      nearest = NearestEncoding.of(to, beyond);
      nearestFormat = to;
      nearestOverflow = beyond;
    }
    format = to;
    rounding = how;
    overflow = beyond;
  }

  /**
   * Decodes elements, without scales.
   *
   * @param in the tensor
   * @param row their row
   * @param column the first one's column
   * @param count how many
   */
  public void read(Tensor in, long row, long column, int count) {
    MemorySegment data = in.data();
    ElementFormat from = in.element();
    long at = row * in.stride(0) + column * in.stride(1);
    if (!in.unitColumnStride()) {
      for (int i = 0; i < count; i++) {
        numbers[i] = from.decode(Codes.get(data, from, at + i * in.stride(1)));
      }
    } else if (from.equals(Formats.FP32)) {
      MemorySegment.copy(data, Codes.FLOAT, at << 2, numbers, 0, count);
    } else if (from.equals(Formats.BF16)) {
      MemorySegment.copy(data, Codes.SHORT, at << 1, shorts, 0, count);
      for (int i = 0; i < count; i++) {
        numbers[i] = Float.intBitsToFloat(shorts[i] << 16);
      }
    } else if (from.equals(Formats.FP16)) {
      MemorySegment.copy(data, Codes.SHORT, at << 1, shorts, 0, count);
      for (int i = 0; i < count; i++) {
        numbers[i] = Float.float16ToFloat(shorts[i]);
      }
    } else if (from.storageBits() == 8) {
      float[] table = DecodeTable.of(from);
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, bytes, 0, count);
      for (int i = 0; i < count; i++) {
        numbers[i] = table[bytes[i] & (table.length - 1)];
      }
    } else {
      for (int i = 0; i < count; i++) {
        numbers[i] = from.decode(Codes.get(data, from, at + i));
      }
    }
  }

  /**
   * Encodes the numbers as {@link #aim} says.
   *
   * @param seed the seed of stochastic rounding
   * @param index the first element's index in the tensor
   * @param count how many
   */
  public void encode(long seed, long index, int count) {
    NearestEncoding steps = nearest;
    if (quick && steps != null) {
      steps.encode(numbers, codes, count);
      return;
    }
    boolean stochastic = rounding == Rounding.STOCHASTIC;
    for (int i = 0; i < count; i++) {
      int random = stochastic ? StochasticBits.of(seed, index + i) : 0;
      codes[i] = format.encode(numbers[i], rounding, overflow, random);
    }
  }

  /**
   * Writes the codes.
   *
   * @param out the tensor
   * @param row their row
   * @param column the first one's column
   * @param count how many
   */
  public void write(Tensor out, long row, long column, int count) {
    MemorySegment data = out.data();
    ElementFormat to = out.element();
    long at = row * out.stride(0) + column * out.stride(1);
    if (!out.unitColumnStride() || to.storageBits() == 4) {
      for (int i = 0; i < count; i++) {
        Codes.set(data, to, at + i * out.stride(1), codes[i]);
      }
    } else if (to.storageBits() == 8) {
      for (int i = 0; i < count; i++) {
        bytes[i] = (byte) codes[i];
      }
      MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, at, count);
    } else if (to.storageBits() == 16) {
      for (int i = 0; i < count; i++) {
        shorts[i] = (short) codes[i];
      }
      MemorySegment.copy(shorts, 0, data, Codes.SHORT, at << 1, count);
    } else {
      MemorySegment.copy(codes, 0, data, Codes.INT, at << 2, count);
    }
  }
}
