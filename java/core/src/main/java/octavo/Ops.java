package octavo;

import java.lang.foreign.Arena;
import octavo.dispatch.Plan;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.op.Epilogue;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Overrides;
import octavo.tensor.PackedMatrix;
import octavo.tensor.SparseMatrix;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The operations of Octavo, on this machine's best kernels.
 *
 * <p>
 *
 * {@snippet :
 * try (Arena arena = Arena.ofConfined()) {
 *   Tensor w = Ops.quantize(weights, Formats.MXFP4, Quantization.OCP, arena);
 *   Tensor y = Ops.matmul(x, w, arena); // x [M, K] times w [N, K] transposed
 *   System.out.print(Ops.explainMatmul(x, w, y).explain());
 * }
 * }
 *
 * <p>Each method is that of the one {@link Engine} made at first use, from every provider that
 * {@link java.util.ServiceLoader} finds and the {@link Overrides} among the system properties;
 * exceptions and thread safety are stated there.
 */
public final class Ops {

  private static volatile @Nullable Engine engine;

  private Ops() {}

  /**
   * {@return the engine behind these operations}
   *
   * @throws IllegalArgumentException if a system property that begins with {@code octavo.} is
   *     unknown or has an unknown value
   * @throws IllegalStateException if a required backend is absent
   */
  public static Engine engine() {
    Engine made = engine;
    if (made == null) {
      synchronized (Ops.class) {
        made = engine;
        if (made == null) {
          made = Engine.create(Overrides.ofSystemProperties());
          engine = made;
        }
      }
    }
    return made;
  }

  /**
   * Casts numbers to another element format.
   *
   * @param in numbers in any element format
   * @param out where the codes go: any element format, the same shape, other memory
   * @param cast rounding and overflow
   */
  public static void convert(Tensor in, Tensor out, Cast cast) {
    engine().convert(in, out, cast);
  }

  /**
   * {@return numbers cast to another element format, in a new tensor}
   *
   * @param in numbers in any element format
   * @param format the format of the result
   * @param cast rounding and overflow
   * @param arena owns the result
   */
  public static Tensor convert(Tensor in, ElementFormat format, Cast cast, Arena arena) {
    return engine().convert(in, format, cast, arena);
  }

  /**
   * Quantizes plain numbers to a block format.
   *
   * @param in FP32, BF16 or FP16 numbers
   * @param out where codes and scales go: a block format, the same shape, other memory
   * @param quantization scale rule and rounding
   */
  public static void quantize(Tensor in, Tensor out, Quantization quantization) {
    engine().quantize(in, out, quantization);
  }

  /**
   * {@return numbers quantized to a block format, in a new tensor}
   *
   * @param in FP32, BF16 or FP16 numbers
   * @param format the format of the result
   * @param quantization scale rule and rounding
   * @param arena owns the result
   */
  public static Tensor quantize(
      Tensor in, BlockFormat format, Quantization quantization, Arena arena) {
    return engine().quantize(in, format, quantization, arena);
  }

  /**
   * Expands a block format to plain numbers, rounded to nearest even.
   *
   * @param in codes and scales
   * @param out where the numbers go: FP32, BF16 or FP16, the same shape, other memory
   */
  public static void dequantize(Tensor in, Tensor out) {
    engine().dequantize(in, out);
  }

  /**
   * {@return a block tensor expanded to FP32, in a new tensor}
   *
   * @param in codes and scales
   * @param arena owns the result
   */
  public static Tensor dequantize(Tensor in, Arena arena) {
    return engine().dequantize(in, arena);
  }

  /**
   * Computes {@code out = a * transpose(b)}.
   *
   * @param a an M x K matrix in any format
   * @param b an N x K matrix in any format: one row for each column of the result
   * @param out where the M x N result goes: FP32 or BF16, other memory
   */
  public static void matmul(Tensor a, Tensor b, Tensor out) {
    engine().matmul(a, b, out);
  }

  /**
   * Computes {@code out = epilogue(a * transpose(b))}.
   *
   * @param a an M x K matrix in any format, or a batch of them
   * @param b an N x K matrix in any format; or a batch of them, as many as in {@code a}
   * @param epilogue what happens to the results; it says how outputs other than FP32 and BF16 are
   *     rounded
   * @param out where the M x N result goes, in any format and other memory
   */
  public static void matmul(Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    engine().matmul(a, b, epilogue, out);
  }

  /**
   * Computes {@code out = a * transpose(b)} for packed weights.
   *
   * @param a an M x K matrix in any format, or a batch of them
   * @param b an N x K matrix in any format
   * @param out where the M x N result goes: FP32 or BF16, other memory
   */
  public static void matmul(Tensor a, PackedMatrix b, Tensor out) {
    engine().matmul(a, b, out);
  }

  /**
   * Computes {@code out = epilogue(a * transpose(b))} for packed weights.
   *
   * @param a an M x K matrix in any format, or a batch of them
   * @param b an N x K matrix in any format
   * @param epilogue what happens to the results
   * @param out where the M x N result goes, in any format and other memory
   */
  public static void matmul(Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out) {
    engine().matmul(a, b, epilogue, out);
  }

  /**
   * Computes {@code out = a * transpose(b)} for sparse weights.
   *
   * @param a an M x K matrix in an element format
   * @param b a sparse N x K matrix
   * @param out where the M x N result goes: FP32 or BF16, other memory
   */
  public static void matmul(Tensor a, SparseMatrix b, Tensor out) {
    engine().matmul(a, b, out);
  }

  /**
   * {@return weights in the order in which this machine's best kernel reads them}, for many
   * products; with activations in FP32
   *
   * @param b an N x K matrix in any format
   * @param arena owns the result, which does not need {@code b} any more
   */
  public static PackedMatrix pack(Tensor b, Arena arena) {
    return engine().pack(b, Formats.FP32, arena);
  }

  /**
   * {@return weights in the order in which this machine's best kernel reads them}, for many
   * products
   *
   * @param b an N x K matrix in any format
   * @param activations the format that {@code a} will have
   * @param arena owns the result, which does not need {@code b} any more
   */
  public static PackedMatrix pack(Tensor b, Format activations, Arena arena) {
    return engine().pack(b, activations, arena);
  }

  /**
   * {@return packed weights as an ordinary tensor, code for code what was packed}
   *
   * @param packed the weights
   * @param arena owns the result
   */
  public static Tensor unpack(PackedMatrix packed, Arena arena) {
    return engine().unpack(packed, arena);
  }

  /**
   * {@return {@code a * transpose(b)} in FP32, in a new tensor}
   *
   * @param a an M x K matrix in any format
   * @param b an N x K matrix in any format
   * @param arena owns the result
   */
  public static Tensor matmul(Tensor a, Tensor b, Arena arena) {
    return engine().matmul(a, b, arena);
  }

  /**
   * {@return how a {@link #matmul(Tensor, Tensor, Tensor) matmul} would be run: the kernel chosen,
   * those that could have run and why the others could not}
   *
   * @param a its left operand
   * @param b its right operand
   * @param out its output
   */
  public static Plan<MatmulRequest, MatmulKernel> explainMatmul(Tensor a, Tensor b, Tensor out) {
    return engine().explainMatmul(a, b, Epilogue.NONE, out);
  }

  /**
   * {@return how a {@link #matmul(Tensor, Tensor, Epilogue, Tensor) matmul} would be run}
   *
   * @param a its left operand
   * @param b its right operand
   * @param epilogue what happens to the results
   * @param out its output
   */
  public static Plan<MatmulRequest, MatmulKernel> explainMatmul(
      Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    return engine().explainMatmul(a, b, epilogue, out);
  }

  /**
   * {@return how a {@link #matmul(Tensor, PackedMatrix, Epilogue, Tensor) matmul} would be run}
   *
   * @param a its left operand
   * @param b its right operand
   * @param epilogue what happens to the results
   * @param out its output
   */
  public static Plan<MatmulRequest, MatmulKernel> explainMatmul(
      Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out) {
    return engine().explainMatmul(a, b, epilogue, out);
  }

  /**
   * Has the virtual machine compile a plan's kernel and returns when that is done: see {@link
   * Engine#warmUp}.
   *
   * {@snippet :
   * Ops.warmUp(Ops.explainMatmul(x, w, y));
   * }
   *
   * @param plan what an {@code explain} method returned
   */
  public static void warmUp(Plan<?, ?> plan) {
    engine().warmUp(plan);
  }
}
