package octavo.nki;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The generations of the NeuronCore: which types, operand pairs, modes and tile sizes each has, as
 * data that {@link Nisa} checks every call against.
 *
 * <p>All have 128 partitions of SBUF (the data memory) and PSUM (16 KiB a partition in eight banks,
 * where matrix products are summed), and a Tensor Engine of 128 x 128 processing elements.
 *
 * <p>Where sources disagree the current API documentation counts:
 *
 * <ul>
 *   <li>The free size of the moving operand on v4 is up to 4096 (FP32 results) or 8192 (BF16), all
 *       of PSUM; the architecture guide names 512, one bank: {@link #psumBankFree}.
 *   <li>INT8 operands of products and INT32 results, on some hardware pages of v2, are not here:
 *       {@code nc_matmul} takes none.
 *   <li>{@link DType#FLOAT8_E3M4} is a type of every generation for the runtime, at the BF16 rate
 *       in products according to the Trainium2 guide, yet none that {@code nc_matmul} lists.
 * </ul>
 *
 * <p>Sources: AWS Neuron SDK, {@code nki.isa.nc_matmul} and {@code nc_matmul_mx}; the architecture
 * guides of Trainium/Inferentia2, Trainium2 and Trainium3; error code EVRF051 for E4M3FN before v4.
 */
public enum NeuronCore {
  /** Trainium1 and Inferentia2; {@code nc_version.gen2}. */
  V2("NeuronCore-v2 (Trainium1, Inferentia2)", 2, 192),
  /** Trainium2; {@code nc_version.gen3}. */
  V3("NeuronCore-v3 (Trainium2)", 3, 224),
  /** Trainium3; {@code nc_version.gen4}. */
  V4("NeuronCore-v4 (Trainium3)", 4, 256);

  /** The partitions of SBUF and PSUM, and the rows of the Tensor Engine. */
  public static final int PARTITIONS = 128;

  /** The partitions of a quadrant. */
  public static final int QUADRANT = 32;

  /** The most that the free size of a stationary operand may be. */
  public static final int STATIONARY_FREE = 128;

  /** The bytes of a PSUM bank in one partition. */
  public static final int PSUM_BANK_BYTES = 2048;

  /** The banks of PSUM. */
  public static final int PSUM_BANKS = 8;

  private final String title;
  private final int sbufKibibytes;

  // Made once: calls look them up. None of them is ever changed.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Set<DType> types;

  @SuppressWarnings("ImmutableEnumChecker")
  private final Set<DType> matmulTypes;

  @SuppressWarnings("ImmutableEnumChecker")
  private final Set<DType> psumTypes;

  @SuppressWarnings("ImmutableEnumChecker")
  private final Set<PerformanceMode> performanceModes;

  NeuronCore(String title, int version, int sbufKibibytes) {
    this.title = title;
    this.sbufKibibytes = sbufKibibytes;
    Set<DType> all = EnumSet.allOf(DType.class);
    Set<DType> products =
        EnumSet.of(
            DType.FLOAT8_E4M3,
            DType.FLOAT8_E5M2,
            DType.FLOAT8_E4M3FN,
            DType.BFLOAT16,
            DType.FLOAT16,
            DType.TFLOAT32,
            DType.FLOAT32);
    Set<DType> sums = EnumSet.of(DType.FLOAT32, DType.BFLOAT16);
    if (version < 4) {
      Set<DType> sinceV4 =
          EnumSet.of(
              DType.FLOAT8_E4M3FN,
              DType.FLOAT8_E8M0FNU,
              DType.FLOAT8_E5M2_X4,
              DType.FLOAT8_E4M3FN_X4,
              DType.FLOAT4_E2M1FN_X4);
      all.removeAll(sinceV4);
      products.removeAll(sinceV4);
      sums.remove(DType.BFLOAT16);
    }
    this.types = Collections.unmodifiableSet(all);
    this.matmulTypes = Collections.unmodifiableSet(products);
    this.psumTypes = Collections.unmodifiableSet(sums);
    this.performanceModes =
        Collections.unmodifiableSet(
            version == 2 ? EnumSet.of(PerformanceMode.NONE) : EnumSet.allOf(PerformanceMode.class));
  }

  /** {@return the types of this generation} */
  public Set<DType> types() {
    return types;
  }

  /** {@return the types that operands of {@code nc_matmul} may have} */
  public Set<DType> matmulTypes() {
    return matmulTypes;
  }

  /** {@return the performance modes of {@code nc_matmul}} */
  public Set<PerformanceMode> performanceModes() {
    return performanceModes;
  }

  /** {@return the types that matrix products may be summed in} */
  public Set<DType> psumTypes() {
    return psumTypes;
  }

  /** {@return whether there are {@code quantize_mx} and {@code nc_matmul_mx}} */
  public boolean microscaling() {
    return this == V4;
  }

  /**
   * {@return whether the Tensor Engine moves bits when it transposes} On v2 it multiplies by an
   * identity matrix: NaN and infinity spread.
   */
  public boolean exactTranspose() {
    return this != V2;
  }

  /** {@return the sizes that rows (and columns) of the Tensor Engine can be tiled in} */
  public List<Integer> tileSizes() {
    return this == V2 ? List.of(64, 128) : List.of(32, 64, 128);
  }

  /** {@return the bytes of a partition of SBUF} */
  public int sbufPartitionBytes() {
    return sbufKibibytes << 10;
  }

  /**
   * {@return the most that the free size of a moving operand may be}
   *
   * @param psum the type of the result
   */
  public int movingFree(DType psum) {
    return this == V4 ? PSUM_BANKS * psumBankFree(psum) : psumBankFree(DType.FLOAT32);
  }

  /**
   * {@return the elements of a PSUM bank in one partition}: the free size of the Trainium3 guide's
   * tiles, at FP32
   *
   * @param psum the type of the elements
   */
  public static int psumBankFree(DType psum) {
    return PSUM_BANK_BYTES / psum.bytes();
  }

  /**
   * {@return why two types cannot be multiplied; empty if they can}
   *
   * @param stationary the type of the stationary operand
   * @param moving the type of the moving operand
   * @param mode the performance mode
   */
  public String objection(DType stationary, DType moving, PerformanceMode mode) {
    if (!performanceModes.contains(mode)) {
      return "%s has no performance mode %s; it has %s".formatted(title, mode, performanceModes());
    }
    if (!matmulTypes.contains(stationary) || !matmulTypes.contains(moving)) {
      DType other = matmulTypes.contains(stationary) ? moving : stationary;
      return "%s cannot multiply %s; nc_matmul takes %s".formatted(title, other, matmulTypes);
    }
    if (wide(stationary) != wide(moving)) {
      return "%s cannot multiply %s and %s: if one is float32 or tfloat32, so must be the other"
          .formatted(title, stationary, moving);
    }
    if ((stationary == DType.FLOAT8_E4M3 && moving == DType.FLOAT8_E4M3FN)
        || (stationary == DType.FLOAT8_E4M3FN && moving == DType.FLOAT8_E4M3)) {
      return "%s cannot multiply float8_e4m3 and float8_e4m3fn: one product takes one of them"
          .formatted(title);
    }
    if (mode == PerformanceMode.DOUBLE_ROW && !(stationary.fp8() && moving.fp8())) {
      return "DOUBLE_ROW takes FP8 operands only, not %s and %s".formatted(stationary, moving);
    }
    return "";
  }

  private static boolean wide(DType type) {
    return type == DType.FLOAT32 || type == DType.TFLOAT32;
  }

  /**
   * Checks a part of the Tensor Engine that a product is to run on, as {@code tile_position} and
   * {@code tile_size} name it. It is a matter of scheduling and changes no result.
   *
   * @param startRow the first row
   * @param startColumn the first column
   * @param rows the rows, at least the operands' partitions
   * @param columns the columns, at least the stationary operand's free size
   * @param mode the performance mode
   * @throws IllegalArgumentException if this generation has no such part
   */
  public void checkTilePosition(
      int startRow, int startColumn, int rows, int columns, PerformanceMode mode) {
    if (!tileSizes().contains(rows) || !tileSizes().contains(columns)) {
      throw new IllegalArgumentException(
          "tile_size (%d, %d): %s has tiles of %s rows and columns"
              .formatted(rows, columns, title, tileSizes()));
    }
    if (startRow < 0
        || startColumn < 0
        || startRow % rows != 0
        || startColumn % columns != 0
        || startRow + rows > PARTITIONS
        || startColumn + columns > PARTITIONS) {
      throw new IllegalArgumentException(
          "tile_position (%d, %d): a tile of %d x %d starts at multiples of its size and ends within 128"
              .formatted(startRow, startColumn, rows, columns));
    }
    if (mode == PerformanceMode.DOUBLE_ROW && columns != PARTITIONS) {
      throw new IllegalArgumentException(
          "tile_size (%d, %d): DOUBLE_ROW and column tiles exclude each other; use 128 columns"
              .formatted(rows, columns));
    }
  }

  /** {@return the generation and its accelerators} */
  public String title() {
    return title;
  }
}
