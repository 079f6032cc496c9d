package octavo.bench.peer;

import java.util.List;

/** A library that Octavo is compared with, and where it comes from. */
public enum Peer {
  /** The usual SGEMM. */
  OPENBLAS("OpenBLAS", "0.3.31", List.of("org.bytedeco:openblas:0.3.31-1.5.13:linux-x86_64"), ""),

  /** Intel's library, for FP32 and INT8. */
  ONEDNN("oneDNN", "3.13", List.of("org.bytedeco:dnnl:3.13-1.5.14:linux-x86_64"), ""),

  /** Microsoft's runtime: FP32 and weights of four bits. */
  ONNX_RUNTIME(
      "ONNX Runtime", "1.29.0", List.of("com.microsoft.onnxruntime:onnxruntime:1.29.0:"), ""),

  /** The kernels of llama.cpp, as packaged for Node.js. */
  GGML("ggml", "0.25.1", List.of(), "@node-llama-cpp/linux-x64@3.22.1"),

  /** Java's Vector API, and C. */
  JLAMA(
      "Jlama",
      "0.8.4",
      List.of(
          "com.github.tjake:jlama-core:0.8.4:",
          "com.github.tjake:jlama-native:0.8.4:linux-x86_64",
          "org.slf4j:slf4j-nop:2.0.7:"),
      "");

  private final String text;
  private final String version;
  private final String maven;
  private final String npm;

  Peer(String text, String version, List<String> maven, String npm) {
    this.text = text;
    this.version = version;
    this.maven = String.join(" ", maven);
    this.npm = npm;
  }

  /** {@return the name for a person} */
  public String text() {
    return text;
  }

  /** {@return the version used} */
  public String version() {
    return version;
  }

  /** {@return group, artifact, version and classifier of what Maven fetches} */
  List<String> maven() {
    return maven.isEmpty() ? List.of() : List.of(maven.split(" "));
  }

  /** {@return the package that npm fetches, or an empty string} */
  String npm() {
    return npm;
  }

  /** {@return the folder of its files} */
  String folder() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-') + "-" + version;
  }

  /** {@return the peer of a contender's name, which begins with the peer's} */
  public static Peer of(String contender) {
    for (Peer peer : values()) {
      if (contender.equals(peer.text) || contender.startsWith(peer.text + " ")) {
        return peer;
      }
    }
    throw new IllegalArgumentException("no peer is called '%s'".formatted(contender));
  }
}
