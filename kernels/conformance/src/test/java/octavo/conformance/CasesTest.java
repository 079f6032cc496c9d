package octavo.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The declared products hold what they promise. */
class CasesTest {

  @Test
  void everyPairOfFormatsIsMultiplied() {
    Set<String> pairs =
        matmuls(new MatmulPlainCases(), new MatmulBlockCases())
            .map(one -> one.a() + "," + one.b())
            .collect(Collectors.toSet());
    assertEquals(Formats.all().size() * Formats.all().size(), pairs.size());
  }

  @Test
  void idsBeginWithTheirStem() {
    for (Cases cases : Cases.all()) {
      String prefix = cases.stem() + "/";
      assertTrue(
          cases.groups().stream()
              .flatMap(group -> group.cases().get())
              .allMatch(one -> one.id().startsWith(prefix) && !one.id().contains(" ")),
          cases.stem());
    }
  }

  @Test
  void aMainPairMeetsEverything() {
    List<MatmulCase> cases =
        matmuls(new MatmulBlockCases())
            .filter(one -> one.a().equals(Formats.BF16) && one.b().equals(Formats.MXFP4))
            .toList();
    Set<Long> rows = distinct(cases, one -> one.shape().m());
    Set<Long> columns = distinct(cases, one -> one.shape().n());
    for (long tile : new long[] {4, 6, 8, 12, 16, 32, 64}) {
      for (long size = tile - 1; size <= tile + 1; size++) {
        assertTrue(rows.contains(size), "M = " + size);
        assertTrue(columns.contains(size), "N = " + size);
      }
    }
    assertTrue(rows.containsAll(Set.of(0L, 1L)) && columns.containsAll(Set.of(0L, 1L)));
    Set<Long> depths = distinct(cases, one -> one.shape().k());
    assertTrue(depths.containsAll(Set.of(0L, 32L, 64L, 96L, 4096L, 4128L)), depths::toString);
    assertEquals(Set.of(Values.values()), distinct(cases, MatmulCase::valuesA));
    assertEquals(Set.of(Values.values()), distinct(cases, MatmulCase::valuesB));
    assertEquals(Set.of(Memory.values()), distinct(cases, one -> one.whereA().memory()));
    assertEquals(Set.of(Memory.values()), distinct(cases, one -> one.whereB().memory()));
    assertEquals(Set.of(Memory.values()), distinct(cases, one -> one.whereOut().memory()));
    // Four layouts of BF16 and of the output, three of MXFP4; each output layout in both formats.
    assertEquals(
        4 * 3 * 4,
        distinct(
                cases,
                one -> one.whereA().layout() + "" + one.whereB().layout() + one.whereOut().layout())
            .size());
    assertEquals(
        4 * 2 * 2,
        distinct(cases, one -> one.whereOut().layout() + "" + one.out() + one.finish().bias())
            .size());
  }

  @Test
  void integersMeetEveryFinish() {
    List<MatmulCase> cases =
        matmuls(new MatmulBlockCases())
            .filter(one -> one.a().equals(Formats.MXFP4) && one.b().equals(Formats.MXFP4))
            .toList();
    assertEquals(100, Set.copyOf(Finish.ALL).size());
    Set<String> met = distinct(cases, one -> one.out() + "" + one.finish());
    for (Finish finish : Finish.ALL) {
      assertTrue(met.contains("FP32" + finish) && met.contains("BF16" + finish), finish::toString);
    }
  }

  private static <T> Set<T> distinct(List<MatmulCase> cases, Function<MatmulCase, T> property) {
    return cases.stream().map(property).collect(Collectors.toSet());
  }

  private static Stream<MatmulCase> matmuls(Cases... cases) {
    return Stream.of(cases)
        .flatMap(one -> one.groups().stream())
        .flatMap(group -> group.cases().get())
        .map(MatmulCase.class::cast);
  }

  // ---- values

  @Test
  void scalesReachTheEndsOfE8m0() {
    Set<Integer> edges = scaleCodes(Formats.MXFP4, Values.EDGE_SCALES);
    assertEquals(Set.of(0x00, 0x01, 0x7F, 0xFE, 0xFF), edges);
    assertTrue(scaleCodes(Formats.MXFP4, Values.TINY_SCALES).contains(0x00));
    assertTrue(scaleCodes(Formats.MXFP4, Values.HUGE_SCALES).contains(0xFE));
    assertTrue(scaleCodes(Formats.MXFP4, Values.NAN_SCALES).contains(0xFF));
    assertEquals(256, scaleCodes(Formats.MXFP4, Values.EVERY_CODE).size());
  }

  @Test
  void scalesAreNeverNegative() {
    for (BlockFormat format : Formats.blocks()) {
      for (Values values : Values.values()) {
        int sign = format.scale().signed() ? 1 << (format.scale().bits() - 1) : 0;
        assertTrue(
            scaleCodes(format, values).stream().allMatch(code -> (code & sign) == 0),
            format + " " + values);
      }
    }
  }

  private static Set<Integer> scaleCodes(BlockFormat format, Values values) {
    Tensor tensor = Tensor.allocateHeap(format, 256, 256);
    values.fill(tensor, new SplittableRandom(3));
    Set<Integer> codes = new TreeSet<>();
    Tensor scales = tensor.scales().matrix();
    for (long i = 0; i < scales.rows(); i++) {
      for (long k = 0; k < scales.columns(); k++) {
        codes.add(scales.code(i, k));
      }
    }
    return codes;
  }

  static Stream<ElementFormat> floats() {
    return Formats.elements().stream()
        .filter(format -> format instanceof FloatFormat floats && floats.signed());
  }

  @ParameterizedTest
  @MethodSource("floats")
  void valuesAreWhatTheirNamesSay(FloatFormat format) {
    assertEquals(format.hasNan(), numbers(format, Values.NANS).contains(Float.NaN));
    assertEquals(
        format.infinities(),
        numbers(format, Values.INFINITIES)
            .containsAll(Set.of(Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY)));
    assertEquals(Set.of(format.maxFinite()), numbers(format, Values.ALL_MAX));
    assertEquals(
        Set.of(format.maxFinite(), -format.maxFinite()), numbers(format, Values.ALTERNATING));
    assertEquals(
        format.negativeZero() ? Set.of(0f, -0f) : Set.of(0f), numbers(format, Values.ZEROS));
    assertTrue(
        numbers(format, Values.SUBNORMALS).stream()
            .allMatch(x -> x != 0 && Math.abs(x) < format.minNormal()));
    assertTrue(numbers(format, Values.FINITE).stream().allMatch(Float::isFinite));
    if (format.bits() <= 8) {
      Set<Float> all = new HashSet<>();
      for (int code = 0; code < 1 << format.bits(); code++) {
        all.add(format.decode(code));
      }
      assertEquals(all, numbers(format, Values.EVERY_CODE));
    }
  }

  private static Set<Float> numbers(ElementFormat format, Values values) {
    Tensor tensor = Tensor.allocateHeap(format, 32, 32);
    values.fill(tensor, new SplittableRandom(5));
    Set<Float> numbers = new HashSet<>();
    for (float number : tensor.toArray()) {
      numbers.add(number);
    }
    return numbers;
  }

  // ---- places

  static Stream<Format> formats() {
    return Formats.all().stream();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void placesAreWhatTheirNamesSay(Format format) {
    for (Layout layout : Layout.values()) {
      if (!layout.allows(format)) {
        continue;
      }
      for (Memory memory : Memory.values()) {
        try (Workspace workspace = new Workspace()) {
          Tensor tensor =
              Guarded.allocate(workspace, format, 5, 256, new Where(layout, memory)).tensor();
          assertEquals(List.of(5L, 256L), List.of(tensor.rows(), tensor.columns()));
          assertEquals(format, tensor.format());
          assertEquals(layout != Layout.TRANSPOSED, tensor.unitColumnStride());
          assertEquals(layout == Layout.STRIDED, tensor.stride(0) > 256);
          if (layout != Layout.STRIDED) {
            assertEquals(layout == Layout.OFFSET ? 1 : 0, tensor.data().address() % 2);
          }
        }
      }
    }
  }

  @Test
  void theOtherHalfOfAByteIsGuarded() {
    try (Workspace workspace = new Workspace()) {
      for (Layout layout : List.of(Layout.PACKED, Layout.OFFSET, Layout.STRIDED)) {
        Guarded codes = Guarded.allocate(workspace, Formats.E2M1, 2, 3, Where.lying(layout));
        codes.blank();
        var expected = codes.copy();
        assertTrue(codes.compare(expected).none());
        Tensor tensor = codes.tensor();
        Codes.set(tensor.data(), Formats.E2M1, 3, 0);
        Differences differences = codes.compare(expected);
        assertEquals(0, differences.count());
        assertTrue(differences.guardOffset() >= 64, layout.toString());
      }
    }
  }
}
