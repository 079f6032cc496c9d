package octavo.kernels.matmul;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import octavo.kernels.vector.Width;

/**
 * The loops of {@link SkinnyProduct} for a width: copies are made when a format first needs them.
 */
final class SkinnyKernels {

  private static final Map<Width, SkinnyKernels> WIDTHS = new ConcurrentHashMap<>();

  private final Width width;
  private final RunSums sums;
  private final Map<InPlace, PanelDot> dots = new ConcurrentHashMap<>();

  private SkinnyKernels(Width width) {
    this.width = width;
    this.sums = RunSums.of(width);
  }

  static SkinnyKernels of(Width width) {
    SkinnyKernels found = WIDTHS.get(width);
    return found != null ? found : WIDTHS.computeIfAbsent(width, SkinnyKernels::new);
  }

  RunSums sums() {
    return sums;
  }

  PanelDot dot(InPlace weights) {
    PanelDot found = dots.get(weights);
    return found != null
        ? found
        : dots.computeIfAbsent(weights, decoding -> PanelDot.of(width, decoding));
  }
}
