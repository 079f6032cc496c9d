package octavo.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the demonstration found. Its components are the fields of the JSON object.
 *
 * @param schema the version of these fields, 1
 * @param model what was multiplied by
 * @param activations what was multiplied
 * @param machine where
 * @param backends every backend there can be
 * @param formats a result for each format
 * @param bits whether all backends gave the same bits in every format
 * @param explain the plan of one product
 * @param seconds how long everything took
 */
record DemoReport(
    int schema,
    Model model,
    Input activations,
    Machine machine,
    List<Backend> backends,
    List<FormatResult> formats,
    Agreement bits,
    String explain,
    double seconds) {

  /** Copies the lists. */
  DemoReport {
    backends = List.copyOf(backends);
    formats = List.copyOf(formats);
  }

  /** Whether backends gave the same bits. */
  enum Agreement {
    /** At least two ran, and gave the same bits. */
    IDENTICAL("identical"),
    /** At least two ran, and gave different bits. */
    DIFFERENT("different"),
    /** Fewer than two ran. */
    NOT_COMPARED("not compared");

    private final String text;

    Agreement(String text) {
      this.text = text;
    }

    /** {@return the text for reports} */
    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * What was multiplied by.
   *
   * @param file the model's file
   * @param matrices how many weight matrices were used
   * @param parameters how many weights they have
   * @param parametersOfModel how many floating-point parameters the model has in all
   * @param skipped the weight matrices that were left out
   */
  record Model(
      String file, int matrices, long parameters, long parametersOfModel, List<Skipped> skipped) {

    /** Copies the list. */
    Model {
      skipped = List.copyOf(skipped);
    }
  }

  /**
   * A weight matrix that was left out.
   *
   * @param matrix its name
   * @param reason why
   */
  record Skipped(String matrix, String reason) {

    private static final int MOST_NAMES = 3;

    /**
     * {@return a line for each reason}, with the names of the first matrices it holds for
     *
     * @param skipped matrices that were left out
     */
    static List<String> summary(List<Skipped> skipped) {
      Map<String, List<String>> names = new LinkedHashMap<>();
      for (Skipped one : skipped) {
        names.computeIfAbsent(one.reason(), reason -> new ArrayList<>()).add(one.matrix());
      }
      return names.entrySet().stream()
          .map(entry ->
              "%d with %s: %s%s"
                  .formatted(
                      entry.getValue().size(),
                      entry.getKey(),
                      entry.getValue().stream().limit(MOST_NAMES).collect(Collectors.joining(", ")),
                      entry.getValue().size() > MOST_NAMES ? ", ..." : ""))
          .toList();
    }
  }

  /**
   * What was multiplied.
   *
   * @param rows rows of activations
   * @param seed of the random numbers
   * @param distribution in words
   */
  record Input(int rows, long seed, String distribution) {}

  /**
   * The machine.
   *
   * @param os the operating system
   * @param arch the processor's architecture
   * @param jdk the Java version
   * @param processors how many this process may use
   * @param cpuFeatures the processor's features that kernels ask for, sorted
   */
  record Machine(String os, String arch, String jdk, int processors, List<String> cpuFeatures) {

    /** Copies the list. */
    Machine {
      cpuFeatures = List.copyOf(cpuFeatures);
    }
  }

  /**
   * A backend.
   *
   * @param name its name
   * @param ran whether it was used
   * @param detail what it is, or why it was not used
   */
  record Backend(String name, boolean ran, String detail) {}

  /**
   * What a format costs and gives.
   *
   * @param format the format's name
   * @param bitsPerWeight the memory of a weight, scales included
   * @param compression how many times smaller than FP32 the weights are
   * @param weightSqnrDb the weights' signal-to-noise ratio; {@code null} if they are exact
   * @param outputError the results' relative error against those of FP32 weights
   * @param runs a run for each backend that can multiply by this format
   * @param bits whether the runs gave the same bits
   */
  record FormatResult(
      String format,
      double bitsPerWeight,
      double compression,
      @Nullable Double weightSqnrDb,
      double outputError,
      List<Run> runs,
      Agreement bits) {

    /** Copies the list. */
    FormatResult {
      runs = List.copyOf(runs);
    }
  }

  /**
   * One backend's products by all matrices.
   *
   * @param backend its name
   * @param kernels the kernels that ran; empty if it has none for the format
   * @param milliseconds the median time of a pass over all matrices; {@code null} if it has none
   * @param passes how many passes were timed
   * @param sha256 the beginning of the hash of all results; {@code null} if there are none
   * @param mismatches how many results have other bits than the first run's
   * @param note the first mismatch, or why there was no run; {@code null} otherwise
   */
  record Run(
      String backend,
      List<String> kernels,
      @Nullable Double milliseconds,
      int passes,
      @Nullable String sha256,
      long mismatches,
      @Nullable String note) {

    /** Copies the list. */
    Run {
      kernels = List.copyOf(kernels);
    }
  }

  /** {@return a line for each backend that gave other bits than the first} */
  List<String> differences() {
    return formats.stream()
        .flatMap(format ->
            format.runs().stream()
                .filter(run -> run.mismatches() > 0)
                .map(run ->
                    "%s on %s: %d results differ, first %s"
                        .formatted(format.format(), run.backend(), run.mismatches(), run.note())))
        .toList();
  }
}
