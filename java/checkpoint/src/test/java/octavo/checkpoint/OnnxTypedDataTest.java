package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class OnnxTypedDataTest {

  @TempDir Path folder;

  /** Every type whose values are varints: least value, greatest value, bytes of each. */
  static Stream<Arguments> varintTypes() {
    return Stream.of(
        Arguments.of(OnnxDataType.UINT8, 0, 0xffL),
        Arguments.of(OnnxDataType.INT8, -128, 127),
        Arguments.of(OnnxDataType.UINT16, 0, 0xffffL),
        Arguments.of(OnnxDataType.INT16, -32768, 32767),
        Arguments.of(OnnxDataType.INT32, Integer.MIN_VALUE, Integer.MAX_VALUE),
        Arguments.of(OnnxDataType.INT64, Long.MIN_VALUE, Long.MAX_VALUE),
        Arguments.of(OnnxDataType.BOOL, 0, 1),
        Arguments.of(OnnxDataType.FLOAT16, 0, 0xffffL),
        Arguments.of(OnnxDataType.UINT32, 0, 0xffff_ffffL),
        Arguments.of(OnnxDataType.UINT64, 0, -1L),
        Arguments.of(OnnxDataType.BFLOAT16, 0, 0xffffL),
        Arguments.of(OnnxDataType.FLOAT8E4M3FN, 0, 0xffL),
        Arguments.of(OnnxDataType.FLOAT8E4M3FNUZ, 0, 0xffL),
        Arguments.of(OnnxDataType.FLOAT8E5M2, 0, 0xffL),
        Arguments.of(OnnxDataType.FLOAT8E5M2FNUZ, 0, 0xffL),
        Arguments.of(OnnxDataType.UINT4, 0, 0xffL),
        Arguments.of(OnnxDataType.INT4, -128, 0xffL),
        Arguments.of(OnnxDataType.FLOAT4E2M1, 0, 0xffL),
        Arguments.of(OnnxDataType.FLOAT8E8M0, 0, 0xffL),
        Arguments.of(OnnxDataType.UINT2, 0, 0xffL),
        Arguments.of(OnnxDataType.INT2, -128, 0xffL));
  }

  @Test
  void everyTypeIsEitherVarintsOrFixedOrText() {
    assertEquals(OnnxDataType.values().length, varintTypes().count() + 4 + 1);
  }

  @ParameterizedTest
  @MethodSource("varintTypes")
  void varintsArePackedOrNotOrBoth(OnnxDataType type, long least, long greatest) {
    int width = Math.max(type.bits() / 8, 1);
    int perValue = type.bits() < 8 ? 8 / type.bits() : 1;
    int field = type.typedField();
    long[] values = {least, greatest, 1, 0, greatest};
    byte[] expected = littleEndian(width, values);
    long elements = values.length * (long) perValue;

    Proto packed = OnnxBytes.tensor("w", type, elements).packed(field, values);
    assertArrayEquals(expected, read(packed));

    Proto unpacked = OnnxBytes.tensor("w", type, elements);
    for (long value : values) {
      unpacked.varint(field, value);
    }
    assertArrayEquals(expected, read(unpacked));

    Proto mixed =
        OnnxBytes.tensor("w", type, elements)
            .packed(field, least, greatest)
            .varint(field, 1)
            .packed(field)
            .packed(field, 0, greatest);
    assertArrayEquals(expected, read(mixed));
  }

  @ParameterizedTest
  @MethodSource("varintTypes")
  void valuesThatDoNotFitAreRefused(OnnxDataType type, long least, long greatest) {
    if (type.bits() >= 32 && type != OnnxDataType.UINT32) {
      return; // Every varint is a value, by protobuf's rule of taking the low bits.
    }
    int perValue = type.bits() < 8 ? 8 / type.bits() : 1;
    for (long value : new long[] {least - 1, greatest + 1}) {
      Proto tensor = OnnxBytes.tensor("w", type, perValue).packed(type.typedField(), value);
      Refusal.of(() -> load(tensor), "has the value " + value);
    }
  }

  @Test
  void negativeInt32MayBeWrittenInFiveBytes() {
    Proto tensor =
        OnnxBytes.tensor("w", OnnxDataType.INT8, 1).packed(OnnxFields.INT32_DATA, 0xffff_ffffL);
    assertArrayEquals(new byte[] {-1}, read(tensor));
  }

  @Test
  void floatsInOnePieceAreNotCopied() throws IOException {
    Proto tensor =
        OnnxBytes.tensor("w", OnnxDataType.FLOAT, 2).packedFloats(OnnxFields.FLOAT_DATA, 1, 2);
    Path file = Files.write(folder.resolve("m.onnx"), OnnxBytes.modelOf(tensor).toByteArray());
    try (Arena arena = Arena.ofConfined()) {
      OnnxInitializer weight = OnnxCheckpoint.open(file, arena).initializer("w");
      assertTrue(weight.data().isMapped());
      assertArrayEquals(
          new float[] {1, 2}, weight.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "COMPLEX64"})
  void floatsArePackedOrNotOrBoth(OnnxDataType type) {
    int field = OnnxFields.FLOAT_DATA;
    float[] values = {1.5f, -0f, Float.NaN, Float.MIN_VALUE};
    long elements = values.length * 32L / type.bits();
    var expected = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    Proto unpacked = OnnxBytes.tensor("w", type, elements);
    for (float value : values) {
      expected.putFloat(value);
      unpacked.fixed32(field, Float.floatToRawIntBits(value));
    }
    assertArrayEquals(expected.array(), read(unpacked));
    Proto packed = OnnxBytes.tensor("w", type, elements).packedFloats(field, values);
    assertArrayEquals(expected.array(), read(packed));
    Proto mixed =
        OnnxBytes.tensor("w", type, elements)
            .packedFloats(field)
            .packedFloats(field, 1.5f, -0f)
            .fixed32(field, Float.floatToRawIntBits(Float.NaN))
            .packedFloats(field, Float.MIN_VALUE);
    assertArrayEquals(expected.array(), read(mixed));
  }

  @ParameterizedTest
  @EnumSource(names = {"DOUBLE", "COMPLEX128"})
  void doublesArePackedOrNotOrBoth(OnnxDataType type) {
    int field = OnnxFields.DOUBLE_DATA;
    double[] values = {1.5, -0.0, Double.NaN, Double.MIN_VALUE};
    long elements = values.length * 64L / type.bits();
    var expected = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    Proto unpacked = OnnxBytes.tensor("w", type, elements);
    for (double value : values) {
      expected.putDouble(value);
      unpacked.fixed64(field, Double.doubleToRawLongBits(value));
    }
    assertArrayEquals(expected.array(), read(unpacked));
    Proto packed = OnnxBytes.tensor("w", type, elements).packedDoubles(field, values);
    assertArrayEquals(expected.array(), read(packed));
    Proto mixed =
        OnnxBytes.tensor("w", type, elements)
            .fixed64(field, Double.doubleToRawLongBits(1.5))
            .packedDoubles(field, -0.0, Double.NaN)
            .fixed64(field, Double.doubleToRawLongBits(Double.MIN_VALUE));
    assertArrayEquals(expected.array(), read(mixed));
  }

  @Test
  void offsetsAfterMillionsOfVarintsAreRight() {
    int count = 5 << 20;
    Proto tensor =
        OnnxBytes.tensor("w", OnnxDataType.INT8, count)
            .message(OnnxFields.INT32_DATA, new Proto().raw(new int[count]));
    byte[] sound = OnnxBytes.modelOf(tensor).toByteArray();
    assertEquals(count, OnnxBytes.readTensor(tensor).data().byteSize());
    sound[sound.length - 1] = (byte) 0x80;
    var e = Refusal.of(() -> OnnxBytes.read(sound, Arena.ofAuto()), "a value is not a number");
    assertEquals(sound.length - 1, e.offset());
  }

  @Test
  void stringsAreCountedButNotRead() {
    Proto tensor =
        OnnxBytes.tensor("w", OnnxDataType.STRING, 2)
            .string(OnnxFields.STRING_DATA, "a")
            .string(OnnxFields.STRING_DATA, "");
    assertEquals(0, read(tensor).length);
  }

  private static byte[] littleEndian(int width, long... values) {
    byte[] bytes = new byte[values.length * width];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (values[i / width] >> (i % width * 8));
    }
    return bytes;
  }

  private static byte[] read(Proto tensor) {
    return OnnxBytes.readTensor(tensor).data().toArray(ValueLayout.JAVA_BYTE);
  }

  private static void load(Proto tensor) throws IOException {
    OnnxBytes.read(OnnxBytes.modelOf(tensor).toByteArray(), Arena.ofAuto());
  }
}
