package octavo.natives.jni;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.tools.Builder;

/**
 * Writes {@link Octavo}: what JavaCPP's parser makes of {@code octavo.h} without its comments, not
 * public, and without the call of JavaCPP's loader, in whose stead {@link JniLibrary} loads.
 */
final class BindingGenerator {

  static final Path HEADER = Path.of("src", "main", "cpp", "include", "octavo.h");
  static final Path COMMITTED =
      Path.of("src", "main", "java", "octavo", "natives", "jni", "Octavo.java");
  static final String COMMAND =
      "./mvnw -pl native -am test -Dtest=GeneratedBindingTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dbinding=write";

  private BindingGenerator() {}

  /** {@return the text of the class}, made in a directory that is left as it is */
  static String generate(Path header, Path directory) throws Exception {
    Path include = Files.createDirectories(directory.resolve("include"));
    Files.writeString(include.resolve("octavo.h"), withoutComments(Files.readString(header)));
    new Builder()
        .outputDirectory(directory.toFile())
        .property("platform.includepath", include.toString())
        .generate(false)
        .classesOrPackages(OctavoPresets.class.getName())
        .build();
    return edited(Files.readString(directory.resolve("octavo/natives/jni/Octavo.java")));
  }

  private static String withoutComments(String header) {
    return header
        .replaceAll("(?s)/\\*.*?\\*/", "")
        .replaceAll("(?m)^ +\n", "")
        .replaceAll("\n{3,}", "\n\n");
  }

  private static String edited(String parsed) throws IOException {
    String text = parsed;
    for (String[] edit :
        new String[][] {
          {
            "// Targeted by JavaCPP version [^\n]*",
            "// Generated from octavo.h by JavaCPP: do not edit. To write it again:\n// " + COMMAND
          },
          {"public class Octavo ", "class Octavo "},
          {"    static \\{ Loader.load\\(\\); \\}\n", ""},
          {"// (#|Parsed)[^\n]*\n", ""},
          {"/\\*\\* enum  \\*/\n", ""},
          {"\n{3,}", "\n\n"},
        }) {
      String next = text.replaceAll(edit[0], edit[1]);
      if (next.equals(text)) {
        throw new IOException("JavaCPP's output has no '" + edit[0] + "' any more:\n" + parsed);
      }
      text = next;
    }
    return text.strip() + "\n";
  }
}
