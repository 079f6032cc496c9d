package octavo.kernels;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import octavo.kernels.convert.ConvertVector;
import octavo.kernels.matmul.MatmulBlockVector;
import octavo.kernels.matmul.MatmulPlainVector;
import octavo.kernels.matmul.MatmulSkinnyVector;
import octavo.kernels.matmul.SparseMatmulVector;
import octavo.kernels.quantize.DequantizeVector;
import octavo.kernels.quantize.QuantizeVector;
import octavo.kernels.vector.Species;
import octavo.kernels.vector.Width;
import octavo.spi.BackendStatus;
import octavo.spi.Isa;
import octavo.spi.Kernel;
import octavo.spi.KernelProvider;
import octavo.spi.Overrides;

/**
 * The Vector API kernels, each in every {@link Width}.
 *
 * <p>No field or signature here may mention a class of {@code jdk.incubator.vector}: this class is
 * loaded where that module is absent, to say so.
 */
public final class VectorProvider implements KernelProvider {

  private static final String MODULE = "jdk.incubator.vector";

  /** Made by {@link java.util.ServiceLoader}. */
  public VectorProvider() {}

  @Override
  public BackendStatus probe(Overrides overrides) {
    Module module = ModuleLayer.boot().findModule(MODULE).orElse(null);
    if (module == null) {
      return BackendStatus.absent(
          "vector",
          "the module " + MODULE + " is not loaded; run java with --add-modules " + MODULE);
    }
    if (!VectorProvider.class.getModule().canRead(module)) {
      return BackendStatus.absent(
          "vector",
          "octavo.kernels does not read %s; run java with --add-reads octavo.kernels=%s"
              .formatted(MODULE, MODULE));
    }
    int preferred = Species.preferredBits();
    int forced = overrides.vectorBits();
    String detail =
        forced == 0
            ? "Vector API, " + preferred + "-bit (preferred)"
            : "Vector API, " + forced + "-bit (-Doctavo.vector.bits; preferred " + preferred + ")";
    Set<Isa> isas = new LinkedHashSet<>();
    for (Width width : Width.values()) {
      if (width.bits() <= preferred) {
        isas.add(width.isa());
      }
    }
    return new BackendStatus("vector", true, detail, List.copyOf(isas), preferred);
  }

  @Override
  public List<Kernel<?>> kernels(BackendStatus status) {
    List<Kernel<?>> kernels = new ArrayList<>();
    if (status.available()) {
      for (Width width : Width.values()) {
        kernels.add(new ConvertVector(width));
        kernels.add(new QuantizeVector(width));
        kernels.add(new DequantizeVector(width));
        kernels.add(new MatmulPlainVector(width));
        kernels.add(new MatmulBlockVector(width));
        kernels.add(new SparseMatmulVector(width));
        kernels.add(new MatmulSkinnyVector(width));
      }
    }
    return List.copyOf(kernels);
  }
}
