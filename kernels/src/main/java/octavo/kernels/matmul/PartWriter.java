package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import octavo.format.Formats;
import octavo.kernels.math.Activator;
import octavo.op.Activation;
import octavo.op.Epilogue;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Finishes rows of a part of a product and writes them. */
final class PartWriter {
  /*
   * A row's sums are gathered from their tiles into a line that stays in L1, and go through one
   * plain loop for each step that the call has: C2 vectorizes them, and a step that is not there
   * costs nothing. Results whose end factors are 1, of operands without scales, are not multiplied:
   * x * 1 is x, NaN and zeros included.
   */

  /** What a whole tile may have behind the last column. */
  private static final int WHOLE_TILE = 32;

  private @Nullable Source a;
  private @Nullable Tensor out;
  private @Nullable Activator activator;
  private Epilogue epilogue = Epilogue.NONE;
  private long column;
  private int width;
  private boolean plainB;
  private float[] endB = new float[0];
  private float[] biases = new float[0];
  private float[] line = new float[0];
  private float[] residuals = new float[0];
  private short[] shortLine = new short[0];

  PartWriter() {}

  /** Begins with columns of a product, whose activation is applied without vectors. */
  void begin(Source left, Source right, Epilogue finish, Tensor result, long from, int count) {
    begin(null, left, right, finish, result, from, count);
  }

  /** Begins with columns of a product. */
  void begin(
      @Nullable Activator lanes,
      Source left,
      Source right,
      Epilogue finish,
      Tensor result,
      long from,
      int count) {
    activator = lanes;
    a = left;
    out = result;
    epilogue = finish;
    column = from;
    width = count;
    endB = TiledProduct.grown(endB, count);
    line = TiledProduct.grown(line, count + WHOLE_TILE);
    plainB = true;
    for (int c = 0; c < count; c++) {
      endB[c] = right.endFactor(from + c);
      plainB &= endB[c] == 1.0f;
    }
    Tensor bias = finish.bias();
    if (bias != null) {
      biases = TiledProduct.grown(biases, count);
      MemorySegment.copy(bias.data(), Codes.FLOAT, from * Float.BYTES, biases, 0, count);
    }
  }

  /** Lets go of the call's memory. */
  void end() {
    a = null;
    out = null;
    epilogue = Epilogue.NONE;
  }

  /**
   * Takes a row whose sums lie along tiles.
   *
   * @param tile knows where
   * @param sums the sums of tiles
   * @param sumsAt where the row's first are
   * @param apart how far those of the next tile are
   */
  void along(Tile tile, float[] sums, int sumsAt, int apart) {
    tile.row(sums, sumsAt, apart, width, line);
  }

  /**
   * Writes a row.
   *
   * @param sums the sums of tiles
   * @param sumsAt where the row's first are
   * @param apart how far those of the next tile are
   * @param together how many a tile has
   * @param row the row of the product
   */
  void row(float[] sums, int sumsAt, int apart, int together, long row) {
    int at = sumsAt;
    for (int c = 0; c < width; c += together) {
      System.arraycopy(sums, at, line, c, Math.min(together, width - c));
      at += apart;
    }
    finish(row);
  }

  /**
   * Takes a row whose sums lie across tiles.
   *
   * @param sums the sums of tiles
   * @param sumsAt where the row's first is
   * @param apart how far the next is
   */
  void across(float[] sums, int sumsAt, int apart) {
    for (int c = 0; c < width; c++) {
      line[c] = sums[sumsAt + c * apart];
    }
  }

  /**
   * Finishes the row that was taken, and writes it.
   *
   * @param row the row of the product
   */
  void finish(long row) {
    float endA = Objects.requireNonNull(a).endFactor(row);
    if (endA != 1.0f || !plainB) {
      scale(line, endA, endB, width);
    }
    if (epilogue.scale() != 1.0f) {
      multiply(line, epilogue.scale(), width);
    }
    if (epilogue.bias() != null) {
      add(line, biases, width);
    }
    Activation activation = epilogue.activation();
    if (activator != null) {
      activator.apply(activation, line, 0, width);
    } else if (activation != Activation.NONE) {
      for (int c = 0; c < width; c++) {
        line[c] = activation.apply(line[c]);
      }
    }
    Tensor residual = epilogue.residual();
    if (residual != null) {
      add(residual, row * residual.stride(0) + column * residual.stride(1));
    }
    store(Objects.requireNonNull(out), row);
  }

  /** Adds a row of a residual; FP32 and BF16 by the line. */
  private void add(Tensor residual, long at) {
    if (residual.unitColumnStride() && residual.format().equals(Formats.FP32)) {
      residuals = TiledProduct.grown(residuals, width);
      MemorySegment.copy(residual.data(), Codes.FLOAT, at * Float.BYTES, residuals, 0, width);
      add(line, residuals, width);
    } else if (residual.unitColumnStride() && residual.format().equals(Formats.BF16)) {
      shortLine = shortLine.length < width ? new short[width] : shortLine;
      MemorySegment.copy(residual.data(), Codes.SHORT, at * Short.BYTES, shortLine, 0, width);
      addBf16(line, shortLine, width);
    } else {
      for (int c = 0; c < width; c++) {
        int code = Codes.get(residual.data(), residual.element(), at + c * residual.stride(1));
        line[c] += residual.element().decode(code);
      }
    }
  }

  private void store(Tensor result, long row) {
    long at = row * result.stride(0) + column * result.stride(1);
    boolean bf16 = result.format().equals(Formats.BF16);
    if (bf16) {
      shortLine = shortLine.length < width ? new short[width] : shortLine;
      toBf16(line, shortLine, width);
    }
    if (!result.unitColumnStride()) {
      for (int c = 0; c < width; c++) {
        int code = bf16 ? shortLine[c] : Float.floatToRawIntBits(line[c]);
        Codes.set(result.data(), result.element(), at + c * result.stride(1), code);
      }
    } else if (bf16) {
      MemorySegment.copy(shortLine, 0, result.data(), Codes.SHORT, at * Short.BYTES, width);
    } else {
      MemorySegment.copy(line, 0, result.data(), Codes.FLOAT, at * Float.BYTES, width);
    }
  }

  // ---- leaves: one loop each

  private static void scale(float[] line, float endA, float[] endB, int count) {
    for (int c = 0; c < count; c++) {
      line[c] *= endA * endB[c];
    }
  }

  static void multiply(float[] numbers, float factor, int count) {
    for (int i = 0; i < count; i++) {
      numbers[i] *= factor;
    }
  }

  private static void add(float[] line, float[] biases, int count) {
    for (int c = 0; c < count; c++) {
      line[c] += biases[c];
    }
  }

  private static void addBf16(float[] line, short[] codes, int count) {
    for (int c = 0; c < count; c++) {
      line[c] += Float.intBitsToFloat(codes[c] << 16);
    }
  }

  /**
   * Nearest even: a carry out of the mantissa reaches the exponent, out of the largest infinity.
   */
  static void toBf16(float[] line, short[] codes, int count) {
    for (int c = 0; c < count; c++) {
      int bits = Float.floatToRawIntBits(line[c]);
      int rounded = (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16;
      boolean nan = (bits & 0x7FFF_FFFF) > 0x7F80_0000;
      codes[c] = (short) (nan ? ((bits >>> 16) & 0x8000) | 0x7FC0 : rounded);
    }
  }
}
