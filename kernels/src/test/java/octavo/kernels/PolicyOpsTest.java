package octavo.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import octavo.Ops;
import octavo.Policy;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a policy says of {@link Ops} is so: the kernels give the policy's bits. */
class PolicyOpsTest {

  private static final int ROWS = 64;
  private static final int COLUMNS = 256;

  @ParameterizedTest
  @EnumSource
  void quantizeGivesTheBitsOfTheBlockDefinition(Policy policy) {
    var random = new Random(20260101);
    float[] values = new float[ROWS * COLUMNS];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (i / COLUMNS % 4) {
            case 0 -> (float) random.nextGaussian();
            case 1 -> (random.nextInt(49) - 24) * 0.25f;
            case 2 -> Float.intBitsToFloat(random.nextInt());
            default -> random.nextInt(3) == 0 ? 0 : (float) random.nextGaussian() * 0x1p-125f;
          };
    }
    Tensor in = Tensor.of(values, ROWS, COLUMNS);
    try (Arena arena = Arena.ofConfined()) {
      for (BlockFormat format : policy.blockFormats()) {
        // Other shapes of blocks are not what quantizeBlock takes; NVFP4 has a factor in Ops.
        int length = format.blockColumns() == BlockFormat.WHOLE ? COLUMNS : format.blockColumns();
        boolean hasFactor = format.tensorScale() && policy != Policy.GGML;
        if (format.blockRows() != 1 || hasFactor) {
          continue;
        }
        Tensor out = policy.quantize(in, format, arena);
        int[] codes = new int[length];
        for (int i = 0; i < ROWS; i++) {
          for (int k = 0; k < COLUMNS; k += length) {
            int from = i * COLUMNS + k;
            float[] block = Arrays.copyOfRange(values, from, from + length);
            int scale = policy.quantizeBlock(format, block, codes);
            String where = policy + " " + format + " row " + i + " column " + k;
            assertEquals(scale, out.scales().code(i, k / length), where);
            boolean isNan = format.scale().isNan(scale);
            for (int e = 0; e < length && !isNan; e++) {
              assertEquals(codes[e], out.code(i, k + e), where + " + " + e);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void convertWithThePolicysCastGivesItsBits(Policy policy) {
    try (Arena arena = Arena.ofConfined()) {
      Tensor in = Tensor.allocate(arena, Formats.BF16, 256, 256);
      for (int code = 0; code < 1 << 16; code++) {
        in.setCode(code, code >> 8, code & 0xFF);
      }
      List<ElementFormat> withoutCast =
          switch (policy) {
            case ML_DTYPES -> List.of(Formats.E3M2, Formats.E2M3, Formats.E2M1);
            case TORCH, ORT -> List.of(Formats.E8M0);
            default -> List.of();
          };
      for (ElementFormat format : policy.castFormats()) {
        if (withoutCast.contains(format)) {
          assertThrows(UnsupportedOperationException.class, () -> policy.cast(format));
          continue;
        }
        Tensor own = policy.convert(in, format, arena);
        Tensor ops = Ops.convert(in, format, policy.cast(format), arena);
        for (int code = 0; code < 1 << 16; code++) {
          float expected = own.get(code >> 8, code & 0xFF);
          float found = ops.get(code >> 8, code & 0xFF);
          if (Float.compare(expected, found) != 0) {
            assertEquals(expected, found, policy + " " + format + " of code " + code);
          }
        }
      }
    }
  }
}
