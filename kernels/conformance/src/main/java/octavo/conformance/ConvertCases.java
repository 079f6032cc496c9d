package octavo.conformance;

import java.util.ArrayList;
import java.util.List;
import octavo.Cast;
import octavo.Engine;
import octavo.conformance.UnaryCall.Extent;
import octavo.dispatch.Plan.Considered;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.Kernel;
import octavo.spi.Operand;
import octavo.spi.Request;

/**
 * Casts: every pair of element formats in every mode, every code of the narrow ones, and the main
 * pairs on every shape, layout, memory and kind of value.
 */
final class ConvertCases implements Cases {

  private static final List<ElementFormat> MAIN =
      List.of(
          Formats.FP32,
          Formats.BF16,
          Formats.FP16,
          Formats.E4M3FN,
          Formats.E4M3,
          Formats.E3M4,
          Formats.E5M2,
          Formats.E2M1,
          Formats.INT8);

  @Override
  public String stem() {
    return "convert";
  }

  @Override
  public List<CaseGroup> groups() {
    return Formats.elements().stream()
        .map(in ->
            new CaseGroup(
                in + " to any",
                () -> Formats.elements().stream().flatMap(out -> cases(in, out).stream())))
        .toList();
  }

  private static List<Case> cases(ElementFormat in, ElementFormat out) {
    List<Case> cases = new ArrayList<>();
    List<Cast> modes = modes();
    Rotation rotation = new Rotation();
    UnaryProduct product =
        new UnaryProduct(
            in,
            out,
            extent -> {
              rotation.advance();
              cases.add(new Convert(in, out, rotation.pick(modes, 1), extent));
            });
    for (Cast mode : modes) {
      cases.add(new Convert(in, out, mode, everyCode(in)));
      cases.add(
          new Convert(
              in, out, mode, new Extent(5, 61, Values.BOUNDARIES, Where.PLAIN, Where.PLAIN)));
      cases.add(
          new Convert(in, out, mode, new Extent(3, 129, Values.ANY, Where.PLAIN, Where.PLAIN)));
    }
    product.values();
    if (MAIN.contains(in) && MAIN.contains(out)) {
      for (int repeat = 0; repeat < 2 * modes.size(); repeat++) {
        product.values();
      }
      product.shapes();
      product.shapes();
      product.layouts();
      product.memories();
    }
    return cases;
  }

  /** {@return every code once, in a square; 64 Ki random ones where there are too many} */
  private static Extent everyCode(ElementFormat in) {
    long side = 1L << (Math.min(in.bits(), 16) / 2);
    return new Extent(
        side,
        side,
        in.bits() <= 16 ? Values.EVERY_CODE : Values.BOUNDARIES,
        Where.PLAIN,
        Where.PLAIN);
  }

  private static List<Cast> modes() {
    List<Cast> modes = new ArrayList<>();
    for (Rounding rounding : Rounding.values()) {
      for (Overflow overflow : Overflow.values()) {
        modes.add(new Cast(rounding, overflow, 0x9E37_79B9_7F4AL + modes.size()));
      }
    }
    return modes;
  }

  private record Convert(ElementFormat in, ElementFormat out, Cast mode, Extent extent)
      implements Case {

    @Override
    public String id() {
      return "convert/%s,%s/%s,%s/%s".formatted(in, out, mode.rounding(), mode.overflow(), extent);
    }

    @Override
    public Call open(Workspace workspace) {
      return new UnaryCall(workspace, in, out, extent) {

        @Override
        public Request request() {
          return new ConvertRequest(
              Operand.of(in().tensor()),
              Operand.of(output().tensor()),
              mode.rounding(),
              mode.overflow());
        }

        @Override
        public List<Considered> verdicts(Engine engine) {
          return engine.explainConvert(in().tensor(), output().tensor(), mode).verdicts();
        }

        @Override
        public void run(Kernel<?> kernel) {
          ((ConvertKernel) kernel)
              .run(
                  in().tensor(),
                  output().tensor(),
                  mode.rounding(),
                  mode.overflow(),
                  mode.seed(),
                  BackwardWorkers.INSTANCE);
        }
      };
    }
  }
}
