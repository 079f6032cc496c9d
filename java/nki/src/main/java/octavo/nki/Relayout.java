package octavo.nki;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicReference;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The copying behind {@link MxLayout}, with the memory that it works in. */
final class Relayout {
  /*
   * All conversions are made of two steps that each read and write memory in runs: Transposer
   * exchanges rows and columns of equal units, Zipper merges four rows. Which of them, and on what
   * unit, depends on what lies side by side:
   *
   *   rows [free, K], neighbours      one transposition of packed elements, 2, 4 or 8 bytes each
   *   rows [free, K], strided         a transposition of codes into scratch, then merging rows
   *   columns [K, free]               merging rows
   *
   * Scratch holds a chunk of at most 4 MiB: enough columns to copy in runs, few enough to stay in
   * the caches. Four-bit codes that are to be strided are transposed as bytes, two indices of the
   * contraction in each, and split when merged.
   */

  private static final int CHUNK_BYTES = 4 << 20;
  private static final int MIN_CHUNK = 64;

  private static final AtomicReference<@Nullable Relayout> SPARE = new AtomicReference<>();

  private final Transposer transposer = new Transposer();
  private final Zipper zipper = new Zipper();
  private byte[] array = {};
  private MemorySegment scratch = MemorySegment.NULL;

  private Relayout() {}

  /** {@return one that no other thread works with}; give it back with {@link #release} */
  static Relayout acquire() {
    Relayout spare = SPARE.getAndSet(null);
    return spare == null ? new Relayout() : spare;
  }

  void release() {
    SPARE.set(this);
  }

  private MemorySegment scratch(long bytes) {
    if (array.length < bytes) {
      array = new byte[Math.toIntExact(bytes)];
      scratch = MemorySegment.ofArray(array);
    }
    return scratch;
  }

  private static long chunk(long bytesEach) {
    return Math.max(MIN_CHUNK, CHUNK_BYTES / Math.max(1, bytesEach));
  }

  /** {@return the bytes from an index of a dimension to the next} */
  static long stride(Tensor tensor, int dimension) {
    return tensor.stride(dimension) * tensor.element().storageBits() / 8;
  }

  // ---- packed elements

  /** Packed elements {@code [free, words]} to {@code [words, free]}. */
  void words(int unit, MemorySegment from, long fromStride, long rows, long words, Tensor to) {
    transposer.run(unit, from, 0, fromStride, rows, words, to.data(), 0, stride(to, 0));
  }

  /** Packed elements {@code [words, free]} to {@code [free, words]}. */
  void words(int unit, Tensor from, long words, MemorySegment to, long toStride) {
    transposer.run(
        unit, from.data(), 0, stride(from, 0), words, from.dimension(1), to, 0, toStride);
  }

  /** Scales {@code [free, groups]} to quadrants {@code [., 4, free]}. */
  void scales(Tensor from, Tensor to) {
    long free = from.rows();
    long groups = from.columns();
    long chunk = chunk(groups);
    for (long f = 0; f < free; f += chunk) {
      long count = Math.min(chunk, free - f);
      MemorySegment rows = scratch(groups * count);
      long stride = stride(from, 0);
      transposer.run(1, from.data(), f * stride, stride, count, groups, rows, 0, count);
      for (long g = 0; g < groups; g++) {
        MemorySegment.copy(rows, g * count, to.data(), scaleRow(to, g) + f, count);
      }
    }
  }

  /** Scales of quadrants {@code [., 4, free]} to {@code [free, groups]}. */
  void scales(Tensor from, long groups, Tensor to) {
    long free = from.columns();
    long chunk = chunk(groups);
    for (long f = 0; f < free; f += chunk) {
      long count = Math.min(chunk, free - f);
      MemorySegment rows = scratch(groups * count);
      for (long g = 0; g < groups; g++) {
        MemorySegment.copy(from.data(), scaleRow(from, g) + f, rows, g * count, count);
      }
      long stride = stride(to, 0);
      transposer.run(1, rows, 0, count, groups, count, to.data(), f * stride, stride);
    }
  }

  /** {@return the byte where a group's scales begin} */
  static long scaleRow(Tensor quadrants, long group) {
    return group / MxTile.GROUPS * quadrants.stride(0)
        + group % MxTile.GROUPS * quadrants.stride(1);
  }

  // ---- plain codes

  /** Columns {@code [K, free]} to packed elements {@code [P, free, 4]}. */
  void mergeColumns(Tensor from, Interleaving order, Tensor to) {
    int bits = from.element().storageBits();
    long stride = stride(from, 0);
    long partitions = to.dimension(0);
    for (long p = 0; p < partitions; p++) {
      long first = order.index(partitions, p, 0);
      long step = order.index(partitions, p, 1) - first;
      zipper.zip(
          bits,
          from.data(),
          first * stride,
          step * stride,
          to.data(),
          p * stride(to, 0),
          to.dimension(1));
    }
  }

  /** Packed elements {@code [P, free, 4]} to columns {@code [K, free]}. */
  void splitColumns(Tensor from, Interleaving order, Tensor to) {
    int bits = from.element().storageBits();
    long stride = stride(to, 0);
    long partitions = from.dimension(0);
    for (long p = 0; p < partitions; p++) {
      long first = order.index(partitions, p, 0);
      long step = order.index(partitions, p, 1) - first;
      zipper.unzip(
          bits,
          from.data(),
          p * stride(from, 0),
          to.data(),
          first * stride,
          step * stride,
          from.dimension(1));
    }
  }

  /** Rows {@code [free, K]} to packed elements {@code [P, free, 4]}. */
  void mergeRows(Tensor from, Interleaving order, Tensor to) {
    int bits = from.element().storageBits();
    if (order == Interleaving.NEIGHBOURS && bits <= 16) {
      words(bits / 2, from.data(), stride(from, 0), from.rows(), from.columns() / 4, to);
      return;
    }
    boolean pairs = bits == 4;
    int unit = pairs ? 1 : bits / 8;
    long units = pairs ? from.columns() / 2 : from.columns();
    long chunk = chunk(units * unit);
    long partitions = to.dimension(0);
    long stride = stride(from, 0);
    for (long f = 0; f < from.rows(); f += chunk) {
      long count = Math.min(chunk, from.rows() - f);
      long row = count * unit;
      MemorySegment columns = scratch(units * row);
      transposer.run(unit, from.data(), f * stride, stride, count, units, columns, 0, row);
      for (long p = 0; p < partitions; p += pairs ? 2 : 1) {
        long first = order.index(partitions, p, 0);
        long step = order.index(partitions, p, 1) - first;
        long target = p * stride(to, 0) + f * bits / 2;
        if (pairs) {
          mergePair(array, first / 2 * row, step / 2 * row, to, target, count);
        } else {
          zipper.zip(bits, columns, first * row, step * row, to.data(), target, count);
        }
      }
    }
  }

  /** Packed elements {@code [P, free, 4]} to rows {@code [free, K]}. */
  void splitRows(Tensor from, Interleaving order, Tensor to) {
    int bits = from.element().storageBits();
    if (order == Interleaving.NEIGHBOURS && bits <= 16) {
      words(bits / 2, from, from.dimension(0), to.data(), stride(to, 0));
      return;
    }
    boolean pairs = bits == 4;
    int unit = pairs ? 1 : bits / 8;
    long units = pairs ? to.columns() / 2 : to.columns();
    long chunk = chunk(units * unit);
    long partitions = from.dimension(0);
    long stride = stride(to, 0);
    for (long f = 0; f < to.rows(); f += chunk) {
      long count = Math.min(chunk, to.rows() - f);
      long row = count * unit;
      MemorySegment columns = scratch(units * row);
      for (long p = 0; p < partitions; p += pairs ? 2 : 1) {
        long first = order.index(partitions, p, 0);
        long step = order.index(partitions, p, 1) - first;
        long source = p * stride(from, 0) + f * bits / 2;
        if (pairs) {
          splitPair(from, source, array, first / 2 * row, step / 2 * row, count);
        } else {
          zipper.unzip(bits, from.data(), source, columns, first * row, step * row, count);
        }
      }
      transposer.run(unit, columns, 0, row, units, count, to.data(), f * stride, stride);
    }
  }

  /** Four rows of bytes, each with codes for two partitions, to the packed elements of both. */
  private static void mergePair(
      byte[] rows, long at, long step, Tensor to, long target, long count) {
    MemorySegment data = to.data();
    long next = stride(to, 0);
    int a = (int) at;
    int b = (int) (at + step);
    int c = (int) (at + 2 * step);
    int d = (int) (at + 3 * step);
    for (int i = 0; i < count; i++) {
      int even =
          (rows[a + i] & 0xF)
              | (rows[b + i] & 0xF) << 4
              | (rows[c + i] & 0xF) << 8
              | (rows[d + i] & 0xF) << 12;
      int odd =
          ((rows[a + i] >>> 4) & 0xF)
              | (rows[b + i] & 0xF0)
              | (rows[c + i] & 0xF0) << 4
              | (rows[d + i] & 0xF0) << 8;
      data.set(octavo.tensor.Codes.SHORT, target + 2L * i, (short) even);
      data.set(octavo.tensor.Codes.SHORT, target + next + 2L * i, (short) odd);
    }
  }

  private static void splitPair(
      Tensor from, long source, byte[] rows, long at, long step, long count) {
    MemorySegment data = from.data();
    long next = stride(from, 0);
    for (int i = 0; i < count; i++) {
      int even = data.get(octavo.tensor.Codes.SHORT, source + 2L * i);
      int odd = data.get(octavo.tensor.Codes.SHORT, source + next + 2L * i);
      for (int c = 0; c < 4; c++) {
        rows[(int) (at + c * step) + i] =
            (byte) (((even >>> (4 * c)) & 0xF) | (((odd >>> (4 * c)) & 0xF) << 4));
      }
    }
  }

  /** Fills bytes of a tensor's memory. */
  static void fill(Tensor tensor, long at, long count, int value) {
    tensor.data().asSlice(at, ValueLayout.JAVA_BYTE.byteSize() * count).fill((byte) value);
  }
}
