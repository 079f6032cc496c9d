package octavo;

import static octavo.PolicyCast.special;
import static octavo.PolicyCast.withNan;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.Overflow;

/** What each {@link Policy} does, in one place. */
final class PolicyRules {

  private static final int SIGN = 0x8000_0000;
  private static final int INFINITY = 0x7F80_0000;
  private static final int QUIET = 0x0040_0000;

  private static final Map<Policy, Map<ElementFormat, PolicyCast>> CASTS =
      new EnumMap<>(Policy.class);

  static {
    for (Policy policy : Policy.values()) {
      CASTS.put(policy, casts(policy));
    }
  }

  private PolicyRules() {}

  static boolean casts(Policy policy, ElementFormat format) {
    return rules(policy).containsKey(format);
  }

  /** {@return a policy's cast} or throws, with the formats that it has casts to */
  static PolicyCast cast(Policy policy, ElementFormat format) {
    PolicyCast cast = rules(policy).get(format);
    if (cast == null) {
      boolean hasOldE4m3 = policy == Policy.TRN1 || policy == Policy.TRN2;
      throw new UnsupportedOperationException(
          "%s has no cast to %s; it has %s%s"
              .formatted(
                  policy,
                  format,
                  Policy.names(policy.castFormats()),
                  hasOldE4m3 && format.equals(Formats.E4M3FN)
                      ? ": E4M3FN ends at 448, the E4M3 of this chip at 240"
                      : ""));
    }
    return cast;
  }

  static boolean quantizes(Policy policy, BlockFormat format) {
    boolean isMx =
        format.scale().equals(Formats.E8M0) && format.blockRows() == 1 && !format.tensorScale();
    boolean hasFp32Scales = format.scale().equals(Formats.FP32);
    return switch (policy) {
      case OCP -> isMx;
      case TRN1, TRN2 -> hasFp32Scales && casts(policy, format.element());
      case TRN3 ->
          (hasFp32Scales && casts(policy, format.element()))
              || format.equals(Formats.MXFP8_E4M3)
              || format.equals(Formats.MXFP8_E5M2);
      case TORCH ->
          (isMx && format.element() instanceof FloatFormat) || format.equals(Formats.NVFP4);
      case GGML -> format.equals(Formats.MXFP4) || format.equals(Formats.NVFP4);
      case ML_DTYPES, ORT -> false;
    };
  }

  static void requireBlocks(Policy policy, BlockFormat format) {
    if (!quantizes(policy, format)) {
      throw new UnsupportedOperationException(
          "%s does not quantize to %s; it does to %s"
              .formatted(policy, format, Policy.names(policy.blockFormats())));
    }
  }

  private static Map<ElementFormat, PolicyCast> rules(Policy policy) {
    Map<ElementFormat, PolicyCast> rules = CASTS.get(policy);
    if (rules == null) {
      throw new AssertionError(policy);
    }
    return rules;
  }

  private static Map<ElementFormat, PolicyCast> casts(Policy policy) {
    var casts = new LinkedHashMap<ElementFormat, PolicyCast>();
    switch (policy) {
      case OCP ->
          saturating(casts, Formats.E5M2, Formats.E4M3FN, Formats.E3M2, Formats.E2M3, Formats.E2M1);
      case TRN1, TRN2 -> trainium(casts);
      case TRN3 -> {
        trainium(casts);
        ieee(casts, Formats.E4M3FN);
      }
      case ML_DTYPES -> mlDtypes(casts);
      case TORCH -> torch(casts);
      case ORT -> {
        ieee(casts, Formats.BF16, Formats.FP16);
        saturating(casts, Formats.E5M2, Formats.E4M3FN, Formats.E5M2FNUZ, Formats.E4M3FNUZ);
        casts.put(Formats.E8M0, special(Formats.E8M0, PolicyRules::powerUp));
      }
      case GGML -> {
        // The quiet bit is set, the upper part of the payload stays.
        casts.put(
            Formats.BF16, withNan(Formats.BF16, Overflow.IEEE, bits -> (bits | QUIET) >>> 16));
        ieee(casts, Formats.FP16);
      }
    }
    return casts;
  }

  private static void ieee(Map<ElementFormat, PolicyCast> casts, FloatFormat... formats) {
    for (FloatFormat format : formats) {
      casts.put(format, PolicyCast.of(format, Overflow.IEEE));
    }
  }

  private static void saturating(Map<ElementFormat, PolicyCast> casts, FloatFormat... formats) {
    for (FloatFormat format : formats) {
      casts.put(format, PolicyCast.of(format, Overflow.SATURATE));
    }
  }

  private static void trainium(Map<ElementFormat, PolicyCast> casts) {
    ieee(casts, Formats.TF32, Formats.BF16, Formats.FP16, Formats.E5M2, Formats.E4M3, Formats.E3M4);
  }

  private static void mlDtypes(Map<ElementFormat, PolicyCast> casts) {
    ieee(
        casts,
        Formats.BF16,
        Formats.FP16,
        Formats.E5M2,
        Formats.E4M3,
        Formats.E4M3FN,
        Formats.E3M4,
        Formats.E5M2FNUZ,
        Formats.E4M3FNUZ,
        Formats.E4M3B11FNUZ,
        Formats.E8M0);
    for (FloatFormat format : new FloatFormat[] {Formats.E3M2, Formats.E2M3, Formats.E2M1}) {
      int negativeZero = 1 << (format.bits() - 1);
      casts.put(
          format, withNan(format, Overflow.IEEE, bits -> (bits & SIGN) != 0 ? 0 : negativeZero));
    }
  }

  private static void torch(Map<ElementFormat, PolicyCast> casts) {
    casts.put(Formats.BF16, withNan(Formats.BF16, Overflow.IEEE, bits -> 0xFFFF));
    casts.put(
        Formats.FP16,
        withNan(
            Formats.FP16,
            Overflow.IEEE,
            bits -> (bits & SIGN) >>> 16 | 0x7E00 | (bits >>> 13 & 0x3FF)));
    casts.put(
        Formats.E5M2, withNan(Formats.E5M2, Overflow.IEEE, bits -> (bits & SIGN) >>> 24 | 0x7F));
    saturating(casts, Formats.E4M3FN);
    ieee(casts, Formats.E5M2FNUZ, Formats.E4M3FNUZ);
    casts.put(
        Formats.E8M0,
        special(
            Formats.E8M0,
            bits -> {
              int magnitude = bits & ~SIGN;
              return magnitude == 0
                  ? 0
                  : Formats.E8M0.encode(Float.intBitsToFloat(magnitude), Overflow.IEEE);
            }));
  }

  /** E8M0 rounded up, as ONNX's Cast does by default. */
  private static int powerUp(int bits) {
    if ((bits & ~SIGN) > INFINITY) {
      return 0xFF;
    }
    if (bits <= 0) {
      return 0;
    }
    int exponent = bits >>> 23;
    int mantissa = bits & 0x007F_FFFF;
    boolean up = exponent == 0 ? mantissa > QUIET : mantissa != 0;
    return Math.min(exponent + (up ? 1 : 0), 0xFE);
  }
}
