package octavo;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/** Casts by libtorch, through the C functions that its compiled models are linked against. */
final class Torch {

  private static final int CPU = 0;
  private static final int ANY_DEVICE = -1;

  private final Peer library =
      Peer.load(
          "torch",
          List.of(
              "libgomp.so.1",
              "libquadmath.so.0",
              "libgfortran.so.5",
              "libopenblas.so.0",
              "libc10.so",
              "libtorch_cpu.so"));
  private final MethodHandle create =
      library.function(
          "aoti_torch_create_tensor_from_blob",
          FunctionDescriptor.of(
              JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT,
              JAVA_INT, ADDRESS));
  private final MethodHandle copy =
      library.function(
          "aoti_torch_copy_", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
  private final MethodHandle delete =
      library.function("aoti_torch_delete_tensor_object", FunctionDescriptor.of(JAVA_INT, ADDRESS));

  /**
   * {@return the codes that numbers become}
   *
   * @param dtype such as {@code float8_e4m3fn}
   * @param bytes the size of its codes
   * @param values the numbers
   */
  int[] cast(String dtype, int bytes, float[] values) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocate(JAVA_FLOAT, Math.max(values.length, 1));
      MemorySegment.copy(values, 0, in, JAVA_FLOAT, 0, values.length);
      MemorySegment out = arena.allocate((long) Math.max(values.length, 1) * bytes, 8);
      MemorySegment from = tensor(in, "float32", values.length, arena);
      MemorySegment to = tensor(out, dtype, values.length, arena);
      check((int) copy.invokeExact(to, from, 0));
      check((int) delete.invokeExact(from));
      check((int) delete.invokeExact(to));
      int[] codes = new int[values.length];
      for (int i = 0; i < codes.length; i++) {
        codes[i] =
            bytes == 1 ? out.get(JAVA_BYTE, i) & 0xFF : out.getAtIndex(JAVA_SHORT, i) & 0xFFFF;
      }
      return codes;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private MemorySegment tensor(MemorySegment data, String dtype, long size, Arena arena)
      throws Throwable {
    MethodHandle type =
        library.function("aoti_torch_dtype_" + dtype, FunctionDescriptor.of(JAVA_INT));
    MemorySegment handle = arena.allocate(ADDRESS);
    MemorySegment sizes = arena.allocateFrom(JAVA_LONG, size);
    MemorySegment strides = arena.allocateFrom(JAVA_LONG, 1);
    check(
        (int)
            create.invokeExact(
                data, 1L, sizes, strides, 0L, (int) type.invokeExact(), CPU, ANY_DEVICE, handle));
    return handle.get(ADDRESS, 0);
  }

  private static void check(int status) {
    assertEquals(0, status, "libtorch's status");
  }
}
