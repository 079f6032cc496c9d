package octavo.nki;

import static org.junit.jupiter.api.Assertions.assertEquals;

import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

class IntegersTest {

  @Test
  void convertsToNearestEvenAndSaturates() {
    assertEquals(0, IntegerType.INT8.of(0.5f));
    assertEquals(2, IntegerType.INT8.of(1.5f));
    assertEquals(2, IntegerType.INT8.of(2.5f));
    assertEquals(-2, IntegerType.INT8.of(-2.5f));
    assertEquals(127, IntegerType.INT8.of(127.5f));
    assertEquals(127, IntegerType.INT8.of(1e30f));
    assertEquals(-128, IntegerType.INT8.of(Float.NEGATIVE_INFINITY));
    assertEquals(0, IntegerType.UINT8.of(-0.6f));
    assertEquals(255, IntegerType.UINT8.of(255.49f));
    assertEquals(255, IntegerType.UINT8.of(256));
    assertEquals(-32768, IntegerType.INT16.of(-32768.5f));
    assertEquals(65535, IntegerType.UINT16.of(65536));
    assertEquals(Integer.MAX_VALUE, IntegerType.INT32.of(0x1p31f));
    assertEquals(Integer.MIN_VALUE, IntegerType.INT32.of(-0x1p31f));
    assertEquals(0x7FFF_FF80L, IntegerType.INT32.of(0x7FFF_FF80));
    assertEquals(0xFFFF_FFFFL, IntegerType.UINT32.of(0x1p32f));
    assertEquals(0xFFFF_FF00L, IntegerType.UINT32.of(0x1.fffffep31f));
    assertEquals(0, IntegerType.INT32.of(Float.NaN));
  }

  @Test
  void tilesThereAndBack() {
    Nisa nisa = Nisa.on(NeuronCore.V3);
    float[] numbers = {-3.5f, -0.4f, 0, 2.5f, 300, 1e10f};
    for (IntegerType type : IntegerType.values()) {
      IntegerTile tile = IntegerTile.allocate(type, 2, 3);
      nisa.tensorCopy(tile, Tensor.of(numbers, 2, 3));
      Tensor back = Tensor.allocateHeap(Formats.FP32, 2, 3);
      nisa.tensorCopy(back, tile);
      for (int i = 0; i < 6; i++) {
        assertEquals((float) type.of(numbers[i]), back.get(i / 3, i % 3), type.toString());
      }
    }
  }

  @Test
  void bitsAndExactIntegers() {
    Nisa nisa = Nisa.on(NeuronCore.V3);
    IntegerTile a = IntegerTile.allocate(IntegerType.INT32, 1, 2);
    IntegerTile b = IntegerTile.allocate(IntegerType.INT32, 1, 2);
    IntegerTile out = IntegerTile.allocate(IntegerType.INT32, 1, 2);
    a.set(0, 0, 0x7FFF_FFFF);
    a.set(0, 1, -16);
    b.set(0, 0, 2);
    b.set(0, 1, 4);

    nisa.tensorTensor(out, a, b, AluOperator.ADD); // 2^31 + 1 is not exact in FP32
    assertEquals(0x8000_0001, (int) out.get(0, 0));
    nisa.tensorTensor(out, a, b, AluOperator.RIGHT_SHIFT);
    assertEquals(0x1FFF_FFFF, out.get(0, 0));
    assertEquals(0x0FFF_FFFF, out.get(0, 1));
    nisa.tensorScalar(out, a, AluOperator.LEFT_SHIFT, 4);
    assertEquals(-256, out.get(0, 1));
    nisa.tensorScalar(out, a, AluOperator.LEFT_SHIFT, 32);
    assertEquals(0, out.get(0, 0));
    nisa.tensorScalar(out, a, AluOperator.INVERT, 0);
    assertEquals(15, out.get(0, 1));
    nisa.tensorScalar(out, a, AluOperator.LESS, 0);
    assertEquals(0, out.get(0, 0));
    assertEquals(1, out.get(0, 1));
    NeuronCoreTest.assertRefused(
        "on integers", () -> nisa.tensorTensor(out, a, b, AluOperator.POWER));
    NeuronCoreTest.assertRefused(
        "IntegerTile",
        () ->
            nisa.tensorScalar(
                Tensor.allocateHeap(Formats.FP32, 1, 2),
                Tensor.allocateHeap(Formats.FP32, 1, 2),
                AluOperator.BITWISE_AND,
                Operand.ONE));
  }
}
