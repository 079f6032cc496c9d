package octavo.bench;

import java.lang.foreign.Arena;
import octavo.Engine;
import octavo.Quantization;
import octavo.format.BlockFormat;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** FP32 numbers to a block format and back. */
@State(Scope.Benchmark)
public class QuantizeBench {

  /** The numbers quantized per call. */
  static final long ELEMENTS = 1 << 20;

  private static final long COLUMNS = 1024;

  /** Who quantizes. */
  @Param({"reference", "vector", "ffm", "jni"})
  public String backend = "";

  /** The format of the result. */
  @Param("MXFP4")
  public String format = "";

  private Engine engine;
  private Tensor numbers;
  private Tensor blocks;
  private Tensor restored;

  /** Allocates the numbers and checks both ways against the reference. */
  @Setup(Level.Trial)
  public void setUp() {
    Arena arena = Arena.ofAuto();
    engine = Workload.engine(backend);
    BlockFormat block = (BlockFormat) Formats.byName(format);
    numbers = Workload.normal(arena, Formats.FP32, ELEMENTS / COLUMNS, COLUMNS, 1);
    blocks = Tensor.allocate(arena, block, numbers.shape());
    restored = Tensor.allocate(arena, Formats.FP32, numbers.shape());
    Engine reference = Workload.engine("reference");
    Tensor expected = reference.quantize(numbers, block, Quantization.OCP, arena);
    Workload.requireSameBits(quantize(), expected);
    Workload.requireSameBits(blocks.scales(), expected.scales());
    Workload.requireSameBits(dequantize(), reference.dequantize(expected, arena));
  }

  /** {@return the codes and scales} */
  @Benchmark
  public Tensor quantize() {
    engine.quantize(numbers, blocks, Quantization.OCP);
    return blocks;
  }

  /** {@return the numbers that the codes stand for} */
  @Benchmark
  public Tensor dequantize() {
    engine.dequantize(blocks, restored);
    return restored;
  }
}
