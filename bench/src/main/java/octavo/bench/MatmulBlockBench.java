package octavo.bench;

import octavo.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Products with block scales. */
@State(Scope.Benchmark)
public class MatmulBlockBench {

  /** Who multiplies. */
  @Param({"reference", "vector", "ffm", "jni"})
  public String backend = "";

  /** The formats of both operands. */
  @Param({"FP32*MXFP4", "MXFP8_E4M3*MXFP8_E4M3"})
  public String formats = "";

  /** M, N and K. */
  @Param("256x512x512")
  public String shape = "";

  private MatmulWork work;

  /** Allocates the operands and checks the product against the reference. */
  @Setup(Level.Trial)
  public void setUp() {
    work = new MatmulWork(backend, formats, shape);
  }

  /** {@return the product} */
  @Benchmark
  public Tensor matmul() {
    return work.run();
  }
}
