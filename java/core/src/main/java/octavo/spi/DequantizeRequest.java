package octavo.spi;

import java.util.List;

/**
 * A block format to plain numbers.
 *
 * @param in codes and scales, in a block format
 * @param out where the numbers go: FP32, BF16 or FP16
 */
public record DequantizeRequest(Operand in, Operand out) implements Request {

  @Override
  public Op op() {
    return Op.DEQUANTIZE;
  }

  @Override
  public List<Operand> operands() {
    return List.of(in, out);
  }

  /** {@return one line} */
  @Override
  public String toString() {
    return "dequantize  %s -> %s".formatted(in, out);
  }
}
