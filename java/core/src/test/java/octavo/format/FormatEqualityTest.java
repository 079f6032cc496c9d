package octavo.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** {@link FloatFormat#equals} and the hash codes, which are written by hand. */
class FormatEqualityTest {

  @Test
  void formatsOfEqualFieldsAreEqual() throws ReflectiveOperationException {
    for (ElementFormat format : Formats.elements()) {
      ElementFormat same = (ElementFormat) make(format.getClass(), fields(format));
      assertEquals(format, same);
      assertEquals(format.hashCode(), same.hashCode());
    }
  }

  @Test
  void everyFieldOfAFloatFormatCounts() throws ReflectiveOperationException {
    Set<String> changed = new TreeSet<>();
    for (ElementFormat format : Formats.elements()) {
      if (format instanceof FloatFormat) {
        RecordComponent[] components = FloatFormat.class.getRecordComponents();
        for (int i = 0; i < components.length; i++) {
          for (Object other : others(components[i], fields(format)[i])) {
            Object[] fields = fields(format);
            fields[i] = other;
            try {
              assertNotEquals(format, make(FloatFormat.class, fields), components[i].getName());
              changed.add(components[i].getName());
            } catch (InvocationTargetException e) {
              // No format has these fields.
            }
          }
        }
      }
    }
    // The others never differ alone.
    Set<String> single =
        Set.of("name", "bits", "exponentBits", "mantissaBits", "bias", "nanCodes", "negativeZero");
    assertEquals(single, changed);
  }

  private static List<?> others(RecordComponent component, Object value) {
    return switch (value) {
      case Integer number -> List.of(number - 1, number + 1);
      case Boolean flag -> List.of(!flag);
      case NanCodes codes -> Arrays.stream(NanCodes.values()).filter(c -> c != codes).toList();
      case String name -> List.of(name + "2");
      default -> throw new AssertionError("no other value of " + component);
    };
  }

  private static Object[] fields(Object format) throws ReflectiveOperationException {
    RecordComponent[] components = format.getClass().getRecordComponents();
    Object[] fields = new Object[components.length];
    for (int i = 0; i < fields.length; i++) {
      fields[i] = components[i].getAccessor().invoke(format);
    }
    return fields;
  }

  private static Object make(Class<?> type, Object... fields) throws ReflectiveOperationException {
    Class<?>[] types =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class[]::new);
    return type.getDeclaredConstructor(types).newInstance(fields);
  }
}
