package octavo.nki;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.random.RandomGenerator;
import octavo.Ops;
import octavo.spi.Workers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transpositions of units against the plainest loop, at sizes around those of tiles. */
class RelayoutTest {

  private static final int[] SIZES = {0, 1, 2, 3, 5, 7, 8, 9, 15, 17, 31, 64, 65};

  private static void check(Workers workers, int unit, int rows, int columns, int gap) {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    int fromStride = columns * unit + gap;
    int toStride = rows * unit + gap;
    byte[] from = new byte[rows * fromStride + 3];
    random.nextBytes(from);
    byte[] expected = new byte[columns * toStride + 5];
    random.nextBytes(expected);
    byte[] actual = expected.clone();
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        System.arraycopy(
            from, 3 + r * fromStride + c * unit, expected, 5 + c * toStride + r * unit, unit);
      }
    }
    Relayout.transpose(
        workers,
        unit,
        rows,
        columns,
        MemorySegment.ofArray(from),
        3,
        fromStride,
        MemorySegment.ofArray(actual),
        5,
        toStride);
    assertArrayEquals(expected, actual, () -> "%d bytes, %d x %d".formatted(unit, rows, columns));
  }

  /** Nothing between the rows of the target is touched either. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16})
  void transposesUnits(int unit) {
    for (int rows : SIZES) {
      for (int columns : SIZES) {
        check(Workers.CALLER, unit, rows, columns, 0);
        check(Workers.CALLER, unit, rows, columns, 7);
      }
    }
    int mostRows = Transposer.mostRows(unit);
    int mostColumns = Transposer.mostColumns(unit, mostRows);
    for (int rows : new int[] {mostRows - 1, mostRows, mostRows + 1, 2 * mostRows + 3}) {
      for (int columns : new int[] {mostColumns - 1, mostColumns, 2 * mostColumns + 1}) {
        check(Workers.CALLER, unit, rows, columns, 1);
        check(Ops.engine().workers(), unit, rows, columns, 0);
      }
    }
  }

  /** Eight tiles and more for each of eight callers at once: parts of one do not meet another's. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void callersShareTheWorkers(int unit) throws InterruptedException {
    Thread[] callers = new Thread[8];
    Throwable[] failures = new Throwable[callers.length];
    for (int i = 0; i < callers.length; i++) {
      int rows = 1000 + i;
      int caller = i;
      callers[i] =
          new Thread(() -> {
            try {
              check(Ops.engine().workers(), unit, rows, 1200 / unit, 0);
            } catch (Throwable e) {
              failures[caller] = e;
            }
          });
      callers[i].start();
    }
    for (int i = 0; i < callers.length; i++) {
      callers[i].join();
      assertEquals(null, failures[i]);
    }
  }

  /** More than 2 GiB apart: offsets are of 64 bits. The file has a hole between its ends. */
  @Test
  void rowsFarApart(@TempDir Path folder) throws IOException {
    long stride = (1L << 31) + 4096;
    try (Arena arena = Arena.ofConfined();
        FileChannel file =
            FileChannel.open(
                folder.resolve("sparse"),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
      MemorySegment far = file.map(FileChannel.MapMode.READ_WRITE, 0, stride + 64, arena);
      MemorySegment near = arena.allocate(64);
      far.set(ValueLayout.JAVA_LONG, 0, 1);
      far.set(ValueLayout.JAVA_LONG, stride, 2);
      Relayout.transpose(Workers.CALLER, 8, 2, 1, far, 0, stride, near, 0, 16);
      assertEquals(1, near.get(ValueLayout.JAVA_LONG, 0));
      assertEquals(2, near.get(ValueLayout.JAVA_LONG, 8));
    }
  }
}
