package octavo.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.stream.IntStream;
import octavo.natives.NativeLibrary;

/**
 * Calls of a native function that does nothing: what the two ways out of Java cost by themselves.
 * The function is {@code oct_abi_version}; three segments are handed to it in registers that it
 * does not look at, which the calling conventions of x86-64 and AArch64 allow.
 */
final class CallWork implements Contender {

  /** The shape of these subjects. */
  static final String SHAPE = "empty";

  /** The subjects: what is handed over, and how. */
  static final String[][] SUBJECTS = {
    {"no argument", "FFM"},
    {"no argument", "JNI"},
    {"three segments", "FFM"},
    {"three segments", "FFM critical"},
  };

  private final int kind;
  private final MemorySegment segment = Arena.ofAuto().allocate(64);
  private int version;

  CallWork(Subject subject) {
    kind =
        IntStream.range(0, SUBJECTS.length)
            .filter(i -> SUBJECTS[i][0].equals(subject.formats()))
            .filter(i -> SUBJECTS[i][1].equals(subject.contender()))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException(subject.id()));
  }

  /** Method handles are only as fast as a call where they are constants. */
  private static final class Ffm {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final FunctionDescriptor SEGMENTS =
        FunctionDescriptor.of(INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS);
    private static final MemorySegment FUNCTION = function();
    static final MethodHandle NOTHING =
        Linker.nativeLinker().downcallHandle(FUNCTION, FunctionDescriptor.of(INT));
    static final MethodHandle THREE = Linker.nativeLinker().downcallHandle(FUNCTION, SEGMENTS);
    static final MethodHandle CRITICAL =
        Linker.nativeLinker().downcallHandle(FUNCTION, SEGMENTS, Linker.Option.critical(false));

    private static MemorySegment function() {
      if (NativeLibrary.locate(OctavoWork.engine().host().overrides())
          instanceof NativeLibrary.Location.Found found) {
        return SymbolLookup.libraryLookup(found.kernels(), Arena.global())
            .findOrThrow("oct_abi_version");
      }
      throw new IllegalStateException("there is no native library");
    }
  }

  private static final class Jni {
    static final MethodHandle NOTHING = function();

    private static MethodHandle function() {
      OctavoWork.engine("jni"); // loads its library
      try {
        Class<?> type = Class.forName("octavo.natives.jni.Octavo");
        return MethodHandles.privateLookupIn(type, MethodHandles.lookup())
            .findStatic(type, "oct_abi_version", MethodType.methodType(int.class));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void run() {
    try {
      version =
          switch (kind) {
            case 0 -> (int) Ffm.NOTHING.invokeExact();
            case 1 -> (int) Jni.NOTHING.invokeExact();
            case 2 -> (int) Ffm.THREE.invokeExact(segment, segment, segment);
            default -> (int) Ffm.CRITICAL.invokeExact(segment, segment, segment);
          };
    } catch (Throwable e) {
      throw new IllegalStateException(SUBJECTS[kind][1], e);
    }
  }

  @Override
  public void check() {
    if (version <= 0) {
      throw new IllegalStateException("the version of the interface is " + version);
    }
  }
}
