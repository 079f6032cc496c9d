package octavo.kernels.quantize;

import octavo.format.Overflow;
import octavo.spi.DequantizeKernel;
import octavo.spi.DequantizeRequest;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** The definition of dequantization: {@link Tensor#get}, rounded to the output's format. */
public final class DequantizeReference implements DequantizeKernel {

  /** Makes the kernel. */
  public DequantizeReference() {}

  @Override
  public KernelId id() {
    return new KernelId("reference", "dequantize", "");
  }

  @Override
  public Verdict consider(DequantizeRequest request, Host host) {
    return new Verdict.Eligible(100, "always eligible");
  }

  @Override
  public void run(Tensor in, Tensor out, Workers workers) {
    for (long i = 0; i < in.rows(); i++) {
      for (long k = 0; k < in.columns(); k++) {
        out.setCode(out.element().encode(in.get(i, k), Overflow.IEEE), i, k);
      }
    }
  }
}
