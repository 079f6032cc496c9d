package octavo.bench;

import java.lang.foreign.Arena;
import octavo.Cast;
import octavo.Engine;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Casts of FP32 numbers. */
@State(Scope.Benchmark)
public class ConvertBench {

  /** The numbers cast per call: 4 MiB of FP32, more than a core's own caches hold. */
  static final long ELEMENTS = 1 << 20;

  /** Who casts. */
  @Param({"reference", "vector", "ffm", "jni"})
  public String backend = "";

  /** The format of the result. */
  @Param("E4M3FN")
  public String format = "";

  private Engine engine;
  private Tensor in;
  private Tensor out;

  /** Allocates the numbers and checks the cast against the reference. */
  @Setup(Level.Trial)
  public void setUp() {
    Arena arena = Arena.ofAuto();
    engine = Workload.engine(backend);
    ElementFormat element = Formats.byName(format).element();
    in = Workload.normal(arena, Formats.FP32, 1, ELEMENTS, 1);
    out = Tensor.allocate(arena, element, 1, ELEMENTS);
    Workload.requireSameBits(
        convert(), Workload.engine("reference").convert(in, element, Cast.SATURATE, arena));
  }

  /** {@return the codes} */
  @Benchmark
  public Tensor convert() {
    engine.convert(in, out, Cast.SATURATE);
    return out;
  }
}
