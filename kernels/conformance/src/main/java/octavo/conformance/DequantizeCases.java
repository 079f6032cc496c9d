package octavo.conformance;

import java.util.ArrayList;
import java.util.List;
import octavo.Engine;
import octavo.conformance.UnaryCall.Extent;
import octavo.dispatch.Plan.Considered;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.spi.DequantizeKernel;
import octavo.spi.DequantizeRequest;
import octavo.spi.Kernel;
import octavo.spi.Operand;
import octavo.spi.Request;

/**
 * Dequantization: every block format to every plain format, on every shape, layout, memory and kind
 * of value, and every element code with every eight-bit scale.
 */
final class DequantizeCases implements Cases {

  @Override
  public String stem() {
    return "dequantize";
  }

  @Override
  public List<CaseGroup> groups() {
    return Formats.blocks().stream()
        .map(in ->
            new CaseGroup(
                in + " to any",
                () -> QuantizeCases.PLAIN.stream().flatMap(out -> cases(in, out).stream())))
        .toList();
  }

  private static List<Case> cases(BlockFormat in, ElementFormat out) {
    List<Case> cases = new ArrayList<>();
    UnaryProduct product =
        new UnaryProduct(in, out, extent -> cases.add(new Dequantize(in, out, extent)));
    cases.add(
        new Dequantize(in, out, new Extent(256, 256, Values.EVERY_CODE, Where.PLAIN, Where.PLAIN)));
    product.values();
    product.values();
    product.shapes();
    product.layouts();
    product.memories();
    return cases;
  }

  private record Dequantize(BlockFormat in, ElementFormat out, Extent extent) implements Case {

    @Override
    public String id() {
      return "dequantize/%s,%s/%s".formatted(in, out, extent);
    }

    @Override
    public Call open(Workspace workspace) {
      return new UnaryCall(workspace, in, out, extent) {

        @Override
        public Request request() {
          return new DequantizeRequest(Operand.of(in().tensor()), Operand.of(output().tensor()));
        }

        @Override
        public List<Considered> verdicts(Engine engine) {
          return engine.explainDequantize(in().tensor(), output().tensor()).verdicts();
        }

        @Override
        public void run(Kernel<?> kernel) {
          ((DequantizeKernel) kernel)
              .run(in().tensor(), output().tensor(), BackwardWorkers.INSTANCE);
        }
      };
    }
  }
}
