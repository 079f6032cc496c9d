package octavo.kernels.convert;

import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.kernels.scalar.NumberLine;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/**
 * Casts in plain loops over arrays, a line at a time: no Vector API, and quick from the first call
 * on. To nearest even in a few steps that C2 turns into vector code; other roundings element by
 * element.
 */
public final class ConvertScalar implements ConvertKernel {

  /** Makes the kernel. */
  public ConvertScalar() {}

  @Override
  public KernelId id() {
    return new KernelId("scalar", "convert", "");
  }

  @Override
  public Verdict consider(ConvertRequest request, Host host) {
    return new Verdict.Eligible(45, "plain loops");
  }

  @Override
  public void run(
      Tensor in, Tensor out, Rounding rounding, Overflow overflow, long seed, Workers workers) {
    NumberLine line = NumberLine.take();
    try {
      line.aim(out.element(), rounding, overflow);
      long columns = in.columns();
      for (long row = 0; row < in.rows(); row++) {
        for (long column = 0; column < columns; column += NumberLine.LENGTH) {
          int count = (int) Math.min(NumberLine.LENGTH, columns - column);
          line.read(in, row, column, count);
          line.encode(seed, row * columns + column, count);
          line.write(out, row, column, count);
        }
      }
    } finally {
      line.give();
    }
  }
}
