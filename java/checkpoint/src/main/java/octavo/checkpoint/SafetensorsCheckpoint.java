package octavo.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import octavo.tensor.Tensor;

/**
 * The tensors of a safetensors file, each where it lies in the mapped file.
 *
 * {@snippet :
 * try (Arena arena = Arena.ofShared()) {
 *   var model = SafetensorsCheckpoint.open(Path.of("model.safetensors"), arena);
 *   Tensor norm = model.tensor("model.norm.weight"); // a view, BF16
 *   Tensor experts = model.blocks("model.layers.0.mlp.experts.down_proj", arena); // a view, MXFP4
 * }
 * }
 *
 * <p>The file begins with the length of its header (8 bytes, little-endian), then comes the header,
 * a JSON object of names, types, shapes and offsets, then the data. Opening reads the header alone
 * and so takes milliseconds for gigabytes. It insists on what the format's own reader insists on: a
 * header of at most {@value #MAX_HEADER} bytes that begins with a brace, no name twice, known
 * types, sizes that follow from type and shape, and data that the tensors cover without gap or
 * overlap to the end of the file. Unknown keys of a tensor's entry are passed over.
 *
 * <p>Source: the format's description and reader, Hugging Face's {@code safetensors} 0.6.
 */
public final class SafetensorsCheckpoint {

  /** The largest header that is read, in bytes. */
  public static final long MAX_HEADER = 100_000_000;

  /** Names given as examples when one is not found. */
  private static final int EXAMPLES = 5;

  private final Path file;
  private final Map<String, String> metadata;
  private final SequencedMap<String, SafetensorsEntry> entries;

  SafetensorsCheckpoint(
      Path file, Map<String, String> metadata, SequencedMap<String, SafetensorsEntry> entries) {
    this.file = file;
    this.metadata = metadata;
    this.entries = entries;
  }

  /**
   * Maps a safetensors file and reads what tensors it has. Where that fails, the file stays mapped
   * until the arena is closed.
   *
   * @param file the file
   * @param arena the lifetime of the mapping
   * @return the file's tensors
   * @throws CheckpointException if it is not a whole and sound safetensors file
   * @throws IOException if the file cannot be opened or mapped
   */
  public static SafetensorsCheckpoint open(Path file, Arena arena) throws IOException {
    return of(file, MappedFile.map(file, arena));
  }

  /** {@return the tensors of a file's contents} */
  static SafetensorsCheckpoint of(Path file, MemorySegment bytes) throws IOException {
    return new SafetensorsReader(file, bytes).read();
  }

  /** {@return the file} */
  public Path file() {
    return file;
  }

  /** {@return the texts that the file holds about itself, by name, in the file's order} */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** {@return the tensors, in the order of their data} */
  public List<SafetensorsEntry> entries() {
    return List.copyOf(entries.values());
  }

  /**
   * {@return the entry with a name, if there is one}
   *
   * @param name the name
   */
  public Optional<SafetensorsEntry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /**
   * {@return the entry with a name}
   *
   * @param name the name
   * @throws NoSuchElementException if there is none
   */
  public SafetensorsEntry entry(String name) {
    return find(name)
        .orElseThrow(() ->
            new NoSuchElementException(
                file
                    + " has no tensor '"
                    + name
                    + "' among its "
                    + entries.size()
                    + ", such as "
                    + entries.keySet().stream()
                        .limit(EXAMPLES)
                        .collect(Collectors.joining("', '", "'", "'"))));
  }

  /**
   * {@return the tensor with a name}: a view of the mapped file
   *
   * @param name the name
   * @throws NoSuchElementException if there is none
   * @throws UnsupportedOperationException as for {@link SafetensorsEntry#tensor}
   */
  public Tensor tensor(String name) {
    return entry(name).tensor();
  }

  /**
   * {@return codes and their scales as one block tensor}
   *
   * <p>What belongs together follows from names and types, by the conventions of those who write
   * such files. The multiplier that decodes is called scale here, whatever its name says.
   *
   * <table>
   * <caption>Tensors found for a name {@code w}, and the result</caption>
   * <tr><th>by</th><th>codes</th><th>scales</th><th>result</th></tr>
   * <tr><td>gpt-oss</td><td>{@code w_blocks} (or {@code w.blocks}) U8 [..., G, 16]</td>
   *     <td>{@code w_scales} ({@code w.scales}) U8 or F8_E8M0 [..., G]</td>
   *     <td>MXFP4 [..., 32 G]</td></tr>
   * <tr><td>compressed-tensors</td><td>{@code w_packed} U8 [N, K/2]</td>
   *     <td>{@code w_scale} F8_E4M3 [N, K/16], {@code w_global_scale} F32 (its reciprocal)</td>
   *     <td>NVFP4 [N, K]</td></tr>
   * <tr><td>ModelOpt</td><td>{@code w} U8 [N, K/2]</td>
   *     <td>{@code w_scale} F8_E4M3 [N, K/16], {@code w_scale_2} F32</td>
   *     <td>NVFP4 [N, K]</td></tr>
   * <tr><td>DeepSeek</td><td>{@code w} F8_E4M3 [N, K]</td>
   *     <td>{@code w_scale_inv} [ceil(N/128), ceil(K/128)]</td>
   *     <td>E4M3FN_128X128 [N, K]</td></tr>
   * <tr><td>compressed-tensors, ModelOpt</td><td>{@code w} F8_E4M3 or F8_E5M2 [N, K]</td>
   *     <td>{@code w_scale} [] or [1], [N] or [N, 1]</td>
   *     <td>that format with one scale per tensor or row</td></tr>
   * </table>
   *
   * <p>Codes are always a view of the mapped file. Scales are too, unless they are BF16 or F16:
   * those are widened to FP32, which is exact.
   *
   * @param name the name {@code w}
   * @param arena owns widened scales and the factor of a whole tensor
   * @throws NoSuchElementException if there are no codes of that name
   * @throws UnsupportedOperationException if there are, but no scales that one of the conventions
   *     would have; the message says what was found
   */
  public Tensor blocks(String name, Arena arena) {
    return new SafetensorsBlocks(this, arena).find(name);
  }
}
