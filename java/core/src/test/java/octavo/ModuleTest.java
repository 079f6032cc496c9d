package octavo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The core's place among the modules: it needs java.base, and shows what it means to show. */
class ModuleTest {

  private static ModuleDescriptor descriptor() throws IOException {
    try (InputStream in = Files.newInputStream(classes().resolve("module-info.class"))) {
      return ModuleDescriptor.read(in);
    }
  }

  private static Path classes() {
    try {
      URI location = Ops.class.getProtectionDomain().getCodeSource().getLocation().toURI();
      return Path.of(location);
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void needsJavaBaseOnly() throws IOException {
    ModuleDescriptor module = descriptor();
    assertEquals("octavo", module.name());
    Set<String> atRunTime =
        module.requires().stream()
            .filter(required -> !required.modifiers().contains(Modifier.STATIC))
            .map(ModuleDescriptor.Requires::name)
            .collect(Collectors.toSet());
    assertEquals(Set.of("java.base"), atRunTime);
    Set<String> atCompileTime =
        module.requires().stream()
            .filter(required -> required.modifiers().contains(Modifier.STATIC))
            .map(ModuleDescriptor.Requires::name)
            .collect(Collectors.toSet());
    assertEquals(Set.of("org.jspecify"), atCompileTime);
  }

  @Test
  void exportsAllButItsGenerators() throws IOException {
    ModuleDescriptor module = descriptor();
    Set<String> exported =
        module.exports().stream()
            .map(ModuleDescriptor.Exports::source)
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(
        List.of(
            "octavo",
            "octavo.dispatch",
            "octavo.format",
            "octavo.math",
            "octavo.op",
            "octavo.spi",
            "octavo.tensor"),
        List.copyOf(exported));
    assertTrue(module.exports().stream().noneMatch(ModuleDescriptor.Exports::isQualified));
    assertEquals(Set.of(), module.opens());
    assertEquals(Set.of("octavo.spi.KernelProvider"), module.uses());
    assertEquals(List.of(), List.copyOf(module.provides()));
  }

  /**
   * Every class that any class file names is of the JDK's base module, of the core, or JSpecify's.
   */
  @Test
  void classesNameNothingElse() throws IOException {
    Set<String> others = new TreeSet<>();
    int files = 0;
    try (Stream<Path> paths = Files.walk(classes())) {
      for (Path path : paths.filter(file -> file.toString().endsWith(".class")).toList()) {
        ClassModel model = ClassFile.of().parse(path);
        files++;
        for (PoolEntry entry : model.constantPool()) {
          if (entry instanceof ClassEntry type) {
            String name = type.asInternalName().replaceAll("^\\[+L?|;$", "");
            boolean allowed = name.length() == 1 || name.startsWith("octavo/") || inJavaBase(name);
            if (!allowed && !path.endsWith("module-info.class")) {
              others.add(path.getFileName() + " names " + name);
            }
          }
        }
      }
    }
    assertEquals(Set.of(), others);
    assertTrue(files > 40, files + " class files");
  }

  private static boolean inJavaBase(String name) {
    String packageName = name.substring(0, Math.max(name.lastIndexOf('/'), 0)).replace('/', '.');
    return Object.class.getModule().getDescriptor().packages().contains(packageName);
  }

  /** Lower layers do not know upper ones: formats no tensors, tensors no kernels. */
  @Test
  void packagesDependOneWay() throws IOException {
    assertEquals(Set.of(), namedBy("format", "octavo/"));
    assertEquals(Set.of("octavo/format"), namedBy("tensor", "octavo/"));
    assertEquals(Set.of(), namedBy("math", "octavo/"));
    assertEquals(Set.of("octavo/math"), namedBy("op", "octavo/"));
    assertEquals(Set.of("octavo/format", "octavo/op", "octavo/tensor"), namedBy("spi", "octavo/"));
    assertEquals(Set.of("octavo/spi", "octavo/tensor"), namedBy("dispatch", "octavo/"));
    assertEquals(Set.of("octavo", "octavo/format", "octavo/math"), namedBy("generate", "octavo/"));
  }

  private static Set<String> namedBy(String folder, String prefix) throws IOException {
    Set<String> packages = new TreeSet<>();
    try (Stream<Path> paths = Files.list(classes().resolve("octavo").resolve(folder))) {
      for (Path path : paths.filter(file -> file.toString().endsWith(".class")).toList()) {
        for (PoolEntry entry : ClassFile.of().parse(path).constantPool()) {
          if (entry instanceof ClassEntry type) {
            String name = type.asInternalName().replaceAll("^\\[+L?|;$", "");
            if (name.startsWith(prefix)) {
              packages.add(name.substring(0, name.lastIndexOf('/')));
            }
          }
        }
      }
    }
    packages.remove("octavo/" + folder);
    return packages;
  }
}
