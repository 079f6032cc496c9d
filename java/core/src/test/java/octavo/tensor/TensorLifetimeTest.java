package octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicReference;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.format.Formats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tensors live as long as their arena and belong to its threads. */
class TensorLifetimeTest {

  static java.util.List<Format> formats() {
    return Formats.all();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void aClosedArenaGivesIllegalStateException(Format format) {
    for (boolean shared : new boolean[] {false, true}) {
      Tensor tensor;
      try (Arena arena = shared ? Arena.ofShared() : Arena.ofConfined()) {
        tensor = Tensor.allocate(arena, format, 2, 256);
      }
      Tensor view = tensor.slice(0, 0, 2).matrix().slice(1, 0, 128);
      assertThrows(IllegalStateException.class, () -> tensor.code(0, 0));
      assertThrows(IllegalStateException.class, () -> tensor.setCode(1, 0, 0));
      assertThrows(IllegalStateException.class, () -> view.get(0, 0));
      assertThrows(IllegalStateException.class, tensor::toArray);
      if (format instanceof BlockFormat) {
        assertThrows(IllegalStateException.class, () -> tensor.scale(1, 255));
      }
      if (format.equals(Formats.NVFP4)) {
        assertThrows(IllegalStateException.class, tensor::tensorScale);
        assertThrows(IllegalStateException.class, () -> tensor.setTensorScale(1));
      }
      // What the view knows without its memory it still says.
      assertEquals(format + " [2, 256]", tensor.toString());
      assertEquals(shared ? Storage.SHARED : Storage.CONFINED, tensor.storage());
    }
  }

  @Test
  void confinedTensorsBelongToOneThread() throws InterruptedException {
    try (Arena arena = Arena.ofConfined()) {
      Tensor tensor = Tensor.allocate(arena, Formats.FP32, 4);
      assertInstanceOf(WrongThreadException.class, inAnotherThread(() -> tensor.get(0)));
      assertInstanceOf(
          WrongThreadException.class, inAnotherThread(() -> tensor.slice(0, 1, 2).get(0)));
      assertNull(inAnotherThread(() -> assertEquals(Storage.CONFINED, Storage.of(tensor.data()))));
    }
    try (Arena arena = Arena.ofShared()) {
      Tensor tensor = Tensor.allocate(arena, Formats.FP32, 4);
      assertNull(inAnotherThread(() -> tensor.get(0)));
    }
  }

  private static Throwable inAnotherThread(Runnable action) throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread thread =
        new Thread(() -> {
          try {
            action.run();
          } catch (Throwable t) {
            thrown.set(t);
          }
        });
    thread.start();
    thread.join();
    return thrown.get();
  }
}
