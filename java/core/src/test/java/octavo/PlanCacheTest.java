package octavo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.HashSet;
import java.util.Set;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

class PlanCacheTest {

  /** Hashes that differ in their highest bits share a set. */
  private static int sharing(int number) {
    return number << 25;
  }

  @Test
  void plansThatShareASetStayUntilItIsFull() {
    PlanCache<String> cache = new PlanCache<>();
    for (int i = 0; i < 5; i++) {
      assertNull(cache.get(sharing(i)));
      cache.put(sharing(i), "plan " + i);
    }
    assertNull(cache.get(sharing(0)), "the oldest of five in four ways");
    for (int i = 1; i < 5; i++) {
      assertEquals("plan " + i, cache.get(sharing(i)));
    }
  }

  @Test
  void theNewerOfTwoPlansUnderOneHashIsFound() {
    PlanCache<String> cache = new PlanCache<>();
    cache.put(3, "older");
    cache.put(3, "newer");
    assertEquals("newer", cache.get(3));
  }

  @Test
  void neighbouringShapesDiffer() {
    Set<Integer> hashes = new HashSet<>();
    for (int rows = 0; rows < 128; rows++) {
      for (int columns = 0; columns < 128; columns++) {
        hashes.add(PlanCache.mix(PlanCache.mix(1, rows), columns));
      }
    }
    assertEquals(128 * 128, hashes.size());
  }

  @Test
  void callsInTurnArePlannedOnce() {
    FakeKernels fakes = new FakeKernels();
    Engine engine = fakes.engine();
    // 40 shapes would share a slot of 1024 in every second process, and five of them a set of four
    // ways in one of a hundred thousand.
    int shapes = 40;
    for (int round = 0; round < 3; round++) {
      for (int n = 1; n <= shapes; n++) {
        Tensor a = Tensor.allocateHeap(Formats.FP32, 2, 8);
        Tensor b = Tensor.allocateHeap(Formats.FP32, n, 8);
        engine.matmul(a, b, Tensor.allocateHeap(Formats.FP32, 2, n));
      }
      assertEquals(shapes, fakes.considered.size(), "round " + round);
    }
  }
}
