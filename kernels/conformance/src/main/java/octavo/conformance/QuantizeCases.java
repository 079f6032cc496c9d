package octavo.conformance;

import java.util.ArrayList;
import java.util.List;
import octavo.Engine;
import octavo.Quantization;
import octavo.conformance.UnaryCall.Extent;
import octavo.dispatch.Plan.Considered;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.spi.Kernel;
import octavo.spi.Operand;
import octavo.spi.QuantizeKernel;
import octavo.spi.QuantizeRequest;
import octavo.spi.Request;

/**
 * Quantization: every plain format to every block format by every rule and rounding, on every
 * shape, layout, memory and kind of value.
 */
final class QuantizeCases implements Cases {

  /** What block formats are made of and expand to. */
  static final List<ElementFormat> PLAIN = List.of(Formats.FP32, Formats.BF16, Formats.FP16);

  @Override
  public String stem() {
    return "quantize";
  }

  @Override
  public List<CaseGroup> groups() {
    return Formats.blocks().stream()
        .map(out ->
            new CaseGroup(
                "any to " + out, () -> PLAIN.stream().flatMap(in -> cases(in, out).stream())))
        .toList();
  }

  private static List<Case> cases(ElementFormat in, BlockFormat out) {
    List<Case> cases = new ArrayList<>();
    List<Quantization> modes = modes(out);
    Rotation rotation = new Rotation();
    UnaryProduct product =
        new UnaryProduct(
            in,
            out,
            extent -> {
              rotation.advance();
              cases.add(new Quantize(in, out, rotation.pick(modes, 1), extent));
            });
    for (Quantization mode : modes) {
      for (Values values : Values.values()) {
        cases.add(
            new Quantize(
                in, out, mode, new Extent(4, product.width(3), values, Where.PLAIN, Where.PLAIN)));
      }
    }
    product.values();
    product.shapes();
    product.layouts();
    product.memories();
    return cases;
  }

  /** {@return every rounding with every rule that the format's scales can have} */
  private static List<Quantization> modes(BlockFormat out) {
    List<Quantization> modes = new ArrayList<>();
    for (Rounding rounding : Rounding.values()) {
      for (ScaleRule rule : ScaleRule.values()) {
        if (out.scale().equals(Formats.E8M0) || rule == ScaleRule.OCP_FLOOR) {
          modes.add(new Quantization(rule, rounding, 0x7F4A_7C15_9E37L + modes.size()));
        }
      }
    }
    return modes;
  }

  private record Quantize(ElementFormat in, BlockFormat out, Quantization mode, Extent extent)
      implements Case {

    @Override
    public String id() {
      return "quantize/%s,%s/%s,%s/%s"
          .formatted(in, out, mode.scaleRule(), mode.rounding(), extent);
    }

    @Override
    public Call open(Workspace workspace) {
      return new UnaryCall(workspace, in, out, extent) {

        @Override
        public Request request() {
          return new QuantizeRequest(
              Operand.of(in().tensor()),
              Operand.of(output().tensor()),
              mode.scaleRule(),
              mode.rounding());
        }

        @Override
        public List<Considered> verdicts(Engine engine) {
          return engine.explainQuantize(in().tensor(), output().tensor(), mode).verdicts();
        }

        @Override
        public void run(Kernel<?> kernel) {
          ((QuantizeKernel) kernel)
              .run(
                  in().tensor(),
                  output().tensor(),
                  mode.scaleRule(),
                  mode.rounding(),
                  mode.seed(),
                  BackwardWorkers.INSTANCE);
        }
      };
    }
  }
}
