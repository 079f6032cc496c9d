package octavo.spi;

/**
 * The name of a kernel: {@code backend/stem/variant}, such as {@code ffm/matmul.block/avx2}, or
 * without variant {@code reference/matmul.block}. Tests, benchmarks and reports use it; it is
 * stable.
 *
 * @param backend who runs it, such as {@code vector}
 * @param stem the operation and family, the same for every backend
 * @param variant the width or instruction set; empty where there is only one
 */
public record KernelId(String backend, String stem, String variant) {

  /**
   * {@return the id with a text}
   *
   * @param text two or three parts, separated by slashes
   * @throws IllegalArgumentException if it has another number of parts
   */
  public static KernelId of(String text) {
    String[] parts = text.split("/", -1);
    if (parts.length != 2 && parts.length != 3) {
      throw new IllegalArgumentException(
          "a kernel id is backend/stem or backend/stem/variant, not '" + text + "'");
    }
    return new KernelId(parts[0], parts[1], parts.length == 3 ? parts[2] : "");
  }

  /** {@return the parts, separated by slashes} */
  @Override
  public String toString() {
    return backend + "/" + stem + (variant.isEmpty() ? "" : "/" + variant);
  }
}
