package octavo.kernels.codec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import octavo.format.DecodeTable;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.StochasticBits;
import octavo.kernels.vector.ScratchPool;
import octavo.kernels.vector.Width;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Working memory for some consecutive elements on their way from one tensor to another, and the way
 * itself: {@link #read} makes FP32 numbers of a tensor's elements, {@link #scale} scales them,
 * {@link #write} makes codes of them.
 *
 * <p>A line belongs to one thread at a time.
 */
public final class Line {
  /*
   * The loops run on native memory only: C2 must know the class of a segment (NativeMemory). Tensors
   * there, in mapped files too, are read and written in place, in whole UNITs; from arrays, and for
   * the rest of a row, lines are copied through the working memory here, which is native and stays
   * in L1. MemorySegment.copy is made for any kind of segment.
   */

  /** The most elements of a line in working memory: a multiple of {@link #UNIT}. */
  public static final int LENGTH = 2048;

  /** Loops take whole multiples of this: eight vectors of the widest kind. */
  public static final int UNIT = 128;

  /** The numbers that share a factor. */
  public static final int GROUP = 16;

  private static final ScratchPool<Line> POOL = new ScratchPool<>(Line::new);

  private static final Tensor NONE = Tensor.allocateHeap(Formats.FP32, 0);
  private static final MemorySegment NO_CHANCE = Arena.ofAuto().allocate(LENGTH * Integer.BYTES);
  private static final MemorySegment ZEROS = Arena.ofAuto().allocate(UNIT * Float.BYTES);
  private static final float[] ONES = new float[LENGTH / GROUP];

  static {
    Arrays.fill(ONES, 1.0f);
  }

  private final MemorySegment numbers = Arena.ofAuto().allocate(LENGTH * Float.BYTES, 64);
  private final MemorySegment bytes = Arena.ofAuto().allocate(LENGTH * Float.BYTES, 64);
  private final MemorySegment nibbles = Arena.ofAuto().allocate(LENGTH / 2, 64);
  private final byte[] table = new byte[LENGTH];
  private final int[] codes = new int[LENGTH];
  private final int[] values = new int[16]; // of four-bit codes
  private final MemorySegment random = Arena.ofAuto().allocate((LENGTH + UNIT) * Integer.BYTES, 64);

  private Encoder encoder = Encoder.of(Width.BITS_128);
  private StochasticEncoder stochasticEncoder = StochasticEncoder.of(Width.BITS_128);
  private Decoder decoder = Decoder.of(Width.BITS_128);
  private Reducer reducer = Reducer.of(Width.BITS_128);
  private Quantizer quantizer = Quantizer.of(Width.BITS_128);
  private Tensor in = NONE;
  private Tensor out = NONE;
  private Decoding decoding = Decoding.of(Formats.FP32);
  private long seed;
  private long index;
  private boolean directIn;
  private boolean directOut;
  private MemorySegment source = numbers;
  private long sourceAt;

  private Line() {}

  /**
   * {@return a line that no other call is using}
   *
   * @param width the width of its vectors
   * @param in the tensor to read
   * @param out the tensor to write
   */
  public static Line take(Width width, Tensor in, Tensor out) {
    Line line = POOL.take();
    line.in = in;
    line.out = out;
    line.decoding = Decoding.of(in.element());
    if (line.decoding.pairs()) {
      line.values(DecodeTable.of(in.element()));
    }
    line.directIn = direct(in);
    line.directOut = direct(out);
    line.encoder = Encoder.of(width);
    line.stochasticEncoder = StochasticEncoder.of(width);
    line.decoder = Decoder.of(width);
    line.reducer = Reducer.of(width);
    line.quantizer = Quantizer.of(width);
    return line;
  }

  private void values(float[] table) {
    for (int code = 0; code < table.length; code++) {
      values[code] = Float.floatToRawIntBits(table[code]);
    }
  }

  /** Ends the use of this line. */
  public void give() {
    in = NONE;
    out = NONE;
    source = numbers;
    POOL.give(this);
  }

  /**
   * {@return whether the loops may run on a tensor's own memory}
   *
   * @param tensor the tensor
   */
  public static boolean direct(Tensor tensor) {
    return tensor.data().isNative();
  }

  /** {@return whether whole {@link #UNIT}s, any number of them, are read in place} */
  public boolean readsInPlace() {
    return directIn && decoding.kind() == Decoding.Kind.COPY;
  }

  /** {@return the segment that holds the numbers} */
  public MemorySegment source() {
    return source;
  }

  /** {@return where they begin in it, in bytes} */
  public long sourceAt() {
    return sourceAt;
  }

  /**
   * {@return a count rounded up to a multiple of {@link #UNIT}}
   *
   * @param count the count
   */
  public static int padded(int count) {
    return (count + UNIT - 1) & -UNIT;
  }

  /**
   * {@return how many elements to take at once}: whole units, or what is left of a row
   *
   * @param most the most
   * @param left how many there are
   */
  public int length(int most, long left) {
    int count = (int) Math.min(most, left);
    return count > UNIT ? count & -UNIT : count;
  }

  /**
   * Converts elements.
   *
   * @param inAt the first element's offset in elements in the tensor to read
   * @param encoding format, rounding and overflow
   * @param outAt the first element's offset in elements in the tensor to write
   * @param count how many, within the limits of {@link #read} and {@link #write}
   */
  public void convert(long inAt, Encoding encoding, long outAt, int count) {
    if (encoding.kind() != Encoding.Kind.COPY || count % UNIT != 0 || !directOut) {
      read(inAt, count);
      write(encoding, null, outAt, count);
      return;
    }
    expand(inAt, count, ONES, out.data(), outAt * Float.BYTES);
    boolean infinities =
        encoding.beyond() == Overflow.SATURATE
            && in.element() instanceof FloatFormat format
            && format.infinities();
    boolean payloads = decoding.kind() == Decoding.Kind.COPY;
    if ((infinities || payloads)
        && reducer.largest(out.data(), outAt * Float.BYTES, count) >= Encoding.INFINITY) {
      mendNumbers(encoding, outAt, count);
    }
  }

  // ---- reading

  /**
   * Reads elements as FP32 numbers, with zeros behind them up to a multiple of {@link #UNIT}.
   *
   * @param at the first element's offset in elements
   * @param count how many: at most {@link #LENGTH}, or any multiple of {@link #UNIT} of an FP32
   *     tensor that is {@linkplain #direct direct}
   */
  public void read(long at, int count) {
    boolean whole = count % UNIT == 0;
    if (whole && readsInPlace()) {
      source = in.data();
      sourceAt = at * Float.BYTES;
      return;
    }
    expand(at, count, ONES, numbers, 0);
    if (!whole) {
      long from = (long) count * Float.BYTES;
      long end = (long) padded(count) * Float.BYTES;
      MemorySegment.copy(ZEROS, 0, numbers, from, end - from);
    }
    source = numbers;
    sourceAt = 0;
  }

  /**
   * Writes elements as FP32 numbers times scales.
   *
   * @param inAt the first element's offset in elements in the tensor to read
   * @param scales a factor for every {@link #GROUP} elements
   * @param encoding the format of the tensor to write, to nearest even
   * @param outAt the first element's offset in elements in it
   * @param count how many: at most {@link #LENGTH}
   */
  public void convert(long inAt, float[] scales, Encoding encoding, long outAt, int count) {
    if (encoding.kind() == Encoding.Kind.COPY && count % UNIT == 0 && directOut) {
      expand(inAt, count, scales, out.data(), outAt * Float.BYTES);
    } else {
      expand(inAt, count, scales, numbers, 0);
      source = numbers;
      sourceAt = 0;
      write(encoding, null, outAt, count);
    }
  }

  /** Elements as FP32 numbers times scales, in whole units of off-heap memory. */
  private void expand(long at, int count, float[] scales, MemorySegment to, long toAt) {
    ElementFormat format = in.element();
    MemorySegment data = in.data();
    int storage = format.storageBits();
    if (decoding.kind() == Decoding.Kind.COPY) {
      MemorySegment.copy(data, at * Float.BYTES, to, toAt, (long) count * Float.BYTES);
      return;
    }
    if (decoding.kind() == Decoding.Kind.TABLE || (storage == 4 && (at & 1) != 0)) {
      look(at, count, to, toAt);
      encoder.multiply(to, toAt, scales, to, toAt, padded(count));
      return;
    }
    MemorySegment from = data;
    long fromAt = (at * storage) >> 3;
    if (count % UNIT != 0 || !directIn) {
      from = storage == 4 ? nibbles : bytes;
      MemorySegment.copy(data, fromAt, from, 0, ((long) count * storage + 7) >> 3);
      fromAt = 0;
    }
    int whole = padded(count);
    if (decoding.pairs() && decoder.takesPairs()) {
      decoder.pairs4(from, fromAt, values, scales, to, toAt, whole);
      return;
    }
    if (storage == 4) {
      decoder.unpack4(from, fromAt, bytes, whole);
      from = bytes;
      fromAt = 0;
    }
    if (decoding.kind() == Decoding.Kind.INTEGER) {
      decoder.integers8(from, fromAt, scales, to, toAt, whole, decoding);
    } else if (storage <= 8) {
      int most = decoder.floats8(from, fromAt, scales, to, toAt, whole, decoding);
      if (most > decoding.maxFinite()) {
        decoder.specialFloats8(from, fromAt, scales, to, toAt, whole, decoding);
      }
    } else if (storage == 16) {
      decoder.floats16(from, fromAt, to, toAt, whole, decoding);
    } else {
      decoder.floats32(from, fromAt, to, toAt, whole, decoding);
    }
  }

  private void look(long at, int count, MemorySegment to, long toAt) {
    ElementFormat format = in.element();
    float[] values = DecodeTable.of(format);
    if (format.storageBits() == 8) {
      MemorySegment.copy(in.data(), ValueLayout.JAVA_BYTE, at, table, 0, count);
    } else {
      for (int i = 0; i < count; i++) {
        table[i] = (byte) Codes.get(in.data(), format, at + i);
      }
    }
    for (int i = 0; i < count; i++) {
      to.set(Codes.FLOAT, toAt + 4L * i, values[table[i] & (values.length - 1)]);
    }
  }

  // ---- scaling

  /**
   * Multiplies or divides the numbers that were read.
   *
   * @param factors a factor or divisor for every {@link #GROUP} numbers
   * @param count how many
   * @param divide whether they are divided
   */
  public void scale(float[] factors, int count, boolean divide) {
    if (divide) {
      encoder.divide(source, sourceAt, factors, numbers, 0, padded(count));
    } else {
      encoder.multiply(source, sourceAt, factors, numbers, 0, padded(count));
    }
    source = numbers;
    sourceAt = 0;
  }

  // ---- writing

  /**
   * Sets which random bits the elements have that {@link #write} will write.
   *
   * @param newSeed the seed
   * @param newIndex the first element's index
   */
  public void drawFrom(long newSeed, long newIndex) {
    seed = newSeed;
    index = newIndex;
  }

  private void draw(int count) {
    for (int i = 0; i < count; ) {
      // The key changes where the low 32 bits of the index wrap.
      long same = (1L << 32) - (index + i & 0xFFFF_FFFFL);
      int part = (int) Math.min(count - i, same);
      stochasticEncoder.draw(
          StochasticBits.key(seed, index + i), (int) (index + i), random, i, part);
      i += part;
    }
  }

  /**
   * Encodes the numbers that were read and writes the codes.
   *
   * @param encoding format, rounding and overflow
   * @param factors a factor for every {@link #GROUP} numbers, which only formats that are
   *     {@linkplain Encoding#fused fused} can multiply on the way; {@code null} for none
   * @param at the first element's offset in elements
   * @param count how many: at most {@link #LENGTH}, or any multiple of {@link #UNIT} if the
   *     encoding is fused to bytes, to nearest even, and the tensor {@linkplain #direct direct}
   */
  public void write(Encoding encoding, float @Nullable [] factors, long at, int count) {
    boolean direct = count % UNIT == 0 && directOut;
    if (encoding.kind() == Encoding.Kind.COPY) {
      writeNumbers(encoding, at, count);
    } else if (encoding.fused()) {
      writeFused(encoding, factors, at, count, direct);
    } else {
      writeCodes(encoding, at, count, direct);
    }
  }

  private void writeNumbers(Encoding encoding, long at, int count) {
    MemorySegment.copy(source, sourceAt, out.data(), at * Float.BYTES, (long) count * Float.BYTES);
    if (reducer.largest(source, sourceAt, padded(count)) >= Encoding.INFINITY) {
      mendNumbers(encoding, at, count);
    }
  }

  private void mendNumbers(Encoding encoding, long at, int count) {
    MemorySegment data = out.data();
    for (int i = 0; i < count; i++) {
      float number = data.get(Codes.FLOAT, (at + i) * Float.BYTES);
      if (encoding.special(Float.floatToRawIntBits(number))) {
        data.set(Codes.INT, (at + i) * Float.BYTES, define(encoding, number, i));
      }
    }
  }

  private void writeFused(
      Encoding encoding, float @Nullable [] factors, long at, int count, boolean direct) {
    boolean pairs = out.element().storageBits() == 4;
    MemorySegment to = direct && !pairs ? out.data() : bytes;
    long toAt = direct && !pairs ? at : 0;
    int whole = padded(count);
    boolean byChance = encoding.rounding() == Rounding.STOCHASTIC;
    float[] scales = factors != null ? factors : ONES;
    if (byChance) {
      draw(count);
    }
    int most =
        byChance
            ? stochasticEncoder.byChance8(
                source, sourceAt, scales, random, to, toAt, whole, encoding)
            : factors != null
                ? encoder.scaledNearest8(source, sourceAt, factors, to, toAt, whole, encoding)
                : encoder.nearest8(source, sourceAt, to, toAt, whole, encoding);
    if (most >= Encoding.INFINITY) {
      int up = 8 - out.element().bits();
      for (int i = 0; i < count; i++) {
        float value = source.get(Codes.FLOAT, sourceAt + 4L * i);
        float number = factors != null ? value * factors[i / GROUP] : value;
        int bits32 = Float.floatToRawIntBits(number);
        if (byChance ? encoding.close(bits32, bits(i)) : encoding.special(bits32)) {
          int code = define(encoding, number, i);
          to.set(ValueLayout.JAVA_BYTE, toAt + i, (byte) (code << up));
        }
      }
    }
    finishBytes(at, count, pairs, direct);
  }

  /** {@return whether {@link #writeBlocks} can be called} */
  public boolean takesBlocks() {
    return quantizer.takesBlocks();
  }

  /**
   * Quantizes the numbers that were read to blocks of 32 with E8M0 scales, and writes the codes.
   *
   * @param encoding the format of the elements, {@linkplain Encoding#fused fused}
   * @param steps the scale's code for each exponent field of a block's largest magnitude
   * @param thresholds the bits of magnitudes above which it is one more
   * @param factors what elements are multiplied by for each code of a scale
   * @param scales where the codes of the scales go
   * @param at the first element's offset in elements
   * @param count how many: whole blocks, at most {@link #LENGTH} elements
   */
  public void writeBlocks(
      Encoding encoding,
      int[] steps,
      int[] thresholds,
      float[] factors,
      byte[] scales,
      long at,
      int count) {
    boolean direct = count % UNIT == 0 && directOut;
    boolean pairs = out.element().storageBits() == 4;
    MemorySegment to = direct && !pairs ? out.data() : bytes;
    long toAt = direct && !pairs ? at : 0;
    int most =
        quantizer.blocks32(
            source,
            sourceAt,
            to,
            toAt,
            padded(count),
            encoding,
            steps,
            thresholds,
            factors,
            scales);
    if (most >= Encoding.INFINITY) {
      byte nan = (byte) (define(encoding, Float.NaN, 0) << (8 - out.element().bits()));
      for (int i = 0; i < count; i++) {
        if (scales[i >> 5] == (byte) 0xFF) {
          to.set(ValueLayout.JAVA_BYTE, toAt + i, nan);
        }
      }
    }
    finishBytes(at, count, pairs, direct);
  }

  /** Takes codes from bytes to where they belong. */
  private void finishBytes(long at, int count, boolean pairs, boolean direct) {
    if (pairs) {
      writePairs(at, count, direct);
    } else if (!direct) {
      MemorySegment.copy(bytes, 0, out.data(), at, count);
    }
  }

  private int define(Encoding encoding, float number, int i) {
    return encoding.format().encode(number, encoding.rounding(), encoding.beyond(), bits(i));
  }

  /** {@return the random bits of an element} */
  private int bits(int i) {
    return StochasticBits.of(seed, index + i);
  }

  private void writeCodes(Encoding encoding, long at, int count, boolean direct) {
    int whole = padded(count);
    encode(encoding, whole, count);
    switch (out.element().storageBits()) {
      case 4 -> {
        encoder.pack8(codes, bytes, 0, whole, Integer.SIZE - 4);
        writePairs(at, count, direct);
      }
      case 8 -> {
        encoder.pack8(codes, direct ? out.data() : bytes, direct ? at : 0, whole, Integer.SIZE - 8);
        if (!direct) {
          MemorySegment.copy(bytes, 0, out.data(), at, count);
        }
      }
      case 16 -> {
        encoder.pack16(codes, direct ? out.data() : bytes, direct ? at * 2 : 0, whole);
        if (!direct) {
          MemorySegment.copy(bytes, 0, out.data(), at * 2, count * 2L);
        }
      }
      default -> MemorySegment.copy(codes, 0, out.data(), Codes.INT, at * 4, count);
    }
  }

  private void encode(Encoding encoding, int whole, int count) {
    boolean nearest = encoding.rounding() == Rounding.NEAREST_EVEN;
    MemorySegment chances = NO_CHANCE;
    if (encoding.rounding() == Rounding.STOCHASTIC) {
      draw(count);
      chances = random;
    }
    int most =
        switch (encoding.kind()) {
          case WIDE ->
              nearest
                  ? encoder.nearestWide(source, sourceAt, whole, encoding, codes)
                  : stochasticEncoder.byChanceWide(
                      source, sourceAt, whole, encoding, chances, codes);
          case POWER ->
              encoder.powers(
                  source, sourceAt, whole, encoding, nearest ? 1 << 22 : 0, chances, codes);
          default ->
              nearest
                  ? encoder.nearest(source, sourceAt, whole, encoding, codes)
                  : stochasticEncoder.byChance(source, sourceAt, whole, encoding, chances, codes);
        };
    if (encoding.kind() == Encoding.Kind.INTEGER) {
      encoder.integers(source, sourceAt, whole, encoding, codes);
    } else if (encoding.oneZero() && encoding.kind() != Encoding.Kind.POWER) {
      encoder.dropNegativeZeros(source, sourceAt, whole, encoding, codes);
    }
    if (encoding.padding() != 0) {
      pad(codes, encoding.padding(), count);
    }
    if (most >= Encoding.INFINITY) {
      for (int i = 0; i < count; i++) {
        float number = source.get(Codes.FLOAT, sourceAt + 4L * i);
        if (encoding.special(Float.floatToRawIntBits(number))) {
          codes[i] = define(encoding, number, i);
        }
      }
    }
  }

  private static void pad(int[] codes, int padding, int count) {
    for (int i = 0; i < count; i++) {
      codes[i] <<= padding;
    }
  }

  /** Writes codes that lie in the upper halves of bytes. */
  private void writePairs(long at, int count, boolean direct) {
    MemorySegment data = out.data();
    if (direct && (at & 1) == 0) {
      encoder.pack4(bytes, data, at >> 1, count);
      return;
    }
    int even = (at & 1) == 0 ? count & -2 : 0;
    encoder.pack4(bytes, nibbles, 0, padded(count));
    MemorySegment.copy(nibbles, 0, data, at >> 1, even >> 1);
    for (int i = even; i < count; i++) {
      int code = bytes.get(ValueLayout.JAVA_BYTE, i) >>> 4 & 0xF;
      Codes.set(data, out.element(), at + i, code);
    }
  }
}
