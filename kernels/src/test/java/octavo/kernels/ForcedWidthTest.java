package octavo.kernels;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import octavo.Engine;
import octavo.conformance.ConformanceSample;
import octavo.kernels.vector.Width;
import octavo.spi.Overrides;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Kernels of every width on every host: the Vector API computes widths that the processor lacks
 * slowly but exactly, and no plan would choose them there.
 */
class ForcedWidthTest {

  @ParameterizedTest
  @EnumSource
  void forcedWidthsGiveTheReferencesBits(Width width) {
    Overrides forced =
        Overrides.parse(
            Map.of("octavo.backend", "reference,vector", "octavo.vector.bits", width.variant()));
    Engine engine = Engine.create(forced);
    assertTrue(engine.host().backend("vector").available());
    Set<String> stems =
        Set.of(
            "convert",
            "quantize",
            "dequantize",
            "matmul.plain",
            "matmul.block",
            "matmul.skinny",
            "sparse_matmul");
    System.out.println(ConformanceSample.run(engine, 400, width.variant(), stems));
  }
}
