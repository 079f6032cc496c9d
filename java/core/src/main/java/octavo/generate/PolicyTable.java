package octavo.generate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import octavo.Policy;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;

/**
 * The tables in the README of where the policies differ. Nothing in them is typed: every BF16
 * number is cast to every format by every policy, blocks are quantized, and what comes out
 * different is listed.
 */
public final class PolicyTable {

  /** Where they stand. */
  public static final MarkedSection SECTION = new MarkedSection("policies");

  /** What writes them, run in the project's root after the core is compiled. */
  public static final String COMMAND =
      "$(./octavo --java-home)/bin/java -cp java/core/target/classes octavo.generate.PolicyTable";

  private static final int BF16_CODES = 1 << 16;
  private static final int RANDOM_BLOCKS = 2000;

  private PolicyTable() {}

  /**
   * Rewrites the tables in {@code README.md}.
   *
   * @param arguments the project's root; by default the current directory
   * @throws IOException if the file cannot be read or written
   */
  public static void main(String... arguments) throws IOException {
    Path readme = Path.of(arguments.length == 0 ? "" : arguments[0]).resolve("README.md");
    Files.writeString(readme, SECTION.replace(Files.readString(readme), text()));
  }

  /** {@return the tables in Markdown} */
  public static String text() {
    return overview()
        + "\nCasts of all 65536 BF16 numbers that do not give the same code everywhere: how many"
        + " there are of a kind, one of them, and what it becomes.\n\n"
        + casts()
        + "\nBlocks: the code of the scale, then the first two elements. The last lines count the"
        + " blocks of "
        + RANDOM_BLOCKS
        + " (normally distributed; multiples of a quarter, so that elements tie) that are not those"
        + " of the first policy. NVFP4's factor of the tensor is 1.\n\n"
        + blocks();
  }

  // ---- what each policy has

  private static String overview() {
    var rows = new ArrayList<List<String>>();
    rows.add(List.of("policy", "casts to", "quantizes to", "four-bit codes in"));
    for (Policy policy : Policy.values()) {
      rows.add(
          List.of(
              policy.name(),
              names(policy.castFormats()),
              names(policy.blockFormats()),
              policy.nibbleOrder().name()));
    }
    return markdown(rows);
  }

  private static String names(List<?> formats) {
    return formats.isEmpty()
        ? "none"
        : formats.stream().map(Object::toString).collect(Collectors.joining(", "));
  }

  // ---- casts

  /** Numbers that the policies treat in the same way: which of them agree. */
  private static final class Kind {
    private int count;
    private float example = Float.NaN;

    void add(float value) {
      count++;
      // The least positive number is the one at which the difference begins.
      boolean better = Float.isNaN(example) ? !Float.isNaN(value) : rank(value) < rank(example);
      if (count == 1 || better) {
        example = value;
      }
    }

    private static double rank(float value) {
      return value < 0 || 1 / value < 0 ? 1e300 + Math.abs(value) : Math.abs(value);
    }
  }

  private static String casts() {
    var rows = new ArrayList<List<String>>();
    var header = new ArrayList<>(List.of("to", "numbers", "such as"));
    Arrays.stream(Policy.values()).map(Policy::name).forEach(header::add);
    rows.add(header);
    for (ElementFormat format : Formats.elements()) {
      List<Policy> policies =
          Arrays.stream(Policy.values())
              .filter(policy -> policy.castFormats().contains(format))
              .toList();
      if (policies.size() < 2) {
        continue;
      }
      for (Kind kind : kinds(format, policies)) {
        var row =
            new ArrayList<>(
                List.of(format.name(), Integer.toString(kind.count), number(kind.example)));
        for (Policy policy : Policy.values()) {
          row.add(
              policies.contains(policy) ? code(format, policy.encode(format, kind.example)) : "-");
        }
        rows.add(row);
      }
    }
    return markdown(rows);
  }

  private static List<Kind> kinds(ElementFormat format, List<Policy> policies) {
    Map<String, Kind> kinds = new LinkedHashMap<>();
    int[] codes = new int[policies.size()];
    for (int bits = 0; bits < BF16_CODES; bits++) {
      float value = Float.intBitsToFloat(bits << 16);
      for (int p = 0; p < codes.length; p++) {
        codes[p] = policies.get(p).encode(format, value);
      }
      String pattern = pattern(format, codes);
      if (!pattern.chars().allMatch(c -> c == 'A')) {
        // Infinity and NaN are kinds of their own, however they are treated.
        String sort = Float.isNaN(value) ? "N" : Float.isInfinite(value) ? "I" : "F";
        kinds.computeIfAbsent(sort + pattern, key -> new Kind()).add(value);
      }
    }
    return List.copyOf(kinds.values());
  }

  /**
   * {@return a letter for each policy, the same for those that agree, and NaN, infinity or number}
   */
  private static String pattern(ElementFormat format, int[] codes) {
    var pattern = new StringBuilder();
    for (int p = 0; p < codes.length; p++) {
      int first = p;
      for (int q = p - 1; q >= 0; q--) {
        first = codes[q] == codes[p] ? q : first;
      }
      pattern.append(first == p ? (char) ('A' + p) : pattern.charAt(first));
    }
    boolean allAgree = pattern.chars().allMatch(c -> c == 'A');
    for (int p = 0; p < codes.length && !allAgree; p++) {
      pattern.append(kind(format.decode(codes[p])));
    }
    return pattern.toString();
  }

  private static char kind(float value) {
    return Float.isNaN(value) ? 'n' : Float.isInfinite(value) ? 'i' : 'f';
  }

  private static String code(ElementFormat format, int code) {
    float value = format.decode(code);
    if (Float.isNaN(value)) {
      return "NaN " + hex(code, format.bits());
    }
    return number(value);
  }

  private static String hex(int code, int bits) {
    return ("0x%0" + Math.ceilDiv(bits, 4) + "X").formatted(code);
  }

  /** A number, as a power of two where its decimals would be long. */
  private static String number(float value) {
    if (Float.isNaN(value)) {
      return "NaN " + hex(Float.floatToRawIntBits(value), 32);
    }
    if (Float.isInfinite(value) || value == 0) {
      return Float.isInfinite(value) ? (value > 0 ? "Inf" : "-Inf") : 1 / value < 0 ? "-0" : "0";
    }
    float magnitude = Math.abs(value);
    String sign = value < 0 ? "-" : "";
    if (magnitude >= 1e-3f && magnitude < 1e6f) {
      return sign + Float.toString(magnitude).replaceFirst("\\.0$", "");
    }
    int exponent = Math.max(Math.getExponent(magnitude), Float.MIN_EXPONENT - 23);
    double significand = magnitude / Math.scalb(1.0, exponent);
    while (significand < 1) {
      significand *= 2;
      exponent--;
    }
    String digits = Double.toString(significand).replaceFirst("\\.0$", "");
    return sign + (significand == 1 ? "" : digits + " * ") + "2^" + exponent;
  }

  // ---- blocks

  private static String blocks() {
    var rows = new ArrayList<List<String>>();
    List<Policy> columns = List.of(Policy.OCP, Policy.TRN3, Policy.TORCH, Policy.GGML);
    var header = new ArrayList<>(List.of("to", "block"));
    columns.stream().map(Policy::name).forEach(header::add);
    rows.add(header);
    for (BlockFormat format :
        List.of(Formats.MXFP8_E4M3, Formats.MXFP8_E5M2, Formats.MXFP4, Formats.NVFP4)) {
      List<Policy> policies =
          columns.stream().filter(policy -> policy.blockFormats().contains(format)).toList();
      examples(format)
          .forEach((name, values) -> {
            var row = new ArrayList<>(List.of(format.name(), name));
            for (Policy policy : columns) {
              row.add(policies.contains(policy) ? block(policy, format, values) : "-");
            }
            if (row.stream().skip(2).filter(cell -> !cell.equals("-")).distinct().count() > 1) {
              rows.add(row);
            }
          });
      for (boolean ties : new boolean[] {false, true}) {
        var row = new ArrayList<>(List.of(format.name(), ties ? "random, with ties" : "random"));
        for (Policy policy : columns) {
          row.add(
              policies.contains(policy)
                  ? policy == policies.getFirst()
                      ? "0"
                      : Integer.toString(different(policies.getFirst(), policy, format, ties))
                  : "-");
        }
        rows.add(row);
      }
    }
    return markdown(rows);
  }

  /** {@return blocks by what is special in them} */
  private static Map<String, float[]> examples(BlockFormat format) {
    int length = format.blockColumns();
    var examples = new LinkedHashMap<String, float[]>();
    examples.put("zeros", new float[length]);
    if (format.element().bits() == 8) {
      examples.put("500, 464", block(length, 500, 464));
      examples.put("1.75, 1", block(length, 1.75f, 1));
    } else {
      examples.put("6, 3.5 (a tie)", block(length, 6, 3.5f));
      examples.put("6, -0.1", block(length, 6, -0.1f));
    }
    if (format.equals(Formats.NVFP4)) {
      examples.put("6 * 17 / 16 (a tie of scales), 0", block(length, 6 * 1.0625f, 0));
      examples.put("6 * 320, 0", block(length, 6 * 320, 0));
    }
    examples.put("2^-127, 0", block(length, 0x1p-127f, 0));
    examples.put("(2 - 2^-23) * 2^100, 0", block(length, 0x1.fffffep100f, 0));
    examples.put("2^128 - 2^104, 0", block(length, Float.MAX_VALUE, 0));
    examples.put("Inf, 1", block(length, Float.POSITIVE_INFINITY, 1));
    examples.put("NaN, 1", block(length, Float.NaN, 1));
    return examples;
  }

  private static float[] block(int length, float first, float second) {
    float[] values = new float[length];
    values[0] = first;
    values[1] = second;
    return values;
  }

  private static String block(Policy policy, BlockFormat format, float[] values) {
    int[] codes = new int[values.length];
    int scale = policy.quantizeBlock(format, values, codes);
    FloatFormat scales = format.scale();
    String shown = hex(scale, scales.bits());
    if (scales.isNan(scale)) {
      return shown + " (NaN)";
    }
    ElementFormat element = format.element();
    return "%s: %s, %s".formatted(shown, code(element, codes[0]), code(element, codes[1]));
  }

  private static int different(Policy one, Policy other, BlockFormat format, boolean ties) {
    var random = new Random(1);
    float[] values = new float[format.blockColumns()];
    int[] codes = new int[values.length];
    int[] others = new int[values.length];
    int different = 0;
    for (int b = 0; b < RANDOM_BLOCKS; b++) {
      for (int k = 0; k < values.length; k++) {
        values[k] = ties ? (random.nextInt(49) - 24) * 0.25f : (float) random.nextGaussian();
      }
      boolean same =
          one.quantizeBlock(format, values, codes) == other.quantizeBlock(format, values, others)
              && Arrays.equals(codes, others);
      different += same ? 0 : 1;
    }
    return different;
  }

  private static String markdown(List<? extends List<String>> rows) {
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      text.append("| ").append(String.join(" | ", rows.get(r))).append(" |\n");
      if (r == 0) {
        text.append("|").append("---|".repeat(rows.get(0).size())).append('\n');
      }
    }
    return text.toString();
  }
}
