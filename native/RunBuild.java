import java.io.IOException;

/// Runs the build script given as the first argument, with the others, and tells it which JDK is in
/// use.
///
/// Maven starts this file with the JDK that its toolchain selected, which need not be the one that
/// Maven runs on. The script finds that JDK in `JAVA_HOME`.
final class RunBuild {
  private RunBuild() {}

  public static void main(String[] command) throws IOException, InterruptedException {
    ProcessBuilder build = new ProcessBuilder(command).inheritIO();
    build.command().addFirst("sh");
    build.environment().put("JAVA_HOME", System.getProperty("java.home"));
    System.exit(build.start().waitFor());
  }
}
