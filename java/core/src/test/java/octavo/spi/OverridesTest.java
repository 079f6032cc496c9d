package octavo.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** System properties: what they mean, and that none is misspelt in silence. */
class OverridesTest {

  @Test
  void nothingSet() {
    Overrides none = Overrides.parse(Map.of("user.dir", "/", "octavo", "x", "octavox.y", "z"));
    assertEquals(Overrides.NONE, none);
    assertEquals(List.of(), none.backends());
    assertEquals(List.of(), none.disabled());
    assertEquals(List.of(), none.required());
    assertEquals(Optional.empty(), none.isaMax());
    assertEquals(0, none.vectorBits());
    assertEquals("none", none.describe());
  }

  @Test
  void everythingSet() {
    Overrides overrides =
        Overrides.parse(
            Map.of(
                "octavo.backend", "vector, ffm",
                "octavo.disable", "jni",
                "octavo.require", "reference",
                "octavo.isa.max", "avx512vnni",
                "octavo.vector.bits", "256",
                "octavo.explain", "plans",
                "octavo.native.path", "/opt/octavo",
                "octavo.native.cache", "/var/cache/octavo"));
    assertEquals(List.of("vector", "ffm"), overrides.backends());
    assertEquals(List.of("jni"), overrides.disabled());
    assertEquals(List.of("reference"), overrides.required());
    assertEquals(Optional.of(Isa.AVX512VNNI), overrides.isaMax());
    assertEquals(256, overrides.vectorBits());
    assertTrue(overrides.explainPlans());
    assertEquals("/opt/octavo", overrides.nativePath());
    assertEquals("/var/cache/octavo", overrides.nativeCache());
    assertEquals(
        "octavo.backend=vector,ffm  octavo.disable=jni  octavo.require=reference "
            + " octavo.isa.max=avx512vnni  octavo.vector.bits=256  octavo.explain=plans "
            + " octavo.native.path=/opt/octavo  octavo.native.cache=/var/cache/octavo",
        overrides.describe());
    assertEquals(List.of("reference"), overrides.withBackends("reference").backends());
    assertEquals(256, overrides.withBackends("reference").vectorBits());
  }

  /** The message names what was given and lists what is valid. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "octavo.backends    | ffm     | no override is called 'octavo.backends'; valid are [octavo.backend, ",
        "octavo.            | x       | no override is called 'octavo.'; valid are [octavo.backend, ",
        "octavo.backend     | cuda    | -Doctavo.backend=cuda: no backend is called 'cuda'; valid are [reference, scalar, vector, ffm, jni]",
        "octavo.disable     | ffm,jnl | -Doctavo.disable=ffm,jnl: no backend is called 'jnl'; valid are [reference, scalar, vector, ffm, jni]",
        "octavo.require     | Vector  | -Doctavo.require=Vector: no backend is called 'Vector'; valid are [reference, scalar, vector, ffm, jni]",
        "octavo.isa.max     | sse     | -Doctavo.isa.max=sse: no instruction set is called 'sse'; valid are [portable, avx2, avxvnni, avx512, avx512vnni, neon, neon-dotprod]",
        "octavo.vector.bits | 64      | -Doctavo.vector.bits=64: valid are [0, 128, 256, 512]",
        "octavo.vector.bits | ''      | -Doctavo.vector.bits=: valid are [0, 128, 256, 512]",
        "octavo.explain     | yes     | -Doctavo.explain=yes: valid are [none, plans]"
      })
  void unknownNamesAndValuesAreRefused(String name, String value, String message) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Overrides.parse(Map.of(name, value)));
    assertTrue(e.getMessage().startsWith(message), e.getMessage());
  }

  @Test
  void backendsNamedInCodeAreCheckedToo() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> Overrides.NONE.withBackends("reference", "gpu"));
    assertEquals(
        "no backend is called 'gpu'; valid are [reference, scalar, vector, ffm, jni]",
        e.getMessage());
  }

  @Test
  void systemPropertiesAreRead() {
    String name = "octavo.isa.max";
    System.setProperty(name, "neon-dotprod");
    try {
      assertEquals(Optional.of(Isa.NEON_DOTPROD), Overrides.ofSystemProperties().isaMax());
      System.setProperty(name, "avx9000");
      assertThrows(IllegalArgumentException.class, Overrides::ofSystemProperties);
    } finally {
      System.clearProperty(name);
    }
  }

  @Test
  void instructionSetsByName() {
    for (Isa isa : Isa.values()) {
      assertEquals(isa, Isa.byId(isa.id()));
    }
    assertEquals("neon-dotprod", Isa.NEON_DOTPROD.id());
    assertTrue(Isa.AVX512.exceeds(Isa.AVX2));
    assertTrue(Isa.NEON.exceeds(Isa.PORTABLE));
    assertTrue(Isa.NEON_DOTPROD.exceeds(Isa.NEON));
    assertEquals(false, Isa.NEON.exceeds(Isa.AVX2));
    assertEquals(false, Isa.AVX512.exceeds(Isa.NEON));
    assertEquals(false, Isa.AVX2.exceeds(Isa.AVX2));
    assertEquals(false, Isa.PORTABLE.exceeds(Isa.PORTABLE));
  }

  @Test
  void kernelIds() {
    assertEquals(new KernelId("ffm", "matmul.block", "avx2"), KernelId.of("ffm/matmul.block/avx2"));
    assertEquals(new KernelId("reference", "convert", ""), KernelId.of("reference/convert"));
    assertEquals("reference/convert", KernelId.of("reference/convert").toString());
    for (String text : List.of("", "reference", "a/b/c/d")) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> KernelId.of(text));
      assertEquals(
          "a kernel id is backend/stem or backend/stem/variant, not '" + text + "'",
          e.getMessage());
    }
  }

  @Test
  void hostsAreProbedWithoutFlags() {
    Host host = Host.probe(Overrides.NONE, List.of());
    assertTrue(host.processors() > 0);
    assertEquals(Runtime.version().toString(), host.jdk());
    String text = host.describe();
    for (String backend : Overrides.BACKENDS) {
      assertTrue(text.contains("\n%-9s absent: no provider was found".formatted(backend)), text);
    }
    assertTrue(text.endsWith("overrides none\n"), text);
  }
}
