package octavo.cli;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.format.Sparsity;
import octavo.spi.ConvertRequest;
import octavo.spi.DequantizeRequest;
import octavo.spi.MatmulRequest;
import octavo.spi.Op;
import octavo.spi.Operand;
import octavo.spi.QuantizeRequest;
import octavo.spi.Request;
import octavo.spi.SparseMatmulRequest;
import octavo.tensor.SparseMatrix;
import octavo.tensor.Storage;

/**
 * The calls of an operation that differ in what a kernel may depend on: two formats, and options
 * that are numbered as the digits of a number, the last one fastest.
 *
 * @param lefts formats of the input, or of a product's left operand
 * @param rights formats of the output, or of a product's right operand
 * @param sign what stands between them
 * @param axes the options: each a list of values
 * @param maker makes requests of formats and options
 */
record OpCalls(
    List<? extends Format> lefts,
    List<? extends Format> rights,
    String sign,
    List<Axis> axes,
    Maker maker) {

  /** A multiple of every block length. */
  private static final long SIZE = 256;

  private static final String TO = " to ";

  /**
   * An option.
   *
   * @param values its values, for a person
   */
  record Axis(List<String> values) {

    static Axis of(Enum<?>[] values) {
      return new Axis(
          java.util.Arrays.stream(values)
              .map(value -> value.name().toLowerCase(Locale.ROOT).replace('_', ' '))
              .toList());
    }
  }

  /** Makes a request. */
  interface Maker {

    /**
     * {@return a request}
     *
     * @param left the left format
     * @param right the right format
     * @param option gives for each axis the position of the value
     */
    Request make(Format left, Format right, IntFunction<Integer> option);
  }

  /**
   * {@return the calls of an operation}
   *
   * @param op the operation
   */
  static OpCalls of(Op op) {
    List<Format> plain = List.of(Formats.FP32, Formats.BF16, Formats.FP16);
    return switch (op) {
      case CONVERT ->
          new OpCalls(
              Formats.elements(),
              Formats.elements(),
              TO,
              List.of(Axis.of(Rounding.values()), Axis.of(Overflow.values())),
              (in, out, option) ->
                  new ConvertRequest(
                      operand(in),
                      operand(out),
                      List.of(Rounding.values()).get(option.apply(0)),
                      List.of(Overflow.values()).get(option.apply(1))));
      case QUANTIZE ->
          new OpCalls(
              plain,
              Formats.blocks(),
              TO,
              List.of(Axis.of(ScaleRule.values()), Axis.of(Rounding.values())),
              (in, out, option) ->
                  new QuantizeRequest(
                      operand(in),
                      operand(out),
                      List.of(ScaleRule.values()).get(option.apply(0)),
                      List.of(Rounding.values()).get(option.apply(1))));
      case DEQUANTIZE ->
          new OpCalls(
              Formats.blocks(),
              plain,
              TO,
              List.of(),
              (in, out, option) -> new DequantizeRequest(operand(in), operand(out)));
      case MATMUL ->
          new OpCalls(
              Formats.all(),
              Formats.all(),
              " times ",
              List.of(
                  new Axis(List.of("result FP32", "result BF16")),
                  new Axis(List.of("without bias", "with bias"))),
              (a, b, option) ->
                  new MatmulRequest(
                      operand(a),
                      operand(b),
                      operand(option.apply(0) == 0 ? Formats.FP32 : Formats.BF16),
                      option.apply(1) == 1));
      case SPARSE_MATMUL ->
          new OpCalls(
              Formats.elements(),
              Formats.elements().stream()
                  .filter(SparseMatrix::takes)
                  .map(Format.class::cast)
                  .toList(),
              " times sparse ",
              List.of(
                  new Axis(List.of("result FP32", "result BF16")),
                  new Axis(Sparsity.trainium().stream().map(Sparsity::toString).toList())),
              (a, b, option) ->
                  new SparseMatmulRequest(
                      operand(a),
                      operand(b),
                      Sparsity.trainium().get(option.apply(1)),
                      operand(option.apply(0) == 0 ? Formats.FP32 : Formats.BF16)));
    };
  }

  private static Operand operand(Format format) {
    return new Operand(format, SIZE, SIZE, true, Storage.CONFINED);
  }

  private int options() {
    return axes.stream().mapToInt(axis -> axis.values().size()).reduce(1, (a, b) -> a * b);
  }

  /** {@return the position of an option's value in the numbered combination} */
  private int digit(int combination, int axis) {
    int rest = combination;
    for (int later = axes.size() - 1; later > axis; later--) {
      rest /= axes.get(later).values().size();
    }
    return rest % axes.get(axis).values().size();
  }

  /**
   * {@return a request for each combination of options}
   *
   * @param left the left format
   * @param right the right format
   */
  List<Request> requests(Format left, Format right) {
    var requests = new ArrayList<Request>();
    for (int c = 0; c < options(); c++) {
      int combination = c;
      requests.add(maker.make(left, right, axis -> digit(combination, axis)));
    }
    return requests;
  }

  /**
   * {@return a set of combinations in words}; nothing if these are all
   *
   * @param combinations numbers of combinations
   */
  String describe(BitSet combinations) {
    if (combinations.cardinality() == options()) {
      return "";
    }
    var limits = new ArrayList<String>();
    int product = 1;
    for (int a = 0; a < axes.size(); a++) {
      int axis = a;
      List<String> values = axes.get(a).values();
      List<String> used =
          combinations.stream()
              .map(combination -> digit(combination, axis))
              .distinct()
              .sorted()
              .mapToObj(values::get)
              .toList();
      product *= used.size();
      if (used.size() < values.size()) {
        limits.add(used.stream().collect(Collectors.joining(" or ")));
      }
    }
    return product == combinations.cardinality()
        ? " (" + String.join(", ", limits) + ")"
        : " (some options)";
  }
}
