package octavo.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.constant.ClassDesc;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One module as it was compiled: what it requires and which packages its class files refer to.
 *
 * <p>Dependencies run one way: kernels know the core, the core knows nobody, and two modules of
 * kernels never know each other.
 */
public final class ArchitectureRules {

  private static final Pattern DESCRIPTOR = Pattern.compile("L([\\w$/]+);");

  private final ModuleReference module;

  private ArchitectureRules(ModuleReference module) {
    this.module = module;
  }

  /**
   * {@return the module that a class was compiled into}, found by where the class lies, also on the
   * class path
   *
   * @param member any class of the module
   */
  public static ArchitectureRules of(Class<?> member) {
    try {
      Path place = Path.of(member.getProtectionDomain().getCodeSource().getLocation().toURI());
      return ModuleFinder.of(place).findAll().stream()
          .findFirst()
          .map(ArchitectureRules::new)
          .orElseThrow(() -> new AssertionError(place + " holds no module"));
    } catch (URISyntaxException e) {
      throw new AssertionError(member + " lies nowhere", e);
    }
  }

  /** {@return what the module declares} */
  public ModuleDescriptor descriptor() {
    return module.descriptor();
  }

  /** {@return the names of the modules that it requires at run time, {@code java.base} left out} */
  public Set<String> requires() {
    Set<String> names = new TreeSet<>();
    for (ModuleDescriptor.Requires requires : descriptor().requires()) {
      if (!requires.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC)
          && !requires.name().equals("java.base")) {
        names.add(requires.name());
      }
    }
    return names;
  }

  /**
   * {@return the references from the module's classes to packages that are none of the allowed
   * ones}, as lines of class and package; packages of the module itself are its own affair
   *
   * @param allowed names such as {@code octavo.spi}, or with all below them {@code java.*}
   */
  public List<String> strangers(List<String> allowed) {
    Set<String> strangers = new TreeSet<>();
    try (ModuleReader reader = module.open();
        var names = reader.list()) {
      for (String name : (Iterable<String>) names::iterator) {
        if (name.endsWith(".class") && !name.equals("module-info.class")) {
          byte[] bytes = reader.open(name).orElseThrow().readAllBytes();
          for (String used : packages(ClassFile.of().parse(bytes))) {
            if (!descriptor().packages().contains(used) && !isAllowed(used, allowed)) {
              strangers.add(name.replace(".class", "").replace('/', '.') + " uses " + used);
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.copyOf(strangers);
  }

  private static boolean isAllowed(String used, List<String> allowed) {
    return allowed.stream()
        .anyMatch(name ->
            name.endsWith(".*")
                ? used.startsWith(name.substring(0, name.length() - 1))
                : used.equals(name));
  }

  /** {@return the packages of all classes that a class file names, also within descriptors} */
  private static Set<String> packages(ClassModel model) {
    Set<String> packages = new TreeSet<>();
    for (PoolEntry entry : model.constantPool()) {
      if (entry instanceof ClassEntry named) {
        ClassDesc symbol = named.asSymbol();
        while (symbol.isArray()) {
          symbol = symbol.componentType();
        }
        if (!symbol.isPrimitive()) {
          packages.add(symbol.packageName());
        }
      } else if (entry instanceof Utf8Entry text) {
        Matcher descriptor = DESCRIPTOR.matcher(text.stringValue());
        while (descriptor.find()) {
          int end = descriptor.group(1).lastIndexOf('/');
          if (end > 0) {
            packages.add(descriptor.group(1).substring(0, end).replace('/', '.'));
          }
        }
      }
    }
    return packages;
  }
}
