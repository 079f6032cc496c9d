package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import octavo.format.Formats;
import octavo.kernels.vector.ScratchPool;
import octavo.op.Activation;
import octavo.op.Epilogue;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/** One part of a {@link ScalarProduct}, with its working memory. */
final class ScalarStrips {

  private static final int CHUNK = 1024;
  private static final int STEP = 64;

  private static final ScratchPool<ScalarStrips> POOL = new ScratchPool<>(ScalarStrips::new);

  private final CodeStrip strip = new CodeStrip();
  private final float[] run = new float[CodeStrip.ROWS];
  private float[] scalesB = new float[0];
  private float[] sums = new float[0];
  private float[] line = new float[0];
  private short[] shortLine = new short[0];

  private ScalarStrips() {}

  static ScalarStrips take() {
    return POOL.take();
  }

  void give() {
    POOL.give(this);
  }

  /** Computes the results of some strips of b. */
  void run(ScalarProduct call, long firstStrip, int strips) {
    int stripRows = call.stripRows();
    long from = firstStrip * stripRows;
    int width = (int) Math.min((long) strips * stripRows, call.columns() - from);
    int padded = Math.ceilDiv(stripRows, CodeStrip.ROWS) * CodeStrip.ROWS;
    int present = Math.ceilDiv(width, stripRows);
    int stride = present * padded;
    reserve(call.rows() * stride, width);
    Arrays.fill(sums, 0, call.rows() * stride, 0.0f);
    for (int i = 0; i < present; i++) {
      int rows = Math.min(stripRows, width - i * stripRows);
      sum(call, firstStrip + i, rows, i * padded, stride);
    }
    for (int r = 0; r < call.rows(); r++) {
      for (int i = 0; i < present; i++) {
        int at = i * stripRows;
        System.arraycopy(sums, r * stride + i * padded, line, at, Math.min(stripRows, width - at));
      }
      write(call, r, from, width);
    }
  }

  private void reserve(int sumCount, int width) {
    sums = sums.length < sumCount ? new float[sumCount] : sums;
    if (line.length < width) {
      line = new float[width];
      shortLine = new short[width];
    }
  }

  /** Computes the sums of a strip. */
  private void sum(ScalarProduct call, long number, int rows, int sumsAt, int stride) {
    int depth = call.depth();
    int length = call.length();
    int chunk = length == 0 ? CHUNK : length * Math.max(1, CHUNK / length);
    Tensor tensor = call.tensor();
    int groups = Math.ceilDiv(rows, CodeStrip.ROWS);
    int padded = groups * CodeStrip.ROWS;
    for (int k = 0; k < depth; k += chunk) {
      int count = Math.min(chunk, depth - k);
      if (tensor != null) {
        strip.read(tensor, number * CodeStrip.ROWS, rows, k, count);
      } else {
        strip.read(call.packed(), number, k, count);
      }
      if (call.rows() > 1) {
        strip.decode(padded * count);
      }
      if (length != 0) {
        readScales(call, number * call.stripRows(), rows, k, count, padded);
      }
      for (int r = 0; r < call.rows(); r++) {
        for (int group = 0; group < groups; group++) {
          int first = group * CodeStrip.ROWS;
          int at = r * stride + sumsAt + first;
          if (length == 0) {
            chains(call, r * depth + k, count, first * count, count, sums, at);
          } else {
            runs(call, r, k, count, first, padded, at);
          }
        }
      }
    }
  }

  private void readScales(ScalarProduct call, long row, int rows, int k, int count, int padded) {
    int runs = Math.ceilDiv(count, call.length());
    if (scalesB.length < runs * padded) {
      scalesB = new float[runs * padded];
    }
    Tensor tensor = call.tensor();
    for (int r = 0; r < rows; r++) {
      if (tensor != null) {
        BlockScales.read(tensor, row + r, k, runs, call.length(), scalesB, r, padded);
      } else {
        BlockScales.read(call.packed(), row + r, k, runs, call.length(), scalesB, r, padded);
      }
    }
  }

  private void runs(
      ScalarProduct call, int row, int k, int count, int first, int padded, int sumsAt) {
    int length = call.length();
    int depth = call.depth();
    int scales = row * Math.ceilDiv(depth, length) + k / length;
    float[] scalesA = call.scalesA();
    for (int from = 0; from < count; from += length) {
      int some = Math.min(length, count - from);
      Arrays.fill(run, 0.0f);
      chains(call, row * depth + k + from, some, first * count + from, count, run, 0);
      int number = from / length;
      ScalarLoops.addRuns(
          run, scalesA[scales + number], scalesB, number * padded + first, sums, sumsAt, 8);
    }
  }

  private void chains(
      ScalarProduct call, int x, int count, int at, int stride, float[] to, int toAt) {
    float[] numbers = call.numbers();
    for (int from = 0; from < count; from += STEP) {
      int some = Math.min(STEP, count - from);
      if (strip.holdsBytes()) {
        ScalarLoops.chains(
            numbers, x + from, some, strip.bytes(), strip.table(), at + from, stride, to, toAt);
      } else if (strip.holdsBf16()) {
        ScalarLoops.chains(numbers, x + from, some, strip.shorts(), at + from, stride, to, toAt);
      } else {
        ScalarLoops.chains(numbers, x + from, some, strip.floats(), at + from, stride, to, toAt);
      }
    }
  }

  // ---- finishing

  private void write(ScalarProduct call, int r, long column, int width) {
    float endA = call.endA(r);
    Tensor tensor = call.tensor();
    for (int c = 0; c < width; c++) {
      float endB =
          tensor != null
              ? BlockScales.endFactor(tensor, column + c)
              : BlockScales.endFactor(call.packed(), column + c);
      line[c] *= endA * endB;
    }
    long row = call.firstRow() + r;
    finish(call.epilogue(), row, column, width);
    store(call.out(), row, column, width);
  }

  private void finish(Epilogue epilogue, long row, long column, int width) {
    float factor = epilogue.scale();
    Tensor bias = epilogue.bias();
    Activation activation = epilogue.activation();
    Tensor residual = epilogue.residual();
    if (factor != 1.0f) {
      for (int c = 0; c < width; c++) {
        line[c] *= factor;
      }
    }
    if (bias != null) {
      for (int c = 0; c < width; c++) {
        line[c] += bias.data().get(Codes.FLOAT, (column + c) * Float.BYTES);
      }
    }
    if (activation != Activation.NONE) {
      for (int c = 0; c < width; c++) {
        line[c] = activation.apply(line[c]);
      }
    }
    if (residual != null) {
      long at = row * residual.stride(0) + column * residual.stride(1);
      for (int c = 0; c < width; c++) {
        int code = Codes.get(residual.data(), residual.element(), at + c * residual.stride(1));
        line[c] += residual.element().decode(code);
      }
    }
  }

  private void store(Tensor out, long row, long column, int width) {
    long at = row * out.stride(0) + column * out.stride(1);
    boolean bf16 = out.format().equals(Formats.BF16);
    if (bf16) {
      PartWriter.toBf16(line, shortLine, width);
    }
    if (!out.unitColumnStride()) {
      for (int c = 0; c < width; c++) {
        int code = bf16 ? shortLine[c] : Float.floatToRawIntBits(line[c]);
        Codes.set(out.data(), out.element(), at + c * out.stride(1), code);
      }
    } else if (bf16) {
      MemorySegment.copy(shortLine, 0, out.data(), Codes.SHORT, at * Short.BYTES, width);
    } else {
      MemorySegment.copy(line, 0, out.data(), Codes.FLOAT, at * Float.BYTES, width);
    }
  }
}
