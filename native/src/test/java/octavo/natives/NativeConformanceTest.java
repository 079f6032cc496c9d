package octavo.natives;

import octavo.conformance.KernelConformance;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf(value = "octavo.natives.Built#orRequired", disabledReason = "no C++ compiler")
class NativeConformanceTest extends KernelConformance {

  NativeConformanceTest() {
    super("reference", "ffm", "jni");
  }
}
