package octavo.bench;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import octavo.spi.Host;

/** What the machine can do at most, measured before everything else. */
final class MachineLimits {

  private static final long TIME = 150_000_000;
  private static final String BYTES = "byte multiply-add, 1 thread";

  private MachineLimits() {}

  /**
   * A limit.
   *
   * @param name what it is the limit of
   * @param unit the unit of the values
   * @param median the median of the samples
   * @param best the best of them
   */
  record Measured(String name, String unit, double median, double best) {}

  /** One measurement. */
  interface Sample {
    double rate();
  }

  /** {@return the limits of this machine} */
  static List<Measured> measure(Host host) {
    List<Measured> limits = new ArrayList<>();
    for (int threads = 1;
        threads <= Math.min(2, Runtime.getRuntime().availableProcessors());
        threads++) {
      String text = threads == 1 ? "1 thread" : threads + " threads";
      Calibrator fma = new Calibrator(subject("matmul", threads));
      limits.add(sampled("FP32 FMA, " + text, "GFLOP/s", fma::measure));
      Calibrator read = new Calibrator(subject("gemv", threads));
      limits.add(sampled("DRAM read, " + text, "GB/s", read::measure));
    }
    BytePeak.of(host).ifPresent(sample -> limits.add(sampled(BYTES, "GOP/s", sample)));
    for (long kib : new long[] {16, 256, 4096}) {
      MemorySegment memory = Loops.memory(kib << 10);
      int runs = (int) Math.max(1, 8192 / kib);
      limits.add(
          sampled(
              "read, %d KiB again and again".formatted(kib),
              "GB/s",
              () -> {
                long start = System.nanoTime();
                long sum = 0;
                for (int i = 0; i < runs; i++) {
                  sum |= Loops.read(memory, 0, memory.byteSize());
                }
                long time = System.nanoTime() - start;
                return sum == 0 ? Double.NaN : (double) runs * memory.byteSize() / time;
              }));
    }
    for (long kib : new long[] {128, 65536}) {
      MemorySegment from = Loops.memory(kib << 10);
      MemorySegment to = Loops.memory(kib << 10);
      int runs = (int) Math.max(1, 8192 / kib);
      limits.add(
          sampled(
              "copy, %d KiB, read and written".formatted(kib),
              "GB/s",
              () -> {
                long start = System.nanoTime();
                for (int i = 0; i < runs; i++) {
                  MemorySegment.copy(from, 0, to, 0, from.byteSize());
                }
                return 2.0 * runs * from.byteSize() / (System.nanoTime() - start);
              }));
    }
    return limits;
  }

  private static Subject subject(String op, int threads) {
    return new Subject(op, "1x4096x4096", "FP32*FP32", "limit", threads);
  }

  private static Measured sampled(String name, String unit, Sample sample) {
    long end = System.nanoTime() + TIME;
    while (System.nanoTime() < end) {
      sample.rate();
    }
    List<Double> rates = new ArrayList<>();
    end = System.nanoTime() + TIME;
    while (rates.size() < 5 || System.nanoTime() < end) {
      rates.add(sample.rate());
    }
    double[] all = rates.stream().mapToDouble(Double::doubleValue).toArray();
    return new Measured(name, unit, Figure.quantile(all, 0.5), Figure.quantile(all, 1));
  }
}
