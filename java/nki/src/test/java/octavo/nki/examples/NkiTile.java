package octavo.nki.examples;

import java.lang.foreign.Arena;
import java.util.random.RandomGenerator;
import octavo.Ops;
import octavo.Quantization;
import octavo.format.Formats;
import octavo.nki.ActivationFunction;
import octavo.nki.Interleaving;
import octavo.nki.MxLayout;
import octavo.nki.MxTile;
import octavo.nki.NeuronCore;
import octavo.nki.Nisa;
import octavo.nki.Operand;
import octavo.tensor.Tensor;

/** One tile of a layer on Trainium3: MXFP4 weights, BF16 activations, FP32 sums, SiLU. */
public final class NkiTile {

  private NkiTile() {}

  /**
   * Computes a tile as the instructions do, and the same product in FP32 beside it.
   *
   * @param arguments ignored
   */
  public static void main(String[] arguments) {
    try (Arena hbm = Arena.ofConfined()) {
      float[] numbers = new float[128 * 512];
      RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = (float) random.nextGaussian() / 16;
      }
      // A checkpoint's weights: 128 outputs, K = 512, a scale for every 32 neighbours along K.
      Tensor weights =
          Ops.quantize(Tensor.of(numbers, 128, 512), Formats.MXFP4, Quantization.OCP, hbm);
      // 64 tokens, K on the first dimension.
      Tensor tokens = Tensor.allocate(hbm, Formats.BF16, 512, 64);
      for (int k = 0; k < 512; k++) {
        for (int n = 0; n < 64; n++) {
          tokens.setCode(
              Formats.BF16.encode((float) random.nextGaussian(), octavo.format.Overflow.IEEE),
              k,
              n);
        }
      }
      Tensor out = run(weights, tokens, hbm);
      System.out.println(out + ", the largest error " + worstError(weights, tokens, out));
    }
  }

  /** {@return silu(weights x tokens), BF16 {@code [128, 64]}} */
  static Tensor run(Tensor weights, Tensor tokens, Arena hbm) {
    // sample:begin
    Nisa nisa = Nisa.on(NeuronCore.V4); // Trainium3
    Tensor out = Tensor.allocate(hbm, Formats.BF16, 128, 64);
    try (Arena sbuf = Arena.ofConfined()) {
      // float4_e2m1fn_x4 [128, 128]: the checkpoint's codes and scales, laid out for the engine
      MxTile stationary = MxLayout.pack(weights, sbuf);

      // bfloat16 [512, 64] to [128, 64 x 4], then float8_e4m3fn_x4 [128, 64] and its scales
      Tensor packed = Tensor.allocate(sbuf, Formats.BF16, 128, 64, 4);
      MxLayout.packColumns(tokens, Interleaving.NEIGHBOURS, packed);
      MxTile moving = MxTile.allocate(sbuf, Formats.E4M3FN, 128, 64);
      nisa.quantizeMx(moving, packed);

      Tensor psum = Tensor.allocate(sbuf, Formats.FP32, 128, 64);
      nisa.ncMatmulMx(psum, stationary, moving, false); // psum = stationary.T @ moving
      nisa.activation(out, ActivationFunction.SILU, psum, Operand.ZERO, Operand.ONE);
    }
    // sample:end
    return out;
  }

  /** {@return the largest difference from the same layer on unquantized tokens in FP64} */
  static double worstError(Tensor weights, Tensor tokens, Tensor out) {
    double worst = 0;
    for (int m = 0; m < 128; m++) {
      for (int n = 0; n < 64; n++) {
        double sum = 0;
        for (int k = 0; k < 512; k++) {
          sum += (double) weights.get(m, k) * tokens.get(k, n);
        }
        double silu = sum / (1 + Math.exp(-sum));
        worst = Math.max(worst, Math.abs(silu - out.get(m, n)));
      }
    }
    return worst;
  }
}
