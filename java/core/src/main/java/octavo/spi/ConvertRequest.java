package octavo.spi;

import java.util.List;
import octavo.format.Overflow;
import octavo.format.Rounding;

/**
 * A cast of elements.
 *
 * @param in the numbers, in an element format
 * @param out where they go, in an element format
 * @param rounding how to round
 * @param overflow what to do beyond the largest finite value
 */
public record ConvertRequest(Operand in, Operand out, Rounding rounding, Overflow overflow)
    implements Request {

  @Override
  public Op op() {
    return Op.CONVERT;
  }

  @Override
  public List<Operand> operands() {
    return List.of(in, out);
  }

  /** {@return one line} */
  @Override
  public String toString() {
    return "convert  %s -> %s  %s %s".formatted(in, out, rounding, overflow);
  }
}
