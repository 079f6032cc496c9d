package octavo.natives.jni;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * How JavaCPP turns {@code octavo.h} into {@link Octavo}: every address becomes a {@code long}, so
 * that calls need none of JavaCPP's pointer objects.
 */
@Properties(
    value = @Platform(include = "octavo.h", library = "jnioctavo"),
    global = "octavo.natives.jni.Octavo")
public class OctavoPresets implements InfoMapper {

  /** Made by JavaCPP. */
  public OctavoPresets() {}

  @Override
  public void map(InfoMap infoMap) {
    infoMap
        .put(new Info("OCT_API").cppTypes().annotations())
        .put(new Info("oct_address", "oct_mutable_address").cast().valueTypes("long").skip())
        .put(text("oct_version", ""))
        .put(text("oct_tier_name", "int tier"));
  }

  private static Info text(String function, String parameters) {
    return new Info(function)
        .javaText(
            "public static native @Cast(\"oct_address\") long %s(%s);"
                .formatted(function, parameters));
  }
}
