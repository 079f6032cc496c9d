package octavo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ActivationsTest {

  private static float[] create(int rows, long columns, long seed) {
    try (Arena arena = Arena.ofConfined()) {
      return Activations.create(rows, columns, seed, arena).toArray();
    }
  }

  private static double deviation(float[] values, int columns, int column) {
    int rows = values.length / columns;
    double sum = 0;
    for (int i = 0; i < rows; i++) {
      double value = values[i * columns + column];
      sum += value * value;
    }
    return Math.sqrt(sum / rows);
  }

  @Test
  void equalSeedsGiveEqualNumbers() {
    assertArrayEquals(create(3, 64, 7), create(3, 64, 7));
    assertFalse(Arrays.equals(create(3, 64, 7), create(3, 64, 8)));
  }

  @Test
  void oneChannelIn128IsTenTimesLarger() {
    float[] values = create(2000, 384, 42);
    int outliers = 0;
    for (int column = 0; column < 384; column++) {
      double deviation = deviation(values, 384, column);
      // With 2000 rows, four standard errors are 6 %.
      if (deviation > 5) {
        outliers++;
        assertEquals(10, deviation, 0.7);
      } else {
        assertEquals(1, deviation, 0.07);
      }
    }
    assertEquals(3, outliers);
  }

  @Test
  void narrowMatricesHaveOneOutlier() {
    float[] values = create(1000, 32, 1);
    long outliers = 0;
    for (int column = 0; column < 32; column++) {
      outliers += deviation(values, 32, column) > 5 ? 1 : 0;
    }
    assertTrue(outliers == 1);
  }
}
