package octavo.bench.peer;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A shared library with a C interface. */
final class NativeLibrary {

  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  static final MemoryLayout ADDRESS = ValueLayout.ADDRESS;

  private static final Linker LINKER = Linker.nativeLinker();

  private final Path path;
  private final SymbolLookup symbols;

  /** Loads a library for as long as the process lives. */
  NativeLibrary(Path path) {
    this.path = path;
    this.symbols = SymbolLookup.libraryLookup(path, Arena.global());
  }

  /**
   * A function of the library; {@link #call} is for setting up, {@link #handle} for what is timed.
   */
  record Function(String name, MethodHandle handle) {

    @Nullable Object call(@Nullable Object... arguments) {
      try {
        return handle.invokeWithArguments(arguments);
      } catch (Throwable e) {
        throw failure(name, e);
      }
    }

    MemorySegment address(@Nullable Object... arguments) {
      Object result = call(arguments);
      if (!(result instanceof MemorySegment segment) || segment.equals(MemorySegment.NULL)) {
        throw new IllegalStateException(name + " returned " + result);
      }
      return segment;
    }

    int number(@Nullable Object... arguments) {
      Object result = call(arguments);
      return result instanceof Integer number ? number : -1;
    }
  }

  /** {@return an exception for a call that threw} */
  static IllegalStateException failure(String name, Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    return new IllegalStateException("calling " + name, cause);
  }

  /** {@return a function without a result} */
  Function procedure(String name, MemoryLayout... arguments) {
    return function(name, FunctionDescriptor.ofVoid(arguments));
  }

  /** {@return a function with a result} */
  Function function(String name, MemoryLayout result, MemoryLayout... arguments) {
    return function(name, FunctionDescriptor.of(result, arguments));
  }

  /** {@return the function at an address} */
  static Function at(MemorySegment address, FunctionDescriptor descriptor) {
    return new Function("a function pointer", LINKER.downcallHandle(address, descriptor));
  }

  private Function function(String name, FunctionDescriptor descriptor) {
    MemorySegment address =
        symbols
            .find(name)
            .orElseThrow(() -> new IllegalStateException(path + " has no function " + name));
    return new Function(name, LINKER.downcallHandle(address, descriptor));
  }

  /** {@return a C string as text} */
  static String text(MemorySegment string) {
    return string.reinterpret(Long.MAX_VALUE).getString(0);
  }
}
