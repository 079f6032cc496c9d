package octavo.natives;

import java.util.List;
import octavo.natives.NativeLibrary.Location;
import octavo.spi.Overrides;

/**
 * Condition of the tests that call the library: that it was built. A machine without a C++ compiler
 * builds Octavo without it, and reports these tests as skipped; with {@code
 * -Dbackends.require=ffm,jni} they run all the same, and fail.
 */
public final class Built {

  private Built() {}

  /** {@return whether the tests are to run} */
  public static boolean orRequired() {
    Overrides overrides = Overrides.ofSystemProperties();
    return overrides.required().stream().anyMatch(List.of("ffm", "jni")::contains)
        || NativeLibrary.locate(overrides) instanceof Location.Found;
  }
}
