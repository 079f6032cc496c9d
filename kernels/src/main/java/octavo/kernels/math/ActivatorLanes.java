package octavo.kernels.math;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;
import octavo.math.Coefficients;

/** The activator: a template, copied for each width. */
final class ActivatorLanes implements Activator {
  /*
   * Step by step the methods of octavo.math.Functions: names are the same, so read the two side by
   * side. What C2 must not see is left out (calls of own methods, vectors as results), so the steps
   * of e^x stand in each loop. The selects by n > 0 compare n as a number, t - ROUNDER: the result
   * has the type of the mask that blend() wants, and a cast of masks is not needed.
   *
   * Calls: see octavo.kernels.codec.EncoderLanes.
   *
   * Some 40 (silu) to 55 steps (gelu) and one division for a vector, which a Zen 3 needs 10 to 20
   * cycles for. Measured there on lines of 4096 in L1, 256 bits: silu 1.05 Gelem/s, gelu 0.85,
   * gelu_tanh 0.79, relu 5; the definition in a plain loop 0.06 to 0.14. Beside a product that is
   * little: at K = 1024 the sums of as many results take 20 times as long at the processor's peak.
   */

  private static final VectorSpecies<Float> FLOATS =
      Species.of(MethodHandles.lookup(), float.class);
  private static final VectorSpecies<Integer> INTS = Species.of(MethodHandles.lookup(), int.class);
  private static final int LANES = FLOATS.length();

  /** Made once per copy. */
  ActivatorLanes() {}

  @Override
  public int lanes() {
    return LANES;
  }

  @Override
  public void relu(float[] line, int from, int to) {
    FloatVector zero = FloatVector.broadcast(FLOATS, 0);
    for (int i = from; i < to; i += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, line, i);
      x.blend(zero, x.compare(VectorOperators.LT, zero)).intoArray(line, i);
    }
  }

  @Override
  public void gelu(float[] line, int from, int to) {
    FloatVector high = FloatVector.broadcast(FLOATS, 14.8f);
    FloatVector minusHalf = FloatVector.broadcast(FLOATS, -0.5f);
    FloatVector plusHalf = FloatVector.broadcast(FLOATS, 0.5f);
    FloatVector zero = FloatVector.broadcast(FLOATS, 0);
    FloatVector ones = FloatVector.broadcast(FLOATS, 1);
    FloatVector n4 = FloatVector.broadcast(FLOATS, Coefficients.TAIL_N4);
    FloatVector n3 = FloatVector.broadcast(FLOATS, Coefficients.TAIL_N3);
    FloatVector n2 = FloatVector.broadcast(FLOATS, Coefficients.TAIL_N2);
    FloatVector n1 = FloatVector.broadcast(FLOATS, Coefficients.TAIL_N1);
    FloatVector d5 = FloatVector.broadcast(FLOATS, Coefficients.TAIL_D5);
    FloatVector d4 = FloatVector.broadcast(FLOATS, Coefficients.TAIL_D4);
    FloatVector d3 = FloatVector.broadcast(FLOATS, Coefficients.TAIL_D3);
    FloatVector d2 = FloatVector.broadcast(FLOATS, Coefficients.TAIL_D2);
    FloatVector d1 = FloatVector.broadcast(FLOATS, Coefficients.TAIL_D1);
    FloatVector log2e = FloatVector.broadcast(FLOATS, Coefficients.LOG2_E);
    FloatVector rounder = FloatVector.broadcast(FLOATS, Coefficients.ROUNDER);
    IntVector rounderBits = IntVector.broadcast(INTS, Coefficients.ROUNDER_BITS);
    FloatVector ln2High = FloatVector.broadcast(FLOATS, -Coefficients.LN2_HIGH);
    FloatVector ln2Low = FloatVector.broadcast(FLOATS, -Coefficients.LN2_LOW);
    FloatVector exp6 = FloatVector.broadcast(FLOATS, Coefficients.EXP_6);
    FloatVector exp5 = FloatVector.broadcast(FLOATS, Coefficients.EXP_5);
    FloatVector exp4 = FloatVector.broadcast(FLOATS, Coefficients.EXP_4);
    FloatVector exp3 = FloatVector.broadcast(FLOATS, Coefficients.EXP_3);
    FloatVector exp2 = FloatVector.broadcast(FLOATS, Coefficients.EXP_2);
    IntVector one = IntVector.broadcast(INTS, 1);
    IntVector bias = IntVector.broadcast(INTS, 127);
    IntVector mantissaBits = IntVector.broadcast(INTS, 23);
    for (int i = from; i < to; i += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, line, i);
      FloatVector a = x.lanewise(VectorOperators.ABS);
      a = a.blend(high, a.compare(VectorOperators.GT, high));
      FloatVector h = a.lanewise(VectorOperators.MUL, minusHalf);
      FloatVector v = h.lanewise(VectorOperators.MUL, a);
      FloatVector rest = h.lanewise(VectorOperators.FMA, a, v.lanewise(VectorOperators.NEG));
      FloatVector t = v.lanewise(VectorOperators.FMA, log2e, rounder);
      IntVector n = t.reinterpretAsInts().lanewise(VectorOperators.SUB, rounderBits);
      FloatVector k = t.lanewise(VectorOperators.SUB, rounder);
      FloatVector r =
          k.lanewise(VectorOperators.FMA, ln2Low, k.lanewise(VectorOperators.FMA, ln2High, v));
      r = r.lanewise(VectorOperators.ADD, rest);
      FloatVector q = r.lanewise(VectorOperators.FMA, exp6, exp5);
      q = q.lanewise(VectorOperators.FMA, r, exp4);
      q = q.lanewise(VectorOperators.FMA, r, exp3);
      q = q.lanewise(VectorOperators.FMA, r, exp2);
      FloatVector s = r.lanewise(VectorOperators.MUL, r).lanewise(VectorOperators.FMA, q, r);
      FloatVector numerator = a.lanewise(VectorOperators.FMA, n4, n3);
      numerator = numerator.lanewise(VectorOperators.FMA, a, n2);
      numerator = numerator.lanewise(VectorOperators.FMA, a, n1);
      numerator = numerator.lanewise(VectorOperators.FMA, a, plusHalf);
      FloatVector denominator = a.lanewise(VectorOperators.FMA, d5, d4);
      denominator = denominator.lanewise(VectorOperators.FMA, a, d3);
      denominator = denominator.lanewise(VectorOperators.FMA, a, d2);
      denominator = denominator.lanewise(VectorOperators.FMA, a, d1);
      denominator = denominator.lanewise(VectorOperators.FMA, a, ones);
      FloatVector g = a.lanewise(VectorOperators.MUL, numerator);
      g = g.lanewise(VectorOperators.FMA, s, g).lanewise(VectorOperators.DIV, denominator);
      IntVector half = n.lanewise(VectorOperators.ASHR, one);
      FloatVector first =
          half.lanewise(VectorOperators.ADD, bias)
              .lanewise(VectorOperators.LSHL, mantissaBits)
              .reinterpretAsFloats();
      FloatVector second =
          n.lanewise(VectorOperators.SUB, half)
              .lanewise(VectorOperators.ADD, bias)
              .lanewise(VectorOperators.LSHL, mantissaBits)
              .reinterpretAsFloats();
      g = g.lanewise(VectorOperators.MUL, first).lanewise(VectorOperators.MUL, second);
      x.lanewise(VectorOperators.SUB, g)
          .blend(g.lanewise(VectorOperators.NEG), x.compare(VectorOperators.LT, zero))
          .intoArray(line, i);
    }
  }

  @Override
  public void geluTanh(float[] line, int from, int to) {
    FloatVector low = FloatVector.broadcast(FLOATS, -11);
    FloatVector high = FloatVector.broadcast(FLOATS, 11);
    FloatVector c1 = FloatVector.broadcast(FLOATS, Coefficients.GELU_1_HIGH);
    FloatVector c1Low = FloatVector.broadcast(FLOATS, Coefficients.GELU_1_LOW);
    FloatVector c3 = FloatVector.broadcast(FLOATS, Coefficients.GELU_3);
    FloatVector c3Low = FloatVector.broadcast(FLOATS, Coefficients.GELU_3_LOW);
    FloatVector log2e = FloatVector.broadcast(FLOATS, Coefficients.LOG2_E);
    FloatVector rounder = FloatVector.broadcast(FLOATS, Coefficients.ROUNDER);
    IntVector rounderBits = IntVector.broadcast(INTS, Coefficients.ROUNDER_BITS);
    FloatVector ln2High = FloatVector.broadcast(FLOATS, -Coefficients.LN2_HIGH);
    FloatVector ln2Low = FloatVector.broadcast(FLOATS, -Coefficients.LN2_LOW);
    FloatVector exp6 = FloatVector.broadcast(FLOATS, Coefficients.EXP_6);
    FloatVector exp5 = FloatVector.broadcast(FLOATS, Coefficients.EXP_5);
    FloatVector exp4 = FloatVector.broadcast(FLOATS, Coefficients.EXP_4);
    FloatVector exp3 = FloatVector.broadcast(FLOATS, Coefficients.EXP_3);
    FloatVector exp2 = FloatVector.broadcast(FLOATS, Coefficients.EXP_2);
    IntVector one = IntVector.broadcast(INTS, 1);
    IntVector bias = IntVector.broadcast(INTS, 127);
    IntVector mantissaBits = IntVector.broadcast(INTS, 23);
    FloatVector ones = FloatVector.broadcast(FLOATS, 1);
    FloatVector zero = FloatVector.broadcast(FLOATS, 0);
    IntVector zeros = IntVector.broadcast(INTS, 0);
    IntVector minExponent = IntVector.broadcast(INTS, -126);
    for (int i = from; i < to; i += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, line, i);
      FloatVector y = x.blend(low, x.compare(VectorOperators.LT, low));
      FloatVector b = y.blend(high, y.compare(VectorOperators.GT, high));
      FloatVector z = b.lanewise(VectorOperators.MUL, b);
      FloatVector zRest = b.lanewise(VectorOperators.FMA, b, z.lanewise(VectorOperators.NEG));
      FloatVector w = z.lanewise(VectorOperators.FMA, c3, c1);
      FloatVector rest =
          z.lanewise(VectorOperators.FMA, c3, c1.lanewise(VectorOperators.SUB, w))
              .lanewise(VectorOperators.ADD, c1Low);
      rest = z.lanewise(VectorOperators.FMA, c3Low, rest);
      rest = zRest.lanewise(VectorOperators.FMA, c3, rest);
      FloatVector v = b.lanewise(VectorOperators.MUL, w).lanewise(VectorOperators.NEG);
      rest = b.lanewise(VectorOperators.FMA, rest, b.lanewise(VectorOperators.FMA, w, v));
      FloatVector t = v.lanewise(VectorOperators.FMA, log2e, rounder);
      IntVector n = t.reinterpretAsInts().lanewise(VectorOperators.SUB, rounderBits);
      FloatVector k = t.lanewise(VectorOperators.SUB, rounder);
      FloatVector r =
          k.lanewise(VectorOperators.FMA, ln2Low, k.lanewise(VectorOperators.FMA, ln2High, v));
      r = r.lanewise(VectorOperators.SUB, rest);
      FloatVector q = r.lanewise(VectorOperators.FMA, exp6, exp5);
      q = q.lanewise(VectorOperators.FMA, r, exp4);
      q = q.lanewise(VectorOperators.FMA, r, exp3);
      q = q.lanewise(VectorOperators.FMA, r, exp2);
      FloatVector s = r.lanewise(VectorOperators.MUL, r).lanewise(VectorOperators.FMA, q, r);
      IntVector minusN = zeros.lanewise(VectorOperators.SUB, n);
      FloatVector c =
          n.lanewise(VectorOperators.MIN, minusN)
              .lanewise(VectorOperators.MAX, minExponent)
              .lanewise(VectorOperators.ADD, bias)
              .lanewise(VectorOperators.LSHL, mantissaBits)
              .reinterpretAsFloats();
      FloatVector sum =
          c.lanewise(VectorOperators.FMA, s, c.lanewise(VectorOperators.ADD, ones))
              .blend(
                  s.lanewise(VectorOperators.ADD, c).lanewise(VectorOperators.ADD, ones),
                  k.compare(VectorOperators.GT, zero));
      IntVector e = minusN.lanewise(VectorOperators.MIN, zeros);
      IntVector half = e.lanewise(VectorOperators.ASHR, one);
      FloatVector first =
          half.lanewise(VectorOperators.ADD, bias)
              .lanewise(VectorOperators.LSHL, mantissaBits)
              .reinterpretAsFloats();
      FloatVector second =
          e.lanewise(VectorOperators.SUB, half)
              .lanewise(VectorOperators.ADD, bias)
              .lanewise(VectorOperators.LSHL, mantissaBits)
              .reinterpretAsFloats();
      y.lanewise(VectorOperators.DIV, sum)
          .lanewise(VectorOperators.MUL, first)
          .lanewise(VectorOperators.MUL, second)
          .intoArray(line, i);
    }
  }

  @Override
  public void silu(float[] line, int from, int to) {
    FloatVector low = FloatVector.broadcast(FLOATS, -110);
    FloatVector high = FloatVector.broadcast(FLOATS, 110);
    FloatVector log2e = FloatVector.broadcast(FLOATS, Coefficients.LOG2_E);
    FloatVector rounder = FloatVector.broadcast(FLOATS, Coefficients.ROUNDER);
    IntVector rounderBits = IntVector.broadcast(INTS, Coefficients.ROUNDER_BITS);
    FloatVector ln2High = FloatVector.broadcast(FLOATS, -Coefficients.LN2_HIGH);
    FloatVector ln2Low = FloatVector.broadcast(FLOATS, -Coefficients.LN2_LOW);
    FloatVector exp6 = FloatVector.broadcast(FLOATS, Coefficients.EXP_6);
    FloatVector exp5 = FloatVector.broadcast(FLOATS, Coefficients.EXP_5);
    FloatVector exp4 = FloatVector.broadcast(FLOATS, Coefficients.EXP_4);
    FloatVector exp3 = FloatVector.broadcast(FLOATS, Coefficients.EXP_3);
    FloatVector exp2 = FloatVector.broadcast(FLOATS, Coefficients.EXP_2);
    IntVector one = IntVector.broadcast(INTS, 1);
    IntVector bias = IntVector.broadcast(INTS, 127);
    IntVector mantissaBits = IntVector.broadcast(INTS, 23);
    FloatVector ones = FloatVector.broadcast(FLOATS, 1);
    FloatVector zero = FloatVector.broadcast(FLOATS, 0);
    IntVector zeros = IntVector.broadcast(INTS, 0);
    IntVector minExponent = IntVector.broadcast(INTS, -126);
    for (int i = from; i < to; i += LANES) {
      FloatVector x = FloatVector.fromArray(FLOATS, line, i);
      FloatVector y = x.blend(low, x.compare(VectorOperators.LT, low));
      FloatVector b = y.blend(high, y.compare(VectorOperators.GT, high));
      FloatVector v = b.lanewise(VectorOperators.NEG);
      FloatVector t = v.lanewise(VectorOperators.FMA, log2e, rounder);
      IntVector n = t.reinterpretAsInts().lanewise(VectorOperators.SUB, rounderBits);
      FloatVector k = t.lanewise(VectorOperators.SUB, rounder);
      FloatVector r =
          k.lanewise(VectorOperators.FMA, ln2Low, k.lanewise(VectorOperators.FMA, ln2High, v));
      FloatVector q = r.lanewise(VectorOperators.FMA, exp6, exp5);
      q = q.lanewise(VectorOperators.FMA, r, exp4);
      q = q.lanewise(VectorOperators.FMA, r, exp3);
      q = q.lanewise(VectorOperators.FMA, r, exp2);
      FloatVector s = r.lanewise(VectorOperators.MUL, r).lanewise(VectorOperators.FMA, q, r);
      IntVector minusN = zeros.lanewise(VectorOperators.SUB, n);
      FloatVector c =
          n.lanewise(VectorOperators.MIN, minusN)
              .lanewise(VectorOperators.MAX, minExponent)
              .lanewise(VectorOperators.ADD, bias)
              .lanewise(VectorOperators.LSHL, mantissaBits)
              .reinterpretAsFloats();
      FloatVector sum =
          c.lanewise(VectorOperators.FMA, s, c.lanewise(VectorOperators.ADD, ones))
              .blend(
                  s.lanewise(VectorOperators.ADD, c).lanewise(VectorOperators.ADD, ones),
                  k.compare(VectorOperators.GT, zero));
      IntVector e = minusN.lanewise(VectorOperators.MIN, zeros);
      IntVector half = e.lanewise(VectorOperators.ASHR, one);
      FloatVector first =
          half.lanewise(VectorOperators.ADD, bias)
              .lanewise(VectorOperators.LSHL, mantissaBits)
              .reinterpretAsFloats();
      FloatVector second =
          e.lanewise(VectorOperators.SUB, half)
              .lanewise(VectorOperators.ADD, bias)
              .lanewise(VectorOperators.LSHL, mantissaBits)
              .reinterpretAsFloats();
      y.lanewise(VectorOperators.DIV, sum)
          .lanewise(VectorOperators.MUL, first)
          .lanewise(VectorOperators.MUL, second)
          .intoArray(line, i);
    }
  }
}
