package octavo.spi;

import java.util.List;
import octavo.format.Rounding;
import octavo.format.ScaleRule;

/**
 * Plain numbers to a block format.
 *
 * @param in the numbers: FP32, BF16 or FP16
 * @param out where codes and scales go, in a block format
 * @param scaleRule how scales are chosen
 * @param rounding how elements are rounded
 */
public record QuantizeRequest(Operand in, Operand out, ScaleRule scaleRule, Rounding rounding)
    implements Request {

  @Override
  public Op op() {
    return Op.QUANTIZE;
  }

  @Override
  public List<Operand> operands() {
    return List.of(in, out);
  }

  /** {@return one line} */
  @Override
  public String toString() {
    return "quantize  %s -> %s  %s %s".formatted(in, out, scaleRule, rounding);
  }
}
