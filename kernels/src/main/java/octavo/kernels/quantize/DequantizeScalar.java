package octavo.kernels.quantize;

import octavo.format.BlockFormat;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.kernels.scalar.NumberLine;
import octavo.spi.DequantizeKernel;
import octavo.spi.DequantizeRequest;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/** Expands every block format in plain loops over arrays. */
public final class DequantizeScalar implements DequantizeKernel {

  /** Makes the kernel. */
  public DequantizeScalar() {}

  @Override
  public KernelId id() {
    return new KernelId("scalar", "dequantize", "");
  }

  @Override
  public Verdict consider(DequantizeRequest request, Host host) {
    return new Verdict.Eligible(45, "plain loops");
  }

  @Override
  public void run(Tensor in, Tensor out, Workers workers) {
    BlockFormat format = (BlockFormat) in.format();
    Tensor scales = in.scales().matrix();
    float tensorScale = in.tensorScale();
    long height = format.blockRows() == BlockFormat.WHOLE ? Long.MAX_VALUE : format.blockRows();
    long width =
        format.blockColumns() == BlockFormat.WHOLE ? Long.MAX_VALUE : format.blockColumns();
    NumberLine line = NumberLine.take();
    try {
      line.aim(out.element(), Rounding.NEAREST_EVEN, Overflow.IEEE);
      for (long row = 0; row < in.rows(); row++) {
        long scaleRow = row / height * scales.stride(0);
        for (long column = 0; column < in.columns(); column += NumberLine.LENGTH) {
          int count = (int) Math.min(NumberLine.LENGTH, in.columns() - column);
          line.read(in, row, column, count);
          for (int i = 0; i < count; ) {
            long block = (column + i) / width;
            int end = (int) Math.min(count, end(block, width) - column);
            long at = scaleRow + block * scales.stride(1);
            int code = Codes.get(scales.data(), scales.element(), at);
            multiply(line.numbers(), i, end, scales.element().decode(code) * tensorScale);
            i = end;
          }
          line.encode(0, 0, count);
          line.write(out, row, column, count);
        }
      }
    } finally {
      line.give();
    }
  }

  /** {@return the column behind a block} */
  private static long end(long block, long width) {
    return width == Long.MAX_VALUE ? width : (block + 1) * width;
  }

  private static void multiply(float[] numbers, int from, int to, float factor) {
    for (int i = from; i < to; i++) {
      numbers[i] *= factor;
    }
  }
}
