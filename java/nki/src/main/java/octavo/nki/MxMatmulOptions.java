package octavo.nki;

/**
 * What the documentation leaves open in {@code nc_matmul_mx}.
 *
 * @param stationaryFp4 the expansion of a stationary operand in FP4
 * @param movingFp4 the expansion of a moving operand in FP4
 * @param nanScale the meaning of scale code 0xFF
 */
public record MxMatmulOptions(
    Fp4Expansion stationaryFp4, Fp4Expansion movingFp4, NanScale nanScale) {

  /** FP4 keeps its values, 0xFF is NaN: the OCP specification. */
  public static final MxMatmulOptions OCP =
      new MxMatmulOptions(Fp4Expansion.IDENTITY, Fp4Expansion.IDENTITY, NanScale.OCP_NAN);
}
