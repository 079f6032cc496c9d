package octavo.kernels.quantize;

import octavo.format.BlockFormat;
import octavo.format.BlockScaling;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.format.StochasticBits;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.QuantizeKernel;
import octavo.spi.QuantizeRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** The definition of {@link BlockScaling} as plain loops: largest magnitude, scale, elements. */
public final class QuantizeReference implements QuantizeKernel {

  /** Makes the kernel. */
  public QuantizeReference() {}

  @Override
  public KernelId id() {
    return new KernelId("reference", "quantize", "");
  }

  @Override
  public Verdict consider(QuantizeRequest request, Host host) {
    return new Verdict.Eligible(100, "always eligible");
  }

  @Override
  public void run(
      Tensor in, Tensor out, ScaleRule scaleRule, Rounding rounding, long seed, Workers workers) {
    BlockFormat format = (BlockFormat) out.format();
    float tensorScale = 1.0f;
    if (format.tensorScale()) {
      tensorScale = BlockScaling.tensorScale(format, finiteAmax(in));
      out.setTensorScale(tensorScale);
    }
    long blockRows = format.blockRows() == BlockFormat.WHOLE ? in.rows() : format.blockRows();
    long blockColumns =
        format.blockColumns() == BlockFormat.WHOLE ? in.columns() : format.blockColumns();
    Tensor scales = out.scales().matrix();
    for (long si = 0; si < scales.rows(); si++) {
      for (long sk = 0; sk < scales.columns(); sk++) {
        long rowEnd = Math.min(in.rows(), (si + 1) * blockRows);
        long columnEnd = Math.min(in.columns(), (sk + 1) * blockColumns);
        float amax = 0;
        for (long i = si * blockRows; i < rowEnd; i++) {
          for (long k = sk * blockColumns; k < columnEnd; k++) {
            amax = Math.max(amax, Math.abs(in.get(i, k)));
          }
        }
        int scaleCode = BlockScaling.scaleCode(format, scaleRule, amax, tensorScale);
        float factor = BlockScaling.factor(format, scaleCode, tensorScale);
        scales.setCode(scaleCode, si, sk);
        for (long i = si * blockRows; i < rowEnd; i++) {
          for (long k = sk * blockColumns; k < columnEnd; k++) {
            float value = in.get(i, k);
            float scaled = BlockScaling.divides(format) ? value / factor : value * factor;
            int random =
                rounding == Rounding.STOCHASTIC ? StochasticBits.of(seed, i * in.columns() + k) : 0;
            out.setCode(format.element().encode(scaled, rounding, Overflow.SATURATE, random), i, k);
          }
        }
      }
    }
  }

  private static float finiteAmax(Tensor in) {
    float amax = 0;
    for (long i = 0; i < in.rows(); i++) {
      for (long k = 0; k < in.columns(); k++) {
        float magnitude = Math.abs(in.get(i, k));
        if (magnitude <= Float.MAX_VALUE) {
          amax = Math.max(amax, magnitude);
        }
      }
    }
    return amax;
  }
}
