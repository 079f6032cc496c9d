package octavo.conformance;

import octavo.format.Overflow;
import octavo.op.Activation;
import octavo.op.Epilogue;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** A right kernel for plain products, for wrong ones to deviate from. */
class InventedKernel implements MatmulKernel {

  private final KernelId id;

  InventedKernel(String id) {
    this.id = KernelId.of(id);
  }

  @Override
  public KernelId id() {
    return id;
  }

  @Override
  public Verdict consider(MatmulRequest request, Host host) {
    boolean ordinary =
        request.packing() == null
            && !request.scaled()
            && request.activation() == Activation.NONE
            && request.residual() == null;
    return request.blockLength() == 0 && ordinary
        ? new Verdict.Eligible(1, "invented")
        : new Verdict.Rejected("only plain products");
  }

  @Override
  public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
    for (long i = 0; i < a.rows(); i++) {
      for (long j = 0; j < b.rows(); j++) {
        float sum = sum(a, i, b, j) * (endFactor(a, i) * endFactor(b, j));
        Tensor bias = epilogue.bias();
        float result = bias == null ? sum : sum + bias.get(j);
        out.setCode(out.element().encode(result(result, i, j), Overflow.IEEE), i, j);
      }
    }
  }

  /** {@return the chain of fused multiply-adds of two rows} */
  float sum(Tensor a, long i, Tensor b, long j) {
    float acc = 0;
    for (long k = 0; k < a.columns(); k++) {
      acc = Math.fma(element(a, i, k), element(b, j, k), acc);
    }
    return acc;
  }

  /** {@return an element without its scale} */
  float element(Tensor tensor, long row, long column) {
    return tensor.element().decode(tensor.code(row, column));
  }

  /** {@return a result as it is stored} */
  float result(float value, long row, long column) {
    return value;
  }

  private static float endFactor(Tensor tensor, long row) {
    return (tensor.columns() == 0 ? 1 : tensor.scale(row, 0)) * tensor.tensorScale();
  }
}
