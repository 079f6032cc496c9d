package octavo.nki;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MxLayoutTest {

  private static final long[] PARTITIONS = {32, 64, 96, 128, 160, 256, 352};
  private static final long[] FREE = {0, 1, 2, 3, 7, 8, 63, 65, 129, 300};

  static Stream<Arguments> shapes() {
    Stream.Builder<Arguments> shapes = Stream.builder();
    for (long partitions : PARTITIONS) {
      for (long free : FREE) {
        shapes.add(Arguments.of(partitions, free));
      }
    }
    // Several tiles of a conversion, and rests of them.
    shapes.add(Arguments.of(352L, 2049L));
    shapes.add(Arguments.of(1184L, 131L));
    return shapes.build();
  }

  private static Tensor random(RandomGenerator random, ElementFormat format, long... shape) {
    Tensor tensor = Tensor.allocate(Arena.ofAuto(), format, shape);
    fill(random, tensor.data());
    return tensor;
  }

  private static void fill(RandomGenerator random, MemorySegment memory) {
    byte[] bytes = new byte[(int) memory.byteSize()];
    random.nextBytes(bytes);
    memory.copyFrom(MemorySegment.ofArray(bytes));
  }

  private static Tensor randomBlocks(RandomGenerator random, BlockFormat format, long... shape) {
    Tensor tensor = Tensor.allocate(Arena.ofAuto(), format, shape);
    fill(random, tensor.data());
    fill(random, tensor.scales().data());
    return tensor;
  }

  private static void assertSameCodes(Tensor expected, Tensor actual) {
    assertArrayEquals(expected.shape(), actual.shape());
    assertEquals(-1, expected.data().mismatch(actual.data()));
  }

  // ---- what the sources say, in numbers

  /** A full tile of the guide: K = 512, the four numbers of partition 5 are 128 apart. */
  @Test
  void stridedIs128Apart() {
    for (int c = 0; c < 4; c++) {
      assertEquals(5 + 128 * c, Interleaving.STRIDED.index(128, 5, c));
      assertEquals(512 + 5 + 128 * c, Interleaving.STRIDED.index(256, 133, c));
      assertEquals(512 + 5 + 32 * c, Interleaving.STRIDED.index(160, 133, c));
      assertEquals(20 + c, Interleaving.NEIGHBOURS.index(128, 5, c));
    }
  }

  /** AWS's rule (i div 4) * 32 + i mod 4, written out. */
  @Test
  void scalePartitions() {
    long[] partitions = new long[16];
    for (int i = 0; i < 16; i++) {
      partitions[i] = MxLayout.scalePartition(i, 0);
    }
    assertArrayEquals(
        new long[] {0, 1, 2, 3, 32, 33, 34, 35, 64, 65, 66, 67, 96, 97, 98, 99}, partitions);
    assertEquals(108, MxLayout.scalePartition(12, 12));
  }

  /** Number 0 in the lowest bits: of 32 for FP8, of 16 for FP4. */
  @Test
  void packedElementsAreLittleEndian() {
    Tensor fp8 = Tensor.allocateHeap(Formats.E4M3FN, 32, 1, 4);
    Tensor fp4 = Tensor.allocateHeap(Formats.E2M1, 32, 1, 4);
    for (int c = 0; c < 4; c++) {
      fp8.setCode(0x10 + c, 1, 0, c);
      fp4.setCode(1 + c, 1, 0, c);
    }
    assertEquals(0x13121110, fp8.data().get(octavo.tensor.Codes.INT, 4));
    assertEquals(0x4321, fp4.data().get(octavo.tensor.Codes.SHORT, 2));
  }

  /** The column behind an odd end shares its bytes with the last one. */
  @Test
  void columnsOfAnOddSlice() {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    for (long free : new long[] {1, 3, 2049}) {
      for (Interleaving order : Interleaving.values()) {
        Tensor packed = random(random, Formats.E2M1, 64, free, 4);
        Tensor wide = Tensor.allocate(Arena.ofAuto(), Formats.E2M1, 256, free + 1);
        wide.data().fill((byte) 0xFF);
        MxLayout.unpackColumns(packed, order, wide.slice(1, 0, free));
        for (long p = 0; p < 64; p++) {
          for (int c = 0; c < 4; c++) {
            long k = order.index(64, p, c);
            for (long f = 0; f < free; f++) {
              assertEquals(packed.code(p, f, c), wide.code(k, f));
            }
            assertEquals(0xF, wide.code(k, free));
          }
        }
      }
    }
  }

  // ---- definitions and round trips over all shapes

  @ParameterizedTest
  @MethodSource("shapes")
  void rowsAndColumns(long partitions, long free) {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    for (ElementFormat format :
        List.of(Formats.E2M1, Formats.E4M3FN, Formats.E5M2, Formats.BF16, Formats.FP32)) {
      for (Interleaving order : Interleaving.values()) {
        Tensor rows = random(random, format, free, 4 * partitions);
        Tensor packed = random(random, format, partitions, free, 4);
        MxLayout.packRows(rows, order, packed);
        for (int sample = 0; sample < Math.min(500, 4 * partitions * free); sample++) {
          long p = random.nextLong(partitions);
          long f = random.nextLong(free);
          int c = random.nextInt(4);
          assertEquals(
              rows.code(f, order.index(partitions, p, c)), packed.code(p, f, c), format.name());
        }
        Tensor back = random(random, format, free, 4 * partitions);
        MxLayout.unpackRows(packed, order, back);
        assertSameCodes(rows, back);

        Tensor columns = Tensor.allocate(Arena.ofAuto(), format, 4 * partitions, free);
        MxLayout.unpackColumns(packed, order, columns);
        for (int sample = 0; sample < Math.min(500, 4 * partitions * free); sample++) {
          long k = random.nextLong(4 * partitions);
          long f = random.nextLong(free);
          assertEquals(rows.code(f, k), columns.code(k, f), format.name());
        }
        Tensor again = Tensor.allocate(Arena.ofAuto(), format, partitions, free, 4);
        MxLayout.packColumns(columns, order, again);
        assertSameCodes(packed, again);
      }
    }
  }

  /**
   * Parts of larger tensors, of several tiles of the conversion in both directions and a rest, in
   * native and heap memory: every code, and what lies around the target.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void viewsWithNeighbours(boolean heap) {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    for (ElementFormat format : List.of(Formats.E2M1, Formats.E4M3FN, Formats.BF16, Formats.FP32)) {
      for (Interleaving order : Interleaving.values()) {
        for (long[] shape : new long[][] {{1184, 9}, {32, 1030}, {160, 67}}) {
          long partitions = shape[0];
          long free = shape[1];
          Tensor allRows = surrounded(random, heap, format, free + 2, 4 * partitions + 256);
          Tensor rows = allRows.slice(0, 1, free + 1).slice(1, 128, 128 + 4 * partitions);
          Tensor allPacked = surrounded(random, heap, format, partitions + 1, free + 3, 4);
          Tensor packed = allPacked.slice(0, 0, partitions).slice(1, 1, free + 1);
          Tensor before = copy(allPacked);
          MxLayout.packRows(rows, order, packed);
          requireMoved(rows, order, packed);
          requireUntouched(before, allPacked, 1, free + 1, partitions);

          fill(random, packed, partitions, free);
          before = copy(allRows);
          MxLayout.unpackRows(packed, order, rows);
          requireMoved(rows, order, packed);
          for (long f = 0; f < free + 2; f++) {
            for (long k = 0; k < 4 * partitions + 256; k++) {
              if (f == 0 || f == free + 1 || k < 128 || k >= 128 + 4 * partitions) {
                assertEquals(before.code(f, k), allRows.code(f, k));
              }
            }
          }
        }
      }
    }
  }

  private static Tensor surrounded(
      RandomGenerator random, boolean heap, ElementFormat format, long... shape) {
    Tensor tensor =
        heap ? Tensor.allocateHeap(format, shape) : Tensor.allocate(Arena.ofAuto(), format, shape);
    fill(random, tensor.data());
    return tensor;
  }

  private static Tensor copy(Tensor tensor) {
    Tensor copy = Tensor.allocateHeap(tensor.element(), tensor.shape());
    copy.data().copyFrom(tensor.data());
    return copy;
  }

  private static void fill(RandomGenerator random, Tensor packed, long partitions, long free) {
    int codes = 1 << Math.min(30, packed.element().storageBits());
    for (long p = 0; p < partitions; p++) {
      for (long f = 0; f < free; f++) {
        for (int c = 0; c < 4; c++) {
          packed.setCode(random.nextInt(codes), p, f, c);
        }
      }
    }
  }

  private static void requireMoved(Tensor rows, Interleaving order, Tensor packed) {
    long partitions = packed.dimension(0);
    for (long p = 0; p < partitions; p++) {
      for (int c = 0; c < 4; c++) {
        long k = order.index(partitions, p, c);
        for (long f = 0; f < rows.rows(); f++) {
          if (rows.code(f, k) != packed.code(p, f, c)) {
            assertEquals(
                rows.code(f, k),
                packed.code(p, f, c),
                "%s %s: partition %d, free %d, element %d".formatted(rows, order, p, f, c));
          }
        }
      }
    }
  }

  private static void requireUntouched(
      Tensor before, Tensor after, long from, long to, long partitions) {
    for (long p = 0; p < before.dimension(0); p++) {
      for (long f = 0; f < before.dimension(1); f++) {
        for (int c = 0; c < 4; c++) {
          if (p >= partitions || f < from || f >= to) {
            assertEquals(before.code(p, f, c), after.code(p, f, c));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void blocks(long partitions, long free) {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    for (BlockFormat format : List.of(Formats.MXFP4, Formats.MXFP8_E4M3, Formats.MXFP8_E5M2)) {
      Tensor blocks = randomBlocks(random, format, free, 4 * partitions);
      MxTile tile = MxTile.allocate(Arena.ofAuto(), format.element(), partitions, free);
      MxLayout.pack(blocks, tile);
      for (int sample = 0; sample < Math.min(500, 4 * partitions * free); sample++) {
        long p = random.nextLong(partitions);
        long f = random.nextLong(free);
        int c = random.nextInt(4);
        assertEquals(blocks.code(f, 4 * p + c), tile.data().code(p, f, c));
        assertEquals(blocks.scales().code(f, p / 8), tile.scales().code(p / 32, p % 32 / 8, f));
      }
      Tensor back = MxLayout.unpack(tile, Arena.ofAuto());
      assertSameCodes(blocks, back);
      assertSameCodes(blocks.scales(), back.scales());
    }
  }

  /** A contraction that is no multiple of 128: zeros with scale 1 (code 127). */
  @Test
  void padsToAQuadrant() {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    Tensor blocks = randomBlocks(random, Formats.MXFP4, 5, 160);
    MxTile tile = MxLayout.pack(blocks, Arena.ofAuto());

    assertEquals(64, tile.partitions());
    for (long f = 0; f < 5; f++) {
      assertEquals(blocks.code(f, 159), tile.data().code(39, f, 3));
      assertEquals(0, tile.data().code(40, f, 0));
      assertEquals(0, tile.data().code(63, f, 3));
      assertEquals(blocks.scales().code(f, 4), tile.scales().code(1, 0, f));
      assertEquals(127, tile.scales().code(1, 1, f));
    }
    Tensor back = Tensor.allocateHeap(Formats.MXFP4, 5, 160);
    MxLayout.unpack(tile, back);
    assertSameCodes(blocks, back);
  }

  @Test
  void slicesAreTilesToo() {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    Tensor blocks = randomBlocks(random, Formats.MXFP8_E4M3, 300, 4 * 160);
    MxTile whole = MxLayout.pack(blocks, Arena.ofAuto());
    MxTile part = whole.slice(128, 160, 128, 256);

    Tensor rows = MxLayout.unpack(part, Arena.ofAuto());
    Tensor expected = blocks.slice(0, 128, 256).slice(1, 512, 640);
    for (long f = 0; f < 128; f++) {
      for (long k = 0; k < 128; k++) {
        assertEquals(expected.code(f, k), rows.code(f, k));
      }
      assertEquals(expected.scales().code(f, 3), rows.scales().code(f, 3));
    }
  }

  /** Four operands share a scale tile at offsets 0, 4, 8 and 12 of its quadrants. */
  @Test
  void scaleTileIsShared() {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    Tensor scaleTile = random(random, Formats.E8M0, 128, 7);
    Tensor[] blocks = new Tensor[4];
    MxTile[] tiles = new MxTile[4];
    for (int i = 0; i < 4; i++) {
      blocks[i] = randomBlocks(random, Formats.MXFP8_E5M2, 7, 512);
      tiles[i] = MxTile.of(Tensor.allocateHeap(Formats.E5M2, 128, 7, 4), scaleTile, 4 * i);
      MxLayout.pack(blocks[i], tiles[i]);
    }
    for (int i = 0; i < 4; i++) {
      Tensor compact = Tensor.allocateHeap(Formats.E8M0, 16, 7);
      MxLayout.gatherScales(scaleTile, 4 * i, compact);
      for (long g = 0; g < 16; g++) {
        for (long f = 0; f < 7; f++) {
          assertEquals(blocks[i].scales().code(f, g), compact.code(g, f));
          assertEquals(compact.code(g, f), scaleTile.code(MxLayout.scalePartition(g, 4 * i), f));
        }
      }
      assertSameCodes(blocks[i], MxLayout.unpack(tiles[i], Arena.ofAuto()));

      Tensor scattered = random(random, Formats.E8M0, 128, 7);
      MxLayout.scatterScales(compact, scattered, 4 * i);
      MxTile view = MxTile.of(tiles[i].data(), scattered, 4 * i);
      MxTile files = MxTile.ofCompact(tiles[i].data(), compact);
      for (long p = 0; p < 128; p += 8) {
        assertEquals(compact.get(p / 8, 6), view.scale(p, 6));
        assertEquals(compact.get(p / 8, 6), files.scale(p, 6));
      }
    }
  }

  /** gpt-oss's arrays: the even element in the low half of its byte, one scale for 16 bytes. */
  @Test
  void gptOssIsAView() {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    byte[] blocks = new byte[2 * 6 * 4 * 16];
    byte[] scales = new byte[2 * 6 * 4];
    random.nextBytes(blocks);
    random.nextBytes(scales);
    Tensor experts =
        MxLayout.gptOss(MemorySegment.ofArray(blocks), MemorySegment.ofArray(scales), 2, 6, 4);
    float[] values = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};

    MxTile tile = MxLayout.pack(experts.slice(0, 1, 2).reshape(6, 128), Arena.ofAuto());
    for (int row = 0; row < 6; row++) {
      for (int k = 0; k < 128; k++) {
        int at = ((6 + row) * 4 + k / 32) * 16 + k % 32 / 2;
        int nibble = (blocks[at] >>> (4 * (k % 2))) & 0xF;
        float value = (nibble < 8 ? 1 : -1) * values[nibble & 7];
        int scale = scales[(6 + row) * 4 + k / 32] & 0xFF;
        float expected = scale == 255 ? Float.NaN : (float) Math.scalb((double) value, scale - 127);
        assertEquals(expected, experts.get(1, row, k));
        assertEquals(expected, tile.get(k / 4, row, k % 4));
      }
    }
  }

  @Test
  void refusals() {
    Tensor rows = Tensor.allocateHeap(Formats.BF16, 3, 120);
    NeuronCoreTest.assertRefused(
        "multiple of 32",
        () ->
            MxLayout.packRows(
                rows, Interleaving.STRIDED, Tensor.allocateHeap(Formats.BF16, 30, 3, 4)));
    NeuronCoreTest.assertRefused(
        "transposed",
        () ->
            MxLayout.packRows(
                Tensor.allocateHeap(Formats.BF16, 128, 3).transpose(),
                Interleaving.STRIDED,
                Tensor.allocateHeap(Formats.BF16, 32, 3, 4)));
    NeuronCoreTest.assertRefused(
        "one format",
        () ->
            MxLayout.packRows(
                Tensor.allocateHeap(Formats.BF16, 3, 128),
                Interleaving.STRIDED,
                Tensor.allocateHeap(Formats.FP16, 32, 3, 4)));
    NeuronCoreTest.assertRefused(
        "0, 4, 8 or 12",
        () ->
            MxTile.of(
                Tensor.allocateHeap(Formats.E5M2, 64, 3, 4),
                Tensor.allocateHeap(Formats.E8M0, 64, 3),
                3));
    NeuronCoreTest.assertRefused(
        "cut a quadrant",
        () -> MxTile.allocate(Arena.ofAuto(), Formats.E5M2, 64, 3).slice(0, 16, 0, 3));
    NeuronCoreTest.assertRefused(
        "E5M2, E4M3FN and E2M1 can", () -> MxTile.allocate(Arena.ofAuto(), Formats.E4M3, 64, 3));
    Tensor shared = Tensor.allocateHeap(Formats.BF16, 32, 3, 4);
    NeuronCoreTest.assertRefused(
        "in place", () -> MxLayout.packRows(shared.reshape(3, 128), Interleaving.STRIDED, shared));
  }
}
