package octavo.format;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.util.Map;

/**
 * Casts by ONNX Runtime: numbers that owe nothing to this library.
 *
 * <p>A model made here casts to a small type and back to FP32, and so gives the numbers that the
 * codes stand for. Every number but NaN has one code, so nothing is lost.
 *
 * <p>ONNX Runtime rounds to nearest even, keeps subnormals, and has no negative zero in the FNUZ
 * types. Where it departs from rounding first and only then looking for overflow is in {@link
 * #departs}: the whole difference, as the nightly test shows for every FP32 number. The E8M0 types
 * have no such rule; they are compared in a test of their own.
 */
final class OnnxRuntimeCast implements AutoCloseable {

  /** A type to cast to. */
  enum Type {
    /** IEEE binary16; cannot saturate. */
    FP16(10),
    /** The upper half of FP32; cannot saturate. */
    BF16(16),
    /** Beyond 448, without saturation: NaN. */
    E4M3FN(17),
    /** Beyond 240, without saturation: NaN. */
    E4M3FNUZ(18),
    /** Beyond 57344, without saturation: infinity. */
    E5M2(19),
    /** Beyond 57344, without saturation: NaN. */
    E5M2FNUZ(20),
    /** Powers of two, to the nearest, halfway cases up. */
    E8M0_NEAREST(24, "nearest"),
    /** Powers of two, rounded up. */
    E8M0_UP(24, "up"),
    /** Powers of two, rounded down. */
    E8M0_DOWN(24, "down");

    private final int number;
    private final String roundMode;

    Type(int number) {
      this(number, "");
    }

    Type(int number, String roundMode) {
      this.number = number;
      this.roundMode = roundMode;
    }

    /** {@return whether saturation is a choice} */
    boolean canSaturate() {
      return number >= E4M3FN.number;
    }
  }

  private static final int FLOAT = 1;

  /** The version of ONNX's operators in which Cast learnt E8M0, after FP8 in 19. */
  private static final int OPSET = 24;

  private static final int IR_VERSION = 11;

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  /**
   * Prepares casts.
   *
   * @param type the type to cast to
   * @param saturate whether numbers beyond the largest finite one, infinities among them, become
   *     that one; types that {@linkplain Type#canSaturate cannot} take {@code false} only
   */
  OnnxRuntimeCast(Type type, boolean saturate) throws OrtException {
    try (var options = new OrtSession.SessionOptions()) {
      // An optimizer might find that a cast and the cast back cancel.
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      options.setIntraOpNumThreads(1);
      session = environment.createSession(model(type, saturate), options);
    }
  }

  /**
   * {@return whether ONNX Runtime does not do what rounding and then looking for overflow would}
   *
   * <p>Without saturation E4M3FN has 448, not NaN, from 480 up to but not including 496, and E5M2
   * has NaN, not infinity, from 61440 up to but not including 65536; likewise for negative numbers.
   *
   * @param type the type cast to
   * @param saturate whether the cast saturates
   * @param value the number cast
   */
  static boolean departs(Type type, boolean saturate, float value) {
    float magnitude = Math.abs(value);
    return !saturate
        && switch (type) {
          case E4M3FN -> magnitude >= 480 && magnitude < 496;
          case E5M2 -> magnitude >= 61440 && magnitude < 65536;
          default -> false;
        };
  }

  /** {@return what each number becomes in the type} */
  float[] cast(float... values) throws OrtException {
    long[] shape = {values.length};
    try (var input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
        var result = session.run(Map.of("x", input))) {
      return (float[]) result.get(0).getValue();
    }
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }

  /** A ModelProto with two nodes: y = Cast(Cast(x)). */
  private static byte[] model(Type type, boolean saturate) {
    if (saturate && !type.canSaturate()) {
      throw new IllegalArgumentException(type + " has no saturating cast");
    }
    ByteString there =
        message(node -> {
          node.writeString(1, "x");
          node.writeString(2, "small");
          node.writeString(4, "Cast");
          node.writeBytes(5, integer("to", type.number));
          if (type.canSaturate()) {
            node.writeBytes(5, integer("saturate", saturate ? 1 : 0));
          }
          if (!type.roundMode.isEmpty()) {
            node.writeBytes(5, string("round_mode", type.roundMode));
          }
        });
    ByteString back =
        message(node -> {
          node.writeString(1, "small");
          node.writeString(2, "y");
          node.writeString(4, "Cast");
          node.writeBytes(5, integer("to", FLOAT));
        });
    ByteString graph =
        message(out -> {
          out.writeBytes(1, there);
          out.writeBytes(1, back);
          out.writeString(2, "cast");
          out.writeBytes(11, vector("x"));
          out.writeBytes(12, vector("y"));
        });
    return message(
            out -> {
              out.writeInt64(1, IR_VERSION);
              out.writeBytes(7, graph);
              out.writeBytes(8, message(operators -> operators.writeInt64(2, OPSET)));
            })
        .toByteArray();
  }

  /** An AttributeProto of type INT. */
  private static ByteString integer(String name, long value) {
    return message(out -> {
      out.writeString(1, name);
      out.writeInt64(3, value);
      out.writeEnum(20, 2);
    });
  }

  /** An AttributeProto of type STRING. */
  private static ByteString string(String name, String value) {
    return message(out -> {
      out.writeString(1, name);
      out.writeString(4, value);
      out.writeEnum(20, 3);
    });
  }

  /** A ValueInfoProto: FP32 numbers in one dimension of any length. */
  private static ByteString vector(String name) {
    ByteString dimension = message(out -> out.writeString(2, "n"));
    ByteString shape = message(out -> out.writeBytes(1, dimension));
    ByteString tensor =
        message(out -> {
          out.writeEnum(1, FLOAT);
          out.writeBytes(2, shape);
        });
    return message(out -> {
      out.writeString(1, name);
      out.writeBytes(2, message(type -> type.writeBytes(1, tensor)));
    });
  }

  /** Writes the fields of a protobuf message. */
  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private static ByteString message(Fields fields) {
    ByteString.Output bytes = ByteString.newOutput();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      fields.write(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteString();
  }
}
