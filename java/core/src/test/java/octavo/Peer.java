package octavo;

import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.opentest4j.TestAbortedException;

/**
 * Another project's binary, called through its C functions. {@code peers.sh} fetches them; without
 * them these tests are reported as aborted, or fail where the system property {@code peers.require}
 * names them.
 */
final class Peer {

  private final SymbolLookup library;

  private Peer(SymbolLookup library) {
    this.library = library;
  }

  /**
   * {@return a binary, loaded}
   *
   * @param name the folder that it is in
   * @param files its libraries, each behind those that it needs; the last is the one called
   */
  static Peer load(String name, List<String> files) {
    Path folder = Path.of("target/peers", name).toAbsolutePath();
    if (!Files.isDirectory(folder)) {
      String absent = "%s is not there; java/core/peers.sh fetches it".formatted(folder);
      if (List.of(System.getProperty("peers.require", "").split(",")).contains(name)) {
        fail(absent);
      }
      throw new TestAbortedException(absent);
    }
    SymbolLookup last = null;
    for (String file : files) {
      last = SymbolLookup.libraryLookup(folder.resolve(file), Arena.global());
    }
    return new Peer(last);
  }

  /** {@return a function of the binary} */
  MethodHandle function(String name, FunctionDescriptor signature) {
    return Linker.nativeLinker().downcallHandle(library.find(name).orElseThrow(), signature);
  }
}
