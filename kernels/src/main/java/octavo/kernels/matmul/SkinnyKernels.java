package octavo.kernels.matmul;

import java.util.List;
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
  private final Map<InPlace, List<PanelDot>> chains = new ConcurrentHashMap<>();
  private final Map<InPlace, List<PanelDot>> runs = new ConcurrentHashMap<>();

  private SkinnyKernels(Width width) {
    this.width = width;
    this.sums = RunSums.of(width);
  }

  static SkinnyKernels of(Width width) {
    SkinnyKernels found = WIDTHS.get(width);
    return found != null ? found : WIDTHS.computeIfAbsent(width, SkinnyKernels::new);
  }

  int lanes() {
    return width.lanes();
  }

  RunSums sums() {
    return sums;
  }

  /** {@return the loops for chains over all columns} */
  List<PanelDot> chains(InPlace weights) {
    return find(chains, weights, false);
  }

  /** {@return the loops for chains over runs of columns} */
  List<PanelDot> runs(InPlace weights) {
    return find(runs, weights, true);
  }

  private List<PanelDot> find(Map<InPlace, List<PanelDot>> among, InPlace weights, boolean inRuns) {
    List<PanelDot> found = among.get(weights);
    return found != null
        ? found
        : among.computeIfAbsent(weights, decoding -> PanelDot.of(width, decoding, inRuns));
  }
}
