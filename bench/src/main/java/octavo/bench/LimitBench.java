package octavo.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What this machine can do at most: the figures that kernels are held against. */
@State(Scope.Benchmark)
public class LimitBench {

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int STEPS = 4096;
  private static final int CHAINS = 10;

  /** The floating-point operations of one call of {@link #fma}. */
  static final double FMA_OPERATIONS = 2.0 * SPECIES.length() * CHAINS * STEPS;

  /** The bytes that one call of {@link #copy} reads, and writes as often. */
  static final long COPY_BYTES = 4 << 20;

  private MemorySegment from;
  private MemorySegment to;
  private float factor = 0.999f;

  /** Allocates the memory to copy. */
  @Setup(Level.Trial)
  public void setUp() {
    Arena arena = Arena.ofAuto();
    from = arena.allocate(COPY_BYTES, 64).fill((byte) 1);
    to = arena.allocate(COPY_BYTES, 64);
  }

  /**
   * Ten independent chains of fused multiply-adds in registers: two units of latency four need
   * eight.
   *
   * @return a number that depends on all of them
   */
  @Benchmark
  public float fma() {
    FloatVector x = FloatVector.broadcast(SPECIES, factor);
    FloatVector c0 = x, c1 = x, c2 = x, c3 = x, c4 = x, c5 = x, c6 = x, c7 = x, c8 = x, c9 = x;
    for (int i = 0; i < STEPS; i++) {
      c0 = c0.fma(x, x);
      c1 = c1.fma(x, x);
      c2 = c2.fma(x, x);
      c3 = c3.fma(x, x);
      c4 = c4.fma(x, x);
      c5 = c5.fma(x, x);
      c6 = c6.fma(x, x);
      c7 = c7.fma(x, x);
      c8 = c8.fma(x, x);
      c9 = c9.fma(x, x);
    }
    FloatVector low = c0.add(c1).add(c2).add(c3).add(c4);
    return low.add(c5).add(c6).add(c7).add(c8).add(c9).lane(0);
  }

  /** {@return the copied memory} */
  @Benchmark
  public MemorySegment copy() {
    return to.copyFrom(from);
  }
}
