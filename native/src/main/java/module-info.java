/**
 * The kernels in C++, called through the Foreign Function and Memory API (backend {@code ffm}) and
 * through JNI (backend {@code jni}).
 */
@SuppressWarnings("requires-automatic")
module octavo.natives {
  requires octavo;
  requires static org.bytedeco.javacpp;
  requires static org.jspecify;

  provides octavo.spi.KernelProvider with
      octavo.natives.ffm.FfmProvider,
      octavo.natives.jni.JniProvider;
}
