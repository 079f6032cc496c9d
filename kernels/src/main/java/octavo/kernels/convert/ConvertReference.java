package octavo.kernels.convert;

import octavo.format.ElementFormat;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.StochasticBits;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** The definition of a cast: decode, then {@link ElementFormat#encode}, element by element. */
public final class ConvertReference implements ConvertKernel {

  /** Makes the kernel. */
  public ConvertReference() {}

  @Override
  public KernelId id() {
    return new KernelId("reference", "convert", "");
  }

  @Override
  public Verdict consider(ConvertRequest request, Host host) {
    return new Verdict.Eligible(100, "always eligible");
  }

  @Override
  public void run(
      Tensor in, Tensor out, Rounding rounding, Overflow overflow, long seed, Workers workers) {
    ElementFormat from = in.element();
    ElementFormat to = out.element();
    for (long i = 0; i < in.rows(); i++) {
      for (long k = 0; k < in.columns(); k++) {
        int random =
            rounding == Rounding.STOCHASTIC ? StochasticBits.of(seed, i * in.columns() + k) : 0;
        out.setCode(to.encode(from.decode(in.code(i, k)), rounding, overflow, random), i, k);
      }
    }
  }
}
