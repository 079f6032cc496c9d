package octavo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class DeviationTest {

  private static final double EXACT = 1e-12;

  @Test
  void sqnrIsTenTimesTheLogarithmOfTheEnergyRatio() {
    var deviation = new Deviation();
    // Signal 9 + 16 = 25, noise 0.25: a ratio of 100.
    deviation.add(new float[] {3, 4}, new float[] {3.5f, 4});

    assertEquals(20.0, deviation.sqnrDecibels(), EXACT);
    assertEquals(0.1, deviation.relativeError(), EXACT);
  }

  @Test
  void arraysAddUpAsOne() {
    var parts = new Deviation();
    parts.add(new float[] {1}, new float[] {2});
    parts.add(new float[] {2, -2}, new float[] {2, 0});

    // Signal 1 + 4 + 4 = 9, noise 1 + 0 + 4 = 5.
    assertEquals(10 * Math.log10(9.0 / 5.0), parts.sqnrDecibels(), EXACT);
    assertEquals(Math.sqrt(5.0 / 9.0), parts.relativeError(), EXACT);
  }

  @Test
  void differencesAreTakenInDoublePrecision() {
    var deviation = new Deviation();
    // As floats, 1e30 squared would be infinite.
    deviation.add(new float[] {1e30f}, new float[] {2e30f});

    assertEquals(1.0, deviation.relativeError(), 1e-6);
    assertEquals(0.0, deviation.sqnrDecibels(), 1e-5);
  }

  @Test
  void equalNumbersHaveNoError() {
    var deviation = new Deviation();
    deviation.add(new float[] {0, 7}, new float[] {-0.0f, 7});

    assertEquals(0, deviation.relativeError());
    assertEquals(Double.POSITIVE_INFINITY, deviation.sqnrDecibels());
  }

  @Test
  void zerosThatBecomeNumbersHaveInfiniteError() {
    var deviation = new Deviation();
    deviation.add(new float[] {0}, new float[] {1});

    assertEquals(Double.POSITIVE_INFINITY, deviation.relativeError());
    assertEquals(Double.NEGATIVE_INFINITY, deviation.sqnrDecibels());
  }

  @Test
  void arraysOfDifferentLengthsAreRefused() {
    var deviation = new Deviation();

    assertThrows(IllegalArgumentException.class, () -> deviation.add(new float[1], new float[2]));
  }

  @Test
  void medianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle() {
    assertEquals(2, Demo.median(new double[] {3, 1, 2}));
    assertEquals(2.5, Demo.median(new double[] {4, 1, 3, 2}));
    assertEquals(7, Demo.median(new double[] {7}));
  }
}
