package octavo.natives.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import octavo.natives.Binding;
import octavo.natives.NativeLibrary;
import octavo.spi.Isa;
import org.jspecify.annotations.Nullable;

/**
 * Loads {@code liboctavo}. A library is first opened for a look at its interface and closed again;
 * only one that fits stays, until the Java virtual machine ends. A virtual machine keeps to the
 * first that it loaded.
 */
final class FfmLibrary {

  private static @Nullable Loaded loaded;

  private FfmLibrary() {}

  /** What became of an attempt. */
  sealed interface Attempt {}

  /**
   * The library is there.
   *
   * @param symbols its functions
   * @param tiers its kernels
   * @param detail version and path
   */
  record Loaded(SymbolLookup symbols, List<Binding.Tier> tiers, String detail) implements Attempt {}

  /**
   * The library cannot be used.
   *
   * @param reason why, and the remedy
   */
  record Refused(String reason) implements Attempt {}

  /** {@return the library that is loaded}, or {@code null} */
  static synchronized @Nullable Loaded loaded() {
    return loaded;
  }

  /** {@return the library}, loaded from a file unless one is loaded already */
  static synchronized Attempt load(Path file) {
    if (loaded != null) {
      return loaded;
    }
    Attempt attempt;
    try (Arena arena = Arena.ofConfined()) {
      attempt = open(file, arena, Binding.ABI_VERSION);
    }
    if (attempt instanceof Loaded
        && open(file, Arena.global(), Binding.ABI_VERSION) instanceof Loaded kept) {
      loaded = kept;
      return kept;
    }
    return attempt;
  }

  /** {@return the library, open as long as an arena}, if its interface is the one needed */
  static Attempt open(Path file, Arena arena, int abiNeeded) {
    String damage = NativeLibrary.damage(file);
    if (damage != null) {
      return new Refused(damage);
    }
    try {
      SymbolLookup symbols = SymbolLookup.libraryLookup(file, arena);
      int abi = number(symbols, "oct_abi_version");
      if (abi != abiNeeded) {
        return new Refused(NativeLibrary.wrongAbi(file, abi, abiNeeded));
      }
      String version = text((MemorySegment) call(symbols, "oct_version", ADDRESS));
      return new Loaded(
          symbols, tiers(symbols), "liboctavo %s, interface %d, %s".formatted(version, abi, file));
    } catch (IllegalCallerException e) {
      return new Refused(NativeLibrary.accessDenied(FfmLibrary.class.getModule()));
    } catch (MissingFunctionException e) {
      return new Refused(
          "%s is not Octavo's library: it has no function %s".formatted(file, e.getMessage()));
    } catch (IllegalArgumentException e) {
      return new Refused(NativeLibrary.explain(file, loaderMessage(file, e)));
    }
  }

  // The lookup says only that it failed. The older way of loading tells what the system said.
  private static String loaderMessage(Path file, IllegalArgumentException lookup) {
    try {
      System.load(file.toString());
      return String.valueOf(lookup.getMessage());
    } catch (UnsatisfiedLinkError e) {
      return String.valueOf(e.getMessage()).replace(file + ": ", "");
    }
  }

  private static List<Binding.Tier> tiers(SymbolLookup symbols) {
    List<Binding.Tier> tiers = new ArrayList<>();
    int count = number(symbols, "oct_tier_count");
    for (int tier = 0; tier < count; tier++) {
      String name = text((MemorySegment) call(symbols, "oct_tier_name", ADDRESS, tier));
      boolean compiled = (int) call(symbols, "oct_tier_compiled", JAVA_INT, tier) != 0;
      boolean runs = (int) call(symbols, "oct_tier_supported", JAVA_INT, tier) != 0;
      int number = tier;
      if (compiled) {
        Arrays.stream(Isa.values())
            .filter(isa -> isa.id().equals(name.replace('_', '-')))
            .forEach(isa -> tiers.add(new Binding.Tier(number, isa, runs)));
      }
    }
    return List.copyOf(tiers);
  }

  private static int number(SymbolLookup symbols, String function) {
    return (int) call(symbols, function, JAVA_INT);
  }

  private static String text(MemorySegment address) {
    return address.reinterpret(Long.MAX_VALUE).getString(0);
  }

  private static Object call(
      SymbolLookup symbols,
      String function,
      java.lang.foreign.MemoryLayout result,
      Integer... arguments) {
    FunctionDescriptor type =
        arguments.length == 0
            ? FunctionDescriptor.of(result)
            : FunctionDescriptor.of(result, JAVA_INT);
    MemorySegment address =
        symbols.find(function).orElseThrow(() -> new MissingFunctionException(function));
    MethodHandle handle = Linker.nativeLinker().downcallHandle(address, type);
    try {
      return handle.invokeWithArguments((Object[]) arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("native functions throw nothing", e);
    }
  }

  private static final class MissingFunctionException extends RuntimeException {
    private static final long serialVersionUID = 1;

    MissingFunctionException(String function) {
      super(function);
    }
  }
}
