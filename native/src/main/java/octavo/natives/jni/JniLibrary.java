package octavo.natives.jni;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import octavo.natives.Binding;
import octavo.natives.NativeLibrary;
import octavo.natives.NativeLibrary.Location;
import octavo.spi.Isa;
import org.jspecify.annotations.Nullable;

/**
 * Loads {@code libjnioctavo}, which the system's loader finds {@code liboctavo} for, in its own
 * directory. JavaCPP's own loader is not used: it would copy the library once more, and look for it
 * elsewhere than the {@code ffm} backend does.
 */
final class JniLibrary {

  private static @Nullable Loaded loaded;

  private JniLibrary() {}

  /** What became of an attempt. */
  sealed interface Attempt {}

  /**
   * The library is there.
   *
   * @param tiers its kernels
   * @param detail version and path
   */
  record Loaded(List<Binding.Tier> tiers, String detail) implements Attempt {}

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

  /** {@return the library}, loaded from a directory unless one is loaded already */
  static synchronized Attempt load(Location.Found found) {
    if (loaded != null) {
      return loaded;
    }
    Attempt attempt = tryLoad(found);
    if (attempt instanceof Loaded kept) {
      loaded = kept;
    }
    return attempt;
  }

  static Attempt tryLoad(Location.Found found) {
    if (!Files.isRegularFile(found.jni())) {
      return new Refused(
          "%s has no %s; build it there, or use the ffm backend"
              .formatted(found.directory(), found.jni().getFileName()));
    }
    for (Path file : List.of(found.kernels(), found.jni())) {
      String damage = NativeLibrary.damage(file);
      if (damage != null) {
        return new Refused(damage);
      }
    }
    try {
      // first, since the library looks for JavaCPP's classes and complains on its own
      Objects.requireNonNull(Octavo.class);
      System.load(found.jni().toString());
      int abi = Octavo.oct_abi_version();
      if (abi != Octavo.OCT_ABI_VERSION) {
        return new Refused(NativeLibrary.wrongAbi(found.kernels(), abi, Octavo.OCT_ABI_VERSION));
      }
      return new Loaded(
          tiers(),
          "liboctavo %s, interface %d, %s".formatted(text(Octavo.oct_version()), abi, found.jni()));
    } catch (IllegalCallerException e) {
      return new Refused(NativeLibrary.accessDenied(JniLibrary.class.getModule()));
    } catch (UnsatisfiedLinkError e) {
      return new Refused(
          NativeLibrary.explain(
              found.jni(), String.valueOf(e.getMessage()).replace(found.jni() + ": ", "")));
    } catch (NoClassDefFoundError e) {
      return new Refused(
          "JavaCPP is not there (%s); put org.bytedeco:javacpp on the class path, or on the module path"
                  .formatted(e.getMessage())
              + " with --add-modules org.bytedeco.javacpp");
    }
  }

  private static List<Binding.Tier> tiers() {
    List<Binding.Tier> tiers = new ArrayList<>();
    for (int tier = 0; tier < Octavo.oct_tier_count(); tier++) {
      String name = text(Octavo.oct_tier_name(tier));
      int number = tier;
      if (Octavo.oct_tier_compiled(tier) != 0) {
        Arrays.stream(Isa.values())
            .filter(isa -> isa.id().equals(name.replace('_', '-')))
            .forEach(isa ->
                tiers.add(new Binding.Tier(number, isa, Octavo.oct_tier_supported(number) != 0)));
      }
    }
    return List.copyOf(tiers);
  }

  private static String text(long address) {
    return MemorySegment.ofAddress(address).reinterpret(Long.MAX_VALUE).getString(0);
  }
}
